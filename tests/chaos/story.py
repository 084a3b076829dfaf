# SPDX-License-Identifier: BSD-2-Clause
"""One step of the chaos: its faults strike while both clients ask, then everything must be as before."""
import contextlib
import datetime
import json
import os
import random
import re
import sys
import threading
import time
import traceback

import world
import invariants
from hflab import pulse, sandbox, witness
from hflab.lab import LabError, wait_for

RATE = 2000
FIRST_S = 60         # until the first fault of a pair has found its node
CALM_S = 0.2        # the client's run before the faults and after the recovery
CONVERGE_S = 60     # hold time 9 s, back-off of the sessions, a busy machine
SLOW_S = 3          # a longer convergence is shown with its reason
REST_S = 40         # after the convergence
SENDER_LATE_MS = 20  # a socket buffer has room for the datagrams of this time
MOVE_STALL_MS = 150  # a stall that may be taken for the death of the MASTER


class Pulse:
    """Notes when this process itself stood still: stopped, or without CPU time."""
    EVERY_S, LATE_S = 0.05, 0.25

    def __init__(self):
        self.seen = []
        threading.Thread(target=self._beat, daemon=True).start()

    def _beat(self):
        last = time.monotonic()
        while True:
            time.sleep(self.EVERY_S)
            now = time.monotonic()
            if now - last > self.EVERY_S + self.LATE_S:
                self.seen.append((now, now - last - self.EVERY_S))
            last = now


class Clock:
    """The stalls of the machine and of this process, and how late ordinary processes are."""

    def __init__(self):
        self.host, self.own, self.others = witness.Witnesses(), Pulse(), pulse.Pulses()

    def close(self):
        self.host.close()
        self.others.close()

    def between(self, begin, end):
        """(seconds of stalls that overlap this time, the longest one, how they are called)"""
        found = {}
        for what, seen in (("the host stopped the machine", self.host.seen), ("the driver stood still", self.own.seen)):
            late = [s for when, s in list(seen) if when > begin and when - s < end]
            if late:
                found[what] = late
        text = ", ".join(f"{what} for {1000 * sum(late):.0f} ms" for what, late in found.items())
        flat = [s for late in found.values() for s in late]
        return sum(flat), max(flat, default=0), text


class Strike(threading.Thread):
    """One fault of a step, in a thread of its own, so that two can overlap while one is waiting."""
    lock = threading.Lock()

    def __init__(self, story, part):
        super().__init__(daemon=True)
        self.story, self.part, self.trace = story, part, None
        self.late = 0.0  # seconds that the deed took longer than on an idle machine

    def run(self):
        try:
            self._run()
        except Exception:  # pylint: disable=broad-except (it is a finding of the step)
            self.trace = traceback.format_exc()

    def _run(self):
        part, story = self.part, self.story
        time.sleep(part.at)
        if part.target == "same":
            target, name = story.choose(part)
        else:
            with self.lock:
                target, name = story.choose(part)
        story.note(f"{part.fault.name} of {name}")
        began = time.monotonic()
        with part.fault.deed(story.net, target, len(story.step.parts) == 1):
            story.note(f"{part.fault.name} of {name}: done, for {part.lasts} s")
            time.sleep(part.lasts)
            story.note(f"{part.fault.name} of {name}: is mended")
        self.late = max(0.0, time.monotonic() - began - part.lasts - part.fault.takes)
        story.note(f"{part.fault.name} of {name}: mended")


