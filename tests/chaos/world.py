# SPDX-License-Identifier: BSD-2-Clause
"""The lab of the chaos: three nodes, and two routers, each with a client of its own behind it.

    a, b, d ---+             r BIRD, 192.0.2.1 --- client c
               +--- switch
               +             q FRR,  192.0.2.2 --- client k
"""
import dataclasses
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))
import scenario  # noqa: E402,F401 (the path comes first; it adds the path of hflab)
import bgp_routers  # noqa: E402
import router_lab  # noqa: E402
import troubles  # noqa: E402
from hflab import conf  # noqa: E402
from hflab.lab import wait_for  # noqa: E402
from hflab.node import Node  # noqa: E402
from hflab.plan import THREE  # noqa: E402
from hflab.sandbox import Sandbox  # noqa: E402

SHARED_PREFIX = "203.0.113.57/32"
ADVERT_MS = 100  # slow enough for a busy machine
SECOND = {4: "192.0.2.2", 6: "2001:db8:2::2"}  # the addresses of the second router
SECOND_LAN = "198.19.0.0/24"
SECOND_ENDS = "198.19.0.1", "198.19.0.2"  # router and client
START = "START"  # the line of told() at each start of the daemon
TOLD_SH = '#!/bin/sh\necho "$@" >> /tmp/told\n'
READER_SH = '#!/bin/sh\nexec cat "$1" >> /tmp/fifo.lines\n'


@dataclasses.dataclass(frozen=True)
class Form:
    """How the daemons of a lab run. The bounds of the faults are the same for all forms."""
    name: str
    options: tuple = ()
    takeover: str = "community 65000:2 65000:1"
    probes: bool = False


FORMS = [Form("native XDP"), Form("takeover as_path", takeover="as_path 1"), Form("S-BFD", probes=True),
         Form("TC", ("--datapath", "tc")), Form("raw sockets", ("--datapath", "raw")),
         Form("timerfd", ("--no-bpf-timer",))]


@dataclasses.dataclass
class Way:
    """A router, its BGP daemon, and the client behind it."""
    name: str
    bgp: bgp_routers.Router
    router: Sandbox
    client: Sandbox


class ChaosNode(Node):
    """A node whose files of notifications also show the starts of the daemon."""

    def prepare(self, lab):
        super().prepare(lab)
        self.run("mount", "-t", "tmpfs", "tmpfs", "/dev/shm")  # faketime's semaphores, which a killed daemon leaves

    def start(self, *options):
        self.run("sh", "-c", f"rm -f /dev/shm/*; echo {START} >> /tmp/told; echo {START} >> /tmp/fifo.lines")
        super().start(*options)

    def lines(self, name):
        """The lines of that file since the last start of the daemon."""
        text = self.read(f"/tmp/{name}").splitlines()
        return text[len(text) - text[::-1].index(START):] if START in text else text


def configure(node, form):
    """A pair's file with a second neighbor, notifications, and peers that must be on the link."""
    conf.pair(node, interval="0.5", advert=str(ADVERT_MS / 1000), takeover=form.takeover)
    node.options = form.options
    text = node.configuration()
    first = re.search(r"    neighbor .*?\n    }\n", text, re.S)[0]
    text = text.replace(first, first + first.replace("neighbor 192.0.2.1 ", f"neighbor {SECOND[4]} "))
    text = re.sub(r"(?m)^(        192\.0\.2\.\d+)$", r"\1 min_ttl 255 max_ttl 255", text)
    text = text.replace("    script_user root\n", "    script_user root\n    notify_fifo /run/told.fifo\n"
                        '    notify_fifo_script "/etc/keepalived/reader.sh"\n')
    text = text.replace("    timeout 20\n", "    timeout 10\n")
    text = text.replace("    nopreempt\n", '    nopreempt\n    check_unicast_src\n    notify "/etc/keepalived/told.sh"\n')
    if form.probes:
        line = f"    advert_int {ADVERT_MS / 1000}\n"
        text = text.replace(line, line + conf.PROBES.format(interval=0.05, multiplier=3, gate=0.3))
    node.configure(text)
    node.write("told.sh", TOLD_SH, 0o755)
    node.write("reader.sh", READER_SH, 0o755)
    if os.path.exists(troubles.FAKETIME):
        troubles.with_a_clock(node)


class World(router_lab.RouterLab):
    """`with World(FORMS[0]) as net:`; `.ways` are the two routers. The nodes have the shared address from the daemon
    only."""

    def __init__(self, form):
        super().__init__(router_lab.Bird, THREE)
        self.form, self.ways = form, []

    def _machine(self, kind, name):
        return super()._machine(ChaosNode if kind is Node else kind, name)

    def _connect(self):
        self.router2, self.client2 = (self._machine(Sandbox, n).wait_ready() for n in "qk")
        super()._connect()
        s, q, k = self.switch, self.router2, self.client2
        s.ip(f"link add port-q type veth peer name eth0 netns {q.pid}", "link set port-q master br0 up")
        q.ip(f"link add eth1 type veth peer name eth0 netns {k.pid}")
        for m in (q, k):
            m.sysctl(net__ipv4__conf__all__rp_filter=0, net__ipv4__conf__default__rp_filter=0,
                     net__ipv4__ip_forward=int(m is q))
        q.ip(*self._addresses("eth0", SECOND.values()), *self._addresses("eth1", SECOND_ENDS[:1]))
        k.ip(*self._addresses("eth0", SECOND_ENDS[1:]), f"route replace default via {SECOND_ENDS[0]}")
        for node in self.nodes.values():
            node.ip(f"addr del {SHARED_PREFIX} dev lo")
        self._count_adverts()

    def _count_adverts(self):
        self.switch.run("nft", "-f", "-", text="table bridge seen {\n" + "".join(
            f"counter {name} {{}}\n" for name in self.nodes) +
            "chain ports { type filter hook prerouting priority -300;\n" + "".join(
            f'iifname "port-{name}" ip protocol 112 counter name {name}\n' for name in self.nodes) + "}\n}\n")

    def adverts(self):
        """{node: adverts that it has sent}, seen at the switch."""
        text = self.switch.run("nft", "list", "counters", "table", "bridge", "seen")[1]
        return {name: int(n) for name, n in re.findall(r"counter (\w) {\s+packets (\d+)", text)}

    def address(self, name):
        super().address(name)
        self.nodes[name].ip(f"route replace {SECOND_LAN} via {SECOND[4]}")

    def _start_router(self):
        super()._start_router()
        second = router_lab.Frr(self.router2, {a: set() for a in self.plan.nodes.values()}, SECOND)
        self._watch_routes(self.router2)
        second.start()
        wait_for(second.ready, bgp_routers.START_S, "FRR runs", 0.05)
        self.ways = [Way("BIRD", self.bgp, self.router, self.client),
                     Way("FRR", second, self.router2, self.client2)]

    def begin(self):
        for node in self.nodes.values():
            configure(node, self.form)
            node.start()
        return self


def missing():
    return router_lab.missing("BIRD") or router_lab.missing("FRR")
