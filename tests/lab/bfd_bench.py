# SPDX-License-Identifier: BSD-2-Clause
"""A node with the daemon and a router, BIRD or FRR, with BFD on the BGP sessions between them.

    n eth0 192.0.2.11 2001:db8::11 ---- eth0 192.0.2.1 2001:db8::1 r        single hop
    n lo   198.51.100.11 -------------- lo   198.51.100.1          r        multihop
"""
import datetime
import json
import os
import re
import time

import scenario  # noqa: F401 (sets the path)
import bgp_routers
from bgp_routers import AS, HOLD_S, NODE_AS
from hflab.wait import wait_for
from hflab.node import Node
from hflab.sandbox import Sandbox

UP_S, CHANGE_S = 40, 30
SINGLE, SINGLE6, MULTI = ("192.0.2.1", "192.0.2.11"), ("2001:db8::1", "2001:db8::11"), ("198.51.100.1", "198.51.100.11")
DROP = "1,6 0 0 2"  # classic BPF: TC_ACT_SHOT
PREFIX = "203.0.113.57/32"

NEIGHBOR = """    neighbor {router} {{
        remote_as {remote_as}
        source {node}
        {multihop}
        {bfd}
    }}
"""
CONFIG = """global_defs {{
    router_id n
}}
{bgp}{more}vrrp_instance example {{
    state BACKUP
    interface eth0
    version 3
    virtual_router_id 10
    priority 100
    advert_int 0.1
    unicast_src_ip 192.0.2.11
    unicast_peer {{
        192.0.2.12
    }}
    {track}
    virtual_ipaddress {{
        203.0.113.57/32 dev lo
    }}
    {announce}
}}
"""


def bfd_block(*lines, interval=0.05, multiplier=3):
    return "bfd {\n" + "".join(f"            {line}\n" for line in (f"interval {interval}", f"multiplier {multiplier}",
                                                                  *lines)) + "        }"


BGP = """bgp_instance {name} {{
    local_as {local_as}
    router_id 192.0.2.11
    hold_time {hold}
    connect_retry 1
{neighbor}}}
"""


def config(paths=(SINGLE,), block=None, more="", track="", announces=True):
    """The first of `paths` announces the prefix. Each other path is a separate BGP instance."""
    text = [NEIGHBOR.format(router=router, node=node, remote_as=AS, bfd=block or bfd_block(),
                            multihop="multihop 8" if (router, node) == MULTI else "") for router, node in paths]
    bgp = "".join(BGP.format(name=f"other{i}" if i else "fabric", local_as=NODE_AS, hold=HOLD_S, neighbor=n)
                  for i, n in enumerate(text))
    return CONFIG.format(bgp=bgp, more=more, track=track,
                         announce="bgp_announce {\n        instance fabric\n    }" if announces else "")


class Bird(bgp_routers.Bird):
    """`bfd`: (interval in ms, multiplier), None: no BFD. `neighbors`: {node's address: set of "multihop"}."""
    bfd = (50, 3)

    def configure(self):
        text = self.HEAD
        if self.bfd:
            timers = f"interval {self.bfd[0]} ms; idle tx interval 1 s; multiplier {self.bfd[1]};"
            text += f'protocol bfd watch {{\n interface "eth0" {{ {timers} }};\n multihop {{ {timers} }};\n}}\n'
        for a, wants in self.neighbors.items():
            text += (f"protocol bgp {self.name(a)} {{\n local {self.own[a]} as {AS};\n neighbor {a} as {NODE_AS};\n"
                     + (" multihop 8;\n" if "multihop" in wants else " direct;\n")
                     + f" hold time {HOLD_S};\n error wait time 1, 2;\n passive yes;\n"
                     + (" bfd on;\n" if self.bfd else "")
                     + " ipv4 { import all; export none; extended next hop on; };\n}\n")
        self.write("bird.conf", text)

    def set_timers(self, interval_ms, multiplier):
        self.bfd = (interval_ms, multiplier)
        self.configure()
        self.birdc("configure")

    def bfd_up(self, node):
        return bool(re.search(rf"^{re.escape(node)}\s+\S+\s+Up\s", self.birdc("show", "bfd", "sessions"), re.M))


class Frr(bgp_routers.Frr):
    bfd = (50, 3)

    def configure(self):
        lines = ["log stdout", f"router bgp {AS}", " bgp router-id 192.0.2.1", " no bgp ebgp-requires-policy",
                 " no bgp default ipv4-unicast", " bgp log-neighbor-changes"]
        for a, wants in self.neighbors.items():
            lines += [f" neighbor {a} remote-as {NODE_AS}", f" neighbor {a} timers {HOLD_S // 3} {HOLD_S}",
                      f" neighbor {a} passive", f" neighbor {a} update-source {self.own[a]}"]
            lines += [f" neighbor {a} ebgp-multihop 8"] * ("multihop" in wants)
            if self.bfd:  # bgpd's least interval is 50 ms; bfdd's own is 10
                lines.append(f" neighbor {a} bfd {self.bfd[1]} {self.bfd[0]} {self.bfd[0]}")
            lines += [f" neighbor {a} capability extended-nexthop"] * (":" in a)
        lines.append(" address-family ipv4 unicast")
        lines += [f"  neighbor {a} activate" for a in self.neighbors] + [" exit-address-family"]
        self.write("bgpd.conf", "\n".join(lines) + "\n", 0o644)
        self.write("bfdd.conf", "log stdout\n", 0o644)

    def start(self):
        bgp_routers.start_zebra(self)
        self.spawn("/usr/lib/frr/bfdd", "-f", self.path("bfdd.conf"))
        wait_for(lambda: self.machine.listens("/run/frr/bfdd.vty"), UP_S, "bfdd runs")
        self.spawn(self.PROGRAM, "-f", self.path("bgpd.conf"), "-p", "179")

    def set_timers(self, interval_ms, multiplier):
        """bgpd accepts timers only for a neighbor without BFD. For an existing session bfdd must change them."""
        if self.bfd:
            self.vtysh("configure terminal", "bfd", f"peer {SINGLE[1]} local-address {SINGLE[0]} interface eth0",
                       f"detect-multiplier {multiplier}", f"receive-interval {interval_ms}",
                       f"transmit-interval {interval_ms}")
        else:
            self.vtysh("configure terminal", f"router bgp {AS}",
                       *(f"neighbor {a} bfd {multiplier} {interval_ms} {interval_ms}" for a in self.neighbors))
        self.bfd = (interval_ms, multiplier)

    def peer(self, node):
        try:
            return next((p for p in json.loads(self.vtysh("show bfd peers json") or "[]") if p["peer"] == node), {})
        except ValueError:
            return {}

    def bfd_up(self, node):
        return self.peer(node).get("status") == "up"


