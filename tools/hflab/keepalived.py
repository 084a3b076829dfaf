# SPDX-License-Identifier: BSD-2-Clause
"""keepalived's VRRP part on a node, as the peer of interoperation tests. The tests read its state from its
log."""
import os
import re
import signal
import subprocess

from .sandbox import LabError

# As Holdfast has it. A keepalived that a busy machine runs late is silent in truth, and then another one takes over.
RT = """global_defs {
    vrrp_rt_priority 50
    vrrp_rlimit_rttime 10000000
}
"""
RESIGNED = re.compile(r"\((\w+)\) Backup received priority 0")
STATE = re.compile(r"\((\w+)\) (?:Entering|entering) (MASTER|BACKUP|FAULT) STATE", re.I)


class Keepalived:
    def __init__(self, node, text, program="keepalived", realtime=True):
        self.node, self.program = node, program
        self.log = os.path.join(node.directory, "keepalived.log")
        self.process = None
        self._transitions, self._read = [], 0
        node.write("peer.conf", RT * realtime + text)

    def start(self):
        self._transitions = []
        self.node.run("rm", "-f", "/run/keepalived.pid", "/run/vrrp.pid")
        with open(self.log, "wb") as log:  # a new log for each run
            self.process = self.node.popen(
                [self.program, "-n", "-l", "-D", "-P", "-f", "/etc/keepalived/peer.conf",
                 "-p", "/run/keepalived.pid", "-r", "/run/vrrp.pid"],
                stdout=log, stderr=subprocess.STDOUT)
        self._read = 0

    def running(self):
        return self.process is not None and self.process.poll() is None

    def transitions(self):
        """[(instance, state)] since its start, in order."""
        with open(self.log, encoding="utf-8", errors="replace") as f:
            f.seek(self._read)
            text = f.read()
        whole = text.rfind("\n") + 1
        self._read += len(text[:whole].encode())
        self._transitions += [(m[1], m[2].upper()) for m in STATE.finditer(text[:whole])]
        return self._transitions

    def states(self):
        """{instance: state}."""
        return dict(self.transitions())

    def resigned(self):
        """The instances whose MASTER has sent priority 0 since its start, while it was BACKUP."""
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return set(RESIGNED.findall(f.read()))

    def stop(self, deadline_s=30):
        """Stops it as systemd does: it sends priority 0 for all instances that are MASTER."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=deadline_s)
        except subprocess.TimeoutExpired:
            raise LabError("keepalived does not end on SIGTERM") from None

    def kill(self):
        """Kills parent and child, as a power failure does. The addresses disappear with the host. The child first: it sends
        priority 0 when its parent dies. Meanwhile the parent is stopped, because it would start another child."""
        pid = self.process.pid
        self.process.send_signal(signal.SIGSTOP)
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            children = [int(p) for p in f.read().split()]
        for p in (*children, pid):
            os.kill(p, signal.SIGKILL)
        self.process.wait()
