# SPDX-License-Identifier: BSD-2-Clause
"""Holdfast and a foreign VRRP daemon as the two routers of many virtual routers side by side, in every
form that both speak and with either in the lead. All go through the same phases together; one table
is printed, a row a case."""
import dataclasses
import re
import sys
import time

import scenario
from scenario import lab

LONG = "--long" in sys.argv[1:]
QUIET_S = 60 if LONG else 3
SETTLE_S = 30  # for what takes four seconds at most: the machine may be busy
# Shorter than any wait for a silent master of version 2 with its three seconds: who takes over in this
# time has heard the priority 0. Version 3's wait is as short as a busy machine's hiccups.
RESIGNED_S = 2.5
DOWN_S = 4  # version 2's wait of three adverts and the skew, with something to spare


@dataclasses.dataclass
class Case:
    form: str
    version: int
    password: str
    family: int
    unicast: bool
    kind: str        # what is special about it
    vrid: int
    priority: dict   # of "h", Holdfast, and "k", the other one
    source: dict
    nopreempt: bool
    highest: str     # whose address is
    marks: dict = dataclasses.field(default_factory=dict)  # phase -> what was seen

    @property
    def name(self):
        return f"C{self.vrid}"

    @property
    def leader(self):
        """Who wins between two MASTERs."""
        if self.priority["h"] != self.priority["k"]:
            return max(self.priority, key=self.priority.get)
        return self.highest

    def preempts(self, who):
        return not self.nopreempt and self.priority[who] > self.priority[other(who)]

    @property
    def shared(self):
        """The address that it is about."""
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
    """The two nodes: `a` runs Holdfast, `b` the peer, which starts, stops and is killed, is running()
    or not, and tells states() and changes(), by the case's name."""

    def __init__(self, net, cases, peer):
        self.net, self.cases, self.k = net, cases, peer
        self.h, self.k_node = net.nodes["a"], net.nodes["b"]

    def states(self):
        """{case name: (Holdfast's state, the peer's)}."""
        h = {i["name"]: i["state"] for i in (self.h.status() or {}).get("instances", [])} \
            if self.h.alive() else {}
        k = self.k.states() if self.k.running() else {}
        return {c.name: (h.get(c.name), k.get(c.name)) for c in self.cases}

    def masters(self):
        return {name: {who for who, state in zip("hk", pair) if state == "MASTER"}
                for name, pair in self.states().items()}

    def phase(self, title, expected, deed, at_least_s=0):
        """Does the deed and waits until each case's masters are `expected(case)`, "h", "k" or both,
        and `at_least_s` for what must not follow. Notes per case how long it took, or what was
        there instead. A node that joins or rejoins takes its time to start: that does not count."""
        began = time.monotonic()
        deed()
        began = time.monotonic() if title.startswith("join") else began
        done, passed = {}, 0
        while passed < at_least_s or (len(done) < len(self.cases) and passed < SETTLE_S):
            seen = self.masters()
            passed = time.monotonic() - began
            for c in self.cases:
                if seen[c.name] == set(expected(c)):
                    done.setdefault(c.name, passed)
            time.sleep(0.05)
        seen = self.masters()
        for c in self.cases:
            right = c.name in done and seen[c.name] == set(expected(c))
            c.marks[title] = f"{done[c.name]:.1f}" if right else \
                f"FAIL({''.join(sorted(seen[c.name])) or '-'})"

    def stays(self, title, expected, for_s):
        """Nothing moves for so long, and each master is the expected one."""
        before = self.counts()
        time.sleep(for_s)
        after, seen = self.counts(), self.masters()
        for c in self.cases:
            right = before[c.name] == after[c.name] and seen[c.name] == set(expected(c))
            c.marks[title] = "ok" if right else \
                f"FAIL({''.join(sorted(seen[c.name])) or '-'}, {after[c.name] - before[c.name]})"

    def counts(self):
        """How often each case has changed its state, on both sides together."""
        h = {i["name"]: i["transitions"] for i in self.h.status()["instances"]}
        k = self.k.changes()
        return {c.name: h[c.name] + k.get(c.name, 0) for c in self.cases}

    def start_h(self):
        self.h.start()
        lab.wait_for(self.h.status, 10, "holdfastd answers")

    def boot_h(self):
        self.h.boot()
        lab.wait_for(self.h.status, 10, "holdfastd answers")

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
    """The phases; who is MASTER is known of each case before each. `brief`: only elections and
    priority 0, in the short form."""
    now = {}

    def joined(who):
        """`who` has come to the other one, who was MASTER of all."""
        for c in match.cases:
            now[c.name] = who if c.preempts(who) else other(who)
        return lambda c: now[c.name]

    def resign(who):
        """`who` stops: at once where it was MASTER."""
        match.phase(f"stop {who}", lambda c: other(who), match.h.stop if who == "h" else match.k.stop)
        for c in match.cases:
            mark = c.marks[f"stop {who}"]
            if now[c.name] == who and c.version == 2 and "FAIL" not in mark and \
                    float(mark) > RESIGNED_S:
                c.marks[f"stop {who}"] = f"FAIL({mark} s)"

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
    print("# seconds until the state that must follow, seen on both sides; FAIL(who was MASTER)")


def main(missing, make_match, brief=False):
    """Plays `make_match(net)` in a lab, unless `missing` says what is. Returns the exit status."""
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
