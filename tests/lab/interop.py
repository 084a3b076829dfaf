# SPDX-License-Identifier: BSD-2-Clause
"""Holdfast and a foreign VRRP daemon as the two routers of many virtual routers at the same time. The cases are
all forms of VRRP that both support, with either daemon as the leader. All cases go through the same phases
together. One table is printed, with a row for each case."""
import dataclasses
import re
import sys
import time

import scenario
from scenario import lab

LONG = "--long" in sys.argv[1:]
QUIET_S = 60 if LONG else 3
SETTLE_S = 30  # for changes of up to four seconds; the machine may be busy
DOWN_S = 4  # the down time of version 2, three adverts and the skew, with a reserve


@dataclasses.dataclass
class Case:
    form: str
    version: int
    password: str
    family: int
    unicast: bool
    kind: str        # the property that this case tests
    vrid: int
    priority: dict   # of "h", Holdfast, and "k", the other daemon
    source: dict
    nopreempt: bool
    highest: str     # the daemon with the higher address
    marks: dict = dataclasses.field(default_factory=dict)  # phase -> result

    @property
    def name(self):
        return f"C{self.vrid}"

    @property
    def leader(self):
        """The daemon that wins between two MASTERs."""
        if self.priority["h"] != self.priority["k"]:
            return max(self.priority, key=self.priority.get)
        return self.highest

    def preempts(self, who):
        return not self.nopreempt and self.priority[who] > self.priority[other(who)]

    @property
    def shared(self):
        """The address of this virtual router."""
        return f"203.0.113.{100 + self.vrid}" if self.family == 4 else f"2001:db8:113::{self.vrid}"

    def block(self, who, more):
        """The vrrp_instance of one side; `more`: further lines."""
        starts_master = self.priority[who] > self.priority[other(who)] and not self.nopreempt
        lines = [f"state {'MASTER' if starts_master else 'BACKUP'}", "interface eth0",
                 f"version {self.version}", f"virtual_router_id {self.vrid}",
                 f"priority {self.priority[who]}", f"advert_int {1 if self.version == 2 else 0.2}",
                 *(["nopreempt"] if self.nopreempt else []), *more,
                 f"virtual_ipaddress {{\n {self.shared}/{32 if self.family == 4 else 128} dev lo\n }}"]
        return f"vrrp_instance {self.name} {{\n    " + "\n    ".join(lines) + "\n}\n"


def other(who):
    return "k" if who == "h" else "h"


class Match:
    """The two nodes: `a` runs Holdfast, `b` runs the peer. The peer has start(), stop(), kill() and running(), and
    states() and changes() by the name of the case. It may have resigned(): the names of the cases in which it, as a
    BACKUP, has received priority 0 since its start."""

    def __init__(self, net, cases, peer):
        self.net, self.cases, self.k = net, cases, peer
        self.h, self.k_node = net.nodes["a"], net.nodes["b"]

    def states(self):
        """{case name: (Holdfast's state, the peer's)}."""
        h = {i["name"]: i["state"] for i in self.instances()} if self.h.alive() else {}
        k = self.k.states() if self.k.running() else {}
        return {c.name: (h.get(c.name), k.get(c.name)) for c in self.cases}

    def instances(self):
        return lab.wait_for(self.h.status, SETTLE_S, "holdfastd answers")["instances"]

    def told_to_take_over(self, who):
        """The names of the cases in which `who` has taken over because of priority 0; None: it does not tell."""
        if who == "h":
            return {i["name"] for i in self.instances() if i["last_transition"]["cause"] == "master resigned"}
        return self.k.resigned() if hasattr(self.k, "resigned") else None

    def masters(self):
        return {name: {who for who, state in zip("hk", pair) if state == "MASTER"}
                for name, pair in self.states().items()}

    def phase(self, title, expected, deed, at_least_s=0):
        """Does the deed and waits until the masters of each case are `expected(case)`: "h", "k" or both. Then waits for
        `at_least_s` for changes that must not happen. Notes for each case the time of the last look before the
        change, or the wrong masters. The time that a node needs to start does not count, nor that of a late look."""
        began = time.monotonic()
        deed()
        began = time.monotonic() if title.startswith("join") else began
        done, passed, before = {}, 0, 0
        while passed < at_least_s or (len(done) < len(self.cases) and passed < SETTLE_S):
            passed = time.monotonic() - began
            seen = self.masters()
            for c in self.cases:
                if seen[c.name] == set(expected(c)):
                    done.setdefault(c.name, before)
            before = passed
            time.sleep(0.05)
        seen = self.masters()
        for c in self.cases:
            right = c.name in done and seen[c.name] == set(expected(c))
            c.marks[title] = f"{done[c.name]:.1f}" if right else \
                f"FAIL({''.join(sorted(seen[c.name])) or '-'})"

    def stays(self, title, expected, for_s):
        """Checks that nothing moves for `for_s` seconds, and that each master is the expected one."""
        before = self.counts()
        time.sleep(for_s)
        after, seen = self.counts(), self.masters()
        for c in self.cases:
            right = before[c.name] == after[c.name] and seen[c.name] == set(expected(c))
            c.marks[title] = "ok" if right else \
                f"FAIL({''.join(sorted(seen[c.name])) or '-'}, {after[c.name] - before[c.name]})"

    def counts(self):
        """The number of state changes of each case, on both sides together."""
        h = {i["name"]: i["transitions"] for i in self.instances()}
        k = self.k.changes()
        return {c.name: h[c.name] + k.get(c.name, 0) for c in self.cases}

    def start_h(self):
        self.h.start()
        lab.wait_for(self.h.status, SETTLE_S, "holdfastd answers")

    def boot_h(self):
        self.h.boot()
        lab.wait_for(self.h.status, SETTLE_S, "holdfastd answers")

    def die_k(self):
        self.net.cut("b")
        self.k.kill()

    def boot_k(self):
        self.k_node.run("sh", "-c", "ip -o addr show dev lo | awk '{print $4}' | "
                        "grep -E '^203.0.113.1|^2001:db8:113::' | grep -v ::57/ | "
                        "while read -r a; do ip addr del $a dev lo; done")
        self.net.mend("b")
        self.k.start()


