# SPDX-License-Identifier: BSD-2-Clause
"""The topology: nodes and router on one bridge, a client behind the router.

    a ---+                          addresses: see Plan
    b ---+--- bridge (switch) --- router r --- client c
"""
import contextlib
import datetime
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from . import bird
from .node import Node
from .plan import BUILD, CLIENT, CLIENT6, PROBE_PORT, SHARED, SHARED6, SIMPLE
from .sandbox import READY_S, LabError, Sandbox, start_time
from .wait import await_handler, wait_for

HOME = "/var/tmp"  # not /tmp and /run, which the machines have for themselves


class Lab:
    """`with Lab() as lab:` starts the lab, and always stops it at the end."""
    serial = 0

    def __init__(self, plan=SIMPLE, by_community=True, hold_time=9, export="none"):
        """`export`: the paths that BIRD sends to the nodes."""
        self.plan, self.by_community, self.hold_time, self.export = plan, by_community, hold_time, export
        self.machines, self.nodes = [], {}
        self.home = None
        self._signals = {}

    # --- up and down --------------------------------------------------------------------------
    def __enter__(self):
        try:
            self._catch_signals()
            self._build()
        except BaseException:
            self._down(failed=True)
            raise
        return self

    def __exit__(self, kind, value, trace):
        self._down(failed=kind is not None and not issubclass(kind, KeyboardInterrupt))

    def _catch_signals(self):
        """A signal ends the lab in the same way as an exception."""
        def terminate(signo, _frame):
            sys.exit(128 + signo)
        if threading.current_thread() is threading.main_thread():
            for signo in (signal.SIGTERM, signal.SIGHUP):
                self._signals[signo] = signal.signal(signo, terminate)

    def _build(self):
        if os.geteuid() != 0:
            raise LabError("the lab needs root")
        Lab.serial += 1
        self.home = tempfile.mkdtemp(prefix=f"hf{os.getpid()}-{Lab.serial}-", dir=HOME)
        os.chmod(self.home, 0o755)
        with open(os.path.join(self.home, "owner"), "w", encoding="ascii") as f:
            f.write(f"{os.getpid()} {start_time(os.getpid())}\n")
        for name in self.plan.nodes:
            self.nodes[name] = self._machine(Node, name)
        self.switch, self.router, self.client = (self._machine(Sandbox, n) for n in "src")
        for m in self.machines:
            m.wait_ready()
        self._connect()
        self._start_router()
        for node in self.nodes.values():
            node.prepare(self)

    def _machine(self, kind, name):
        m = kind(name, os.path.join(self.home, name))
        self.machines.append(m)
        return m

    def _down(self, failed):
        """Ends the machines. A signal during this time must not leave some of them running."""
        main = threading.current_thread() is threading.main_thread()
        interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN) if main else None
        for signo in self._signals:
            signal.signal(signo, signal.SIG_IGN)
        try:
            if failed:
                self.print_logs()
            for m in self.machines:
                m.close()
            if self.home and not os.environ.get("HOLDFAST_LAB_KEEP"):
                shutil.rmtree(self.home, ignore_errors=True)
        finally:
            for signo, handler in self._signals.items():
                signal.signal(signo, handler)
            if main:
                signal.signal(signal.SIGINT, interrupt)
            self.machines, self.nodes = [], {}

    def print_logs(self, lines=40):
        for path in sorted(glob.glob(os.path.join(self.home or "/nonexistent", "*", "*.log"))):
            with open(path, encoding="utf-8", errors="replace") as f:
                tail = f.read().splitlines()[-lines:]
            print(f"# --- {os.path.relpath(path, self.home)}", file=sys.stderr)
            for line in tail:
                print(f"#   {line}", file=sys.stderr)
        sys.stderr.flush()

    # --- the network --------------------------------------------------------------------------
    def _connect(self):
        s, r, c = self.switch, self.router, self.client
        s.ip("link add br0 type bridge mcast_snooping 0", "link set br0 up",
             *(f"link add port-{m.name} type veth peer name eth0 netns {m.pid}"
               for m in (*self.nodes.values(), r)),
             *(f"link set port-{m.name} master br0 up" for m in (*self.nodes.values(), r)))
        r.ip(f"link add eth1 type veth peer name eth0 netns {c.pid}")
        for m in (r, c, *self.nodes.values()):
            m.sysctl(net__ipv4__conf__all__rp_filter=0, net__ipv4__conf__default__rp_filter=0,
                     net__ipv4__ip_forward=int(m is r),
                     net__ipv6__conf__all__forwarding=int(m is r))
        addresses = [*self.plan.nodes.values(), *self.plan.nodes6.values()]
        r.ip(*self._addresses("eth0", sorted({self.plan.router_of(a) for a in addresses})),
             *self._addresses("eth1", [self.plan.router_of(a) for a in (CLIENT, CLIENT6)]))
        c.ip(*self._addresses("eth0", [CLIENT, CLIENT6]), *self._default_routes(CLIENT, CLIENT6))
        for name, node in self.nodes.items():
            self.address(name)
            node.ip(f"addr add {SHARED}/32 dev lo", f"addr add {SHARED6}/128 dev lo nodad")

    def address(self, name):
        """Sets a node's interface up with its addresses and routes, at the start and after it was down."""
        own = self.plan.nodes[name], self.plan.nodes6[name]
        others = {*self.plan.nodes.values(), *self.plan.nodes6.values()} - set(own)
        self.nodes[name].ip(*self._addresses("eth0", own), *self._default_routes(*own),
                            *(f"route replace {a} dev eth0" for a in others))

    @staticmethod
    def _addresses(dev, addresses):
        yield f"link set {dev} up"
        for a in addresses:
            yield f"addr replace {a}/" + (f"64 dev {dev} nodad" if ":" in a else f"24 dev {dev}")

    def _default_routes(self, *addresses):
        return [f"route replace default via {self.plan.router_of(a)}" for a in addresses]

    def _start_router(self):
        sessions = []
        for name in self.nodes:
            for suffix, address in (("", self.plan.nodes[name]), ("6", self.plan.nodes6[name])):
                sessions.append((name + suffix, self.plan.router_of(address), address))
        conf = bird.router_conf("192.0.2.1", sessions, self.hold_time, self.by_community, self.export)
        self.bird = bird.Bird(self.router, conf)
        self._watch_routes()
        wait_for(self.bird.running, READY_S, "the router's BIRD runs")

    def _watch_routes(self, router=None):
        """Records the changes of routes in the router's kernel, for route_changes()."""
        router = router or self.router
        router.monitor(self._routes_log(router), "route")

    @staticmethod
    def _routes_log(router):
        return os.path.join(router.directory, "routes.log")

    def cut(self, name):
        """The node leaves the network, but node and router keep their carrier. So nothing reports its death: both
        ends keep their connections until a timer ends them."""
        self.switch.ip(f"link set port-{name} nomaster")

    def mend(self, name):
        self.switch.ip(f"link set port-{name} master br0")

    # --- observations ---------------------------------------------------------------------------
    def holder(self, prefix=SHARED, router=None):
        """The name of the node to which the router's kernel sends the prefix, or None. `router`: another than the
        lab's."""
        for gateway in (router or self.router).next_hops(prefix):
            return self._node_at(gateway)
        return None

    def _node_at(self, address):
        for plan in (self.plan.nodes, self.plan.nodes6):
            for name, own in plan.items():
                if own == address:
                    return name
        return None

    def route_changes(self, prefix=SHARED, since=0.0, router=None):
        """The changes of the prefix in the router's kernel since this Unix time, in order: (time, the node to which
        it is sent from then on, or None)."""
        changes = []
        line_of = re.compile(r"^\[([^\]]+)\] (Deleted )?" + re.escape(prefix) +
                             r" .*?via (?:inet6 )?(\S+)")
        with open(self._routes_log(router or self.router), encoding="ascii", errors="replace") as f:
            for m in filter(None, (line_of.match(line) for line in f if line.endswith("\n"))):
                at = datetime.datetime.fromisoformat(m[1] + "+00:00").timestamp()
                if at >= since:
                    changes.append((at, None if m[2] else self._node_at(m[3])))
        return changes

    @contextlib.contextmanager
    def probing(self, rate=2000, to=SHARED, client=None):
        """Runs a client that sends all the time, on another machine than the lab's client if one is given. Its report
        is `.report` of the probe afterwards."""
        probe = Probe(client or self.client, rate, to)
        try:
            yield probe
        finally:
            probe.stop()


