# SPDX-License-Identifier: BSD-2-Clause
"""A machine of the lab: network, mount, PID and UTS namespaces of its own.

A `cat` that reads from a pipe is process 1 of the machine and holds its namespaces. When this
process ends, however it does, the pipe closes, the cat ends, and the kernel kills every other
process of the machine and takes its interfaces, mounts and pinned BPF objects away. Rejected: named
namespaces (`ip netns`), which outlive a killed test, and which hide /sys/fs/bpf.
"""
import contextlib
import ctypes
import os
import subprocess
import sys
import time

from .plan import BUILD, TOP

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CLONE_NEWPID = 0x20000000
RUN_LIMIT_S = 20  # for one command in a machine; they take milliseconds
CLOSE_LIMIT_S = 5  # for all its processes to end; likewise

# $1: the machine's name, $2: its directory on the host, $3...: what /tmp and /run must not hide.
# An ignored SIGCHLD survives the exec, so that orphans leave no zombies. With `--kill-child`, and
# without a terminal's signals, nothing ends the machine before the pipe does.
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
mount -t tmpfs -o mode=755 tmpfs /var/lib # what daemons keep is the machine's own
n=0
for path; do
    n=$((n + 1))
    mkdir -p "$path"
    mount --rbind "$dir/kept/$n" "$path"
done
ip link set lo up
trap '' CHLD INT TERM HUP
echo ready
exec cat > /dev/null
"""

_libc = ctypes.CDLL(None, use_errno=True)


class LabError(Exception):
    """Something in the lab is not as it must be."""


def _setns(fd, kind):
    if _libc.setns(fd, kind) != 0:
        raise OSError(ctypes.get_errno(), "setns")


@contextlib.contextmanager
def _children_in_pid_namespace_of(pid):
    """Processes started meanwhile belong to that PID namespace. `nsenter --pid` would do it with a
    process in between, and a signal to Popen.pid would hit that one."""
    own = os.open("/proc/self/ns/pid", os.O_RDONLY)
    other = os.open(f"/proc/{pid}/ns/pid", os.O_RDONLY)
    try:
        _setns(other, CLONE_NEWPID)
        try:
            yield
        finally:
            _setns(own, CLONE_NEWPID)
    finally:
        os.close(own)
        os.close(other)


def start_time(pid):
    """Tells a process from a later one with its id; None when there is none, or only a zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            fields = f.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


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
        """Machines start side by side: construct them all, then wait for each."""
        if self._holder.stdout.readline() != b"ready\n":
            self.close()
            raise LabError(f"cannot make the namespaces of {self.name} (are you root?)")
        pid = self._holder.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            self.pid = int(f.read().split()[0])
        return self

    def popen(self, argv, env=None, **kwargs):
        """A process in this machine; its working directory is /. Popen.pid is the program's own."""
        enter = ["nsenter", f"--target={self.pid}", "--net", "--mount", "--uts", "--"]
        kwargs.setdefault("stdin", subprocess.DEVNULL)
        with _children_in_pid_namespace_of(self.pid):
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
        """Several `ip` commands on this machine's network at once. They run as a process of the
        host, so that `netns PID` may name another machine."""
        text = "\n".join(lines) + "\n"
        p = subprocess.run(["nsenter", f"--target={self.pid}", "--net", "--", "ip", "-batch", "-"],
                           input=text, capture_output=True, text=True, timeout=RUN_LIMIT_S,
                           env={"PATH": PATH}, check=False)
        if p.returncode != 0:
            raise LabError(f"{self.name}: {p.stderr}{text}")

    def sysctl(self, **values):
        """net__ipv4__ip_forward=1 and so on."""
        words = [f"{name.replace('__', '.')}={value}" for name, value in values.items()]
        self.run("sysctl", "-q", "-w", *words)

    def namespaces(self):
        """The inode numbers by which the kernel knows this machine's namespaces."""
        return {os.stat(f"/proc/{self.pid}/ns/{kind}").st_ino for kind in ("net", "mnt", "pid")}

    def close(self):
        """Ends the machine and everything in it; returns when the processes are gone. Process 1
        ends only when the others have been waited for."""
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
