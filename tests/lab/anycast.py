# SPDX-License-Identifier: BSD-2-Clause
"""Three nodes that all serve one address, behind a router that spreads the traffic over them (ECMP). This is the
lab of test_bgp_service and bench/service. A flow is one client socket; the router also hashes ports."""
import contextlib
import json
import os
import signal
import subprocess
import time

import bgp_routers
from hflab import lab, plan
from hflab.sandbox import READY_S
from hflab.wait import await_handler, wait_for

THREE = plan.Plan({"a": "192.0.2.11", "b": "192.0.2.12", "d": "192.0.2.13"},
                  {"a": "2001:db8:2::11", "b": "2001:db8:2::12", "d": "2001:db8:2::13"})
SERVICE, PORT, UDP_PORT = plan.SHARED, 8080, 5571
FLOWS, RATE = 12, 200

LISTENER = """
import socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((sys.argv[1], int(sys.argv[2])))
s.listen(64)
while True:
    s.accept()[0].close()
"""

HEAD = """
global_defs {{
    router_id {name}
    script_user root
}}
vrrp_tcp_check web {{
    connect {service} {port}
    interval 0.1
    timeout 5
}}
track_file spare {{
    file /etc/keepalived/spare
}}
bgp_instance fabric {{
    local_as 65001
    router_id {address}
    hold_time 9
    neighbor 192.0.2.1 {{
        remote_as 65000
        source {address}
    }}
}}
"""
WWW = """
bgp_service www {{
    prefix {service}/32
    track_script {{
        web
    }}
    {more}
}}
"""


def config(node, more="", rest=""):
    values = {"name": node.name, "address": node.address, "service": SERVICE, "port": PORT}
    return HEAD.format(**values) + WWW.format(service=SERVICE, more=more) + rest


class EcmpBird(bgp_routers.Bird):
    HEAD = bgp_routers.Bird.HEAD.replace("protocol kernel {", "protocol kernel { merge paths on;")


class EcmpFrr(bgp_routers.Frr):
    def configure(self):
        super().configure()
        path = self.path("bgpd.conf")
        with open(path, encoding="ascii") as f:
            text = f.read()
        self.write("bgpd.conf", text.replace(" unicast\n", " unicast\n  maximum-paths 8\n"), 0o644)


class Anycast(lab.Lab):
    """`with Anycast(EcmpBird) as net:`. `flow_hash` False: the router hashes only addresses."""

    def __init__(self, router_kind):
        super().__init__(plan=THREE)
        self.router_kind, self.services = router_kind, {}

    def _start_router(self):
        self.router.sysctl(net__ipv4__fib_multipath_hash_policy=1, net__ipv4__fib_multipath_use_neigh=0)
        self.speaker = self.router_kind(self.router, {a: set() for a in self.plan.nodes.values()})
        self.speaker.start()
        wait_for(self.speaker.ready, bgp_routers.START_S, "the router runs")

    # --- what is served -------------------------------------------------------------------------
    def serve(self, name):
        """Starts the service of a node: a TCP port for the check, and the program that answers the client."""
        node = self.nodes[name]
        self.services[name] = [
            node.popen(["python3", "-c", LISTENER, SERVICE, str(PORT)]),
            node.popen([os.path.join(plan.BUILD, "vipprobe"), "answer", "--bind", SERVICE,
                        "--port", str(UDP_PORT), "--name", name])]
        wait_for(lambda: node.listeners(PORT) and node.listeners(UDP_PORT, udp=True), READY_S, f"{name} serves")

    def fail(self, name):
        """Kills the service. Returns the time (Unix time)."""
        at = time.time()
        for p in self.services.pop(name):
            p.kill()
            p.wait()
        return at

    # --- what the router has --------------------------------------------------------------------
    def holders(self, prefix=SERVICE):
        """The names of the nodes to which the router's kernel sends the prefix."""
        return set(map(self._node_at, self.router.next_hops(prefix))) - {None}

    def prefixes(self):
        """The number of routes below 198.51.0.0/16 in the router's kernel. The table has addresses as it stores them."""
        with open(f"/proc/{self.router.pid}/net/route", encoding="ascii") as f:
            return sum(bytes.fromhex(line.split()[1])[::-1][:2] == bytes((198, 51)) for line in list(f)[1:])

    def wait_holders(self, names, prefix=SERVICE, deadline_s=40):
        wait_for(lambda: self.holders(prefix) == set(names), deadline_s,
                 f"{prefix} goes to {sorted(names)}, not {sorted(self.holders(prefix))}", 0.005)
        return time.time()

    def probe(self):
        return Flows(self)


class Flows:
    """`with net.probe() as flows:`: many clients at once, all of which a node has answered; afterwards
    `flows.reports`."""

    def __init__(self, net):
        self.net, self.processes, self.reports = net, [], []

    def __enter__(self):
        self.processes = [self.net.client.popen(
            [os.path.join(plan.BUILD, "vipprobe"), "send", "--to", SERVICE, "--port", str(UDP_PORT),
             "--rate", str(RATE), "--json"], stdout=subprocess.PIPE) for _ in range(FLOWS)]
        for p in self.processes:
            await_handler(p, signal.SIGINT, "a client")
        # All of them send now, equally fast. So each has its first node when all together have many answers.
        enough = self.net.client.datagrams() + 10 * FLOWS
        wait_for(lambda: self.net.client.datagrams() >= enough, READY_S, "the clients have answers")
        return self

    def __exit__(self, *_):
        time.sleep(0.3)  # the answers show the last event too
        for p in self.processes:
            p.send_signal(signal.SIGINT)
        self.reports = [json.loads(p.communicate(timeout=20)[0]) for p in self.processes]

    def lost(self):
        return sum(r["lost"] for r in self.reports)

    def lost_elsewhere(self, name):
        """Datagrams lost by flows that another node than `name` served first."""
        return sum(r["lost"] for r in self.reports if r["nodes"] and r["nodes"][0]["name"] != name)

    def answered_by(self):
        return {n["name"] for r in self.reports for n in r["nodes"] if n["answered"] > 0}


@contextlib.contextmanager
def behind(kind, configuration=config):
    """Three nodes with the daemon and the service. The router sends to all of them."""
    with Anycast(kind) as net:
        for node in net.nodes.values():
            node.write("spare", "0\n")
            node.configure(configuration(node))
            net.serve(node.name)
            node.start()
        net.wait_holders(net.nodes)
        yield net
