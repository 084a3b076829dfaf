# SPDX-License-Identifier: BSD-2-Clause
"""BIRD with its files in the lab's directory, so that several can run at the same time."""
import os
import subprocess

from .control import ask_bird
from .sandbox import LabError, has_own_cpu

ROUTER_AS, NODE_AS = 65000, 65001

# The router prefers by community, as the platform's route servers do (65000:1 before 65000:2), or by
# plain BGP if the takeover mode is AS path or MED.
ROUTER = """
log stderr all;
router id {router_id};
protocol device {{ scan time 10; }}
protocol kernel {{ ipv4 {{ import none; export where source = RTS_BGP; }}; }}
protocol kernel {{ ipv6 {{ import none; export where source = RTS_BGP; }}; }}
function rank() {{
    {rank}
    return true;
}}
filter shared4 {{
    if net !~ [ 203.0.113.0/24{{32,32}} ] then reject;
    rank();
    accept;
}}
filter shared6 {{
    if net !~ [ 2001:db8:113::/48{{128,128}} ] then reject;
    rank();
    accept;
}}
template bgp node {{
    local as {router_as};
    passive on;
    hold time {hold_time};
    error wait time 1, 2;
    ipv4 {{ import filter shared4; export {export}; extended next hop on; }};
}}
"""
BY_COMMUNITY = """
    if (65000, 1) ~ bgp_community then bgp_local_pref = 200;
    else bgp_local_pref = 100;"""
NEIGHBOR = """
protocol bgp {name} from node {{
    local {local};
    neighbor {remote} as {node_as};
    {channel}
}}
"""
CHANNEL6 = "ipv6 {{ import filter shared6; export {export}; }};"

# BGP of a node without the daemon: announces the shared address while its static protocol is enabled.
NODE = """
log stderr all;
router id {address};
protocol device {{ scan time 10; }}
protocol static shared {{ disabled; ipv4; route {prefix} unreachable; }}
protocol bgp upstream {{
    local {address} as {node_as};
    neighbor {router} as {router_as};
    hold time 9;
    connect delay time 1;
    connect retry time 1;
    error wait time 1, 2;
    ipv4 {{
        import none;
        export filter {{ bgp_community.add((65000, {community})); accept; }};
        next hop self;
    }};
}}
"""


def router_conf(router_id, neighbors, hold_time=9, by_community=True, export="none"):
    """`neighbors`: (name, address of the router, address of the node) of each session."""
    text = ROUTER.format(router_id=router_id, router_as=ROUTER_AS, hold_time=hold_time,
                         rank=BY_COMMUNITY if by_community else "", export=export)
    for name, local, remote in neighbors:
        text += NEIGHBOR.format(name=name, local=local, remote=remote, node_as=NODE_AS,
                                channel=CHANNEL6.format(export=export) if ":" in remote else "")
    return text


def node_conf(address, router, prefix, community=2):
    return NODE.format(address=address, router=router, prefix=prefix, community=community,
                       node_as=NODE_AS, router_as=ROUTER_AS)


def with_bfd(text, interval_ms=10, multiplier=3):
    """The file `text` with BFD on all interfaces and in each of its BGP sessions."""
    return text.replace("hold time", "bfd on;\n    hold time") + f"""
protocol bfd {{ interface "*" {{ interval {interval_ms} ms; multiplier {multiplier}; }}; }}
"""


class Bird:
    def __init__(self, sandbox, text, name="bird"):
        self.sandbox = sandbox
        base = os.path.join(sandbox.directory, name)
        self.conf, self.socket, self.pidfile = base + ".conf", base + ".ctl", base + ".pid"
        self.log = base + ".log"
        with open(self.conf, "w", encoding="ascii") as f:
            f.write(text)
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = has_own_cpu(self.sandbox.popen(
                ["bird", "-f", "-c", self.conf, "-s", self.socket, "-P", self.pidfile],
                stdout=log, stderr=subprocess.STDOUT))

    def running(self):
        if self.process.poll() is not None:
            raise LabError(f"BIRD of {self.sandbox.name} ended, see its log")
        return "up and running" in self.birdc("show", "status")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)

    def birdc(self, *words):
        return ask_bird(self.socket, *words)

    def established(self, protocol):
        return "Established" in self.birdc("show", "protocols", protocol)
