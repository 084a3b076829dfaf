# SPDX-License-Identifier: BSD-2-Clause
"""Witnesses of a machine that stands still. A virtual machine's host does not always run its CPUs; a master
on such a CPU is silent in truth, and no test can ask it not to be. One process on each CPU sleeps above
everything that is real-time and says when it woke late."""
import contextlib
import os
import subprocess
import sys
import threading

STALL_S = 0.02  # two adverts of 10 ms

# Prints for each late wake-up the time.monotonic() of it and the seconds that it was late.
WITNESS = """
import os, sys, time
os.sched_setaffinity(0, {int(sys.argv[1])})
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99))
last = time.monotonic()
while os.getppid() == int(sys.argv[2]):
    time.sleep(0.005)
    now = time.monotonic()
    if now - last > 0.005 + float(sys.argv[3]):
        print(now, now - last - 0.005, flush=True)
    last = now
"""


class Witnesses:
    """Needs root. `seen` holds (when it ended, seconds) of each stall, by time.monotonic()."""

    def __init__(self):
        self.seen = []
        self._running = [subprocess.Popen([sys.executable, "-c", WITNESS, str(cpu), str(os.getpid()), str(STALL_S)],
                                          stdout=subprocess.PIPE, text=True, start_new_session=True)
                         for cpu in sorted(os.sched_getaffinity(0))]
        self._readers = [threading.Thread(target=self._read, args=(p,), daemon=True) for p in self._running]
        for reader in self._readers:
            reader.start()

    def _read(self, process):
        for line in process.stdout:
            when, late = line.split()
            self.seen.append((float(when), float(late)))

    def longest(self, begin, end):
        """The longest stall, in seconds, that overlaps the time from `begin` to `end`; 0 without one."""
        return max((late for when, late in self.seen if when > begin and when - late < end), default=0)

    def close(self):
        for p in self._running:
            p.kill()
        for p, reader in zip(self._running, self._readers):
            p.wait()
            reader.join()


@contextlib.contextmanager
def stalls():
    """Yields a list that holds afterwards how often one of this machine's CPUs stood still for STALL_S."""
    witnesses, count = Witnesses(), []
    try:
        yield count
    finally:
        witnesses.close()
        count[:] = [len(witnesses.seen)]