class Probe:
    """Runs when it is constructed: a node has answered it."""

    def __init__(self, client, rate, to):
        self.report = None
        before = client.datagrams()
        self._process = client.popen(
            [os.path.join(BUILD, "vipprobe"), "send", "--to", to, "--port", str(PROBE_PORT),
             "--rate", str(rate), "--json"], stdout=subprocess.PIPE)
        await_handler(self._process, signal.SIGINT, "the client")
        wait_for(lambda: client.datagrams() > before, READY_S, f"{to} answers the client", 0.005)

    def stop(self):
        """Ends the client and returns its report (vipprobe's JSON)."""
        if self.report is None:
            self._process.send_signal(signal.SIGINT)
            out = self._process.communicate(timeout=20)[0]
            self.report = json.loads(out or "{}")
        return self.report


def _age_s(path):
    try:
        return time.time() - os.stat(path).st_mtime
    except OSError:
        return 0


def clean():
    """Removes the directories of labs that were killed and returns their paths. Processes, namespaces and
    interfaces of a killed lab end by themselves."""
    removed = []
    for home in glob.glob(os.path.join(HOME, "hf[0-9]*-*-*")):
        try:
            with open(os.path.join(home, "owner"), encoding="ascii") as f:
                pid, started = f.read().split()
        except (OSError, ValueError):
            if _age_s(home) < 60:
                continue  # another process creates it, or removes it, just now
            pid = started = "0"
        if start_time(pid) != started:
            shutil.rmtree(home, ignore_errors=True)
            removed.append(home)
    return removed
