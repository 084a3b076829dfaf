# SPDX-License-Identifier: BSD-2-Clause
"""What must be true again some time after each fault, seen from outside. Each function returns complaints."""
import os
import time

import world
import processes
from hflab import usage
from hflab.lab import wait_for
from hflab.plan import SHARED

STATES = ("MASTER", "BACKUP", "FAULT", "STOP")
WINDOW_S = 0.5
LOOKS = 4  # at what may be there for a moment
REPLACED_S = 20  # until a killed runner is replaced
FAMILY = {"holdfastd": 1, "holdfast-super": 1, "holdfast-runner": 1}
RSS_KB, DESCRIPTORS = 1024, 3  # growth of one process in its life; descriptors differ between MASTER and BACKUP


def changes(lines):
    """The states in the lines of a FIFO or a notify command, in order."""
    return [w for line in lines for w in line.split()[-2:-1] if w in STATES]


def of_node(node, status, master):
    """Complaints about one node whose status is known."""
    instance = (status.get("instances") or [{}])[0]
    state, wanted = instance.get("state"), "MASTER" if node is master else "BACKUP"
    if state != wanted:
        yield f"is {state}, not {wanted}: {instance.get('faults')}"
    forms = {p["as"] for p in instance.get("announced", [])}
    if not forms <= ({"settled", "escalated"} if node is master else {"none"}) or not forms:
        yield f"announces {sorted(forms)}"
    sessions = [n.get("state") for b in status.get("bgp", []) for n in b.get("neighbors", [])]
    if sessions != ["Established"] * 2:
        yield f"sessions: {sessions}"
    yield from (f"peer {p['address']} is not ready: {p.get('reason')}" for p in status.get("peers", [])
                if p.get("ready") is False)
    yield from (f"alarm: {a}" for a in status.get("alarms", []))
    if SHARED not in node.addresses("lo"):
        yield "has not the shared address"
    fifo, told = changes(node.lines("fifo.lines")), changes(node.lines("told"))
    yield from (f"FIFO: {a} after {b}: {fifo}" for a, b in zip(fifo[1:], fifo) if a == b)
    yield from (f"the last line of {name} is not {state}: {seen}" for name, seen in (("the FIFO", fifo), ("notify", told))
                if seen[-1:] != [state])
    yield from (f"FIFO: {f['lost']} lines lost" for f in status.get("notify_fifos", []) if f.get("lost"))


def of_router(net, way, master):
    holder = net.holder(router=way.router)
    if holder != master.name:
        yield f"the route leads to {holder}, the MASTER is {master.name}"
    hops = way.bgp.next_hops(world.SHARED_PREFIX)
    if hops != [master.address]:
        yield f"paths of {hops}, not only of {master.address}"


def converged(net):
    """Complaints that may last for some time after a fault."""
    dead = [f"{n.name}: the daemon has ended: {n.exit_status()}" for n in net.nodes.values() if not n.alive()]
    if dead:
        return dead
    statuses = {name: node.status() for name, node in net.nodes.items()}
    silent = [f"{name}: no status" for name, status in statuses.items() if not status]
    if silent:
        return silent
    masters = [name for name, s in statuses.items() if s["instances"] and s["instances"][0]["state"] == "MASTER"]
    if len(masters) != 1:
        return [f"MASTER: {masters}"]
    master = net.nodes[masters[0]]
    found = [f"{way.name}: {text}" for way in net.ways for text in of_router(net, way, master)]
    for name, status in statuses.items():
        found += [f"{name}: {text}" for text in of_node(net.nodes[name], status, master)]
    return found


