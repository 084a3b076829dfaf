# SPDX-License-Identifier: BSD-2-Clause
"""Counts how often two nodes change their state under a flood of forged adverts and CPU hogs. The nodes run
Holdfast or keepalived with the same file, so that the two can be compared."""
import contextlib
import os
import signal
import subprocess
import sys

from . import versus
from .plan import BUILD
from .wait import await_handler

KINDS = ("vrid", "source", "ttl", "checksum", "password")
FIFO_HOG_PRIORITY = 10  # below the engine, above all ordinary processes

# The first instance sends an advert every 10 ms. The second one has a password, so it has version 2, whose
# intervals are whole seconds. On this LAN only a TTL of 255 is valid.
CONF = """{globals}vrrp_instance fast {{
    state BACKUP
    interface eth0
    version 3
    virtual_router_id 10
    priority {priority}
    advert_int 0.01
    check_unicast_src
    unicast_src_ip {source}
    unicast_peer {{
        {peer} min_ttl 255 max_ttl 255
    }}
    virtual_ipaddress {{
        203.0.113.10/32 dev lo
    }}
}}
vrrp_instance password {{
    state BACKUP
    interface eth0
    version 2
    virtual_router_id 20
    priority {priority}
    advert_int 1
    authentication {{
        auth_type PASS
        auth_pass dT409gtN
    }}
    check_unicast_src
    unicast_src_ip {source}
    unicast_peer {{
        {peer} min_ttl 255 max_ttl 255
    }}
    virtual_ipaddress {{
        203.0.113.20/32 dev lo
    }}
}}
"""


def generator_is_built():
    return os.access(os.path.join(BUILD, "tests/lab/vrrpflood"), os.X_OK)


class FloodPair(versus.Versus):
    """Nodes a (MASTER) and b (BACKUP) of `lab` with one daemon or the other."""

    def __init__(self, lab, keepalived=False, keepalived_rt=False, options=()):
        """`keepalived_rt`: with a real-time priority, which keepalived does not have by default."""
        super().__init__(lab, self._configuration(versus.KEEPALIVED_RT if keepalived_rt else ""),
                         keepalived, options)

    @staticmethod
    def _configuration(text):
        def configure(node):
            other = node.lab.nodes["b" if node.name == "a" else "a"]
            return CONF.format(globals=text, priority=200 if node.name == "a" else 100,
                               source=node.address, peer=other.address)
        return configure

    def refusals(self):
        return (self.b.status() or {}).get("refusals", {})

    def flooding(self, kinds, seconds):
        """Sends forged adverts of a to b."""
        return flooding(self.lab.router, self.a, self.b, kinds, seconds)


@contextlib.contextmanager
def flooding(router, master, target, kinds, seconds):
    """Sends forged adverts of the node `master` to the node `target`, from the router. Yields a list that contains
    (frames, seconds) afterwards."""
    mac = target.run("cat", "/sys/class/net/eth0/address")[1].strip()
    sent = []
    p = router.popen(
        [os.path.join(BUILD, "tests/lab/vrrpflood"), "--dev", "eth0", "--mac", mac,
         "--from", master.address, "--to", target.address, "--kind", ",".join(kinds),
         "--seconds", str(seconds)], stdout=subprocess.PIPE)
    await_handler(p, signal.SIGINT, "the flood")
    try:
        yield sent
    finally:
        p.send_signal(signal.SIGINT)
        words = p.communicate(timeout=30)[0].split()
        if len(words) == 2:
            sent[:] = int(words[0]), float(words[1])


@contextlib.contextmanager
def hogs(number, fifo_priority=0):
    """Processes that only use CPU time, in a real-time class if a priority is given. Each one ends when this
    process ends."""
    burn = "import os\nwhile os.getppid() == %d:\n    for _ in range(1000000): pass" % os.getpid()
    argv = [sys.executable, "-c", burn]
    if fifo_priority:
        argv = ["chrt", "--fifo", str(fifo_priority), *argv]
    running = []
    try:
        for _ in range(number):
            running.append(subprocess.Popen(argv, start_new_session=True))
        yield
    finally:
        for p in running:
            p.kill()
        for p in running:
            p.wait()
