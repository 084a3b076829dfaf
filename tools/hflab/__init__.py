# SPDX-License-Identifier: BSD-2-Clause
"""Networks to try Holdfast in: nodes, a router and a client in namespaces of this machine.

    sandbox    a machine of the lab: namespaces that end with the process that made them
    bird       BIRD, the router's BGP speaker (and a node's, where one stands in for the daemon)
    lab        the topology and what can be done to it
    node       a node with the daemon on it
    conf       configuration files for the nodes
    trial      what can happen to the active node, and what it cost the client

Python's standard library alone; every class is a context manager or belongs to one.
"""
