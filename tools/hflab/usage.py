# SPDX-License-Identifier: BSD-2-Clause
"""The CPU time and memory of a program with all its threads and children."""
import dataclasses
import glob


@dataclasses.dataclass(frozen=True)
class Usage:
    cpu_s: float   # user and system time
    switches: int  # voluntary context switches: how often it slept and was woken

    def __sub__(self, other):
        return Usage(self.cpu_s - other.cpu_s, self.switches - other.switches)


def _read(path):
    with open(path, encoding="ascii", errors="replace") as f:
        return f.read()


def family(pid):
    """The process and all its descendants."""
    pids = [pid]
    for p in pids:  # the list grows during the loop
        for path in glob.glob(f"/proc/{p}/task/*/children"):
            pids += [int(child) for child in _read(path).split()]
    return pids


def usage(pid):
    """The usage of `family(pid)`, in nanoseconds, from the scheduler's account of each thread."""
    cpu_ns = switches = 0
    for p in family(pid):
        for task in glob.glob(f"/proc/{p}/task/*"):
            cpu_ns += int(_read(f"{task}/schedstat").split()[0])
            status = dict(line.split(":", 1) for line in _read(f"{task}/status").splitlines())
            switches += int(status["voluntary_ctxt_switches"])
    return Usage(cpu_ns / 1e9, switches)


def resident_kb(pid):
    """The memory of this process, without its children."""
    status = dict(line.split(":", 1) for line in _read(f"/proc/{pid}/status").splitlines())
    return int(status["VmRSS"].split()[0])
