# SPDX-License-Identifier: BSD-2-Clause
"""Two nodes without BGP, with instances that send adverts every 50 ms: the common part of the tests of VRRP's
keywords."""
import contextlib
import time

from scenario import lab

SOON_S = 30  # for changes that take tens of milliseconds; the machine may be busy
PEERS = {"a": ("192.0.2.11", "192.0.2.12"), "b": ("192.0.2.12", "192.0.2.11")}
PEERS1 = {"a": ("10.9.0.11", "10.9.0.12"), "b": ("10.9.0.12", "10.9.0.11")}
TELL = "#!/bin/sh\necho \"$@\" >> /tmp/told\n"


def instance(node, name="one", vrid=10, vip="203.0.113.201/32 dev lo", priority=100, extra="",
             dev="eth0"):
    """A vrrp_instance with adverts every 50 ms, by unicast between the two nodes."""
    own, other = PEERS[node.name] if dev == "eth0" else PEERS1[node.name]
    return f"""vrrp_instance {name} {{
    state BACKUP
    interface {dev}
    version 3
    virtual_router_id {vrid}
    priority {priority}
    advert_int 0.05
    unicast_src_ip {own}
    unicast_peer {{
        {other}
    }}
    virtual_ipaddress {{
        {vip}
    }}
    {extra}
}}
"""


@contextlib.contextmanager
def running(*nodes):
    """Runs the daemon on these nodes. It is always ended at the end of the block."""
    try:
        for node in nodes:
            node.start()
        for node in nodes:
            lab.wait_for(node.status, SOON_S, f"{node.name}: the daemon answers")
        yield
    finally:
        for node in nodes:
            if node.alive():
                node.kill()
                node.run("find", "/sys/fs/bpf", "-mindepth", "1", "-delete", check=False)
                node.ip("addr flush dev lo to 203.0.113.192/26")


def state(node, index=0):
    return node.instance(index).get("state")


def wait_state(node, wanted, deadline_s=SOON_S, index=0):
    began = time.monotonic()
    lab.wait_for(lambda: state(node, index) == wanted, deadline_s, f"{node.name} becomes {wanted}")
    return time.monotonic() - began


def held(node, address, dev="lo"):
    return address in node.addresses(dev)


def wait_held(node, address, there=True):
    """The daemon shows a new state before its worker has added or removed the addresses."""
    lab.wait_for(lambda: held(node, address) == there, SOON_S, f"{node.name} has {address}" if there else
                 f"{node.name} has {address} no more")


def second_network(net):
    """Creates eth1 on both nodes, each on a separate port of the switch."""
    for node in net.nodes.values():
        net.switch.ip(f"link add port1-{node.name} type veth peer name eth1 netns {node.pid}",
                      f"link set port1-{node.name} master br0 up")
        up_again(node)


def up_again(node):
    node.ip("link set eth1 up", f"addr replace {PEERS1[node.name][0]}/24 dev eth1")


def both(node):
    """The states of the node's instances."""
    return [i["state"] for i in (node.status() or {}).get("instances", [])]


def wait_both(node, wanted, n=2):
    lab.wait_for(lambda: both(node) == [wanted] * n, SOON_S,
                 f"the {n} instances of {node.name} become {wanted}")


def told(node, path="/tmp/told"):
    """What TELL has written."""
    return node.read(path).splitlines()


def hand_over(node, name):
    """It is refused while no other node has reported that it is ready."""
    answer = []

    def is_accepted():
        answer[:] = node.ctl("handover", name)
        return answer[0] == 0
    try:
        lab.wait_for(is_accepted, SOON_S, f"{node.name} hands {name} over", 0.2)
    except lab.LabError as e:
        raise AssertionError(f"{e}: {answer}") from None
