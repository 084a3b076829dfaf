# SPDX-License-Identifier: BSD-2-Clause
"""Two nodes with Holdfast, or with keepalived, and the same configuration, for comparing the two."""
import os
import re
import subprocess

from .node import CONFIG
from .wait import LabError, wait_for

READY_S = 20
TRIES = 3
# keepalived has no real-time priority by default.
KEEPALIVED_RT = """global_defs {
    vrrp_rt_priority 50
}
"""


class Versus:
    """Nodes a (MASTER of all) and b (BACKUP) of `lab`. `configure(node)` returns the text of its file."""

    names = ("a", "b")  # where a daemon is started

    def __init__(self, lab, configure, keepalived=False, options=()):
        self.lab, self.keepalived, self.options = lab, keepalived, options
        self.a, self.b = lab.nodes["a"], lab.nodes["b"]
        for node in (lab.nodes[name] for name in self.names):
            node.configure(configure(node))
            self._start(node)

    def _start(self, node):
        if not self.keepalived:
            node.start(*self.options)
            return
        node.log = os.path.join(node.directory, "keepalived.log")
        with open(node.log, "ab") as log:
            node.daemon = node.popen(["keepalived", "-n", "-l", "-P", "-f", CONFIG], stdout=log,
                                     stderr=subprocess.STDOUT)

    def _says(self, node):
        """[(instance, state)] in the order of the node's log, in the same form for both daemons."""
        with open(node.log, encoding="utf-8", errors="replace") as f:
            text = f.read()
        if self.keepalived:
            return re.findall(r"\((\w+)\) Entering (MASTER|BACKUP|FAULT) STATE", text)
        return re.findall(r"(\w+): \w+ -> (MASTER|BACKUP|FAULT): ", text)

    def states(self, node):
        """{instance: state}."""
        if self.keepalived:
            return dict(self._says(node))
        return {i["name"]: i["state"] for i in (node.status() or {}).get("instances", [])}

    def wait_ready(self, instances, ready_s=READY_S, tries=TRIES):
        """Waits until a is MASTER of all instances and b is BACKUP. On a stalled machine a may step down and not
        preempt again, because it was late. Then both are started again."""
        for tries_left in reversed(range(tries)):
            try:
                wait_for(lambda: self._ready(instances), ready_s,
                         f"a is MASTER of all {instances} instances, b BACKUP", 0.1)
                return self
            except LabError:
                if not tries_left:
                    raise
            for node in (self.b, self.a):
                node.kill()
                self._start(node)

    def _ready(self, instances):
        return all(list(self.states(node).values()) == [state] * instances
                   for node, state in ((self.a, "MASTER"), (self.b, "BACKUP")))

    def transitions(self):
        """The number of transitions since the start, on both nodes. None is expected, because there is a MASTER."""
        n = 0
        for node in (self.a, self.b):
            if not node.alive():
                raise LabError(f"{node.name}: the daemon has ended: {node.exit_status()}")
            if self.keepalived:
                n += len(self._says(node))
                continue
            status = wait_for(node.status, READY_S, f"{node.name} answers")
            n += sum(i["transitions"] for i in status["instances"])
        return n

    def takeovers(self):
        """How often a node became MASTER since the start although the other one was alive."""
        return sum(state == "MASTER" for node in (self.a, self.b)
                   for _, state in self._says(node))
