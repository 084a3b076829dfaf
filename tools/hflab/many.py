# SPDX-License-Identifier: BSD-2-Clause
"""Many instances, on links of their own between the lab's nodes a and b."""

INSTANCE = """vrrp_instance i{number} {{
    state BACKUP
    interface lan{lan}
    version 3
    virtual_router_id {vrid}
    priority {priority}
    advert_int {interval}
    unicast_src_ip {source}
    unicast_peer {{
        {peer}
    }}
    virtual_ipaddress {{
        10.10.{lan}.{vrid}/32 dev lo
    }}
}}
"""


def address(node, lan=0):
    return f"10.9.{lan}.{1 if node == 'a' else 2}"


def connect(net, lans=1):
    """Gives the nodes the interfaces lan0, lan1, ..., each with its end on the other node."""
    a, b = net.nodes["a"], net.nodes["b"]
    for i in range(lans):
        a.ip(f"link add lan{i} type veth peer name lan{i} netns {b.pid}",
             f"addr add {address('a', i)}/24 dev lan{i}", f"link set lan{i} up")
        b.ip(f"addr add {address('b', i)}/24 dev lan{i}", f"link set lan{i} up")


def configuration(instances, lans=1, interval="0.01"):
    """configure(node) for versus.Versus: a is to be MASTER of all."""
    def configure(node):
        other = "b" if node.name == "a" else "a"
        return "".join(INSTANCE.format(
            number=n, lan=n % lans, vrid=1 + n // lans, interval=interval,
            priority=200 if node.name == "a" else 100, source=address(node.name, n % lans),
            peer=address(other, n % lans)) for n in range(instances))
    return configure
