# SPDX-License-Identifier: BSD-2-Clause
"""A node: its own /etc/keepalived, the daemon, and the failures that it can have."""
import os
import shutil
import signal
import subprocess

from .control import ask_holdfast
from .plan import BUILD, PROBE_PORT, SHARED, SHARED6
from .sandbox import READY_S, LabError, Sandbox
from .wait import wait_for

CONFIG = "/etc/keepalived/keepalived.conf"
QUESTIONS = {"status", "events", "explain", "bgp", "checks", "counters"}
LATE = "has not answered within"  # holdfastctl of a daemon that is stopped, or late


class Node(Sandbox):
    def __init__(self, name, directory):
        super().__init__(name, directory)
        self.etc = os.path.join(directory, "etc-keepalived")
        self.daemon = None
        self.options, self.environment = (), {}  # of every start
        os.makedirs(self.etc)

    def prepare(self, lab):
        """After the network is up: the node's own files, and the programs that answer the client."""
        self.lab = lab
        self.address, self.address6 = lab.plan.nodes[self.name], lab.plan.nodes6[self.name]
        self.log = os.path.join(self.directory, "holdfastd.log")
        self.run("mount", "--bind", self.etc, "/etc/keepalived")
        if os.path.exists(os.path.join(BUILD, "vipprobe")):
            for shared in (SHARED, SHARED6):
                self.popen([os.path.join(BUILD, "vipprobe"), "answer", "--bind", shared,
                            "--port", str(PROBE_PORT), "--name", self.name])
            wait_for(lambda: self.listeners(PROBE_PORT, udp=True) == 2, READY_S, f"{self.name} answers the client")

    def write(self, name, text, mode=0o644):
        """A file in the node's /etc/keepalived. A script is replaced whole, because the daemon may just start it."""
        path = os.path.join(self.etc, name)
        fresh = path + ".new" if mode & 0o111 else path
        with open(fresh, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(fresh, mode)
        if fresh != path:
            os.replace(fresh, path)

    def configure(self, text):
        self.write("keepalived.conf", text)

    def configuration(self):
        with open(os.path.join(self.etc, "keepalived.conf"), encoding="utf-8") as f:
            return f.read()

    def trigger(self, on):
        """The trigger file of Linode's guide: while it exists, check.sh fails."""
        path = os.path.join(self.etc, "trigger.file")
        if on:
            with open(path, "w", encoding="ascii"):
                pass
        elif os.path.exists(path):
            os.unlink(path)

    def place_over(self, path, text, mode=0o644):
        """The node sees `text` in place of the host's file."""
        own = os.path.join(self.directory, os.path.basename(path))
        with open(own, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(own, mode)
        self.run("mount", "--bind", own, path)

    def place_commands(self, commands):
        """Replacements of programs, first in the PATH: {name: shell script}."""
        bin_dir = os.path.join(self.directory, "sbin")
        shutil.rmtree(bin_dir, ignore_errors=True)
        os.makedirs(bin_dir)
        for name, text in commands.items():
            path = os.path.join(bin_dir, name)
            with open(path, "w", encoding="ascii") as f:
                f.write(text)
            os.chmod(path, 0o755)
        self.run("mount", "--bind", bin_dir, "/usr/local/sbin")

    # --- the daemon -----------------------------------------------------------------------------
    def start(self, *options):
        if self.alive():
            raise LabError(f"{self.name}: the daemon runs already")
        with open(self.log, "ab") as log:
            self.daemon = self.popen([os.path.join(BUILD, "holdfastd"), "-n", "-l", "-f", CONFIG,
                                      *self.options, *options],
                                     env=self.environment, stdout=log, stderr=subprocess.STDOUT)

    def alive(self):
        return self.daemon is not None and self.daemon.poll() is None

    def is_stopped(self):
        """By a signal. It needs not be asked: the kernel would accept the connection."""
        if not self.alive():
            return False
        with open(f"/proc/{self.daemon.pid}/stat", encoding="ascii", errors="replace") as f:
            return f.read().rpartition(")")[2].split()[0] == "T"

    def exit_status(self):
        """How the last daemon ended, as Popen has it; None while it runs or if none was started."""
        return self.daemon.poll() if self.daemon else None

    def signal(self, signo):
        """By the Popen object, which never signals another process that has got the same id."""
        if not self.alive():
            raise LabError(f"{self.name}: the daemon does not run")
        self.daemon.send_signal(signo)

    def stop(self, deadline_s=30):
        """As systemd does; returns the daemon's exit status."""
        self.signal(signal.SIGTERM)
        try:
            return self.daemon.wait(timeout=deadline_s)
        except subprocess.TimeoutExpired:
            raise LabError(f"{self.name}: the daemon does not end on SIGTERM") from None

    def kill(self):
        self.signal(signal.SIGKILL)
        self.daemon.wait()

    def pause(self):
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def die(self):
        """The host dies: it leaves the network at once, without FIN and Cease."""
        self.lab.cut(self.name)
        self.kill()

    def boot(self, *options):
        """The dead host comes back, without programs, pinned objects and connections."""
        self.run("find", "/sys/fs/bpf", "-mindepth", "1", "-delete", check=False)
        self.run("tc", "qdisc", "del", "dev", "eth0", "clsact", check=False)
        self.run("ss", "-K", "state", "all", "dport", "=", "179", check=False)
        self.lab.mend(self.name)
        self.start(*options)

    # --- what it says ---------------------------------------------------------------------------
    def logged(self):
        """The daemon's log so far. A thread of its own writes it, which may be late."""
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def ctl(self, *words, deadline_s=40):
        """holdfastctl: (exit status, stdout, stderr). A reload that is refused because an earlier one still releases what
        it removed is repeated, and so is a question to a daemon that is late; `deadline_s` 0: not repeated."""
        answer = []

        def is_answered():
            answer[:] = self.run(os.path.join(BUILD, "holdfastctl"), *words, check=False)
            is_late = LATE in answer[2] and not QUESTIONS.isdisjoint(words) and not self.is_stopped()
            return not deadline_s or not (is_late or "a reload is running" in answer[2])
        wait_for(is_answered, deadline_s, f"{self.name} answers {words}", 0.1)
        return tuple(answer)

    def reload(self):
        return self.ctl("reload")

    def ask(self, verb):
        """What `holdfastctl VERB --json` prints, or None when the daemon does not answer or is stopped."""
        return None if self.is_stopped() else ask_holdfast(self.inside("/run/holdfast/control"), verb)

    def status(self):
        return self.ask("status")

    def events(self):
        """The recorded transitions, the oldest first. None when the daemon does not answer."""
        return (self.ask("events") or {}).get("events")

    def instance(self, index=0):
        """One instance of the status; empty when there is none."""
        instances = (self.status() or {}).get("instances", [])
        return instances[index] if index < len(instances) else {}

    def state(self):
        return self.instance().get("state")

    def sessions_up(self):
        """True if it has BGP neighbors and every session is Established."""
        states = [n.get("state") for b in (self.status() or {}).get("bgp", [])
                  for n in b.get("neighbors", [])]
        return bool(states) and all(s == "Established" for s in states)

    def announced(self):
        """How its prefixes are announced: {prefix: none|standby|settled|escalated}."""
        return {p["prefix"]: p["as"] for p in self.instance().get("announced", [])}
