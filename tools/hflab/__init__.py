# SPDX-License-Identifier: BSD-2-Clause
"""Networks for testing Holdfast: nodes, a router and a client in namespaces of this machine.

    sandbox    a machine of the lab: namespaces that end with the process that created them
    bird       BIRD, the BGP speaker of the router (and of a node without the daemon)
    lab        the topology, and how to change it
    node       a node with the daemon
    conf       configuration files for the nodes
    trial      failures of the active node, and what they cost the client

The modules use only Python's standard library. Every class is a context manager or belongs to one.
"""
