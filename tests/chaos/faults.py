# SPDX-License-Identifier: BSD-2-Clause
"""The faults of the chaos, and how long each may cost the client what it asks for.

A fault is a context manager: it strikes at the beginning of the block and is mended at the end. Its bound holds where
it hits the MASTER; on a BACKUP alone it may cost nothing. Faults that overlap may cost the sum of their bounds,
also those that hit a BACKUP, because this may be the next MASTER. Why each bound is what it is: the table at the end.
"""
import contextlib
import dataclasses
import os
import signal
import socket
import subprocess
import time
from typing import Callable

import world  # (the path of the lab and of hflab)
import processes
import troubles
from hflab import flood
from hflab.lab import LabError, wait_for
from hflab.plan import BUILD, SHARED

SKEW_MS = world.ADVERT_MS * (256 - 50) // 256  # of the node of the lowest priority
DOWN_MS = 3 * world.ADVERT_MS + SKEW_MS
# From the UPDATE to the route, five times the time of an idle machine. FRR waits for 50 ms + 10 ms itself.
ROUTE_MS = {"BIRD": 50, "FRR": 350}
HOLD_S = 9  # of the BGP sessions
KEEPALIVE_MS = 1000 * HOLD_S // 3
HOLD_EARLY_MS = {"BIRD": 1000 * HOLD_S // 4, "FRR": 0}  # BIRD shortens its hold timer by chance, up to a quarter
LONG_S = 60  # to wait for what a fault needs


def order(node, *words, strict=True):
    """An operator's command. `strict`: it must be done. Beside a second fault it may be refused, with a reason."""
    code, out, err = node.ctl(*words)
    text = " ".join((out + err).split())
    if code != 0 and (strict or not text):
        raise LabError(f"{node.name}: {' '.join(words)}: exit status {code}: {text}")
    return text


# --- faults of a node: (net, node, strict) -------------------------------------------------------
@contextlib.contextmanager
def host_death(_net, node, _strict):
    node.die()
    yield
    node.boot()


@contextlib.contextmanager
def kill_9(_net, node, _strict):
    node.kill()
    yield
    node.start()


@contextlib.contextmanager
def freeze(_net, node, _strict):
    node.pause()
    yield
    node.resume()


@contextlib.contextmanager
def long_freeze(_net, node, _strict):
    node.pause()
    time.sleep(HOLD_S + 1)
    yield
    node.resume()


@contextlib.contextmanager
def corrupt_records(_net, node, _strict):
    """The daemon is killed, and its stored files contain anything when it starts again."""
    node.kill()
    yield
    node.run("sh", "-c", "for f in /var/lib/holdfast/*; do head -c 5000 /dev/urandom > $f; done")
    node.start()


@contextlib.contextmanager
def stop(_net, node, _strict):
    status = node.stop(deadline_s=LONG_S)
    if status != 0:
        raise LabError(f"{node.name}: SIGTERM: exit status {status}")
    yield
    node.start()


@contextlib.contextmanager
def link_down(net, node, _strict):
    node.ip("link set eth0 down")
    yield
    net.address(node.name)


@contextlib.contextmanager
def link_flaps(net, node, _strict):
    for _ in range(5):
        node.ip("link set eth0 down")
        time.sleep(0.05)
        net.address(node.name)
        time.sleep(0.05)
    yield


@contextlib.contextmanager
def carrier_lost(net, node, _strict):
    net.switch.ip(f"link set port-{node.name} down")
    yield
    net.switch.ip(f"link set port-{node.name} up")
    net.address(node.name)


@contextlib.contextmanager
def deaf(net, node, _strict):
    with troubles.adverts_lost(net, node):
        yield


@contextlib.contextmanager
def partition(net, _node, _strict):
    with troubles.adverts_lost(net, *net.nodes.values()):
        yield


@contextlib.contextmanager
def sessions_reset(_net, node, _strict):
    node.run("ss", "-K", "state", "all", "dport", "=", "179")
    yield


@contextlib.contextmanager
def sessions_silent(net, node, _strict):
    with troubles.bgp_lost(net, node):
        time.sleep(HOLD_S + 1)
        yield


@contextlib.contextmanager
def service_fails(_net, node, _strict):
    node.trigger(True)
    yield
    node.trigger(False)


@contextlib.contextmanager
def drain(_net, node, strict):
    order(node, "drain", "example", strict=strict)
    yield
    # The node may have been told while it was about to be taken over.
    wait_for(lambda: node.ctl("undrain", "example")[0] == 0, LONG_S, f"{node.name}: undrain", 0.2)


@contextlib.contextmanager
def handover(_net, node, strict):
    order(node, "handover", "example", strict=strict)
    yield


@contextlib.contextmanager
def reloads(_net, node, _strict):
    for _ in range(10):
        order(node, "reload")
    yield


@contextlib.contextmanager
def broken_reload(_net, node, _strict):
    text = node.configuration()
    node.configure(text + "vrrp_instance broken {\n")
    code, out, err = node.ctl("reload")
    node.configure(text)
    if code == 0:
        raise LabError(f"{node.name}: a broken file was loaded: {out}{err}")
    yield
    order(node, "reload")


@contextlib.contextmanager
def clock_steps(_net, node, _strict):
    troubles.step_clock(node, "+1d")
    yield
    troubles.step_clock(node, "-1d")


@contextlib.contextmanager
def disk_full(_net, node, _strict):
    with troubles.disk_full(node):
        yield


@contextlib.contextmanager
def no_descriptors(_net, node, _strict):
    with troubles.no_descriptor_left(node):
        yield


@contextlib.contextmanager
def runner_killed(_net, node, _strict):
    old = wait_for(lambda: processes.runner_of(node), LONG_S, "the runner")
    os.kill(old, signal.SIGKILL)
    yield
    wait_for(lambda: processes.runner_of(node) not in (None, old), LONG_S, "a new runner")


@contextlib.contextmanager
def address_removed(_net, node, _strict):
    node.ip(f"addr del {world.SHARED_PREFIX} dev lo")
    yield


@contextlib.contextmanager
def xdp_detached(_net, node, _strict):
    """Where the program is attached by TC or not at all, nothing happens."""
    node.run("sh", "-c", "for pin in /sys/fs/bpf/holdfast/*/xdp_*; do bpftool link detach pinned $pin; done", check=False)
    yield


@contextlib.contextmanager
def filters_removed(_net, node, _strict):
    node.run("tc", "qdisc", "del", "dev", "eth0", "clsact", check=False)  # raw sockets have none
    yield


@contextlib.contextmanager
def garbage(_net, node, _strict):
    """At the control sockets: octets without a frame, and the beginning of a frame."""
    for path in ("control", "status"):
        for octets in (b"\xff" * 4096, b"\x00\x00\x10\x00{", b""):
            with socket.socket(socket.AF_UNIX) as s, contextlib.suppress(ConnectionError, BlockingIOError):
                s.settimeout(1)
                s.connect(f"/proc/{node.pid}/root/run/holdfast/{path}")
                s.send(octets)
    yield


@contextlib.contextmanager
def forged_adverts(net, node, _strict):
    master = next((n for n in net.nodes.values() if n is not node and n.alive() and n.state() == "MASTER"), None)
    master = master or next(n for n in net.nodes.values() if n is not node)
    with flood.flooding(net.router, master, node, ("vrid", "source", "ttl", "checksum"), 60):
        yield


# --- faults of a router, of both clients' ways: (net, way, strict) ------------------------------
@contextlib.contextmanager
def router_restart(_net, way, _strict):
    way.bgp.kill()
    yield
    way.bgp.start()


@contextlib.contextmanager
def session_shut(net, way, _strict):
    """The router shuts the session of the node that it uses."""
    name = net.holder(router=way.router) or next(iter(net.nodes))
    way.bgp.shutdown(net.nodes[name].address, "maintenance")
    yield
    way.bgp.admit(net.nodes[name].address)


@contextlib.contextmanager
def packet_flood(_net, way, _strict):
    p = way.client.popen(["ping", "-q", "-f", "-w", "60", SHARED], stdout=subprocess.DEVNULL)
    yield
    p.send_signal(signal.SIGINT)
    p.wait(timeout=20)


@contextlib.contextmanager
def cpu_hogs(_net, _way, _strict):
    with flood.hogs(4):
        yield


@dataclasses.dataclass(frozen=True)
class Fault:
    name: str
    deed: Callable
    target: str      # of TARGETS
    bound: Callable  # (name of the struck router or None, name of the client's router, seconds it lasts) -> ms
    why: str
    group: str = ""  # two faults of one group do not overlap
    moves: bool = True  # the mastership may move if it hits the MASTER
    replaces: bool = False  # a process of the node is replaced
    alive: bool = True  # the daemon must run when it strikes and when it is mended
    driven: bool = False  # the client may lose datagrams as long as the deed lasts
    takes: float = 2.0  # seconds that the deed's own commands need at most on an idle machine


TARGETS = ("node", "MASTER", "BACKUP", "router", "all")


def nothing(_struck, _way, _lasts):
    return 0


def found_by_silence(_struck, way, _lasts):
    return DOWN_MS + ROUTE_MS[way]


def told(_struck, way, _lasts):
    return SKEW_MS + ROUTE_MS[way]


def flapping(_struck, way, _lasts):
    return 500 + found_by_silence(None, way, 0)


def hold_timers(_struck, way, lasts):
    return KEEPALIVE_MS + HOLD_EARLY_MS[way] + told(None, way, lasts)


def at_its_own(ms, while_it_lasts=False):
    def bound(struck, way, lasts):
        return ms + while_it_lasts * lasts * 1000 if struck == way else 0
    return bound


def some(ms):
    return lambda _struck, _way, _lasts: ms


SESSION_MS = 8000  # back-off after failed attempts, OPEN, UPDATE
FAULTS = [
    Fault("host death", host_death, "node", found_by_silence, "three adverts and the skew, then the router's time"),
    Fault("kill -9", kill_9, "node", found_by_silence, "the kernel ends the sessions, the BACKUP misses three adverts"),
    Fault("SIGSTOP", freeze, "node", nothing, "the kernel of the stopped node serves until the better path is there"),
    Fault("SIGSTOP beyond the hold time", long_freeze, "node", nothing, "as SIGSTOP; the path has moved before"),
    Fault("kill -9, bad records", corrupt_records, "node", found_by_silence, "as kill -9"),
    Fault("SIGTERM", stop, "node", nothing, "it serves until the successor is heard, and for `linger`"),
    Fault("link down", link_down, "node", found_by_silence, "as a host death", "link",
          alive=False),
    Fault("carrier lost", carrier_lost, "node", found_by_silence, "as a host death", "link",
          alive=False),
    Fault("link flaps", link_flaps, "node", flapping, "it is down for half of 500 ms, or the BACKUP takes over", "link",
          alive=False, driven=True),
    Fault("adverts lost one way", deaf, "BACKUP", nothing, "both nodes serve, the router has both paths", "adverts",
          alive=False),
    Fault("partition", partition, "all", nothing, "all nodes serve, the router has all paths", "adverts"),
    Fault("sessions reset", sessions_reset, "node", told, "FAULT at once; the BACKUP waits for the skew"),
    Fault("sessions silent", sessions_silent, "node", hold_timers,
          "the hold timers of both ends differ by a keepalive interval; BIRD ends its own up to a quarter earlier",
          alive=False),
    Fault("service fails", service_fails, "node", told, "it withdraws at once; the BACKUP waits for the skew",
          alive=False),
    Fault("drain", drain, "node", nothing, "it serves until the successor is heard, and for `linger`", "order"),
    Fault("handover", handover, "MASTER", nothing, "as drain", "order"),
    Fault("ten reloads", reloads, "node", nothing, "nothing has changed", moves=False),
    Fault("reload of a broken file", broken_reload, "node", nothing, "it is refused", moves=False),
    Fault("disk full", disk_full, "node", nothing, "records are not needed to serve", moves=False,
          alive=False),
    Fault("no descriptors", no_descriptors, "node", nothing, "they are open", moves=False),
    Fault("runner killed", runner_killed, "node", nothing, "the last results hold", moves=False,
          replaces=True),
    Fault("address removed", address_removed, "node", some(100), "the kernel says so; five times 20 ms", moves=False),
    Fault("XDP detached", xdp_detached, "node", nothing,
          "the daemon asks for its program before it takes over, and attaches it again", "adverts", moves=False),
    Fault("filters removed", filters_removed, "node", some(50),
          "the kernel drops packets while it removes and adds a qdisc, for some RCU grace periods", moves=False),
    Fault("garbage at the sockets", garbage, "node", nothing, "requests are separate", moves=False),
    Fault("forged adverts", forged_adverts, "node", some(50), "the kernel drops them; CPU time is shared", "flood",
          moves=False),
    Fault("router restarts", router_restart, "router", at_its_own(SESSION_MS, True),
          "until the nodes' sessions are up again; the other router's client loses nothing", driven=True),
    Fault("session shut", session_shut, "router", at_its_own(SESSION_MS, True),
          "that router has no other path", driven=True),
    Fault("packet flood", packet_flood, "router", some(50), "CPU time and queues are shared", "flood", moves=False),
    Fault("CPU hogs", cpu_hogs, "all", nothing, "the daemons are real-time", "flood", moves=False),
]
if os.path.exists(troubles.FAKETIME):
    FAULTS.append(Fault("clock steps by a day", clock_steps, "node", nothing, "time is monotonic", moves=False,
                        alive=False))
if not os.access(os.path.join(BUILD, "tests/lab/vrrpflood"), os.X_OK):
    FAULTS = [f for f in FAULTS if f.deed is not forged_adverts]


def table():
    """The bounds at the two clients, for a fault of one second at BIRD."""
    for f in FAULTS:
        struck = "BIRD" if f.target == "router" else None
        ms = ", ".join(f"{way} {f.bound(struck, way, 1):5.0f}" for way in ROUTE_MS)
        yield f"{f.name:24} {f.target:7} {ms} ms  {f.why}"
