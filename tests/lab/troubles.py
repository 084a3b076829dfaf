# SPDX-License-Identifier: BSD-2-Clause
"""Troubles of nodes in the lab that several tests cause."""
import contextlib
import os
import resource

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"


@contextlib.contextmanager
def adverts_lost(net, *receivers):
    """Drops the adverts to these nodes. All other packets pass."""
    ports = ", ".join(f'"port-{node.name}"' for node in receivers)
    with dropped(net, "adverts", f"oifname {{ {ports} }} ip protocol 112"):
        yield


@contextlib.contextmanager
def bgp_lost(net, node):
    """Drops the packets of the node's BGP sessions, both ways. No end of them gets a RST."""
    with dropped(net, "bgp", f'oifname "port-{node.name}" tcp sport 179', f'iifname "port-{node.name}" tcp dport 179'):
        yield


@contextlib.contextmanager
def dropped(net, name, *matches):
    """Drops packets at the switch; `name`: of the table."""
    rules = "".join(f"{match} drop\n" for match in matches)
    net.switch.run("nft", "-f", "-", text=f"""
        table bridge {name} {{
            chain lost {{
                type filter hook forward priority 0;
                {rules}
            }}
        }}""")
    try:
        yield
    finally:
        net.switch.run("nft", "delete", "table", "bridge", name)


@contextlib.contextmanager
def disk_full(node):
    """Fills the file system on which the daemon stores its records."""
    filler = "/var/lib/filler"
    node.run("sh", "-c", f"mount -o remount,size=1M /var/lib; cat /dev/zero > {filler} 2>/dev/null; true")
    try:
        yield
    finally:
        node.run("rm", "-f", filler)


@contextlib.contextmanager
def no_descriptor_left(node):
    """Limits the descriptors of the daemon. Open descriptors stay open; a new one would need a number below 3, and these
    are used."""
    soft, hard = resource.prlimit(node.daemon.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(node.daemon.pid, resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.prlimit(node.daemon.pid, resource.RLIMIT_NOFILE, (soft, hard))


def step_clock(node, by):
    """Sets the wall clock of the daemon. The other processes of the node keep theirs."""
    path = os.path.join(node.directory, "clock")
    with open(path + ".new", "w", encoding="ascii") as f:
        f.write(f"{by}\n")
    os.replace(path + ".new", path)  # the daemon reads the old text or the whole new one


def with_a_clock(node):
    """A file determines the wall clock of the node's daemon, which reads it again every second."""
    step_clock(node, "+0")
    node.environment = {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": os.path.join(node.directory, "clock"),
                        "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