class Story:
    """`complaints` has what was wrong after run()."""

    def __init__(self, net, step, clock, rest):
        self.net, self.step, self.clock, self.rest = net, step, clock, rest
        self.rng = random.Random(step.number)
        self.hit, self.notes, self.complaints = [], [], []
        self.lost, self.reports, self.stalled, self.took = {}, {}, "", 0.0
        self.mended, self.awaited, self.late = 0.0, "", ()

    def note(self, text):
        self.notes.append(f"{time.monotonic() - self.began:8.3f} s  {text}")

    def choose(self, part):
        """(what the fault gets, its name). A node that no other fault of the step has hit."""
        if part.fault.target == "all":
            return None, "all"
        if part.fault.target == "router":
            way = next(w for w in self.net.ways if w.name == part.target)
            return way, way.name
        if part.target == "same":
            node = wait_for(lambda: self.hit and self.hit[0], FIRST_S, "the first fault has struck")
            return node, node.name
        free = [n for n in self.net.nodes.values() if n not in self.hit]
        fit = [n for n in free if n.alive() and n.state() == part.target] or free
        node = self.rng.choice(fit)
        self.hit.append(node)
        return node, f"{node.name}, {node.state() if node.alive() else 'not running'}"

    def run(self):
        self.began, self.unix = time.monotonic(), time.time()
        self.logs = {n.name: os.path.getsize(n.log) for n in self.net.nodes.values()}
        before = self._transitions()
        with contextlib.ExitStack() as stack:
            probes = {w.name: stack.enter_context(self.net.probing(RATE, client=w.client)) for w in self.net.ways}
            time.sleep(CALM_S)
            self.began, self.unix = time.monotonic(), time.time()
            self._strike()
            self.mended = time.monotonic() - self.began
            self._await(lambda: invariants.converged(self.net), CONVERGE_S)
            self.took, awaited = time.monotonic() - self.began, self.awaited
            time.sleep(CALM_S)
        self.reports = {name: p.report for name, p in probes.items()}
        if not self.complaints:
            self._await(self.rest.complaints, REST_S)
        self.awaited = awaited
        self._judge(before)
        return self

    def _strike(self):
        strikes = [Strike(self, p) for p in self.step.parts]
        for s in strikes:
            s.start()
        for s in strikes:
            while s.is_alive():
                s.join(0.5)
            if s.trace:
                self.complaints += [f"{s.part.fault.name}: {s.trace.strip().splitlines()[-1]}"]
                self.notes += s.trace.splitlines()
        self.late = tuple(s.late for s in strikes)

    def _await(self, ask, deadline_s):
        """Asks until there is no complaint. The time in which this process stood still does not count."""
        begin, found = time.monotonic(), ["nothing was asked"]
        try:
            while found:
                found = ask()
                if found and found[0] != self.awaited:
                    self.awaited = found[0]
                    self.note(f"not yet as before: {found[0]}")
                still = sum(s for when, s in self.clock.own.seen if when > begin)
                if time.monotonic() - begin > deadline_s + still:
                    break
                time.sleep(0.1 if found else 0)
        except (LabError, OSError, ValueError) as e:
            found = [f"{type(e).__name__}: {e}"]
        self.complaints += [f"{text} ({deadline_s} s after the faults)" for text in found]

    def _transitions(self):
        """Of the nodes that a fault does not change itself: the process ids of the daemon, the number of changes."""
        faults = [p.fault for p in self.step.parts]
        return {n.name: (*invariants.pids(n), n.instance().get("transitions")) for n in self.net.nodes.values()
                if n.alive() and (n not in self.hit or not any(f.moves or f.replaces for f in faults))}

    def _judge(self, before):
        stall_s, longest_s, self.stalled = self.clock.between(self.began - CALM_S, time.monotonic())
        for name, report in self.reports.items():
            late_ms = report["sender_late_us"] / 1000
            lost_ms = 1000 * report["lost"] / RATE
            bound_ms = self.step.bound_ms(name)
            allowed_ms = bound_ms + 1000 * stall_s + late_ms * (late_ms > SENDER_LATE_MS)
            if lost_ms > allowed_ms:  # beside other work routers are late, and so are this driver's commands
                allowed_ms += 1000 * self.clock.others.in_gaps(report) + self.step.late_ms(name, self.late)
            self.lost[name] = lost_ms, bound_ms, allowed_ms
            if lost_ms > allowed_ms:
                self.complaints.append(f"{name}: {report['lost']} of {report['sent']} datagrams lost, {lost_ms:.1f} ms, "
                                       f"allowed {allowed_ms:.1f} ms")
        now = self._transitions()
        moved = [f"{name}: {before[name]} -> {seen}" for name, seen in now.items() if before.get(name) != seen]
        if not self.step.may_move() and longest_s * 1000 < MOVE_STALL_MS and moved:
            self.complaints.append("other processes or state changes: " + ", ".join(moved))

    def line(self):
        lost = ", ".join(f"{name} {ms:.1f} of {bound:.0f} ms" + (f" (+{allowed - bound:.0f})" if allowed > bound else "")
                         for name, (ms, bound, allowed) in self.lost.items())
        return f"{self.step}: lost {lost}; as before after {self.took:.1f} s" + \
            (f", {self.took - self.mended:.1f} s of it until not '{self.awaited}'"
             if self.took - self.mended > SLOW_S else "") + (f"; {self.stalled}" if self.stalled else "")

    # --- what happened, for a reader -----------------------------------------------------------------
    def trace(self, lines=60):
        yield from (f"wrong: {text}" for text in self.complaints)
        yield from self.notes
        for way in self.net.ways:
            report = self.reports.get(way.name) or {"gaps": [], "switches": []}
            for gap in report["gaps"][:20]:
                yield (f"{gap['start_unix_us'] / 1e6 - self.unix:8.3f} s  {way.name}: no answer for "
                       f"{gap['length_us'] / 1000:.1f} ms, {gap['lost']} lost")
            yield from (f"{s['at_unix_us'] / 1e6 - self.unix:8.3f} s  {way.name}: answers of {s['to']}"
                        for s in report["switches"][:20])
            yield from (f"{at - self.unix:8.3f} s  {way.name}: the route leads to {node}" for at, node in
                        self.net.route_changes(since=self.unix - CALM_S, router=way.router))
        for node in self.net.nodes.values():
            yield f"--- {node.name}: its log since the step began, clocks may be stepped"
            with open(node.log, "rb") as f:
                f.seek(self.logs[node.name])
                yield from f.read().decode(errors="replace").splitlines()[-lines:]
            with contextlib.suppress(LabError):
                yield json.dumps({k: v for k, v in node.instance().items() if k in (
                    "state", "faults", "announced", "last_transition", "transitions")})


