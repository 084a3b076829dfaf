# SPDX-License-Identifier: BSD-2-Clause
"""FRR's vrrpd on a node, as the peer of interoperation tests. It uses multicast only, and sends from a
macvlan interface for each virtual router. These interfaces must exist before it starts. zebra tells it of
interfaces."""
import json
import os
import signal
import subprocess

from .sandbox import has_own_cpu
from .wait import LabError, wait_for

PROGRAMS = "/usr/lib/frr"
START_S = 30


class Vrrpd:
    """`cases`: list of interop.Case; this node is their "k"."""

    def __init__(self, node, cases):
        self.node, self.cases, self.processes = node, cases, []
        self.log = os.path.join(node.directory, "vrrpd.log")
        self.conf = os.path.join(node.directory, "vrrpd.conf")
        with open(self.conf, "w", encoding="ascii") as f:
            f.write("interface eth0\n" + "".join(self.lines(c) for c in cases))
        os.chmod(self.conf, 0o644)
        self.prepare()

    @staticmethod
    def lines(case):
        lines = [f"version {case.version}", f"priority {case.priority['k']}",
                 f"advertisement-interval {1000 if case.version == 2 else 200}",
                 f"{'ip' if case.family == 4 else 'ipv6'} {case.shared}"]
        text = "".join(f" vrrp {case.vrid} {line}\n" for line in lines)
        return text + (f" no vrrp {case.vrid} preempt\n" if case.nopreempt else "")

    def prepare(self):
        """Creates its run directory, and the interfaces with the MAC address of each virtual router."""
        self.node.run("install", "-d", "-o", "frr", "-g", "frr", "/run/frr", "/var/tmp/frr")
        self.node.run("mount", "-t", "tmpfs", "-o", "mode=777", "tmpfs", "/var/tmp/frr")
        for c in self.cases:
            name, length = f"vrrp{c.family}-{c.vrid}", 32 if c.family == 4 else 128
            mac = f"00:00:5e:00:{'01' if c.family == 4 else '02'}:{c.vrid:02x}"
            self.node.ip(f"link add {name} link eth0 type macvlan mode bridge",
                         f"link set {name} address {mac}",
                         f"addr add {c.shared}/{length} dev {name}" + (" nodad" if c.family == 6 else ""),
                         f"link set {name} up")

    def spawn(self, *argv):
        with open(self.log, "ab") as log:
            self.processes.append(has_own_cpu(self.node.popen(argv, stdout=log, stderr=subprocess.STDOUT)))

    def start(self):
        for c in self.cases:
            self.node.ip(f"link set vrrp{c.family}-{c.vrid} up")
        self.node.run("rm", "-f", "/run/frr/zserv.api", "/run/frr/vrrpd.vty")
        zebra = os.path.join(self.node.directory, "zebra.conf")
        with open(zebra, "w", encoding="ascii") as f:
            f.write("log stdout\n")
        self.spawn(f"{PROGRAMS}/zebra", "-f", zebra, "-i", "/run/frr/zebra.pid")
        wait_for(lambda: self.node.listens("/run/frr/zserv.api"), START_S, "zebra runs")
        self.spawn(f"{PROGRAMS}/vrrpd", "-f", self.conf, "-i", "/run/frr/vrrpd.pid", "--log", "stdout")

    def running(self):
        return bool(self.processes) and self.processes[-1].poll() is None

    def show(self):
        """[its answer], empty when it does not answer (yet)."""
        code, out, _ = self.node.run("vtysh", "-c", "show vrrp json", check=False)
        try:
            return [json.loads(out)] if code == 0 else []
        except ValueError:
            return []

    def routers(self):
        """{name of the case: its part of `show vrrp json`}."""
        answer, = wait_for(lambda: not self.running() and [[]] or self.show(), START_S, "vrrpd answers")
        shown = {r["vrid"]: r for r in answer}
        return {c.name: shown.get(c.vrid, {}).get(f"v{c.family}", {}) for c in self.cases}

    def states(self):
        """{name of the case: state in capitals}."""
        return {name: r.get("status", "").upper() for name, r in self.routers().items()}

    def changes(self):
        """{name of the case: how often its state has changed}."""
        return {name: r.get("stats", {}).get("transitions", 0) for name, r in self.routers().items()}

    def stop(self, deadline_s=30):
        """Stops vrrpd first and then zebra, as systemd does."""
        vrrpd, zebra = self.processes.pop(), self.processes.pop()
        vrrpd.send_signal(signal.SIGTERM)
        try:
            vrrpd.wait(timeout=deadline_s)
        except subprocess.TimeoutExpired:
            raise LabError("vrrpd does not end on SIGTERM") from None
        zebra.send_signal(signal.SIGTERM)
        zebra.wait(timeout=deadline_s)

    def kill(self):
        while self.processes:
            process = self.processes.pop()
            process.kill()
            process.wait()
