"""_tap - what the tests in this directory share: TAP, and runs of ./ksm run as its user sees them."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("B") or "build")
RUN = [sys.executable, os.path.join(ROOT, "tools", "run")]
sys.path.insert(0, os.path.join(ROOT, "tools"))
from course import exercises  # noqa: E402
from run import progress, qemu  # noqa: E402

SUITE = "cli/" + os.path.splitext(os.path.basename(sys.argv[0]))[0]
WAIT = qemu.ANSWER + 60  # seconds for a tool: the machine that it starts is given up first

os.environ.pop("PYTHONUNBUFFERED", None)  # most users' Python has a buffer, which is written out as a tool ends
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # in the background of a shell: what is tested would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)
progress.end_by_signals()  # what a test has started, and its directories, go with it

_count = 0
_failed = 0
_keep = []  # directories and ports that live as long as the test


def ok(condition, name, *details):
    """One test; the details are shown if it failed.  Returns the condition."""
    global _count, _failed
    later = exercises.left_out(SUITE, [name])
    if later:
        skip(name, later[name])
        return bool(condition)
    _count += 1
    print("%sok %d - %s" % ("" if condition else "not ", _count, name))
    if not condition:
        _failed += 1
        for detail in details:
            for line in str(detail).split("\n")[-30:]:
                print("# " + line)
    sys.stdout.flush()
    return bool(condition)


def skip(name, why):
    global _count
    _count += 1
    print("ok %d - %s # SKIP %s" % (_count, name, why))


def done():
    print("1..%d" % _count)
    sys.exit(1 if _failed else 0)


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def __str__(self):
        return "status %s\nstdout: %s\nstderr: %s" % (self.status, self.out, self.err)


# ./ksm run, of which the test changes something first.
CHANGED = """\
import runpy, sys
sys.path.insert(0, %r)
%s
sys.argv[0] = %r
runpy.run_path(sys.argv[0], run_name="__main__")
"""

# Its processor time is over once the machine has said some words, and not before.
GIVEN_UP = """
from run import qemu
wanted, said, read = %r, {}, qemu.Ports.read
def hear(self, seconds):
    found = read(self, seconds)
    for name, data in found:
        said[name] = said.get(name, b"") + data
    return found
def busy(self):
    return 2 * all(any(word in text for text in said.values()) for word in wanted)
qemu.Ports.read, qemu.Machine.busy = hear, busy
"""


def changed_run(code):
    """RUN with these lines of Python first: for what depends on time, which the host has or has not."""
    return [sys.executable, "-c", CHANGED % (os.path.join(ROOT, "tools"), code, RUN[1])]


def run_until(words, *arguments, **more):
    """run() of a system that does not end by itself: once it has said these words, it is given up."""
    return run("--busy", "1", *arguments, tool=changed_run(GIVEN_UP % (words,)), **more)


def run(*arguments, build=None, cwd=None, env=None, timeout=WAIT, tool=None):
    """./ksm run without a terminal and without input."""
    environment = dict(os.environ, KSM_BUILT="1")
    if build:
        environment["B"] = build
    environment.update(env or {})
    arguments = list(arguments)
    if "--timeout" not in arguments:
        arguments[:0] = ["--timeout", str(qemu.ANSWER)]
    p = subprocess.run((tool or RUN) + arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                       errors="replace", cwd=cwd or tempfile.gettempdir(), env=environment, timeout=timeout)
    return Result(p.returncode, p.stdout, p.stderr)


def toolchain():
    """What make builds the system with: CC, M32 (the option for 32-bit code), LD and TOOLS."""
    given = [os.environ.get(name, "") for name in ("CC", "LD", "TOOLPREFIX")]
    found = subprocess.run(["sh", os.path.join(ROOT, "tools", "build", "toolchain.sh")] + given, check=True,
                           stdout=subprocess.PIPE, text=True).stdout
    return dict(word.split(":=", 1) for word in found.split())


def state(pid):
    """A process's state, a letter, and its parent."""
    try:
        with open("/proc/%s/stat" % pid, encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[:2]
    except OSError:  # it has ended, or is no process
        return None, None


def program_of(pid):
    """The name of a process's program, or its beginning."""
    try:
        with open("/proc/%s/comm" % pid, encoding="utf-8", errors="replace") as comm:
            return comm.read()
    except OSError:
        return ""


def children(pid):
    return [child for child in os.listdir("/proc") if state(child)[1] == str(pid)]


def machine_ended(pid):
    """Waits until the machine of a ./ksm run that does not go on has ended; False if it does not."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        for child in children(pid):
            if state(child)[0] == "Z" and program_of(child).startswith("qemu"):
                return True
        time.sleep(0.05)
    return False


def copy_tree(name="tree", built=False):
    """A copy of the tree that is removed when the test ends; with what is built of the system, or without.

    What is built saves a test that changes a few files most of the compiler's work.
    """
    copy = os.path.join(temp_directory(), name)
    build = os.path.join(ROOT, "build")

    def leave_out(where, names):
        if where == ROOT:
            return {".git"} | (set() if built else {"build"})
        if where == os.path.join(build, "tests"):
            return {"host"}
        if where == build:  # other builds and trees, which may be changing, and what was measured
            return {n for n in names if n.endswith(("-debug", "-normal")) or n.startswith("linters-") or
                    n in ("course", "coverage", "fuzz", "mutants", "soak")}
        return {"__pycache__"}  # where Python puts files for a moment

    shutil.copytree(ROOT, copy, symlinks=True, ignore=leave_out)
    return copy


def free_port():
    """A port that nobody else gets while the test runs, but for whoever may share it: SO_REUSEADDR."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    _keep.append(held)
    return held.getsockname()[1]


def temp_directory():
    """A directory that is removed when the test ends."""
    directory = tempfile.TemporaryDirectory(prefix="ksm-test-")
    _keep.append(directory)
    return directory.name
