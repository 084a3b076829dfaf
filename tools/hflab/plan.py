# SPDX-License-Identifier: BSD-2-Clause
"""The addresses of the lab, and where the programs under test are."""
import dataclasses
import ipaddress
import os

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("HOLDFAST_BUILD", os.path.join(TOP, "build"))
SHARED, SHARED6 = "203.0.113.57", "2001:db8:113::57"
CLIENT, CLIENT6 = "198.18.0.2", "2001:db8:c::2"
PROBE_PORT = 5570


@dataclasses.dataclass(frozen=True)
class Plan:
    """Where the nodes are; the router is the first address of each of their networks."""
    nodes: dict    # name -> IPv4 address, in a /24
    nodes6: dict   # name -> IPv6 address, in a /64

    @staticmethod
    def router_of(address):
        length = 64 if ":" in address else 24
        return str(ipaddress.ip_interface(f"{address}/{length}").network[1])


SIMPLE = Plan({"a": "192.0.2.11", "b": "192.0.2.12"},
              {"a": "2001:db8:2::11", "b": "2001:db8:2::12"})
THREE = Plan({**SIMPLE.nodes, "d": "192.0.2.13"}, {**SIMPLE.nodes6, "d": "2001:db8:2::13"})
# As in Linode's guide: two networks of one provider.
GUIDE = Plan({"a": "192.0.2.173", "b": "198.51.100.49"},
             {"a": "2001:db8:2::173", "b": "2001:db8:3::49"})
