# SPDX-License-Identifier: BSD-2-Clause
"""Questions to the daemons of the lab, by their sockets.

A test that waits for a condition asks fifty times a second. holdfastctl and birdc would cost two processes each time,
and more CPU time than all daemons together. A socket of a machine is reached from the host by its path below /proc.
"""
import contextlib
import json
import socket

from .wait import LabError

ANSWER_S = 10  # for an answer that takes milliseconds; the thread that answers may be late
BIRD_ANSWER_S = 60  # BIRD answers while it does nothing else


@contextlib.contextmanager
def _connected(path, limit_s):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(limit_s)
        s.connect(path)
        with s.makefile("rb") as lines:
            yield s, lines


def ask_holdfast(path, verb):
    """What holdfastctl prints as JSON for this question. None: there is no daemon, or it does not answer."""
    try:
        with _connected(path, ANSWER_S) as (s, lines):
            s.sendall(json.dumps({"command": verb}).encode() + b"\n")
            line = lines.readline()
    except OSError:
        return None
    if not line.endswith(b"\n"):
        return None
    try:
        answer = json.loads(line)
    except ValueError:
        raise LabError(f"{path}: the answer to {verb} is not JSON: {line!r}") from None
    return answer if answer.pop("ok", False) else None


def _reply(lines):
    """One reply of BIRD, as birdc prints it: each line without its code. ConnectionError if it ends early."""
    for line in lines:
        if line[:1] == b" ":
            yield line[1:]
            continue
        if line[:4] != b"0000":
            yield line[5:]
        if line[4:5] == b" ":
            return
    raise ConnectionError("BIRD has closed the connection")


def ask_bird(path, *words):
    """What birdc prints for this command. Empty: there is no BIRD, or it has not answered to the end."""
    try:
        with _connected(path, BIRD_ANSWER_S) as (s, lines):
            text = list(_reply(lines))
            s.sendall(" ".join(words).encode() + b"\n")
            text += _reply(lines)
    except OSError:
        return ""
    return b"".join(text).decode(errors="replace")
