# SPDX-License-Identifier: BSD-2-Clause
"""The common part of the measurements: rows of figures with their targets and the figures of another program
(keepalived, if no other is named), as a table and as JSON."""
import dataclasses
import json
import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))


@dataclasses.dataclass
class Row:
    what: str
    figure: str
    target: str = ""      # empty: none, for information
    met: bool = None      # None: no target
    keepalived: str = ""  # or another program's, in the same run


def met(rows):
    return all(r.met is not False for r in rows)


def percentile(values, percent):
    """The percentile of a sorted list."""
    return values[min(len(values) - 1, len(values) * percent // 100)]


def table(rows, peer="keepalived"):
    widths = [max((len(getattr(r, f)) for r in rows), default=0)
              for f in ("what", "figure", "target", "keepalived")]
    heads = ("what", "Holdfast", "target", peer)
    widths = [max(w, len(h)) for w, h in zip(widths, heads)]
    line = "  ".join("{:%d}" % w for w in widths) + "  {}"
    print(line.format(*heads, "met"))
    for r in rows:
        print(line.format(r.what, r.figure, r.target or "-", r.keepalived or "-",
                          "-" if r.met is None else "yes" if r.met else "NO"))


def finish(rows, json_file=None, peer="keepalived", **details):
    """Prints the table, writes the JSON; returns the exit status. `details` are for the JSON."""
    table(rows, peer)
    result = {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
              "kernel": os.uname().release, "cpus": os.cpu_count(), "met": met(rows),
              "rows": [dataclasses.asdict(r) for r in rows], **details}
    if json_file:
        os.makedirs(os.path.dirname(os.path.abspath(json_file)), exist_ok=True)
        with open(json_file, "w", encoding="ascii") as f:
            json.dump(result, f, indent=1)
    return 0 if met(rows) else 1
