# SPDX-License-Identifier: BSD-2-Clause
"""A replacement of the daemon's status socket. It answers `status` and `events` with given texts, so that the
status page can be tested with any number of instances and with hostile texts in every string."""
import json
import math
import os
import socket
import threading
import time


def instance(i, state="BACKUP", text="instance {}"):
    name = text.format(i)
    return {"name": name, "interface": text.format("if"), "family": 4, "version": 3, "vrid": i % 255 + 1,
            "state": state, "faults": [] if state != "FAULT" else ["track"],
            "fault_by": [] if state != "FAULT" else [{"kind": "check", "name": text.format("check")}],
            "drained_by": [], "disable_file": None, "yielded": False, "preempt": True,
            "base_priority": 100, "effective_priority": 100, "advert_interval_ms": 10,
            "master": {"address": text.format("192.0.2.12"), "priority": 150, "heard_ms": 4.2},
            **({"down_interval_ms": 32.5, "worst_gap_ms": 14} if state == "BACKUP" else {"settles_in_ms": 12000}),
            "last_transition": {"at": "2026-01-02T03:04:05.678Z", "from": "INIT", "to": state,
                                "cause": text.format("start")},
            "virtual_addresses": [text.format(f"203.0.113.{i % 250}/32")], "virtual_addresses_total": 1,
            "announced": [{"prefix": text.format(f"203.0.113.{i % 250}/32"), "as": "escalated"}],
            "announced_total": 1, "sync_group": text.format("all"), "degraded": False, "flap_held": False, "uplinks": [],
            "traffic_since_takeover": {"MASTER": True}.get(state)}


def status(n, text="{}", alarms=(), states=("MASTER", "BACKUP")):
    """A status of `n` instances. All its strings are formatted by `text`."""
    packets = int(time.monotonic() * (800 + 300 * math.sin(time.monotonic())))  # more in each answer
    counts = {"packets": packets, "bytes": 987654321, "idle_ms": 5}
    return {"ok": True, "schema": 1, "name": text.format("holdfast"), "version": text.format("0.2"),
            "node": text.format("node-a"), "uptime_s": 93784,
            "instances": [instance(i, states[i % len(states)], text) for i in range(n)],
            "alarms": list(alarms),
            "alarm_details": [{"reason": text.format("r"), "subject": text.format("s"), "text": a} for a in alarms],
            "peers": [{"address": text.format("192.0.2.12"), "name": text.format("node-b"), "version": "0.2",
                       "interface": text.format("if"), "probed_ms": 3.5, "detection_reason": None,
                       "sbfd": {"state": "Up", "interval_ms": 5, "multiplier": 3, "answered_ms": 2.5},
                       "detection": "sbfd", "reachable": True, "ready": False, "reason": text.format("no session"),
                       "seen_ms": 2.1, "config_agrees": False,
                       "state_of": [{"instance": text.format("web"), "state": "MASTER", "priority": 150}]}],
            "bgp": [{"name": text.format("fabric"), "local_as": 65001, "neighbors": [
                {"address": text.format("192.0.2.1"), "remote_as": 65000, "state": "Established", "uptime_s": 60,
                 "prefixes_announced": 1, "last_error": text.format("Cease: maintenance")}]}],
            "checks": [{"name": text.format("web"), "kind": "script", "state": "DOWN",
                        "since": "2026-01-02T03:03:05.678Z", "target": text.format("/usr/bin/curl ..."),
                        "last_run": "2026-01-02T03:04:05.678Z", "duration_ms": 1.5, "outcome": "exit status",
                        "status": 1, "stale": False, "detail": text.format("curl: (7) failed")}],
            "bfd": [{"name": "", "peer": text.format("192.0.2.1"), "source": None, "kind": "single_hop", "state": "Up",
                     "remote_state": "Up", "interval_ms": 50, "multiplier": 3, "tx_interval_ms": 50, "detection_ms": 150,
                     "changed_s": 3600, "worst_gap_ms": 61.5, "downs": 1, "last_diag": None, "packets_sent": 9,
                     "packets_received": 9, "detail": text.format("no packet came within the detection time")}],
            "datapath": [{"interface": text.format("eth0"), "attach": "tc", "timer": "bpf",
                          "reason": text.format("the driver has no XDP")}],
            "traffic": [{"address": text.format(f"203.0.113.{i}"), "rx": counts, "tx": counts} for i in range(min(n, 3))]}


def events(n, text="{}"):
    return {"ok": True, "schema": 1, "last": n, "events": [
        {"number": i + 1, "instance": text.format("web"), "at": "2026-01-02T03:04:05.678Z", "from": "BACKUP",
         "to": "MASTER", "cause": "master down", "detail": text.format("because"), "faults": [], "priority": 100,
         "master": {"address": text.format("192.0.2.12"), "priority": 150, "interval_ms": 10}, "peer": "silent",
         "took_us": 510, "steps_lost": 0, "steps": [
             {"step": "last_advert", "us": -36090}, {"step": "deadline", "us": -12}, {"step": "detected", "us": 0},
             {"step": "woken", "us": 60}, {"step": "address_added", "us": 200, "address": text.format("203.0.113.57")},
             {"step": "update", "us": 510, "neighbor": text.format("192.0.2.1")}]} for i in range(n)]}


class FakeDaemon:
    """Listens at RUN/NAME/status. `answers` may be changed at any time. An answer may be a function that makes it. If
    there is none, it does not answer."""

    def __init__(self, run, name="holdfast"):
        self.answers = {"status": status(1), "events": events(1)}
        self.asked = 0
        os.makedirs(os.path.join(run, name), exist_ok=True)
        path = os.path.join(run, name, "status")
        if os.path.exists(path):
            os.unlink(path)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        os.chmod(path, 0o666)
        self.socket.listen(16)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client = self.socket.accept()[0]
            except OSError:
                return
            with client:
                question = json.loads(client.makefile().readline() or "{}")
                self.asked += 1
                answer = self.answers.get(question.get("command"))
                if callable(answer):
                    answer = answer()
                if answer is not None:
                    client.sendall(json.dumps(answer).encode() + b"\n")

    def close(self):
        self.socket.close()
