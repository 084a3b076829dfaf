# SPDX-License-Identifier: BSD-2-Clause
"""Waiting for conditions, and what processes have got ready for."""
import contextlib
import os
import time


class LabError(Exception):
    """The lab is not in the expected state."""


def wait_for(condition, deadline_s, what, every_s=0.02):
    """Returns the first true value of condition(). Raises LabError with `what` if there is none in time. The last look
    begins after the deadline, so it does not matter how long this process itself is delayed before it."""
    end = time.monotonic() + deadline_s
    while True:
        is_last = time.monotonic() >= end
        value = condition()
        if value:
            return value
        if is_last:
            raise LabError(f"not within {deadline_s} s: {what}")
        time.sleep(every_s)


def catches(process, signo):
    """Whether the process has installed its handler for the signal, which would end it before."""
    with contextlib.suppress(OSError), open(f"/proc/{process.pid}/status", encoding="ascii", errors="replace") as f:
        mask = next((line.split()[1] for line in f if line.startswith("SigCgt:")), "0")
        return bool(int(mask, 16) >> (signo - 1) & 1)
    return False


def await_handler(process, signo, what, deadline_s=20):
    wait_for(lambda: process.poll() is not None or catches(process, signo), deadline_s, f"{what} runs", 0.005)
    if process.poll() is not None:
        raise LabError(f"{what} has ended: {process.returncode}")


def hears_netlink(process):
    """Whether the process has a netlink socket to which the kernel sends notifications."""
    own, folder = set(), f"/proc/{process.pid}"
    with contextlib.suppress(OSError):
        for name in os.listdir(f"{folder}/fd"):
            with contextlib.suppress(OSError):
                own.add(os.readlink(f"{folder}/fd/{name}"))
        with open(f"{folder}/net/netlink", encoding="ascii", errors="replace") as f:
            # sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode
            return any(int(row[3], 16) and f"socket:[{row[9]}]" in own for row in map(str.split, list(f)[1:]))
    return False
