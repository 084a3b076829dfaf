# SPDX-License-Identifier: BSD-2-Clause
"""The standard story of a node beside a healthy node, with a fault, and the conditions at its end."""
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))
import scenario  # noqa: E402,F401 (the path comes first; it adds the path of hflab)
from hflab import lab  # noqa: E402
from hflab.node import CONFIG  # noqa: E402
from hflab.plan import BUILD, SHARED  # noqa: E402

START_S = 40  # under strace, on a busy machine
ORDER_S = 40  # for one holdfastctl command, which gives up after five seconds
STOP_S = 60  # the daemon's own limits are 10 + 25
SERVED_S = 60


class Story:
    """One run of node `a`, whose daemon is started by `wrapper`. `said` has the failed conditions."""

    def __init__(self, pair, wrapper):
        self.pair, self.node, self.wrapper = pair, pair.nodes["a"], wrapper
        self.wrong, self.outcome = [], ""

    def start(self):
        """True if the daemon answers."""
        node = self.node
        self.before = self.addresses()
        self.log_from = os.path.getsize(node.log)
        with open(node.log, "ab") as log:
            node.daemon = node.popen([*self.wrapper, os.path.join(BUILD, "holdfastd"), "-n", "-l", "-f", CONFIG,
                                      "--no-realtime"], env=node.environment, stdout=log, stderr=subprocess.STDOUT)
        until = time.monotonic() + START_S
        while time.monotonic() < until and node.alive():
            if (self.order("status", "--json") or "").startswith("{") and node.state() in ("MASTER", "BACKUP"):
                return True
            time.sleep(0.1)
        return node.alive()

    def addresses(self):
        return re.findall(r"inet6? (\S+)", self.node.run("ip", "address", "show", "dev", "lo", check=False)[1])

    def order(self, *words):
        try:
            p = self.node.popen([os.path.join(BUILD, "holdfastctl"), *words], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)
            return p.communicate(timeout=ORDER_S)[0].decode(errors="replace")
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
            self.wrong.append(f"hang: holdfastctl {words[0]}")
            return None

    def stop(self):
        node = self.node
        if node.alive():
            node.daemon.send_signal(signal.SIGTERM)
        try:
            return node.daemon.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self.wrong.append("hang: no end by SIGTERM")
            node.daemon.kill()
            return node.daemon.wait()

    def log(self):
        with open(self.node.log, "rb") as f:
            f.seek(self.log_from)
            return f.read().decode(errors="replace")

    def judge_end(self, status, ended_by_itself):
        if status < 0 or status in (128 + signal.SIGSEGV, 128 + signal.SIGABRT):
            self.wrong.append(f"crash: signal {-status if status < 0 else status - 128}")
        if re.search(r"ERROR: (Address|Leak|Undefined)|Assertion|\*\*\* ", self.log()):
            self.wrong.append("crash: see the log")
        words = [line for line in self.log().splitlines() if "error" in line.lower() or "cannot" in line]
        if ended_by_itself and not words:
            self.wrong.append(f"it ended without a message, status {status}")
        self.outcome = f"ended: {words[0].split(': ', 1)[-1]}" if ended_by_itself and words else "survived"

    def judge_served(self):
        try:
            lab.wait_for(lambda: self.pair.lab.holder(SHARED), SERVED_S, "the address is announced", 0.1)
        except (lab.LabError, TimeoutError, AssertionError) as e:
            self.wrong.append(f"not served: {e}")

    def run(self):
        running = self.start()
        if running:
            for words in (("reload",), ("drain",), ("undrain",)):
                self.order(*words)
            self.judge_served()
        ended = not self.node.alive()
        self.judge_end(self.stop(), ended)
        self.judge_served()
        if self.addresses() != self.before and not ended:
            self.wrong.append(f"addresses are left behind: {self.addresses()}, before: {self.before}")
        return self
