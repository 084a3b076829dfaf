# SPDX-License-Identifier: BSD-2-Clause
"""Five foreign BGP daemons with one interface, each in its own machine (hflab's Sandbox).

A Router gets its neighbors, starts, and shows which path it chose for a prefix. Its table CANNOT has the cases
that this daemon cannot do, with the reason: {(case, family or None): reason}.
"""
import contextlib
import json
import os
import re
import shutil
import subprocess

from hflab.control import ask_bird
from hflab.sandbox import has_own_cpu
from hflab.wait import LabError, wait_for

AS, NODE_AS = 65000, 65001
SELF = {4: "192.0.2.1", 6: "2001:db8::1"}
PASSWORD = "sesame"
HOLD_S = 9
START_S = 30


NO_ROLES = {(case, None): "this version does not know RFC 9234" for case in ("roles_fit", "roles_clash", "role_missing")}


class NoAnswer(LabError):
    """The router has not answered. It is not known whether it has a path."""


def family_of(address):
    return 6 if ":" in address else 4


class Router:
    """`neighbors`: {address: set of "md5", "gtsm", "dial" and "role NAME", the router's by RFC 9234};
    `own`: {family: the router's address}; `hold`: its hold time."""
    PROGRAM, PACKAGE = "", ""
    COMPUTES = False  # for seconds when it starts, so it must not run before all others
    CANNOT = {}
    KEEPS_WINNER = True  # after a collision it keeps the connection that wins

    def __init__(self, machine, neighbors, own=None, hold=HOLD_S):
        self.machine, self.neighbors, self.processes = machine, neighbors, []
        self.own, self.hold = own or SELF, hold
        self.log = self.path("router.log")
        self.configure()

    @classmethod
    def missing(cls):
        return None if os.path.exists(cls.PROGRAM) else f"{cls.PACKAGE} is not installed (make deps)"

    def path(self, name):
        return os.path.join(self.machine.directory, name)

    def write(self, name, text, mode=0o600):
        with open(self.path(name), "w", encoding="ascii") as f:
            f.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def spawn(self, *argv, **env):
        with open(self.log, "ab") as log:
            process = self.machine.popen(argv, env=env, stdout=log, stderr=subprocess.STDOUT)
        self.processes.append(process if self.COMPUTES else has_own_cpu(process))

    def run(self, *argv):
        return self.machine.run(*argv, check=False)[1]

    def json(self, *argv):
        """The answer of a client of the router; {}: it has none."""
        try:
            return self.answer(*argv)
        except NoAnswer:
            return {}

    def answer(self, *argv, nothing=None):
        """The same; NoAnswer if there is none. `nothing`: what the client says in place of an empty answer."""
        code, out, err = self.machine.run(*argv, check=False)
        if nothing and nothing in out + err:
            return {}
        try:
            return json.loads(out)
        except ValueError:
            raise NoAnswer(f"{' '.join(argv)}: {code}: {out}{err}") from None

    def chosen(self, prefix):
        """The chosen path, None if there is none; NoAnswer if the router does not say."""
        raise NotImplementedError

    def best(self, prefix):
        """The chosen path; None if there is none, or if the router does not say."""
        with contextlib.suppress(NoAnswer):
            return self.chosen(prefix)
        return None

    def has_no_path(self, prefix):
        """The router says so."""
        with contextlib.suppress(NoAnswer):
            return self.chosen(prefix) is None
        return False

    def kill(self):
        """The router dies, and its kernel sends RST."""
        for p in self.processes:
            p.kill()
            p.wait()
        self.processes.clear()

    def heard(self, _neighbor, text):
        """Whether the router has logged `text`."""
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return text in f.read()


def start_zebra(router):
    """Starts zebra, which puts FRR's routes into the kernel. bgpd must start later: if it does not find zebra, it
    tries again only after seconds. zebra needs its own user and a directory for crash logs."""
    socket, conf = "/run/frr/zserv.api", router.write("zebra.conf", "log stdout\n", 0o644)
    router.machine.run("install", "-d", "-o", "frr", "-g", "frr", "/run/frr", "/var/tmp/frr")
    router.machine.run("mount", "-t", "tmpfs", "-o", "mode=777", "tmpfs", "/var/tmp/frr")
    router.machine.run("rm", "-f", socket)
    router.spawn("/usr/lib/frr/zebra", "-f", conf)
    wait_for(lambda: router.machine.listens(socket), START_S, "zebra runs")


