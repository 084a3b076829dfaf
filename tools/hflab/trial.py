# SPDX-License-Identifier: BSD-2-Clause
"""Two nodes with the daemon, and what can happen to the active one.

Each trial does one thing to the active node while a client asks 2,000 times a second, and tells
what it cost: the demo shows it, the tests hold it to bounds, the benchmark repeats it.
"""
import dataclasses
import datetime
import os
import time

from .lab import wait_for
from .plan import BUILD, SHARED
from .sandbox import LabError

READY_S = 20    # until both daemons are connected and one is MASTER
RECOVER_S = 20  # after which an outage counts as not recovered
FREEZE_S = 3
QUIET_S = 0.3   # the client's run before the trial and after the recovery
# The machine has few cores: ask nobody anything while the milliseconds that count pass.
HANDS_OFF_S = 0.15


def daemon_is_built():
    return all(os.access(os.path.join(BUILD, p), os.X_OK)
               for p in ("holdfastd", "holdfastctl", "vipprobe"))


def _unix(iso):
    """Unix time of a stamp of the status, which ends in Z for UTC."""
    return datetime.datetime.fromisoformat(iso.removesuffix("Z") + "+00:00").timestamp()


@dataclasses.dataclass
class Outcome:
    name: str
    giver: str
    taker: str
    detected_ms: float  # from the last advert to the taker's kernel; told: from the deed to its move
    route_ms: float     # from the deed (a dead host: the first datagram lost) to the router's route
    outage_ms: float    # the client's longest time without an answer
    lost: int
    sent: int
    update_us: float    # from the taker's kernel noticing to the UPDATE handed to TCP; None: told
    cause: str          # the taker's word for it
    flapped: bool       # it moved more than once
    report: dict        # the client's


class Pair:
    """The lab's nodes a and b with the daemon configured by `configure(node)` (see conf)."""

    def __init__(self, lab, configure, shared=SHARED):
        self.lab, self.shared = lab, shared
        self.nodes = lab.nodes
        for node in self.nodes.values():
            configure(node)

    def start(self):
        """Starts the daemons that do not run."""
        for node in self.nodes.values():
            if not node.alive():
                node.start()
        return self.wait_ready()

    def wait_ready(self, deadline_s=READY_S):
        """One MASTER with the router's route, one BACKUP, all sessions up."""
        wait_for(self._ready, deadline_s, "one MASTER with the route, one BACKUP, sessions up", 0.1)
        return self

    def _ready(self):
        states = self.states()
        return sorted(states.values()) == ["BACKUP", "MASTER"] and \
            all(n.sessions_up() for n in self.nodes.values()) and \
            states.get(self.lab.holder(self.shared)) == "MASTER"

    def states(self):
        """{name: state} of the daemons that answer; LabError if one has ended by itself."""
        for node in self.nodes.values():
            if not node.alive():
                raise LabError(f"{node.name}: the daemon does not run: {node.exit_status()}")
        states = {name: node.state() for name, node in self.nodes.items()}
        return {name: state for name, state in states.items() if state}

    def active(self):
        """The node that is MASTER; LabError unless there is exactly one."""
        states = self.states()
        masters = [name for name, state in states.items() if state == "MASTER"]
        if len(masters) != 1:
            raise LabError(f"not one MASTER: {states}")
        return self.nodes[masters[0]]

    def other(self, node):
        return next(n for n in self.nodes.values() if n is not node)

    def wait_settled(self, deadline_s=30):
        """Until the active node's path is one that a taker can outrank at the router."""
        node = self.active()
        wait_for(lambda: set(node.announced().values()) == {"settled"}, deadline_s,
                 f"{node.name}, the active node, settles", 0.2)

    # --- trials: (the deed, how to undo it) -------------------------------------------------------
    def host_death(self):
        return self._trial("host death", lambda n: n.die(), lambda n: n.boot())

    def kill(self):
        return self._trial("kill -9 of the daemon", lambda n: n.kill(), lambda n: n.start())

    def stop(self):
        return self._trial("SIGTERM", lambda n: n.stop(), lambda n: n.start())

    def freeze(self):
        """Stopped for three seconds, then let go: the move must not be followed by another."""
        return self._trial("SIGSTOP for 3 s", lambda n: n.pause(), lambda n: None,
                           watch=self._thaw)

    def handover(self):
        def command(node):
            code, out, err = node.ctl("handover", node.instance()["name"])
            if code != 0:
                raise LabError(f"handover: exit status {code}: {out}{err}")
        return self._trial("planned handover", command, lambda n: None)

    def service_failure(self):
        return self._trial("service failure", lambda n: n.trigger(True), lambda n: n.trigger(False))

    def _thaw(self, giver, taker, began):
        time.sleep(max(0.0, FREEZE_S - (time.time() - began)))
        giver.resume()
        wait_for(lambda: giver.state() == "BACKUP", 5, f"{giver.name} steps down after the thaw")
        time.sleep(QUIET_S)
        if taker.state() != "MASTER":
            raise LabError(f"{taker.name} lost the address again after the thaw")

    def _trial(self, name, deed, undo, watch=None):
        """Does the deed, waits for the recovery, undoes it and waits until the pair is whole."""
        giver = self.active()
        taker = self.other(giver)
        with self.lab.probing(to=self.shared) as probe:
            time.sleep(QUIET_S)
            began = time.time()
            deed(giver)
            time.sleep(HANDS_OFF_S)
            wait_for(lambda: self.lab.holder(self.shared) == taker.name and
                     taker.state() == "MASTER", RECOVER_S, f"{name}: {taker.name} takes over", 0.05)
            if watch:
                watch(giver, taker, began)
            time.sleep(QUIET_S)
        outcome = self._outcome(name, giver, taker, began, probe.report)
        undo(giver)
        self.wait_ready()
        return outcome

    def _outcome(self, name, giver, taker, began, report):
        # A command that cuts a host off takes milliseconds itself: the client knows better when.
        if not giver.alive() and report["gaps"]:
            began = max(began, report["gaps"][0]["start_unix_us"] / 1e6)
        to_taker = [at for at, node in self.lab.route_changes(self.shared, began)
                    if node == taker.name]
        last = taker.instance().get("last_transition", {})
        stamps = last.get("stamps_us", {})
        advert = stamps.get("last_advert")
        switches = [s["to"] for s in report["switches"]]
        if report["gaps"] and report["gaps"][-1]["open"]:
            raise LabError(f"{name}: the client has no answer any more")
        return Outcome(
            name=name, giver=giver.name, taker=taker.name,
            detected_ms=-advert / 1000 if advert is not None and "down" in last["cause"]
            else _unix(last["at"]) * 1000 - began * 1000 if "at" in last else None,
            route_ms=(to_taker[0] - began) * 1000 if to_taker else None,
            outage_ms=report["outage_us"] / 1000, lost=report["lost"], sent=report["sent"],
            update_us=stamps.get("update") if advert is not None else None,
            cause=last.get("cause", ""), flapped=switches != [giver.name, taker.name],
            report=report)
