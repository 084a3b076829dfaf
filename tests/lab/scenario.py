# SPDX-License-Identifier: BSD-2-Clause
"""What the lab's tests share: the cases of one file run in one lab, one after the other, and are
reported as TAP. A case that fails costs its lab: the next one gets a new one."""
import contextlib
import os
import shutil
import sys
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))
from hflab import lab, plan, trial  # noqa: E402 (the path comes first)


def check(truth, what):
    """An assertion that tells what it saw; `python -O` does not remove it."""
    if not truth:
        raise AssertionError(what)


def skip_reason(needs_daemon=True):
    """Why the lab's tests cannot run here, or None."""
    if os.geteuid() != 0:
        return "needs root"
    for program in ("bird", "nsenter", "unshare"):
        if not shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin"):
            return f"{program} is not installed (make deps)"
    if needs_daemon and not trial.daemon_is_built():
        return f"{plan.BUILD} lacks holdfastd, holdfastctl or vipprobe"
    return None


@contextlib.contextmanager
def pair(configure, at=plan.SIMPLE, shared=plan.SHARED, ready=True, options=()):
    """A lab with the daemon on both nodes, up and connected. `options`: the daemon's."""
    with lab.Lab(plan=at) as net:
        for node in net.nodes.values():
            node.options = options
        two = trial.Pair(net, configure, shared)
        if ready:
            two.start()
        yield two


class Runner:
    """Runs groups of cases and prints their results."""

    def __init__(self):
        self.number, self.failed = 0, False

    def group(self, setup, cases):
        """Each case gets what `setup`, a context manager's function, yields. Without a lab to run
        in, the rest of the group fails at once."""
        left = list(cases)
        while left:
            stands = False
            try:
                with setup() as fixture:
                    stands = True
                    while left:
                        left[0](fixture)
                        self._result(left.pop(0))
            except Exception:  # pylint: disable=broad-except (whatever it was, the case failed)
                trace = traceback.format_exc()
                self.failed = True
                if not left:  # taking the lab down failed
                    print("".join(f"# {line}\n" for line in trace.splitlines()), end="")
                for case in left[:1] if stands else left[:]:
                    self._result(case, trace)
                    left.remove(case)

    def _result(self, case, trace=None):
        self.number += 1
        self.failed = self.failed or trace is not None
        print(f"{'not ' if trace else ''}ok {self.number} - {case.__name__.replace('_', ' ')}")
        for line in (trace or "").splitlines():
            print(f"# {line}")
        sys.stdout.flush()


def main(*groups, needs_daemon=True):
    """`groups`: (setup, [cases]). Returns the exit status."""
    reason = skip_reason(needs_daemon)
    if reason:
        print(f"1..0 # SKIP {reason}")
        return 0
    print(f"1..{sum(len(cases) for _, cases in groups)}", flush=True)
    runner = Runner()
    for setup, cases in groups:
        runner.group(setup, cases)
    return 1 if runner.failed else 0
