# SPDX-License-Identifier: BSD-2-Clause
"""Checks tests by mutants: each breaks the tested code in one small way.

Each mutant is a copy of a source or a header with one edit. Only what it changes is compiled again, in a scratch
directory; the other objects are those of build/ (`make all tests`). Its tests run, with shorter simulations, until
one case fails. Otherwise the mutant has survived, and no test checks this rule. An edit whose old text does not occur
exactly once is a failure as well.
"""
import collections
import concurrent.futures
import contextlib
import functools
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIMIT_S = 30  # for one test of one mutant
ENDLESS_S, ENDLESS = 3, 10  # a mutant whose test computes for 3 s more than ten times the usual time is noticed
LATE = "no end within"
IDLE = 20  # times the limit, in which a program at idle priority gets the CPU time of the limit
LIBS = ["-lcmocka", "-lbpf", "-lelf", "-lz", "-lmnl", "-ljson-c", "-lcap-ng", "-lpthread"]
CC = os.environ.get("CC", "cc").split() + ["-std=gnu11", "-O1", "-w", "-D_GNU_SOURCE"]
LINK_S = 0.001  # for each object of a test, about
FAILED = b"[  FAILED  ]"  # what cmocka writes to stderr at the end of a case


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        return f.read()


def mutate(path, old, new):
    """The text of `path` with `old` replaced by `new`; None if `old` does not occur exactly once."""
    pattern = r"\s*".join(re.escape(word) for word in old.split())
    text, n = re.subn(pattern, lambda _: new, read(path))
    return text if n == 1 else None


def sources_of(folder):
    return sorted(folder + f for f in os.listdir(os.path.join(TOP, folder)) if f.endswith(".c"))


@functools.cache
def links(test):
    """The sources in the Links: lines of a test and of its fakes, and the test."""
    named = " ".join(re.findall(r"^[ */]*Links: *(.*)$", read(test), re.M)).split()
    found = [src for name in named for src in ([name] if name.endswith(".c") else sources_of(name))]
    fakes = [src for src in found if src.startswith("tests/fakes/")]
    return sorted(set(found).union(*map(links, fakes)) - {test}) + [test]


def built(src):
    """The object of the unchanged source."""
    return os.path.join(TOP, "build", src[:-2] + ".o")


def compile_to(obj, src, include=()):
    flags = [f"-I{d}" for d in (*include, "include", "user", "build", os.path.dirname(src))]
    subprocess.run([*CC, *flags, "-c", "-o", obj, src], cwd=TOP, check=True)


class Parts:
    """The unchanged objects of the tests without debug information, which takes most of the time of a link. What no
    mutant changes is one object for each test."""

    def __init__(self, scratch, tests, mutable):
        self.scratch, self.mutable = scratch, mutable
        os.mkdir(os.path.join(scratch, "parts"))
        for src in mutable & set().union(*map(links, tests)):
            self._join(self.unchanged(src), [src])
        for test in tests:
            for rest in self.rest(test):
                self._join(rest, [s for s in links(test) if s not in mutable])

    def _path(self, src):
        return os.path.join(self.scratch, "parts", src.replace("/", "-")[:-2] + ".o")

    @staticmethod
    def _join(obj, sources):
        subprocess.run(["ld", "-r", "--strip-debug", "-o", obj, *map(built, sources)], cwd=TOP, check=True)

    def unchanged(self, src):
        return self._path(src)

    def rest(self, test):
        """The object of what no mutant changes; empty if every source of the test may change."""
        return [self._path("rest-" + test)] if set(links(test)) - self.mutable else []


def link(program, objects):
    subprocess.run([*CC, "-Wl,--strip-debug", "-o", program, *objects, *LIBS], cwd=TOP, check=True)


def first_failure(said):
    """The name of the case that failed first, from what a test program wrote to stderr; otherwise None."""
    found = re.search(re.escape(FAILED) + rb" (?!\d+ test)(\S+)", os.pread(said.fileno(), 1 << 20, 0))
    return found and found[1].decode(errors="replace")


def program_fails(program, work, limit_s, stop_at_case):
    """None, or how a test program fails: the case that failed first, its status, or that it does not end in time. With
    `stop_at_case` the limit is one of CPU time, and the program is killed after the first case that fails: only for
    programs that compute and leave nothing behind."""
    env = dict(os.environ, SIM_SEEDS="300", CMOCKA_MESSAGE_OUTPUT="STDOUT")
    with tempfile.TemporaryFile(dir=work) as said:
        p = subprocess.Popen([program], stdout=subprocess.DEVNULL, stderr=said, env=env)
        if stop_at_case:
            with contextlib.suppress(OSError):  # it has ended already
                resource.prlimit(p.pid, resource.RLIMIT_CPU, (limit_s, limit_s))
        until = time.monotonic() + limit_s * (IDLE if stop_at_case else 1)
        while time.monotonic() < until:
            try:
                status = p.wait(0.05 if stop_at_case else limit_s)
                return None if status == 0 else first_failure(said) or f"status {status}"
            except subprocess.TimeoutExpired:
                if stop_at_case and FAILED in os.pread(said.fileno(), 1 << 20, 0):
                    break
        p.kill()
        p.wait()
        return first_failure(said) or f"{LATE} {limit_s} s"


