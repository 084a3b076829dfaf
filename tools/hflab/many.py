# SPDX-License-Identifier: BSD-2-Clause
"""Many instances, on separate links between the lab's nodes a and b."""
import datetime

from .bird import Bird
from .sandbox import READY_S
from .wait import wait_for

ROUTER = """
log stderr all;
router id 192.0.2.1;
protocol device {{ scan time 10; }}
protocol kernel {{ ipv4 {{ import none; export where source = RTS_BGP; }}; }}
filter ranked {{
    if (65000, 1) ~ bgp_community then bgp_local_pref = 200;
    else bgp_local_pref = 100;
    accept;
}}
template bgp node {{
    local 192.0.2.1 as 65000;
    passive on;
    hold time 9;
    error wait time 1, 2;
    ipv4 {{ import filter ranked; export none; }};
}}
protocol bgp a from node {{ neighbor {a} as 65001; }}
protocol bgp b from node {{ neighbor {b} as 65001; }}
"""

INSTANCE = """vrrp_instance i{number} {{
    state BACKUP
    interface lan{lan}
    version 3
    virtual_router_id {vrid}
    priority {priority}
    advert_int {interval}
{probes}    unicast_src_ip {source}
    unicast_peer {{
        {peer}
    }}
    virtual_ipaddress {{
        10.10.{lan}.{vrid}/32 dev lo
    }}
{announce}}}
"""
ANNOUNCE = """    bgp_announce {
        takeover community 65000:2 65000:1
    }
"""
FABRIC = """bgp_instance fabric {{
    local_as 65001
    router_id {address}
    hold_time 9
    neighbor 192.0.2.1 {{
        remote_as 65000
        source {address}
    }}
}}
"""


def address(node, lan=0):
    return f"10.9.{lan}.{1 if node == 'a' else 2}"


def connect(net, lans=1):
    """Creates the interfaces lan0, lan1, ... on both nodes, each a veth pair between them."""
    a, b = net.nodes["a"], net.nodes["b"]
    for i in range(lans):
        a.ip(f"link add lan{i} type veth peer name lan{i} netns {b.pid}",
             f"addr add {address('a', i)}/24 dev lan{i}", f"link set lan{i} up")
        b.ip(f"addr add {address('b', i)}/24 dev lan{i}", f"link set lan{i} up")


def configuration(instances, lans=1, interval="0.01", announced=False, probes=""):
    """configure(node) for versus.Versus, with a as the MASTER of all instances. `announced`: by BGP to the lab's
    router. `probes`: the sbfd block of each instance."""
    def configure(node):
        other = "b" if node.name == "a" else "a"
        fabric = FABRIC.format(address=node.address) if announced else ""
        return fabric + "".join(INSTANCE.format(
            number=n, lan=n % lans, vrid=1 + n // lans, interval=interval, probes=probes,
            priority=200 if node.name == "a" else 100, source=address(node.name, n % lans),
            peer=address(other, n % lans), announce=ANNOUNCE if announced else "") for n in range(instances))
    return configure


def route_all(net):
    """Makes the lab's router accept the paths of all instances."""
    net.bird.stop()
    net.bird = Bird(net.router, ROUTER.format(**{name: net.nodes[name].address for name in "ab"}))
    wait_for(net.bird.running, READY_S, "the router's BIRD runs")


def routes_to(net, node):
    """The number of instance addresses that the router's kernel sends to this node."""
    out = net.router.run("ip", "-4", "route", "show", "root", "10.10.0.0/16", "via", node.address)[1]
    return out.count("\n")


def seconds_until_last_move(node, began):
    """Seconds from `began` (Unix time) until the last instance of the node became MASTER, and until the first."""
    moved = [datetime.datetime.fromisoformat(i["last_transition"]["at"].removesuffix("Z") + "+00:00").timestamp()
             for i in node.status()["instances"]]
    return max(moved) - began, min(moved) - began
