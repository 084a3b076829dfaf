# SPDX-License-Identifier: BSD-2-Clause
"""Results that runs keep in build/results: the TAP of a test or a tool, with its date and commit in the first line.
tools/matrix reads them."""
import functools
import os
import subprocess
import time

from .plan import TOP

RESULTS = os.environ.get("HOLDFAST_RESULTS", os.path.join(TOP, "build", "results"))


def path_of(name):
    """`name`: the path of a test, or a name for another run."""
    return os.path.join(RESULTS, name.replace("/", "-") + ".tap")


@functools.cache
def commit():
    p = subprocess.run(["git", "-c", "safe.directory=*", "describe", "--always", "--dirty", "--exclude", "*"], cwd=TOP,
                       capture_output=True, text=True, check=False)
    return p.stdout.strip() or "unknown"


def keep(name, tap, status):
    """A reader sees either the whole new file or the old one."""
    os.makedirs(RESULTS, exist_ok=True)
    new = f"{path_of(name)}.{os.getpid()}"
    with open(new, "w", encoding="utf-8") as f:
        f.write(f"# kept {time.strftime('%Y-%m-%d', time.gmtime())} {commit()} status {status}\n{tap}")
    os.replace(new, path_of(name))
