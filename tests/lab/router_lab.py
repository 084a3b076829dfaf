# SPDX-License-Identifier: BSD-2-Clause
"""The lab with one of the BGP daemons of bgp_routers.py as the router. Its kernel forwards to the nodes.

BIRD and FRR write their routes into the kernel. OpenBGPD 7.7 cannot do so on Linux, and GoBGP 3.10 crashes with
FRR's zebra. So a BIRD runs beside each of these two. It gets their best paths by iBGP and writes them into the
kernel, as clients of a route server do.
"""
import os

import bgp_routers
from hflab import lab
from hflab.control import ask_bird
from hflab.lab import wait_for
from hflab.plan import SIMPLE

FEED, FEED_PORT = "127.0.0.2", 1790
FEEDER = """
log stderr all;
router id 127.0.0.2;
protocol device {{ scan time 10; }}
protocol direct {{ ipv4; }}
protocol kernel {{ ipv4 {{ import none; export where source = RTS_BGP; }}; }}
protocol bgp best {{
    local {feed} port {port} as {asn};
    neighbor {router} port 179 as {asn};
    multihop;
    connect delay time 1;
    connect retry time 1;
    error wait time 1, 2;
    ipv4 {{ import all; export none; }};
}}
"""


class Plain:
    """Base class of the routers of a RouterLab."""

    def readmit(self, _neighbor):
        """Accepts a stopped neighbor again at once."""


class Bird(Plain, bgp_routers.Bird):
    pass


class Frr(Plain, bgp_routers.Frr):
    pass


class Fed(Plain):
    """Base class of a router with one more neighbor, the BIRD that writes the routes into the kernel."""
    FEED_CONF, FEED_FILE = "", ""

    def configure(self):
        super().configure()
        with open(self.path(self.FEED_FILE), "a", encoding="ascii") as f:
            f.write(self.FEED_CONF.format(feed=FEED, asn=bgp_routers.AS))

    def start(self):
        super().start()
        path = self.write("feed.conf", FEEDER.format(feed=FEED, port=FEED_PORT, asn=bgp_routers.AS,
                                                     router=self.own[4]))
        self.spawn("bird", "-f", "-c", path, "-s", "/run/feed.ctl", "-P", "/run/feed.pid")

    def ready(self):
        return super().ready() and "Established" in ask_bird(self.machine.inside("/run/feed.ctl"), "show", "protocols")


class FedGoBgp(Fed, bgp_routers.GoBgp):
    FEED_FILE = "gobgp.toml"
    FEED_CONF = """
[[neighbors]]
 [neighbors.config]
  neighbor-address = "{feed}"
  peer-as = {asn}
 [neighbors.transport.config]
  passive-mode = true
"""


class FedOpenBgpd(Fed, bgp_routers.OpenBgpd):
    FEED_FILE = "bgpd.conf"
    FEED_CONF = """
neighbor {feed} {{
 remote-as {asn}
 passive
 announce IPv4 unicast
}}
allow to {feed}
"""

    def readmit(self, neighbor):
        """Ends the waiting time that OpenBGPD increases with each stop of a neighbor within a minute."""
        self.run("bgpctl", "neighbor", neighbor, "up")


ROUTERS = {"BIRD": Bird, "FRR": Frr, "GoBGP": FedGoBgp, "OpenBGPD": FedOpenBgpd}


class RouterLab(lab.Lab):
    """`with RouterLab(ROUTERS["FRR"]) as net:`; the router is `.bgp`."""

    def __init__(self, kind, plan=SIMPLE):
        super().__init__(plan)
        self.kind, self.bgp = kind, None

    def _start_router(self):
        own = {4: self.plan.router_of(next(iter(self.plan.nodes.values()))),
               6: self.plan.router_of(next(iter(self.plan.nodes6.values())))}
        self.bgp = self.kind(self.router, {a: set() for a in self.plan.nodes.values()}, own)
        self._watch_routes()
        self.bgp.start()
        wait_for(self.bgp.ready, bgp_routers.START_S, f"{type(self.bgp).__name__} runs", 0.05)

    def print_logs(self, lines=40):
        super().print_logs(lines)
        if self.bgp:
            print(f"# the router's table: {self.bgp.best('203.0.113.57/32')}", flush=True)


def missing(name):
    return ROUTERS[name].missing() or (None if os.path.exists("/usr/sbin/bird") else "bird2 is not installed")
