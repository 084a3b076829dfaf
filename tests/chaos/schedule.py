# SPDX-License-Identifier: BSD-2-Clause
"""The schedule of the chaos: a pure function of the seed. Even steps have one fault, odd steps two that overlap. Each
fault occurs once by itself before one occurs for the second time."""
import dataclasses
import random

from world import FORMS
from faults import FAULTS, Fault, found_by_silence

LASTS_S = 0.3, 3.0
FORM_STEPS = 60  # in one lab, then in one of the next form
APART_S = 0.0, 1.5  # two faults of a pair
SAME = 0.5  # the share of pairs that hit one node, of those that can


@dataclasses.dataclass(frozen=True)
class Part:
    fault: Fault
    target: str  # "MASTER", "BACKUP", "same" (the node of the first fault), "all", "BIRD" or "FRR"
    at: float    # seconds since the step began
    lasts: float

    def __str__(self):
        where = {"all": "", "MASTER": " of the MASTER", "BACKUP": " of a BACKUP", "same": " of the same node"}.get(
            self.target, f" at {self.target}")
        return f"{self.fault.name}{where} at {self.at:.1f} s for {self.lasts:.1f} s"


@dataclasses.dataclass(frozen=True)
class Step:
    number: int
    parts: tuple

    def __str__(self):
        return f"{self.number}: " + " + ".join(map(str, self.parts))

    def bound_ms(self, way):
        """What the faults may cost the client of this router."""
        alone = len(self.parts) == 1
        ms = sum(0 if alone and p.target == "BACKUP" and not p.fault.group == "flood" else
                 p.fault.bound(p.target, way, p.lasts) for p in self.parts)
        # A fault of one router and another fault may take all sessions of the MASTER.
        routers = [p.target for p in self.parts if p.fault.target == "router" and p.fault.moves]
        return ms + (found_by_silence(None, way, 0) if routers and not alone else 0)

    def late_ms(self, way, late):
        """What the client of this router may lose because the deeds of its faults took so much longer (seconds)."""
        return sum(1000 * s for p, s in zip(self.parts, late) if p.fault.driven and p.fault.bound(p.target, way, p.lasts))

    def may_move(self):
        return len(self.parts) > 1 or (self.parts[0].target != "BACKUP" or self.parts[0].fault.group == "adverts") \
            and self.parts[0].fault.moves


class Schedule:
    def __init__(self, seed):
        self.seed = seed

    @staticmethod
    def form(number):
        """The form of the lab in which this step runs."""
        return FORMS[number // FORM_STEPS % len(FORMS)]

    def step(self, number):
        rng = random.Random(f"{self.seed}/{number}")
        if number % 2:
            return Step(number, self._pair(rng))
        block, index = divmod(number // 2, len(FAULTS))
        order = random.Random(f"{self.seed}/block {block}").sample(FAULTS, len(FAULTS))
        return Step(number, (self._part(rng, order[index], 0.0),))

    def _pair(self, rng):
        while True:
            first, second = rng.sample(FAULTS, 2)
            pair = [self._part(rng, first, 0.0), self._part(rng, second, round(rng.uniform(*APART_S), 2))]
            of_nodes = {first.target, second.target} <= {"node", "MASTER", "BACKUP"}
            if of_nodes and not (first.alive and second.alive) and rng.random() < SAME:
                pair[1] = dataclasses.replace(pair[1], target="same")
            clash = first.group and first.group == second.group
            if not clash and (first.target != "router" or pair[0].target != pair[1].target):
                return tuple(pair)

    @staticmethod
    def _part(rng, fault, at):
        target = {"node": rng.choice(("MASTER", "MASTER", "BACKUP")),
                  "router": rng.choice(("BIRD", "FRR"))}.get(fault.target, fault.target)
        return Part(fault, target, at, round(rng.uniform(*LASTS_S), 1))