def play(match, brief=False):
    """Runs the phases. The MASTER of each case is known before each phase. `brief`: only elections and priority 0,
    without `--long`."""
    now = {}

    def joined(who):
        """`who` has joined the other daemon, which was MASTER of all."""
        for c in match.cases:
            now[c.name] = who if c.preempts(who) else other(who)
        return lambda c: now[c.name]

    def resign(who):
        """`who` stops. The other daemon takes over where `who` was MASTER, because it has received priority 0."""
        match.phase(f"stop {who}", lambda c: other(who), match.h.stop if who == "h" else match.k.stop)
        told = match.told_to_take_over(other(who))
        for c in match.cases:
            if told is not None and now[c.name] == who and c.name not in told:
                c.marks[f"stop {who}"] = f"FAIL(no priority 0, {c.marks[f'stop {who}']})"

    match.phase("alone k", lambda c: "k", match.k.start)
    match.phase("join h", joined("h"), match.start_h, 0 if brief and not LONG else DOWN_S)
    if brief and not LONG:
        resign("h")
        match.phase("join h 3", joined("h"), match.start_h)
        resign("k")
        return
    if LONG:
        match.phase("death h", lambda c: "k", match.h.die)
        match.phase("join h 2", joined("h"), match.boot_h, DOWN_S)
        match.phase("death k", lambda c: "h", match.die_k)
        match.phase("join k 2", joined("k"), match.boot_k, DOWN_S)
    match.phase("cut", lambda c: "hk", lambda: match.net.cut("b"))
    match.phase("mend", lambda c: c.leader, lambda: match.net.mend("b"))
    now.update({c.name: c.leader for c in match.cases})
    resign("h")
    match.phase("join h 3", joined("h"), match.start_h, DOWN_S if LONG else 0)
    resign("k")
    match.phase("join k 3", joined("k"), match.k.start, DOWN_S)
    match.stays(f"quiet {QUIET_S} s", lambda c: now[c.name], QUIET_S)


def table(cases):
    titles = list(cases[0].marks)
    yield ["case", "cast", "kind", *titles]
    for c in cases:
        yield [f"{c.form} IPv{c.family}", "unicast" if c.unicast else "multicast", c.kind,
               *(c.marks[t] for t in titles)]


def print_table(cases):
    rows = list(table(cases))
    widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("# " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths)).rstrip())
    print("# seconds of the last look before both sides had the expected state; FAIL(the masters)")


def main(missing, make_match, brief=False):
    """Runs `make_match(net)` in a lab, unless `missing` names a missing program. Returns the exit status."""
    reason = scenario.skip_reason() or missing
    if reason:
        print(f"1..0 # SKIP {reason}")
        return 0
    with lab.Lab() as net:
        match = make_match(net)
        play(match, brief)
        print_table(match.cases)
        failed = [c for c in match.cases if any("FAIL" in m for m in c.marks.values())]
        if failed:
            net.print_logs()
    print(f"1..{len(match.cases)}")
    for number, c in enumerate(match.cases, 1):
        name = re.sub(r"[#]", "", f"{c.form} IPv{c.family} "
                      f"{'unicast' if c.unicast else 'multicast'}, {c.kind}")
        print(f"{'not ' if c in failed else ''}ok {number} - {name}")
    return 1 if failed else 0