def seconds_of(test, work):
    """How long a test takes with the unchanged tree, and to link it; None if it fails."""
    began = time.monotonic()
    if program_fails(built(test)[:-2], work, LIMIT_S, True):
        return None
    return time.monotonic() - began + LINK_S * len(links(test))


def fails(work, objects, test, limit_s):
    """Runs `test`, linked with `objects`. Returns its name and how it fails, otherwise None."""
    name = os.path.basename(test)[:-2]
    program = os.path.join(work, name)
    link(program, [objects[s] for s in links(test)])
    how = program_fails(program, work, limit_s, False)
    return f"{name}: {how}" if how else None


class Mutant:
    """A mutated file in the directory `work`, and the objects that it changes."""

    def __init__(self, work, path, text, users, parts):
        self.work, self.path, self.parts, self._objects = work, path, parts, {}
        self.copy = os.path.join(work, path.split("/", 1)[1])  # as it is included
        self.changed = {path} if path.endswith(".c") else set(users)
        os.makedirs(os.path.dirname(self.copy))
        with open(self.copy, "w", encoding="utf-8") as f:
            f.write(text)

    def object(self, src):
        """Compiled when a test first needs it."""
        if src not in self.changed:
            return self.parts.unchanged(src)
        if src not in self._objects:
            self._objects[src] = os.path.join(self.work, src.replace("/", "-") + ".o")
            compile_to(self._objects[src], self.copy if src == self.path else src, [self.work])
        return self._objects[src]

    def fails(self, test, usual_s):
        program = os.path.join(self.work, os.path.basename(test)[:-2])
        link(program, [*self.parts.rest(test), *(self.object(s) for s in links(test) if s in self.parts.mutable)])
        return program_fails(program, self.work, int(ENDLESS_S + ENDLESS * usual_s), True) is not None


class Order:
    """Which test is tried first: that with the least expected time until a mutant of this file is noticed."""

    def __init__(self, seconds):
        self.seconds, self._tried, self._noticed = seconds, collections.Counter(), collections.Counter()

    def of(self, path, changed, tests):
        """Only the tests that link what is changed."""
        return sorted((t for t in tests if not changed.isdisjoint(links(t))), key=lambda t: self._expected(path, t))

    def _expected(self, path, test):
        return self.seconds[test] * (self._tried[path, test] + 1) / (self._noticed[path, test] + 1)

    def note(self, path, test, noticed):
        self._tried[path, test] += 1
        self._noticed[path, test] += noticed
        return noticed


def try_mutant(scratch, number, mutant, users, tests, order, parts):
    what, path, old, new = mutant
    text = mutate(path, old, new)
    if text is None:
        return f"not ok {number} - {what} # its text is not in {path} once"
    work = os.path.join(scratch, str(number))
    try:
        mine = Mutant(work, path, text, users, parts)
        by = next((t for t in order.of(path, mine.changed, tests)
                   if order.note(path, t, mine.fails(t, order.seconds[t]))), None)
    except subprocess.CalledProcessError:
        return f"not ok {number} - {what} # it does not build"
    finally:
        shutil.rmtree(work)
    return f"ok {number} - {what}: {os.path.basename(by)[:-2]}" if by else f"not ok {number} - {what}: survives"


def part_of(mutants, each):
    """Every mutant, or one of `each`: the commit decides which, so that a row of checks tries all of them."""
    p = subprocess.run(["git", "-c", "safe.directory=*", "rev-parse", "HEAD"], cwd=TOP, capture_output=True, text=True,
                       check=False)
    return mutants[int(p.stdout.strip() or "0", 16) % each::each]


def run(mutants, users, tests, each=1):
    """Tries `mutants`: (description, file, old text, new text). Blanks and line breaks of the old text match any blanks.
    `users` are the sources that include a mutated header. `each` 3: only a third of the mutants is tried, unless --long
    or --all is given. Prints TAP and returns the exit status."""
    words = [word for word in sys.argv[1:] if word not in ("--long", "--all")]
    if len(words) == len(sys.argv) - 1:
        mutants = part_of(mutants, each)
    tests = [t for t in tests if not words or any(word in t for word in words)]
    scratch = tempfile.mkdtemp(prefix="holdfast-mutants-")
    try:
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            seconds = dict(zip(tests, pool.map(lambda t: seconds_of(t, scratch), tests)))
            broken = [t for t in tests if seconds[t] is None]
            if broken:
                print(f"1..1\nnot ok 1 - {broken[0]} fails without any mutation")
                return 1
            print(f"1..{len(mutants)}")
            order = Order(seconds)
            changed = {path for _, path, _, _ in mutants}
            parts = Parts(scratch, tests, {path for path in changed if path.endswith(".c")}.union(
                users if any(path.endswith(".h") for path in changed) else []))
            results = list(pool.map(lambda m: try_mutant(scratch, m[0], m[1], users, tests, order, parts),
                                    enumerate(mutants, 1)))
    finally:
        shutil.rmtree(scratch)
    print("\n".join(results))
    return 1 if any(r.startswith("not ok") for r in results) else 0
