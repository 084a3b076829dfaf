# SPDX-License-Identifier: BSD-2-Clause
"""Two nodes with the daemon, and the failures of the active one.

Each trial causes one failure of the active node while a client sends 2,000 datagrams a second, and measures
what it costs. The demo shows the results, the tests compare them with bounds, the benchmark repeats the trials.
"""
import contextlib
import dataclasses
import datetime
import os
import time

from .plan import BUILD, SHARED
from .wait import LabError, wait_for

READY_S = 40    # until both daemons are connected and one is MASTER
RECOVER_S = 20  # after which an outage counts as not recovered
WITHDRAWN_S = 40  # with the longest `linger` of a test
FREEZE_S = 3
QUIET_S = 0.3   # the client's run before the trial and after the recovery
FOUND_BY_SILENCE = ("master down", "the master's host answers no probes")
# The machine has few cores: during the measured milliseconds the lab runs no other command.
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
    detected_ms: float  # from the last advert or answer to the detection by the taker; a planned move: from the deed
    route_ms: float     # from the deed (of a dead host: from the first lost datagram) to the router's route
    outage_ms: float    # the client's longest time without an answer
    lost: int
    sent: int
    update_us: float    # from the detection to the UPDATE in TCP; None in a planned move
    cause: str          # as the taker names it
    flapped: bool       # the address moved more than once
    report: dict        # of the client
    said: str           # the answer of the deed's command; "": there was none


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
        """Waits for one MASTER with the router's route, one BACKUP that no report calls unready, all sessions up."""
        wait_for(self._ready, deadline_s, "one MASTER with the route, one BACKUP, sessions up", 0.1)
        return self

    def _ready(self):
        states = self.states()
        return sorted(states.values()) == ["BACKUP", "MASTER"] and \
            all(n.sessions_up() for n in self.nodes.values()) and \
            states.get(self.lab.holder(self.shared)) == "MASTER" and \
            not any(p["ready"] is False for n in self.nodes.values() for p in n.status().get("peers", []))

    def states(self):
        """{name: state} of the daemons that answer; LabError if one has ended by itself."""
        for node in self.nodes.values():
            if not node.alive():
                raise LabError(f"{node.name}: the daemon does not run: {node.exit_status()}")
        states = {name: node.state() for name, node in self.nodes.items()}
        return {name: state for name, state in states.items() if state}

    def active(self):
        """The node that is MASTER; LabError unless there is soon exactly one. Nodes that meet again may both be for a
        moment, and a late one does not answer."""
        def one():
            masters = [name for name, state in self.states().items() if state == "MASTER"]
            return masters[0] if len(masters) == 1 else None
        try:
            return self.nodes[wait_for(one, RECOVER_S, "one MASTER", 0.1)]
        except LabError as e:
            raise LabError(f"{e}: {self.states()}") from None

    def other(self, node):
        return next(n for n in self.nodes.values() if n is not node)

    def wait_settled(self, deadline_s=60):
        """Waits until the path of the active node has settled, so that a taker can outrank it at the router. If the machine
        stands still meanwhile, another node may become the active one. Returns the active node."""
        def seen():
            return {name: set(node.announced().values()) for name, node in self.nodes.items()}

        def is_settled():
            master = next((node for node in self.nodes.values() if node.state() == "MASTER"), None)
            return master if master and set(master.announced().values()) == {"settled"} else None
        try:
            return wait_for(is_settled, deadline_s, "the active node settles", 0.2)
        except LabError as e:
            raise LabError(f"{e}: {self.states()}, {seen()}") from None

    # --- trials: (the deed, how to undo it) -------------------------------------------------------
    def host_death(self):
        return self._trial("host death", lambda n: n.die(), lambda n: n.boot())

    def kill(self):
        return self._trial("kill -9 of the daemon", lambda n: n.kill(), lambda n: n.start())

    def stop(self):
        return self._trial("SIGTERM", lambda n: n.stop(), lambda n: n.start())

    def freeze(self):
        """The daemon is stopped for three seconds and then continued: this must not cause a second move."""
        return self._trial("SIGSTOP for 3 s", lambda n: n.pause(), lambda n: None,
                           watch=self._thaw)

    def handover(self):
        def command(node):
            code, out, err = node.ctl("handover", node.instance()["name"])
            if code != 0:
                raise LabError(f"handover: exit status {code}: {out}{err}")
            return " ".join(out.split())
        return self._trial("planned handover", command, lambda n: None, watch=self._withdrawn)

    def service_failure(self):
        return self._trial("service failure", lambda n: n.trigger(True), lambda n: n.trigger(False))

    def _withdrawn(self, giver, _taker, _began):
        """The client asks until the giver's old path has gone, so that a loss by that is seen."""
        wait_for(lambda: set(giver.announced().values()) == {"none"}, WITHDRAWN_S, f"{giver.name} withdraws its path", 0.05)

    def _thaw(self, giver, taker, began):
        time.sleep(max(0.0, FREEZE_S - (time.time() - began)))
        giver.resume()
        wait_for(lambda: giver.state() == "BACKUP", RECOVER_S, f"{giver.name} steps down after the thaw")
        time.sleep(QUIET_S)
        if taker.state() != "MASTER":
            raise LabError(f"{taker.name} lost the address again after the thaw")

    def _trial(self, name, deed, undo, watch=None):
        """Does the deed, waits for the recovery, undoes the deed and waits until both nodes are ready."""
        giver = self.active()
        taker = self.other(giver)
        with self.lab.probing(to=self.shared) as probe:
            time.sleep(QUIET_S)
            began = time.time()
            said = deed(giver)
            time.sleep(HANDS_OFF_S)
            wait_for(lambda: self.lab.holder(self.shared) == taker.name and
                     taker.state() == "MASTER", RECOVER_S, f"{name}: {taker.name} takes over", 0.05)
            if watch:
                watch(giver, taker, began)
            time.sleep(QUIET_S)
        outcome = self._outcome(name, giver, taker, began, probe.report)
        outcome.said = said if isinstance(said, str) else ""
        undo(giver)
        self.wait_ready()
        return outcome

    def _routed_to(self, taker, began):
        """When the router's kernel first sent to the taker, by the monitor, which may tell of it late; or None."""
        def seen():
            return next((at for at, node in self.lab.route_changes(self.shared, began) if node == taker.name), None)
        with contextlib.suppress(LabError):
            return wait_for(seen, RECOVER_S, "")
        return None

    def _outcome(self, name, giver, taker, began, report):
        # A command that cuts a host off takes milliseconds itself. The client knows the time better.
        if not giver.alive() and report["gaps"]:
            began = max(began, report["gaps"][0]["start_unix_us"] / 1e6)
        routed = self._routed_to(taker, began)
        last = wait_for(taker.instance, RECOVER_S, f"{taker.name} answers").get("last_transition", {})
        stamps = last.get("stamps_us", {})
        advert = stamps.get("last_advert")
        signs = [stamps[k] for k in ("last_advert", "last_answer") if k in stamps]
        switches = [s["to"] for s in report["switches"]]
        if report["gaps"] and report["gaps"][-1]["open"]:
            raise LabError(f"{name}: the client has no answer any more")
        return Outcome(
            name=name, giver=giver.name, taker=taker.name,
            detected_ms=-max(signs) / 1000 if signs and last["cause"] in FOUND_BY_SILENCE
            else _unix(last["at"]) * 1000 - began * 1000 if "at" in last else None,
            route_ms=(routed - began) * 1000 if routed else None,
            outage_ms=report["outage_us"] / 1000, lost=report["lost"], sent=report["sent"],
            update_us=stamps.get("update") if advert is not None else None,
            cause=last.get("cause", ""), flapped=switches != [giver.name, taker.name],
            report=report, said="")
