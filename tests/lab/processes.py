# SPDX-License-Identifier: BSD-2-Clause
"""The processes of a daemon in the lab, and their state in the kernel."""
from scenario import check


def fields(path):
    with open(path, encoding="ascii", errors="replace") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [int(n) for n in f.read().split()]


def supervisor_of(node):
    supervisor, = children(node.daemon.pid)
    check(fields(f"/proc/{supervisor}/status")["Name"] == "holdfast-super", "the engine's only child")
    return supervisor


def runner_of(node):
    """The process id of the runner; None if there is no runner."""
    found = children(supervisor_of(node))
    return found[0] if len(found) == 1 else None