def adverts(net):
    """Only the MASTER sends, to its two peers."""
    began, before = time.monotonic(), net.adverts()
    time.sleep(WINDOW_S)
    sent = {name: n - before[name] for name, n in net.adverts().items()}
    most = 2 * (time.monotonic() - began) * 1000 / world.ADVERT_MS + 2
    senders = [name for name, n in sent.items() if n]
    masters = [name for name, node in net.nodes.items() if node.state() == "MASTER"]
    if senders != masters or sum(sent.values()) > most:
        return [f"adverts in {WINDOW_S} s: {sent}, at most {most:.0f} of {masters}"]
    return []


def parts(node):
    """{name of the process: (pid, RSS in kB, descriptors)} of the daemon's processes."""
    found = {}
    for pid in usage.family(node.daemon.pid):
        try:
            with open(f"/proc/{pid}/comm", encoding="ascii") as f:
                name = f.read().strip()
            found.setdefault(name, []).append((pid, usage.resident_kb(pid), len(os.listdir(f"/proc/{pid}/fd"))))
        except (OSError, KeyError):  # it has ended in between
            pass
    return found


def pids(node):
    """Of the engine, its supervisor and its runner."""
    runner = wait_for(lambda: processes.runner_of(node), REPLACED_S, f"{node.name}: a runner")
    return node.daemon.pid, processes.supervisor_of(node), runner


def leftovers(node):
    """What the daemon of a node has in its machine: pins, files, attachments. Equal after each fault."""
    found = node.run("find", "/sys/fs/bpf", "/run/holdfast", "/run/told.fifo", "-mindepth", "0")[1].split()
    filters = "".join(node.run("tc", "filter", "show", "dev", "eth0", way)[1] for way in ("ingress", "egress"))
    link = node.run("ip", "-o", "link", "show", "dev", "eth0")[1]
    return {*found, f"{filters.count(' hf_')} filters", f"{link.count(' xdp')} XDP programs",
            *node.run("ip", "rule", "show")[1].splitlines()}


class Growth:
    """The memory and the descriptors of each process since it was first seen at rest."""

    def __init__(self):
        self.first, self.worst = {}, {}

    def complaints(self, node):
        for name, processes in parts(node).items():
            if name not in FAMILY:
                continue  # a script
            for pid, kb, descriptors in processes:
                first = self.first.setdefault((node.name, name, pid), (kb, descriptors))
                grown = kb - first[0], descriptors - first[1]
                self.worst[name] = tuple(map(max, grown, self.worst.get(name, grown)))
                if grown[0] > RSS_KB or grown[1] > DESCRIPTORS:
                    yield f"{node.name}: {name} has grown by {grown[0]} kB and {grown[1]} descriptors"


def crowds(node):
    """The daemon's processes that are too many or too few, and the node's zombies."""
    numbers = {name: len(processes) for name, processes in parts(node).items() if name in FAMILY}
    zombies = [line.split() for line in node.run("ps", "-A", "-o", "stat=,pid=,comm=")[1].splitlines() if line[0] == "Z"]
    return {f"{node.name}: {n} processes {name}" for name, n in numbers.items() if n != FAMILY[name]} | \
        {f"{node.name}: zombie {' '.join(words)}" for _, *words in zombies}


def lasting(look):
    """Those of the complaints that are there each time. A process has the name of its parent until it executes its
    program, and is a zombie until it is reaped; a busy machine takes longer for both."""
    found = look()
    for _ in range(LOOKS):
        if found:
            time.sleep(WINDOW_S)
            found &= look()
    return sorted(found)


class Rest:
    """What each node looks like at rest, from the first time on."""

    def __init__(self, net):
        self.net, self.growth = net, Growth()
        self.usual = {name: leftovers(node) for name, node in net.nodes.items()}

    def complaints(self):
        found = adverts(self.net)
        for name, node in self.net.nodes.items():
            found += self.growth.complaints(node)
            seen = leftovers(node)
            if seen != self.usual[name]:
                found.append(f"{name}: more than usual: {sorted(seen - self.usual[name])}, "
                             f"less: {sorted(self.usual[name] - seen)}")
            found += lasting(lambda n=node: crowds(n))
        return found