class Bird(Router):
    PROGRAM, PACKAGE = "/usr/sbin/bird", "bird2"
    KEEPS_WINNER = False  # it ends both connections and starts again
    HEAD = """
log stderr all;
router id 192.0.2.1;
protocol device { scan time 10; }
protocol kernel { ipv4 { import none; export where source = RTS_BGP; }; }
protocol kernel { ipv6 { import none; export where source = RTS_BGP; }; }
function rank() {
    if (65000, 1) ~ bgp_community then bgp_local_pref = 200;
    return true;
}
"""

    @staticmethod
    def name(neighbor):
        return "n" + re.sub("[.:]+", "_", neighbor)

    def configure(self):
        text = self.HEAD.replace("192.0.2.1", self.own[4])
        for a, wants in self.neighbors.items():
            text += (f"protocol bgp {self.name(a)} {{\n local {self.own[family_of(a)]} as {AS};\n"
                     f" neighbor {a} as {NODE_AS};\n direct;\n hold time {self.hold};\n"
                     " error wait time 1, 2;\n connect delay time 1;\n connect retry time 1;\n"
                     + ("" if "dial" in wants else " passive yes;\n")
                     + (f' password "{PASSWORD}";\n' if "md5" in wants else "")
                     + (" ttl security on;\n" if "gtsm" in wants else "")
                     + "".join(f" local {w.replace('-', '_')};\n" for w in wants if w.startswith("role "))
                     + " ipv4 { import where rank(); export none;"
                     + (" extended next hop on;" if family_of(a) == 6 else "")
                     + " };\n ipv6 { import where rank(); export none; };\n}\n")
        self.write("bird.conf", text)

    def start(self):
        self.spawn("bird", "-f", "-c", self.path("bird.conf"), "-s", "/run/bird.ctl", "-P", "/run/bird.pid")

    def birdc(self, *words):
        return ask_bird(self.machine.inside("/run/bird.ctl"), *words)

    def ready(self):
        return "up and running" in self.birdc("show", "status")

    def established(self, neighbor):
        return "Established" in self.birdc("show", "protocols", self.name(neighbor))

    def chosen(self, prefix):
        text = self.birdc("show", "route", "primary", "all", prefix)
        if not text:
            raise NoAnswer("BIRD")
        found = dict(re.findall(r"^\s+BGP\.(\w+): (.*?)\s*$", text, re.M))
        if not found:
            return None
        return {"next_hop": found["next_hop"].split()[0],
                "as_path": [int(n) for n in found["as_path"].split()], "med": int(found.get("med", -1)),
                "otc": int(found.get("otc", 0)),
                "communities": set(re.findall(r"(\d+,\d+)", found.get("community", "")))}

    def refresh(self, neighbor):
        self.birdc("reload", "in", self.name(neighbor))

    def shutdown(self, neighbor, text):
        self.birdc("disable", self.name(neighbor), f'"{text}"')

    def admit(self, neighbor):
        """The end of a shutdown."""
        self.birdc("enable", self.name(neighbor))

    def next_hops(self, prefix):
        """The next hop of each path to the prefix, chosen or not."""
        return re.findall(r"^\s+BGP\.next_hop: (\S+)", self.birdc("show", "route", "all", prefix), re.M)


