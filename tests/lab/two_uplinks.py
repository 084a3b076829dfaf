# SPDX-License-Identifier: BSD-2-Clause
"""A routed lab: two nodes with two uplinks each, to two routers. Each node is reached by one address on lo.

    a --eth0-- r ---- client c       BIRD runs on the nodes and the routers, with BGP and BFD over each link: it
    a --eth1-- s ---- r              announces the nodes' addresses and gives the nodes a default route over both
    b likewise                       routers. Holdfast speaks BGP with the routers' own addresses, over any path.
"""
import os

from scenario import lab, plan
from hflab import bird

BFD_MS, BFD_MULTIPLIER = 100, 3
NUMBERS = {"a": 1, "b": 2, "r": 11, "s": 12}
ROUTERS = {"r": 1, "s": 2}
UPLINK = {"r": "eth0", "s": "eth1"}  # of each node

COMMON = """
log stderr all;
router id 10.0.0.{number};
protocol device {{ scan time 1; }}
protocol bfd {{ interface "to-*", "eth*" {{ interval {bfd_ms} ms; multiplier {multiplier}; }}; }}
"""
NODE = """
protocol direct {{ {f}; interface "lo"; }}
protocol kernel {{ {f} {{ import none; export where source = RTS_BGP; }}; merge paths on; }}
template bgp up {{
    local as 65001;
    bfd on;
    connect delay time 1;
    connect retry time 1;
    error wait time 1, 2;
    {f} {{ import where net = {default}; export where net = {own}; }};
}}
"""
ROUTER = """
protocol direct {{ {f}; interface "lo", "client"; }}
protocol static {{ {f}; route {default} blackhole; }}
protocol kernel {{ {f} {{ import none; export where source = RTS_BGP; }}; }}
template bgp node {{
    local as 65000;
    passive on;
    bfd on;
    error wait time 1, 2;
    {f} {{ import where net ~ [ {nodes} ]; export where net = {default}; next hop self; }};
}}
protocol bgp between {{
    local {link} as 65000;
    neighbor {other} as 65000;
    connect delay time 1;
    connect retry time 1;
    error wait time 1, 2;
    direct;
    {f} {{ import all; export where net != {default}; next hop self; }};
}}
filter shared {{
    if net != {shared} then reject;
    if (65000, 1) ~ bgp_community then bgp_local_pref = 200;
    accept;
}}
template bgp holdfast {{
    local {own} as 65000;
    multihop;
    passive on;
    hold time 9;
    error wait time 1, 2;
    {f} {{ import filter shared; export none; }};
}}
"""


class Addresses:
    """The addresses of one family."""

    def __init__(self, family):
        self.six = family == 6
        self.channel = f"ipv{family}"
        self.default = "::/0" if self.six else "0.0.0.0/0"
        self.nodes = "fd00::/64{128,128}" if self.six else "10.0.0.0/28{32,32}"
        self.shared, self.client = (plan.SHARED6, plan.CLIENT6) if self.six else (plan.SHARED, plan.CLIENT)
        self.whole, self.length = (128, 64) if self.six else (32, 31)

    def own(self, name):
        return f"fd00::{NUMBERS[name]}" if self.six else f"10.0.0.{NUMBERS[name]}"

    def link(self, router, node):
        """(the router's, the node's) address."""
        i, j = ROUTERS[router], NUMBERS[node]
        return (f"fd00:{i}:{j}::1", f"fd00:{i}:{j}::2") if self.six else (f"10.{i}.{j}.0", f"10.{i}.{j}.1")

    def between(self, router):
        """(own, other) address of a router on the link between the routers."""
        two = ("fd00:9:9::1", "fd00:9:9::2") if self.six else ("10.9.9.0", "10.9.9.1")
        return two if router == "r" else two[::-1]