class Run:
    """Labs in which steps run one after the other; after a step with complaints a new lab."""

    def __init__(self, schedule, repeat, say=print):
        """`repeat`: the command line that repeats a step, with {} for its number."""
        self.schedule, self.repeat, self.say = schedule, repeat, say
        self.steps = self.faults = self.violations = 0
        self.worst, self.stalls, self.growth = {}, 0, {}
        self.wrong = []  # "number of the step: complaint"

    @contextlib.contextmanager
    def world(self, form=world.FORMS[0]):
        """A lab at rest."""
        self.say(f"# lab: {form.name}")
        with world.World(form) as net:
            spaces = set().union(*(m.namespaces() for m in net.machines))
            net.begin()
            self._begun(net)
            yield net
            end = sandbox.ticks()
        left = spaces & sandbox.namespaces_in_use(end)
        if left or os.path.exists(net.home):
            self.violations += 1
            self.wrong.append(f"left behind by the lab: {left}")
            self.say(f"not ok - left behind by the lab: namespaces {left}" + f", {net.home}" * os.path.exists(net.home))

    @staticmethod
    def _begun(net):
        found = []

        def is_converged():
            found[:] = invariants.converged(net)
            return not found
        try:
            wait_for(is_converged, CONVERGE_S, "the beginning", 0.2)
        except LabError as e:
            raise LabError(f"{e}: {found}") from e

    def steps_from(self, number, goes_on, done=lambda story: None):
        """Runs steps while goes_on(number)."""
        clock = Clock()
        try:
            while goes_on(number):
                form = self.schedule.form(number)
                with self.world(form) as net:
                    rest = invariants.Rest(net)
                    whole = True
                    while whole and goes_on(number) and self.schedule.form(number) is form:
                        story = Story(net, self.schedule.step(number), clock, rest).run()
                        number += 1
                        whole = not story.complaints
                        self._count(story, rest)
                        done(story)
        finally:
            clock.close()

    def _count(self, story, rest):
        self.steps += 1
        self.faults += len(story.step.parts)
        self.violations += bool(story.complaints)
        self.stalls += bool(story.stalled)
        for part in story.step.parts:
            for way, (ms, _, _) in story.lost.items():
                if len(story.step.parts) == 1 and not story.stalled:
                    key = part.fault.name, part.target
                    self.worst.setdefault(key, {})[way] = max(ms, self.worst.get(key, {}).get(way, 0))
        for name, grown in rest.growth.worst.items():
            self.growth[name] = tuple(map(max, grown, self.growth.get(name, grown)))
        self.say(f"{'not ok' if story.complaints else 'ok'} {story.line()}")
        self.wrong += [f"{story.step.number}: {text}" for text in story.complaints]
        if story.complaints:
            for line in story.trace():
                self.say(f"#   {line}")
            self.say("# again: " + self.repeat.format(story.step.number))

    def summary(self):
        yield f"{self.steps} steps, {self.faults} faults, {self.violations} violations, {self.stalls} steps with a stall"
        for (fault, target), lost in sorted(self.worst.items()):
            yield f"{fault}, {target}: lost at most " + ", ".join(f"{way} {ms:.1f} ms" for way, ms in lost.items())
        for name, (kb, descriptors) in sorted(self.growth.items()):
            yield f"{name}: grew by at most {kb} kB and {descriptors} descriptors"