class Frr(Router):
    PROGRAM, PACKAGE = "/usr/lib/frr/bgpd", "frr"
    RANK = """
bgp community-list standard escalated permit 65000:1
route-map rank permit 10
 match community escalated
 set local-preference 200
route-map rank permit 20
"""

    def configure(self):
        lines = ["log stdout", f"router bgp {AS}", f" bgp router-id {self.own[4]}", " no bgp ebgp-requires-policy",
                 " no bgp default ipv4-unicast", " bgp log-neighbor-changes"]
        for a, wants in self.neighbors.items():
            lines += [f" neighbor {a} remote-as {NODE_AS}", f" neighbor {a} timers {self.hold // 3} {self.hold}",
                      f" neighbor {a} timers connect 1" if "dial" in wants else f" neighbor {a} passive"]
            lines += [f" neighbor {a} password {PASSWORD}"] * ("md5" in wants)
            lines += [f" neighbor {a} ttl-security hops 1"] * ("gtsm" in wants)
            lines += [f" neighbor {a} local-{w}" for w in wants if w.startswith("role ")]
            lines += [f" neighbor {a} capability extended-nexthop"] * (family_of(a) == 6)
        for family in ("ipv4", "ipv6"):
            lines.append(f" address-family {family} unicast")
            for a in self.neighbors:
                lines += [f"  neighbor {a} activate", f"  neighbor {a} route-map rank in"]
            lines.append(" exit-address-family")
        self.write("bgpd.conf", "\n".join(lines) + "\n!" + self.RANK, 0o644)

    def start(self):
        start_zebra(self)
        self.spawn(self.PROGRAM, "-f", self.path("bgpd.conf"), "-p", "179")

    def vtysh(self, *commands):
        return self.run("vtysh", *(word for c in commands for word in ("-c", c)))

    def show(self, command):
        return self.json("vtysh", "-c", command)

    def ready(self):
        return len(self.show("show bgp summary json")) > 0

    def established(self, neighbor):
        return self.show(f"show bgp neighbors {neighbor} json").get(neighbor, {}).get("bgpState") == "Established"

    def chosen(self, prefix):
        table = "ipv6" if ":" in prefix else "ipv4"
        for path in self.answer("vtysh", "-c", f"show bgp {table} unicast {prefix} json").get("paths", []):
            if path.get("bestpath", {}).get("overall") and path.get("valid"):
                hops = [h["ip"] for h in path["nexthops"] if h.get("scope") != "link-local"]
                text = path.get("community", {}).get("string", "")
                return {"next_hop": hops[0], "as_path": [int(n) for n in path["aspath"]["string"].split()],
                        "otc": path.get("otc", 0),
                        "communities": set(text.replace(":", ",").split()), "med": path.get("metric", -1)}
        return None

    def refresh(self, neighbor):
        self.vtysh(f"clear bgp {neighbor} soft in")

    def shutdown(self, neighbor, text):
        self.vtysh("configure terminal", f"router bgp {AS}", f"neighbor {neighbor} shutdown message {text}")

    def admit(self, neighbor):
        """The end of a shutdown."""
        self.vtysh("configure terminal", f"router bgp {AS}", f"no neighbor {neighbor} shutdown")

    def next_hops(self, prefix):
        """The next hop of each path to the prefix, chosen or not."""
        table = "ipv6" if ":" in prefix else "ipv4"
        return [path["nexthops"][0]["ip"]
                for path in self.show(f"show bgp {table} unicast {prefix} json").get("paths", [])]


class GoBgp(Router):
    PROGRAM, PACKAGE = "/usr/bin/gobgpd", "gobgpd"
    COMPUTES = True
    RANK = """
[[defined-sets.bgp-defined-sets.community-sets]]
 community-set-name = "escalated"
 community-list = ["^65000:1$"]
[[policy-definitions]]
 name = "rank"
 [[policy-definitions.statements]]
  name = "escalated"
  [policy-definitions.statements.conditions.bgp-conditions.match-community-set]
   community-set = "escalated"
   match-set-options = "any"
  [policy-definitions.statements.actions]
   route-disposition = "accept-route"
   [policy-definitions.statements.actions.bgp-actions]
    set-local-pref = 200
[global.apply-policy.config]
 import-policy-list = ["rank"]
 default-import-policy = "accept-route"
"""
    CANNOT = NO_ROLES | {("route_refresh", None): "it keeps what it received and asks for nothing"}

    def configure(self):
        text = (f'[global.config]\n as = {AS}\n router-id = "192.0.2.1"\n'
                f' local-address-list = ["{self.own[4]}", "{self.own[6]}"]\n')
        for a, wants in self.neighbors.items():
            text += (f'[[neighbors]]\n [neighbors.config]\n  neighbor-address = "{a}"\n  peer-as = {NODE_AS}\n'
                     + (f'  auth-password = "{PASSWORD}"\n' if "md5" in wants else "")
                     + f" [neighbors.timers.config]\n  hold-time = {self.hold}\n  keepalive-interval = {self.hold // 3}\n"
                     "  idle-hold-time-after-reset = 1\n [neighbors.transport.config]\n  passive-mode = true\n"
                     + (" [neighbors.ttl-security.config]\n  enabled = true\n  ttl-min = 255\n" if "gtsm" in wants else "")
                     + "".join(f' [[neighbors.afi-safis]]\n  [neighbors.afi-safis.config]\n   afi-safi-name = "{name}"\n'
                               for name in ("ipv4-unicast", "ipv6-unicast")))
        self.write("gobgp.toml", text + self.RANK)

    def start(self):
        self.spawn(self.PROGRAM, "-f", self.path("gobgp.toml"), "-l", "debug", "--api-hosts", "127.0.0.1:50051", "-p")

    def ready(self):
        return bool(self.json("gobgp", "-j", "neighbor"))

    def established(self, neighbor):
        state = self.json("gobgp", "-j", "neighbor", neighbor)
        return bool(state) and state.get("state", {}).get("session_state") == 6

    def chosen(self, prefix):
        table = self.answer("gobgp", "-j", "global", "rib", "-a", "ipv6" if ":" in prefix else "ipv4", prefix,
                            nothing="Network not in table")
        for path in table.get(prefix, []) if isinstance(table, dict) else []:
            if not path.get("best"):
                continue
            found = {"as_path": [], "communities": set(), "med": -1}
            for attr in path["attrs"]:
                found["next_hop"] = attr.get("nexthop", found.get("next_hop"))
                found["med"] = attr.get("metric", found["med"])
                for segment in attr.get("as_paths") or []:
                    found["as_path"] += segment["asns"]
                found["communities"] |= {f"{c >> 16},{c & 0xffff}" for c in attr.get("communities") or []}
            return found
        return None

    def refresh(self, neighbor):
        self.run("gobgp", "neighbor", neighbor, "softresetin")

    def shutdown(self, neighbor, text):
        self.run("gobgp", "neighbor", neighbor, "shutdown", "--reason", text)


