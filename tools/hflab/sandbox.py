# SPDX-License-Identifier: BSD-2-Clause
"""A machine of the lab, with its own network, mount, PID and UTS namespaces.

A `cat` that reads from a pipe is process 1 of the machine and holds its namespaces. When this Python process
ends in any way, the pipe closes and the cat ends. Then the kernel kills every other process of the machine and
removes its interfaces, mounts and pinned BPF objects. Rejected: named namespaces (`ip netns`), which stay after a
killed test, and which hide /sys/fs/bpf.
"""
import contextlib
import glob
import os
import subprocess
import sys
import time

from . import rtnetlink
from .plan import BUILD, TOP
from .wait import LabError, hears_netlink, wait_for

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CLONE_NEWPID = 0x20000000
RUN_LIMIT_S = 60  # for one command in a machine, which normally takes milliseconds
READY_S = 20      # until a process that was just started listens
FOREIGN_PRIORITY = 20  # below the engine, above the hogs of the tests
CLOSE_LIMIT_S = 5  # until all its processes have ended, which normally takes milliseconds

# $1: name of the machine, $2: its directory on the host, $3...: paths that /tmp and /run must not hide.
# An ignored SIGCHLD stays ignored after the exec, so orphans leave no zombies; a shell would not ignore it. With
# `--kill-child`, and without signals of a terminal, only the end of the pipe ends the machine.
INIT = r"""
set -e
echo "$1" > /proc/sys/kernel/hostname
dir=$2
shift 2
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t bpf bpf /sys/fs/bpf
n=0
for path; do
    n=$((n + 1))
    mkdir -p "$dir/kept/$n"
    mount --rbind "$path" "$dir/kept/$n"
done
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs -o mode=755 tmpfs /var/lib # the daemons' stored files belong to this machine only
n=0
for path; do
    n=$((n + 1))
    mkdir -p "$path"
    mount --rbind "$dir/kept/$n" "$path"
done
ip link set lo up
trap '' INT TERM HUP
echo ready
exec env --ignore-signal=CHLD cat > /dev/null
"""


def has_own_cpu(process):
    """Runs a foreign daemon, or a witness, before all ordinary processes. In a network it has a machine of its own;
    here the other tests on these CPUs would stop it for longer than its peers wait for it."""
    with contextlib.suppress(OSError):  # where this is not permitted, it is as late as the machine is busy
        for thread in os.listdir(f"/proc/{process.pid}/task"):
            os.sched_setscheduler(int(thread), os.SCHED_RR, os.sched_param(FOREIGN_PRIORITY))
    return process


def start_time(pid):
    """The start time, which distinguishes a process from a later one with the same id. None if there is no
    process, or only a zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            fields = f.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def ticks():
    """The time as start_time() has it."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK"))


def namespaces_in_use(before=None):
    """Inode numbers of all namespaces that a process is in that started before these ticks, or that a mount of the
    host holds. The kernel gives the number of a namespace that has ended to the next one."""
    found = set()
    for process in glob.glob("/proc/[0-9]*"):
        if before and int(start_time(os.path.basename(process)) or before) >= before:
            continue
        with contextlib.suppress(OSError):
            found |= {os.stat(os.path.join(process, "ns", name)).st_ino for name in os.listdir(f"{process}/ns")}
    with open("/proc/self/mountinfo", encoding="utf-8") as f:
        found |= {int(w.split("[")[1][:-1]) for line in f for w in line.split()
                  if w.startswith("net:[")}
    return found