class Bench:
    def __init__(self, kind, home, wants, bfd=(50, 3)):
        self.node = Node("n", os.path.join(home, "n"))
        self.machine = Sandbox("r", os.path.join(home, "r"))
        self.node.wait_ready()
        self.machine.wait_ready()
        self.machine.ip(f"link add eth0 type veth peer name eth0 netns {self.node.pid}")
        for m, which in ((self.machine, 0), (self.node, 1)):
            m.ip("link set eth0 up", f"addr add {SINGLE[which]}/24 dev eth0",
                 f"addr add {SINGLE6[which]}/64 dev eth0 nodad", f"addr add {MULTI[which]}/32 dev lo",
                 f"route add {MULTI[1 - which]} via {SINGLE[1 - which]} src {MULTI[which]}")
        self.machine.run("tc", "qdisc", "add", "dev", "eth0", "clsact")
        self.node.log = self.node.directory + ".log"
        self.node.run("mount", "--bind", self.node.etc, "/etc/keepalived")
        kind = type(kind.__name__, (kind,), {"bfd": bfd})
        self.router = kind(self.machine, {node: {"multihop"} if (router, node) == MULTI else set() for router, node in wants},
                           {node: router for router, node in wants})
        self.start_router()

    def start_router(self):
        self.router.start()
        wait_for(self.router.ready, UP_S, "the router answers", 0.05)

    def start(self, text):
        self.node.configure(text)
        self.node.start()
        wait_for(self.node.status, UP_S, "the daemon answers")

    def stand(self, paths):
        """Brings the bench into the state for a new case: all sessions are up, and the instance is MASTER."""
        text = config(paths)
        if not self.node.alive():
            self.start(text)
        else:
            self.reload(text)
        self.wait_up(paths)
        self.wait_state("MASTER", UP_S)

    def reload(self, text):
        self.node.configure(text)
        code, out, err = self.node.reload()
        if code != 0:
            raise AssertionError(f"reload: {out}{err}")

    def cut_way_to_node(self):
        """From now on the node receives nothing from the router. The router still receives from the node."""
        self.machine.run("tc", "filter", "add", "dev", "eth0", "egress", "bpf", "da", "bytecode", DROP)

    def mend_way_to_node(self):
        self.machine.run("tc", "filter", "del", "dev", "eth0", "egress")

    def bfd(self, peer):
        return next((s for s in (self.node.status() or {}).get("bfd", []) if s["peer"] == peer), {})

    def neighbor(self, address):
        return next((n for b in (self.node.status() or {}).get("bgp", []) for n in b["neighbors"]
                     if n["address"] == address), {})

    def wait_up(self, paths=(SINGLE,)):
        for router, node in paths:
            wait_for(lambda r=router, n=node: self.bfd(r).get("state") == "Up" and self.router.bfd_up(n), UP_S,
                     f"BFD with {router} is Up on both ends")
            wait_for(lambda r=router: self.neighbor(r).get("state") == "Established", UP_S,
                     f"BGP with {router} is Established")

    def wait_state(self, state, seconds=CHANGE_S):
        wait_for(lambda: self.node.state() == state, seconds, f"the instance is {state}", 0.005)

    def route_lost_ms(self, act):
        """Milliseconds from `act` until the node's prefix has left the router's kernel table."""
        path = self.router.path("routes.log")
        monitor = self.machine.monitor(path, "route")
        wait_for(lambda: self.machine.run("ip", "route", "show", PREFIX)[1], UP_S, "the kernel has the route")
        act()
        began = time.time()

        def deleted():
            with open(path, encoding="ascii", errors="replace") as f:
                return re.findall(r"\[(\S+)\] +Deleted 203\.0\.113\.57", f.read())
        stamps = wait_for(deleted, CHANGE_S, "the route is gone")
        monitor.kill()
        monitor.wait()
        gone = datetime.datetime.fromisoformat(stamps[0]).replace(tzinfo=datetime.timezone.utc)
        return (gone.timestamp() - began) * 1000

    def event(self):
        """The last transition of the node's instance."""
        return json.loads(self.node.ctl("events", "--json")[1])["events"][-1]

    def settled(self, peer, seconds=1.0):
        """The number of times that the session went down, after it has not changed for `seconds`."""
        def ask():
            return wait_for(lambda: self.bfd(peer), UP_S, "the daemon answers")["downs"]
        downs, end = ask(), time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.05)
            now = ask()
            if now != downs:
                downs, end = now, time.monotonic() + seconds
        return downs

    def close(self):
        self.router.kill()
        if self.node.alive():
            self.node.kill()
        self.node.close()
        self.machine.close()