class ExaBgp(Router):
    """It chooses no path and has no kernel routes: "best" is the path that it received last."""
    PROGRAM, PACKAGE = "/usr/sbin/exabgp", "exabgp"
    COMPUTES = True
    SINK = """#!/bin/sh
exec 3<&0
cat <&3 >> {base}.json &
while :; do cat {base}.commands || exit; done
"""
    CANNOT = NO_ROLES | {
        ("leaving", None): "it compares no paths: the last received one counts",
        ("gtsm", None): "it leaves the TTL of a session that it accepted at 64",
        ("shutdown_sent", None): "4.2 answers any NOTIFICATION by one of its own: it cannot decode type 3",
        ("shutdown_received", None): "its teardown carries no text"}

    def configure(self):
        self.read, self.seen = 0, []
        sink = self.write("exabgp-sink", self.SINK.format(base=self.path("exabgp")), 0o755)
        os.mkfifo(self.path("exabgp.commands"))
        text = f"process sink {{ run {sink}; encoder json; }}\n"
        for a, wants in self.neighbors.items():
            text += (f"neighbor {a} {{\n router-id 192.0.2.1;\n local-address {self.own[family_of(a)]};\n"
                     f" local-as {AS};\n peer-as {NODE_AS};\n hold-time {self.hold};\n passive true;\n"
                     + (f" md5-password {PASSWORD};\n" if "md5" in wants else "")
                     + (" outgoing-ttl 255;\n incoming-ttl 255;\n" if "gtsm" in wants else "")
                     + " family { ipv4 unicast; ipv6 unicast; }\n"
                     " capability { asn4 enable; route-refresh enable;"
                     + (" nexthop enable; }\n nexthop { ipv4 unicast ipv6; }\n" if family_of(a) == 6 else " }\n")
                     + " api { processes [ sink ]; neighbor-changes; receive { parsed; update; } }\n}\n")
        self.write("exabgp.conf", text)

    def start(self):
        self.write("exabgp.json", "")
        self.read, self.seen = 0, []
        self.spawn(self.PROGRAM, self.path("exabgp.conf"), **{
            "exabgp.tcp.bind": " ".join(self.own.values()), "exabgp.tcp.port": "179", "exabgp.daemon.user": "root",
            "exabgp.api.cli": "false", "exabgp.api.ack": "false", "exabgp.log.level": "INFO"})

    def kill(self):
        super().kill()
        self.run("pkill", "-f", "exabgp-sink")  # of this machine's own process namespace

    def events(self):
        """All events so far. Only whole new lines of the file are read."""
        with open(self.path("exabgp.json"), "rb") as f:
            f.seek(self.read)
            text = f.read()
        whole = text.rfind(b"\n") + 1
        self.read += whole
        for line in text[:whole].splitlines():
            with contextlib.suppress(ValueError):  # not for us
                self.seen.append(json.loads(line))
        return self.seen

    def ready(self):
        return self.machine.listeners(179) > 0

    def established(self, neighbor):
        states = [e["neighbor"]["state"] for e in self.events() if e.get("type") == "state"
                  and e["neighbor"]["address"]["peer"] == neighbor]
        return states[-1:] == ["up"]

    def chosen(self, prefix):
        paths = {}
        for peer, event in ((e["neighbor"]["address"]["peer"], e) for e in self.events() if "neighbor" in e):
            update = event["neighbor"].get("message", {}).get("update", {})
            if event["type"] == "state" and event["neighbor"]["state"] == "down":
                paths.pop(peer, None)
            for routes in update.get("withdraw", {}).values():
                if prefix in [r["nlri"] for r in routes]:
                    paths.pop(peer, None)
            for hops in update.get("announce", {}).values():
                for hop, routes in hops.items():
                    if prefix in [r["nlri"] for r in routes if isinstance(r, dict) and "nlri" in r]:
                        paths.pop(peer, None)
                        paths[peer] = (hop, update["attribute"])
        if not paths:
            return None
        hop, attr = list(paths.values())[-1]
        return {"next_hop": hop, "as_path": attr.get("as-path", []), "med": attr.get("med", -1),
                "communities": {f"{a},{b}" for a, b in attr.get("community", [])}}

    def command(self, text):
        with open(self.path("exabgp.commands"), "w", encoding="ascii") as f:
            f.write(text + "\n")

    def refresh(self, neighbor):
        self.command(f"neighbor {neighbor} announce route-refresh ipv4 unicast")
        self.command(f"neighbor {neighbor} announce route-refresh ipv6 unicast")