class TwoUplinks(lab.Lab):
    def __init__(self, family=4):
        at = {f: Addresses(f) for f in (4, 6)}
        super().__init__(plan.Plan({n: at[4].own(n) for n in "ab"}, {n: at[6].own(n) for n in "ab"}))
        self.at = at[family]
        self.families = at.values()

    # --- the network --------------------------------------------------------------------------
    def _connect(self):
        routers = {"r": self.router, "s": self.switch}
        # Without DAD: BIRD's BGP over IPv6 needs the links' own addresses at once.
        self.routers = routers
        for m in (*routers.values(), self.client, *self.nodes.values()):
            m.sysctl(net__ipv4__conf__all__rp_filter=0, net__ipv4__conf__default__rp_filter=0,
                     net__ipv6__conf__all__accept_dad=0, net__ipv6__conf__default__accept_dad=0,
                     net__ipv4__ip_forward=int(m in routers.values()),
                     net__ipv6__conf__all__forwarding=int(m in routers.values()))
        self.router.ip(f"link add to-s type veth peer name to-r netns {self.switch.pid}",
                       f"link add client type veth peer name eth0 netns {self.client.pid}")
        for router, m in routers.items():
            for node in self.nodes.values():
                self._uplink(router, m, node)
        for name, m in (*routers.items(), *self.nodes.items()):
            m.ip(*(f"addr add {f.own(name)}/{f.whole} dev lo" for f in self.families))
        for f in self.families:
            self._between(f)
        for node in self.nodes.values():
            node.ip(*(f"addr add {f.shared}/{f.whole} dev lo" for f in self.families))

    def _uplink(self, router, m, node):
        """The router's end is a bridge with a second port, so that both ends keep their carrier in a silent cut. Its
        MAC is not that of the port, which would else still take the node's packets then."""
        mac = f"02:00:00:00:{ROUTERS[router]:02x}:{NUMBERS[node.name]:02x}"
        m.ip(f"link add to-{node.name} address {mac} type bridge mcast_snooping 0", f"link set to-{node.name} up",
             f"link add stub-{node.name} type veth peer name end-{node.name}",
             f"link set stub-{node.name} master to-{node.name} up", f"link set end-{node.name} up")
        for f in self.families:
            m.ip(f"addr add {f.link(router, node.name)[0]}/{f.length} dev to-{node.name}" + " nodad" * f.six)
        self.plug_in(router, node)

    def plug_in(self, router, node):
        """The addresses come before the link is up: BIRD's BFD would not try them again."""
        m, dev = self.routers[router], UPLINK[router]
        m.ip(f"link add p-{node.name} type veth peer name {dev} netns {node.pid}")
        node.ip(*(f"addr add {f.link(router, node.name)[1]}/{f.length} dev {dev}" + " nodad" * f.six
                  for f in self.families), f"link set {dev} up")
        m.ip(f"link set p-{node.name} master to-{node.name} up")

    def pull_out(self, router, node):
        """The node's interface is gone."""
        self.routers[router].ip(f"link del p-{node.name}")

    def _between(self, f):
        for router, dev in (("r", "to-s"), ("s", "to-r")):
            self.routers[router].ip(f"link set {dev} up",
                                    f"addr add {f.between(router)[0]}/{f.length} dev {dev}" + " nodad" * f.six)
        length = 64 if f.six else 24
        gateway = self.plan.router_of(f.client)
        self.router.ip("link set client up", f"addr add {gateway}/{length} dev client" + " nodad" * f.six)
        self.client.ip("link set eth0 up", f"addr add {f.client}/{length} dev eth0" + " nodad" * f.six,
                       f"route replace default via {gateway}")

    # --- routing ------------------------------------------------------------------------------
    def _values(self, name):
        at = self.at
        return {"f": at.channel, "number": NUMBERS[name], "bfd_ms": BFD_MS, "multiplier": BFD_MULTIPLIER,
                "default": at.default, "nodes": at.nodes, "shared": f"{at.shared}/{at.whole}"}

    def _router_conf(self, name):
        own, other = self.at.between(name)
        text = (COMMON + ROUTER).format(link=own, other=other, own=self.at.own(name), **self._values(name))
        for node in self.nodes:
            here, there = self.at.link(name, node)
            text += f"protocol bgp to_{node} from node {{ local {here}; neighbor {there} as 65001; }}\n"
            text += f"protocol bgp of_{node} from holdfast {{ neighbor {self.at.own(node)} as 65001; }}\n"
        return text

    def _node_conf(self, name):
        text = (COMMON + NODE).format(own=f"{self.at.own(name)}/{self.at.whole}", **self._values(name))
        for router in ROUTERS:
            there, here = self.at.link(router, name)
            text += f"protocol bgp to_{router} from up {{ local {here}; neighbor {there} as 65000; }}\n"
        return text

    def _start_router(self):
        self.birds = {name: bird.Bird(m, self._router_conf(name)) for name, m in self.routers.items()}
        self.birds.update({name: bird.Bird(m, self._node_conf(name)) for name, m in self.nodes.items()})
        self.bird = self.birds["r"]
        lab.wait_for(lambda: all(b.running() for b in self.birds.values()), 30, "BIRD runs everywhere")
        lab.wait_for(self.is_routed, 60, "every link has BGP and BFD", 0.1)

    def is_routed(self):
        """BGP is Established and BFD is Up over each uplink."""
        return all(self.birds[node].birdc("show", "protocols").count("Established") == 2 and
                   self.birds[node].birdc("show", "bfd", "sessions").count(" Up ") == 2 for node in self.nodes)

    # --- failures -----------------------------------------------------------------------------
    def cut_uplink(self, router, node, silently=True):
        """Silently: both ends keep their carrier. Else both lose it."""
        if silently:
            self.routers[router].ip(f"link set p-{node} nomaster")
        else:
            self.routers[router].ip(f"link set p-{node} down", f"link set stub-{node} down")

    def mend_uplink(self, router, node):
        self.routers[router].ip(f"link set p-{node} master to-{node} up", f"link set stub-{node} up")


def configure(net, node, interfaces="interfaces eth0 eth1"):
    """Probes of 20 ms x 5, adverts every half second."""
    at, other = net.at, "b" if node.name == "a" else "a"
    neighbors = "".join(f"""
    neighbor {at.own(r)} {{
        remote_as 65000
        source {at.own(node.name)}
        multihop 8
    }}""" for r in ROUTERS)
    node.configure(f"""global_defs {{
    router_id {node.name}
    script_user root
}}
bgp_instance fabric {{
    local_as 65001
    router_id 10.0.0.{NUMBERS[node.name]}
    hold_time 9
    connect_retry 1{neighbors}
}}
vrrp_instance example {{
    state BACKUP
    nopreempt
    {interfaces}
    version 3
    virtual_router_id 10
    priority {200 if node.name == "a" else 100}
    advert_int 0.5
    unicast_src_ip {at.own(node.name)}
    unicast_peer {{
        {at.own(other)}
    }}
    sbfd {{
        interval 0.02
        multiplier 5
        gate 1
    }}
    virtual_ipaddress {{
        {at.shared}/{at.whole} dev lo
    }}
    bgp_announce {{
        instance fabric
        takeover community 65000:2 65000:1
        settle_time 9
        linger 0.2
    }}
}}
""")


def missing():
    return None if os.path.exists("/usr/sbin/bird") else "bird2 is not installed"