class Sandbox:
    def __init__(self, name, directory):
        self.name = name
        self.directory = directory
        self.children = []
        os.makedirs(directory, exist_ok=True)
        kept = [p for p in (TOP, BUILD) if p.startswith(("/tmp/", "/run/"))]
        self._holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "--pid", "--uts", "--fork", "--kill-child", "--",
             "sh", "-c", INIT, "sh", name, directory, *kept],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
            env={"PATH": PATH})
        self.pid = None

    def wait_ready(self):
        """Machines start at the same time: construct all of them, then wait for each one."""
        if self._holder.stdout.readline() != b"ready\n":
            self.close()
            raise LabError(f"cannot make the namespaces of {self.name} (are you root?)")
        pid = self._holder.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            self.pid = int(f.read().split()[0])
        return self

    def popen(self, argv, env=None, **kwargs):
        """Starts a process in this machine, with the working directory /. Popen.pid is the id of the program."""
        enter = ["nsenter", f"--target={self.pid}", "--net", "--mount", "--uts", "--"]
        kwargs.setdefault("stdin", subprocess.DEVNULL)
        # `nsenter --pid` would need another process in between, and a signal to Popen.pid would reach that process.
        with rtnetlink.namespace_of(self.pid, "pid", CLONE_NEWPID):
            p = subprocess.Popen(enter + list(argv), start_new_session=True,
                                 env={"PATH": PATH, "TZ": "UTC", **(env or {})}, **kwargs)
        self.children.append(p)
        return p

    def run(self, *argv, text=None, check=True):
        """Runs a command to its end and returns (exit status, stdout, stderr)."""
        p = self.popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.children.remove(p)
        try:
            out, err = p.communicate((text or "").encode(), timeout=RUN_LIMIT_S)
        except BaseException:
            p.kill()
            p.communicate()
            raise
        out, err = out.decode(errors="replace"), err.decode(errors="replace")
        if check and p.returncode != 0:
            raise LabError(f"{self.name}: {' '.join(argv)}: exit status {p.returncode}\n{err}{out}")
        return p.returncode, out, err

    def ip(self, *lines):
        """Runs several `ip` commands in this machine's network namespace. They run as one process of the host, so
        `netns PID` may name another machine."""
        text = "\n".join(lines) + "\n"
        p = subprocess.run(["nsenter", f"--target={self.pid}", "--net", "--", "ip", "-batch", "-"],
                           input=text, capture_output=True, text=True, timeout=RUN_LIMIT_S,
                           env={"PATH": PATH}, check=False)
        if p.returncode != 0:
            raise LabError(f"{self.name}: {p.stderr}{text}")

    def sysctl(self, **values):
        """Sets sysctls, written as net__ipv4__ip_forward=1."""
        words = [f"{name.replace('__', '.')}={value}" for name, value in values.items()]
        self.run("sysctl", "-q", "-w", *words)

    def inside(self, path):
        """The path by which the host reaches a file of this machine."""
        return f"/proc/{self.pid}/root{path}"

    def read(self, path):
        """The whole lines of a file of this machine that a process may just write. Empty if there is no file."""
        try:
            with open(self.inside(path), encoding="utf-8", errors="replace") as f:
                text = f.read()
        except FileNotFoundError:
            return ""
        return text[:text.rfind("\n") + 1]

    def has_file(self, path):
        return os.path.exists(self.inside(path))

    def _sockets(self, name):
        """The rows of a table of this machine's sockets, each as a list of its columns."""
        with open(f"/proc/{self.pid}/net/{name}", encoding="ascii", errors="replace") as f:
            return [line.split() for line in list(f)[1:]]

    def listeners(self, port, udp=False):
        """How many sockets of this machine have this local port and no peer; with TCP, those that listen."""
        state = "07" if udp else "0A"
        rows = [row for name in (("udp", "udp6") if udp else ("tcp", "tcp6")) for row in self._sockets(name)]
        return sum(int(row[1].rpartition(":")[2], 16) == port and row[3] == state for row in rows)

    def listens(self, path):
        """Whether a process of this machine listens at this path, or at /var/run in place of /run. A socket file exists a
        moment earlier."""
        return any(row[3] == "00010000" and row[-1] in (path, "/var" + path) for row in self._sockets("unix"))

    def next_hops(self, address):
        """The gateways of this machine's route to exactly this host."""
        return rtnetlink.next_hops(self.pid, address)

    def addresses(self, dev):
        """The addresses of an interface, without their lengths."""
        return rtnetlink.addresses(self.pid, dev)

    def datagrams(self):
        """How many UDP datagrams the processes of this machine have read so far."""
        with open(f"/proc/{self.pid}/net/snmp", encoding="ascii") as f:
            names, values = (line.split() for line in f if line.startswith("Udp:"))
        with open(f"/proc/{self.pid}/net/snmp6", encoding="ascii") as f:
            six = next(int(line.split()[1]) for line in f if line.startswith("Udp6InDatagrams"))
        return int(values[names.index("InDatagrams")]) + six

    def monitor(self, path, *words):
        """Starts `ip -ts monitor WORDS` with its output in `path`. Returns the process when the kernel reports to it."""
        with open(path, "wb") as log:
            p = has_own_cpu(self.popen(["ip", "-ts", "monitor", *words], stdout=log))
        wait_for(lambda: hears_netlink(p), READY_S, f"{self.name}: ip monitor {' '.join(words)} listens", 0.005)
        return p

    def namespaces(self):
        """The inode numbers of this machine's namespaces."""
        return {os.stat(f"/proc/{self.pid}/ns/{kind}").st_ino for kind in ("net", "mnt", "pid")}

    def close(self):
        """Ends the machine and all its processes, and returns when they have ended. Process 1 ends only when the
        kernel has reaped all others."""
        self._holder.stdin.close()
        end = time.monotonic() + CLOSE_LIMIT_S
        for p in (*self.children, self._holder):
            try:
                p.wait(timeout=max(0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                print(f"lab: {self.name} does not end by itself", file=sys.stderr)
                self._holder.kill()  # and by --kill-child all the others
                p.wait()
            for stream in (p.stdout, p.stderr):
                if stream:
                    stream.close()
        self.children.clear()