class OpenBgpd(Router):
    PROGRAM, PACKAGE = "/usr/sbin/bgpd", "openbgpd"
    NO_8950 = "OpenBGPD 7.7 has no RFC 8950"
    CANNOT = NO_ROLES

    def configure(self):
        text = (f"AS {AS}\nrouter-id 192.0.2.1\n" + "".join(f"listen on {a}\n" for a in self.own.values()))
        for a, wants in self.neighbors.items():
            text += (f"neighbor {a} {{\n remote-as {NODE_AS}\n passive\n holdtime {self.hold}\n"
                     " announce IPv4 unicast\n announce IPv6 unicast\n"
                     + (f" tcp md5sig password {PASSWORD}\n" if "md5" in wants else "")
                     + (" ttl-security yes\n" if "gtsm" in wants else "") + "}\n")
        text += "allow from any\nmatch from any community 65000:1 set localpref 200\n"
        self.write("bgpd.conf", text)
        self.machine.run("mkdir", "-p", "/run/openbgpd")  # the directory that it changes its root to

    def start(self):
        self.spawn(self.PROGRAM, "-d", "-f", self.path("bgpd.conf"))

    def bgpctl(self, *words):
        return self.json("bgpctl", "-j", *words)

    def ready(self):
        return bool(self.bgpctl("show", "neighbor"))

    def established(self, neighbor):
        return "Established" in [n.get("state") for n in self.bgpctl("show", "neighbor", neighbor).get("neighbors", [])]

    def chosen(self, prefix):
        for path in self.answer("bgpctl", "-j", "show", "rib", "detail", prefix).get("rib", []):
            if path.get("best"):
                return {"next_hop": path["exit_nexthop"], "as_path": [int(n) for n in path["aspath"].split()],
                        "med": path.get("metric", -1),
                        "communities": {c.replace(":", ",") for c in path.get("communities", [])}}
        return None

    def refresh(self, neighbor):
        self.run("bgpctl", "neighbor", neighbor, "refresh")

    def shutdown(self, neighbor, text):
        self.run("bgpctl", "neighbor", neighbor, "down", text)


ROUTERS = {"BIRD": Bird, "FRR": Frr, "GoBGP": GoBgp, "ExaBGP": ExaBgp, "OpenBGPD": OpenBgpd}


def skip_reason():
    for program in ("nsenter", "unshare", "ip"):
        if not shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin"):
            return f"{program} is not installed (make deps)"
    return None if os.geteuid() == 0 else "needs root"
