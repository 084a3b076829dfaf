# SPDX-License-Identifier: BSD-2-Clause
"""How late this machine runs an ordinary process, and how long such a process waits to change a route.

A client's loss also depends on processes without real-time priority: the test that strikes and mends, its commands, a
router that computes. Beside other work they get the CPU late, and these and all routers get the kernel's lock of all
network namespaces late. One process on each CPU does what they do: it sleeps, wakes, and puts a route into the kernel,
in a namespace of its own. What it was late, they may have been late too. On an idle machine nothing is noted.
"""
import os
import subprocess
import sys
import threading
import time

EVERY_S, LATE_S = 0.02, 0.02
TOLD_S = 10  # until a pulse has told what it knows
BEFORE_S = 0.5  # a route that is late loses datagrams only when the old path has gone, after `linger`

# Prints "time.monotonic() seconds" for each turn that was late, and twice a second with 0 seconds.
PULSE = """
import os, socket, struct, sys, time
cpu, parent, every, late = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
os.sched_setaffinity(0, {cpu})
kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
kernel.bind((0, 0))
body = struct.pack("=BBBBBBBBIHH4s", 2, 32, 0, 0, 254, 4, 0, 6, 0, 8, 1, bytes((198, 51, 100, 1)))
route = struct.pack("=IHHII", 16 + len(body), 24, 0x505, 1, 0) + body  # a blackhole: create or replace, with an answer
told = 0
while os.getppid() == parent:
    began = time.monotonic()
    time.sleep(every)
    kernel.send(route)
    kernel.recv(4096)
    now = time.monotonic()
    was = now - began - every
    if was > late or now > told + 0.5:
        told = now
        print(now, was if was > late else 0, flush=True)
"""


class Pulses:
    """Needs root; without it nothing is noted. They end with this process at the latest."""

    def __init__(self):
        self._seen = {}  # process -> [(when it ended, seconds late)]
        if os.geteuid() != 0:
            return
        for cpu in sorted(os.sched_getaffinity(0)):
            p = subprocess.Popen(["unshare", "--net", sys.executable, "-c", PULSE, str(cpu), str(os.getpid()),
                                  str(EVERY_S), str(LATE_S)], stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, text=True, start_new_session=True)
            self._seen[p] = []
            threading.Thread(target=self._read, args=(p,), daemon=True).start()

    def _read(self, process):
        for line in process.stdout:
            when, late = line.split()
            self._seen[process].append((float(when), float(late)))

    def between(self, begin, end):
        """The seconds of this time, by time.monotonic(), that the pulse of one CPU was late: of the latest one."""
        until = time.monotonic() + TOLD_S
        while time.monotonic() < until and not all(s and s[-1][0] > end or p.poll() is not None
                                                   for p, s in self._seen.items()):
            time.sleep(0.05)
        return max((sum(max(0.0, min(when, end) - max(when - late, begin)) for when, late in list(seen))
                    for seen in self._seen.values()), default=0.0)

    def in_gap(self, gap):
        """The same for one gap of a client's report, and the time before it."""
        start = gap["start_mono_ns"] / 1e9
        return self.between(start - BEFORE_S, start + gap["length_us"] / 1e6)

    def in_gaps(self, report):
        """The seconds of all gaps that this excuses."""
        return sum(min(self.in_gap(gap), gap["length_us"] / 1e6) for gap in report["gaps"])

    def lost(self, report):
        """The lost datagrams without those of the time in which the pulses were late."""
        return report["lost"] - sum(gap["lost"] * min(1.0, 1e6 * self.in_gap(gap) / max(1, gap["length_us"]))
                                    for gap in report["gaps"])

    def excess_ms(self, report):
        """How much longer the client's outage was than the pulses were late meanwhile, in ms. 0: no outage."""
        return max((gap["length_us"] / 1000 - 1000 * self.in_gap(gap) for gap in report["gaps"]), default=0.0)

    def close(self):
        for p in self._seen:
            p.kill()
            p.wait()
