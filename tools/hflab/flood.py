# SPDX-License-Identifier: BSD-2-Clause
"""Two nodes under a flood of forged adverts and CPU hogs: how often they change state. The nodes
run Holdfast or keepalived on the same file, so that the two can be compared."""
import contextlib
import os
import signal
import subprocess
import sys

from . import versus
from .plan import BUILD

KINDS = ("vrid", "source", "ttl", "checksum", "password")
FIFO_HOG_PRIORITY = 10  # below the engine's and above everything that is not real-time

# The one instance speaks every 10 ms. Passwords are a matter of version 2, whose intervals are
# whole seconds. No TTL but 255 can come from this LAN.
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
        """`keepalived_rt`: with a real-time priority, which it does not have by itself."""
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

    @contextlib.contextmanager
    def flooding(self, kinds, seconds):
        """Forged adverts of a to b, from the router's place on the LAN. Yields a list that holds
        (frames, seconds) afterwards."""
        mac = self.b.run("cat", "/sys/class/net/eth0/address")[1].strip()
        sent = []
        p = self.lab.router.popen(
            [os.path.join(BUILD, "tests/lab/vrrpflood"), "--dev", "eth0", "--mac", mac,
             "--from", self.a.address, "--to", self.b.address, "--kind", ",".join(kinds),
             "--seconds", str(seconds)], stdout=subprocess.PIPE)
        try:
            yield sent
        finally:
            p.send_signal(signal.SIGINT)
            words = p.communicate(timeout=30)[0].split()
            if len(words) == 2:
                sent[:] = int(words[0]), float(words[1])


# Sleeps 5 ms at a time on one CPU, above all that is real-time, and counts how often it was late.
WITNESS = """
import os, sys, time
os.sched_setaffinity(0, {int(sys.argv[1])})
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99))
late, last = 0, time.monotonic()
while os.getppid() == int(sys.argv[2]):
    time.sleep(0.005)
    now = time.monotonic()
    if now - last > 0.005 + float(sys.argv[3]):
        late += 1
        print(late, flush=True)
    last = now
"""
STALL_S = 0.02  # two adverts of 10 ms


@contextlib.contextmanager
def stalls():
    """Yields a list that holds afterwards how often one of this machine's CPUs stood still for
    STALL_S: a virtual one that its host did not run. A master on it has fallen silent in truth."""
    count = []
    running = [subprocess.Popen([sys.executable, "-c", WITNESS, str(cpu), str(os.getpid()),
                                 str(STALL_S)], stdout=subprocess.PIPE, start_new_session=True)
               for cpu in sorted(os.sched_getaffinity(0))]
    try:
        yield count
    finally:
        for p in running:
            p.kill()
        count[:] = [sum(len(p.communicate()[0].split()) for p in running)]


@contextlib.contextmanager
def hogs(number, fifo_priority=0):
    """Processes that only burn CPU time; of a real-time class if a priority is given. Each ends
    with this process."""
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
