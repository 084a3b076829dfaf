# SPDX-License-Identifier: BSD-2-Clause
"""The common part of the lab's tests. The cases of one file run one after the other in one lab and are reported as
TAP. After a failed case the next case gets a new lab."""
import contextlib
import os
import shutil
import sys
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))
from hflab import lab, plan, trial  # noqa: E402 (the path comes first)


LONG = "--long" in sys.argv[1:]


def bound_ms(idle_ms, slower_ms):
    """The bound of a time that is `idle_ms` at most on an idle machine. Only --long checks the speed itself. In `make check`
    other tests run on the same CPUs, and the bound only shows that the way which takes `slower_ms` was not needed."""
    return 5 * idle_ms if LONG else slower_ms / 2


def check(truth, what):
    """An assertion with a text about the seen state. `python -O` does not remove it."""
    if not truth:
        raise AssertionError(what)


def skip_reason(needs_daemon=True):
    """The reason why the lab's tests cannot run here, or None."""
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
    """A lab with the daemon on both nodes, running and connected. `options`: options of the daemon."""
    with lab.Lab(plan=at) as net:
        for node in net.nodes.values():
            node.options = options
        two = trial.Pair(net, configure, shared)
        if ready:
            two.start()
        yield two


def named(case, what):
    """The case with the name "WHAT: name of the case"."""
    def run(fixture):
        case(fixture)
    run.__name__ = f"{what}: {case.__name__}"
    return run


class Runner:
    """Runs groups of cases and prints their results."""

    def __init__(self):
        self.number, self.failed = 0, False

    def group(self, setup, cases):
        """Each case gets the value that `setup`, a context manager function, yields. If there is no lab, the other cases
        of the group fail at once."""
        left = list(cases)
        while left:
            stands = False
            try:
                with setup() as fixture:
                    stands = True
                    while left:
                        left[0](fixture)
                        self._result(left.pop(0))
            except Exception:  # pylint: disable=broad-except (any exception fails the case)
                trace = traceback.format_exc()
                self.failed = True
                if not left:  # the end of the lab failed
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
