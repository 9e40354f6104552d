"""The line that says what a tool does: on terminals, in a log, after Ctrl-C; and misspelled names of suites."""

import contextlib
import fcntl
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from functools import partial

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _pty import Terminal  # noqa: E402
from _tap import ROOT, WAIT, done, ok, temp_directory  # noqa: E402

ERASE = b"\r\033[K"
COLUMNS = 40
LOG = os.path.join(temp_directory(), "log")
TESTS = [sys.executable, os.path.join(ROOT, "tests", "run")]
SLOW = "echo a line that is longer than forty columns, by far; read x"  # and then it waits


def watched(script):
    return [sys.executable, os.path.join(ROOT, "tools", "run", "progress.py"), "working", LOG, "sh", "-c", script]


class Recorded(Terminal):
    """A terminal that keeps all that was printed, and gives Ctrl-C to what runs on it."""

    def __init__(self, command, **env):
        self.all = b""
        env = {**{k: v for k, v in os.environ.items() if k != "NO_COLOR"}, "TERM": "xterm", **env}
        super().__init__(command, env=env, columns=COLUMNS, controlling=True)

    def _read(self, seconds):
        before = len(self.text)
        more = super()._read(seconds)
        self.all += self.text[before:]
        return more


fifo = os.path.join(temp_directory(), "fifo")
os.mkfifo(fifo)
gate = os.open(fifo, os.O_RDWR)
wait = SLOW + " <" + fifo  # until something is written there

t = Recorded(watched(wait))
seen = t.expect(rb"working: a line") and t.expect(rb" (?:[2-9]|\d\d+) s") and t.expect(rb" (?:[3-9]|\d\d+) s")
os.write(gate, b"\n")
ok(t.status() == 0 and seen, "the line is rewritten each second, with the time that the step has taken", t.all)
drawn = t.all.split(ERASE)
ok(len(drawn) > 3 and all(len(text) < COLUMNS and b"\n" not in text for text in drawn),
   "it is never wider than the terminal", drawn)
ok(t.all.endswith(ERASE), "at the end it is gone", t.all)
with open(LOG, encoding="ascii") as f:
    ok(f.read() == SLOW.partition(";")[0].replace("echo ", "") + "\n", "the output is kept")

t = Recorded(watched(wait))
t.expect(rb" \d+ s")
t.type(b"\x03")
ok(t.status() == 130 and t.all.endswith(ERASE) and b"Traceback" not in t.all and
   not any(b"\n" in text for text in t.all.split(ERASE)), "Ctrl-C leaves a clean line, and status 130", t.all)

for name, value in ("TERM", "dumb"), ("NO_COLOR", "1"):
    t = Recorded(watched(wait), **{name: value})
    seen = t.expect(rb"# working: a line.*\r\n") and t.expect(rb"# working: a line.*\d+ s\r\n")
    os.write(gate, b"\n")
    ok(t.status() == 0 and seen and b"\033" not in t.all, "ordinary lines with %s=%s" % (name, value), t.all)

p = subprocess.run(watched("echo one; echo two"), stdin=subprocess.DEVNULL, capture_output=True, check=False)
ok(p.returncode == 0 and not p.stdout and not p.stderr, "without a terminal, what is quick says nothing", p)
p = subprocess.run(watched("exit 7"), stdin=subprocess.DEVNULL, capture_output=True, check=False)
ok(p.returncode == 7, "the status is the command's")

# What the machine refuses.
TOOL = "import sys, os, subprocess; sys.path.insert(0, %r); from run import progress; progress.run(lambda: %s)"
for what, sentence in (("open('/nowhere/file')", "/nowhere/file: No such file or directory"),
                       ("subprocess.run(['false'], check=True)",
                        "Command '['false']' returned non-zero exit status 1."),
                       ("print('x' * 99999, file=open('/dev/full', 'w'))", "No space left on device")):
    p = subprocess.run([sys.executable, "-c", TOOL % (os.path.join(ROOT, "tools"), what)], stdin=subprocess.DEVNULL,
                       capture_output=True, text=True, check=False)
    ok(p.returncode == 1 and p.stderr == "ksm: %s\n" % sentence, "a tool says it in one line: " + sentence, p)
with open("/dev/full", "wb") as full:
    p = subprocess.run([sys.executable, "-c", TOOL % (os.path.join(ROOT, "tools"), "print('few')")], stdout=full,
                       stderr=subprocess.PIPE, text=True, check=False)
ok(p.returncode == 1 and p.stderr == "ksm: No space left on device\n", "so does one whose last words do not fit", p)
read, written = os.pipe()
os.close(read)
p = subprocess.run([sys.executable, "-c", TOOL % (os.path.join(ROOT, "tools"), "print('few')")], stdout=written,
                   stderr=subprocess.PIPE, text=True, check=False)
os.close(written)
ok(p.returncode == 141 and not p.stderr, "one whose reader has gone says nothing", p)

p = subprocess.run([sys.executable, "-c", TOOL % (os.path.join(ROOT, "tools"), r"print('\xa7\udcff')")],
                   env=dict(os.environ, PYTHONIOENCODING="ascii:strict"), capture_output=True, text=True, check=False)
ok(p.returncode == 0 and p.stdout == "\\xa7\\udcff\n", "what the terminal has no letters for comes as numbers", p)

# What a shell can do to the standard streams.
tools = ["test --list", "web --help", "debug --help", "iso --help", "grade --help"]
if os.path.exists(os.path.join(ROOT, "tools", "course", "handout.py")):  # a student's tree has none
    tools.append("handout --help")
for words in tools:
    for end in ">&-", "| true":
        p = subprocess.run(["sh", "-c", "./ksm %s %s" % (words, end)], cwd=ROOT, stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, check=False)
        ok(p.returncode == 0 and not p.stderr, "./ksm %s %s" % (words, end), p.stderr)
tools += ["--version", "test --help", "fuzz --help", "crash --help", "soak --help"]
for words, unbuffered in [(words, value) for words in tools for value in ("", "1")] * os.path.exists("/dev/full"):
    p = subprocess.run(["sh", "-c", "./ksm %s >/dev/full" % words], cwd=ROOT, stdin=subprocess.DEVNULL,
                       env=dict(os.environ, PYTHONUNBUFFERED=unbuffered), capture_output=True, text=True, check=False)
    ok(p.returncode == 1 and p.stderr.endswith("No space left on device\n"),
       "./ksm %s >/dev/full%s" % (words, ", unbuffered" * bool(unbuffered)), p)
for words in "test nonsense", "nonsense", "run --nonsense":
    for end in ["2>&-", "2</dev/null"] + ["2>/dev/full"] * os.path.exists("/dev/full"):
        p = subprocess.run(["sh", "-c", "./ksm %s %s" % (words, end)], cwd=ROOT, stdin=subprocess.DEVNULL, check=False)
        ok(p.returncode == 2, "./ksm %s %s: its status does not depend on anybody who hears why" % (words, end), p)

# Signals, however this test was started: under nohup, a closed terminal would end nothing.
for name, sent in ("kill", signal.SIGTERM), ("a closed terminal", signal.SIGHUP):
    p = subprocess.run([sys.executable, "-c", TOOL % (os.path.join(ROOT, "tools"), "os.kill(os.getpid(), %d)" % sent)],
                       capture_output=True, check=False, preexec_fn=partial(signal.signal, sent, signal.SIG_DFL))
    ok(p.returncode == 130 and not p.stderr, "%s ends a tool as Ctrl-C does" % name, p)
p = subprocess.run([sys.executable, "-c", TOOL % (os.path.join(ROOT, "tools"), "os.kill(os.getpid(), 1)")], check=False,
                   capture_output=True, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
ok(p.returncode == 0, "a closed terminal does not end what nohup started", p)

# Two builds of one tree.
BUILD = ("import os, sys; sys.path.insert(0, %r); from run.build import make; "
         "sys.exit(not make(['list-host-tests'], os.environ))")
tree = os.open(ROOT, os.O_RDONLY)
fcntl.flock(tree, fcntl.LOCK_EX)
with subprocess.Popen([sys.executable, "-c", BUILD % os.path.join(ROOT, "tools")], stdin=subprocess.DEVNULL,
                      stderr=subprocess.PIPE, text=True) as p:
    first = p.stderr.readline()
    os.close(tree)
ok(first == "ksm: waiting for another build of this tree to end\n" and p.returncode == 0,
   "a build waits until another one of the tree has ended, and says so", first, p.returncode)

said = ["a.c:1: error: no\n", "make: *** [Makefile:1: a.o] Error 1\n"]
its_end = ["make: *** [Makefile:1: b.o] Interrupt\n", "make: *** [Makefile:2: c] Deleting file 'c'\n",
           "make: *** Waiting for unfinished jobs....\n", "make: *** wait: No child processes.  Stop.\n"]
PASS_ON = "import sys; sys.path.insert(0, %r); from run.build import _pass_on; _pass_on(sys.stdin)"
p = subprocess.run([sys.executable, "-c", PASS_ON % os.path.join(ROOT, "tools")], input="".join(said + its_end),
                   stderr=subprocess.PIPE, text=True, check=False)
ok(p.stderr == "".join(said), "of a build, errors are shown, and not what make says of its own end", p)

for where, *words in (("mutants", "mutants", "a dead handle"), ("course", "handout", "--check", "call"),
                      ("coverage", "coverage")):
    if not os.path.exists(os.path.join(ROOT, "tools", "course", "handout.py")):  # a student's tree lacks two of them
        continue
    if where == "coverage" and not shutil.which("gcovr"):
        continue
    os.makedirs(os.path.join(ROOT, "build", where), exist_ok=True)
    place = os.open(os.path.join(ROOT, "build", where), os.O_RDONLY)
    with contextlib.suppress(BlockingIOError):  # a real one, of hours, will do
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with subprocess.Popen([os.path.join(ROOT, "ksm")] + words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True) as p:
        first = p.stdout.readline()
        p.terminate()
    os.close(place)
    ok(first.startswith("ksm: waiting for another ") and p.returncode == 130,
       "two of ./ksm %s do not work in one place at a time" % words[0], first, p.returncode)

# A kill comes when something has only just begun, in the background of a shell, where Ctrl-C is ignored.
slow = os.path.join(temp_directory(), "make")
with open(slow, "w", encoding="utf-8") as f:
    f.write("#!/bin/sh\necho $$ >$0.pid.new; mv $0.pid.new $0.pid; exec sleep 60\n")
os.chmod(slow, 0o755)
os.symlink("make", os.path.join(os.path.dirname(slow), "qemu-system-i386"))
STEP = """
import os, subprocess, sys, time
from course.processes import Processes
from run import build, children, progress, qemu
class Killed(subprocess.Popen):
    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        while not os.path.exists(%r):
            time.sleep(0.05)
        os.kill(os.getpid(), 15)
subprocess.Popen = Killed
def main():
    %s
progress.run(main)
"""
for what, name, step in (
        ("a build", "make", "build.make([], os.environ, 'begun')"),
        ("what a tool waits for", "make", "children.run(['make'])"),
        ("what a grader has started", "make", "with Processes() as p: p.start('ulimit -c 0', ['make'])"),
        ("QEMU", "qemu-system-i386", "qemu.Machine('kernel'); print('it is not known')")):
    pid = os.path.join(os.path.dirname(slow), name + ".pid")
    began = time.monotonic()
    p = subprocess.run([sys.executable, "-c", STEP % (pid, step)], stdin=subprocess.DEVNULL, check=False,
                       env=dict(os.environ, PATH=os.path.dirname(slow) + ":" + os.environ["PATH"],
                                PYTHONPATH=os.path.join(ROOT, "tools")), stdout=subprocess.PIPE,
                       preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    with open(pid, encoding="ascii") as f:
        left = os.path.exists("/proc/" + f.read().strip())
    os.unlink(pid)
    ok(p.returncode == 130 and time.monotonic() - began < 55 and not left and not p.stdout,
       "a kill ends %s, also one that comes while it starts" % what, p, left)

MAKING = """
import os
from run import progress, qemu
class Killed(qemu.Port):
    def __init__(self, path):
        os.kill(os.getpid(), 15)
        super().__init__(path)
qemu.Port = Killed
progress.run(lambda: qemu.Machine('kernel'))
"""
made = temp_directory()
p = subprocess.run([sys.executable, "-c", MAKING], stdin=subprocess.DEVNULL, capture_output=True, check=False,
                   env=dict(os.environ, PATH=os.path.dirname(slow) + ":" + os.environ["PATH"], TMPDIR=made,
                            PYTHONPATH=os.path.join(ROOT, "tools")))
ok(p.returncode == 130 and not os.listdir(made), "and leaves no file of a machine that had not started", p,
   os.listdir(made))

ORPHAN = """
import os
from run.qemu import dying_with_us
ask = dying_with_us()
def child_status(run):
    pid = os.fork()
    if pid == 0:
        os._exit(run())
    return os.WEXITSTATUS(os.waitpid(pid, 0)[1])
assert child_status(lambda: ask() or 7) == 7
assert child_status(lambda: child_status(lambda: ask() or 7)) == 1  # whose parent is another
"""
p = subprocess.run([sys.executable, "-c", ORPHAN], env=dict(os.environ, PYTHONPATH=os.path.join(ROOT, "tools")),
                   stderr=subprocess.PIPE, text=True, check=False)
ok(p.returncode == 0, "QEMU does not outlive a runner that was killed before QEMU could ask for that", p.stderr)

# Whoever is to read takes nothing, and a thread waits for that.
SAY = """
import sys, threading
from run import build, progress
def say():
    while True:
        progress.say("x" * 1000, sys.stderr)
def work():
    threading.Thread(target=say, daemon=True).start()
    threading.Event().wait()
progress.run(%s)
"""
with open(slow, "w", encoding="utf-8") as f:
    f.write("#!/bin/sh\nexec yes warning: without end >&2\n")
for what, step in ("a tool", "work"), ("a build", "lambda: build.make([], os.environ)"):
    mine, its = os.pipe()
    p = subprocess.Popen([sys.executable, "-c", "import os" + SAY % step], stdin=subprocess.DEVNULL, stdout=its,
                         stderr=its, env=dict(os.environ, PATH=os.path.dirname(slow) + ":" + os.environ["PATH"],
                                              PYTHONPATH=os.path.join(ROOT, "tools")))
    while select.select([], [its], [], 0)[1] and p.poll() is None:  # until the pipe is full
        time.sleep(0.05)
    p.terminate()
    try:
        status = p.wait(WAIT)
    except subprocess.TimeoutExpired:
        status = None
        p.kill()
    os.close(mine)
    os.close(its)
    ok(status == 130, "%s ends by a signal, also where nobody reads what its threads print" % what, status)

# A suite that can't be started.
RUN = """
import os, subprocess, sys
import runner
from run import progress
class Refused(subprocess.Popen):
    def __init__(self, *arguments, **more):
        raise BlockingIOError(11, "no more processes")
subprocess.Popen = Refused
progress.run(lambda: len(runner.Runner(["check/style"], dict(os.environ), {"check/style": 1}).run()))
"""
p = subprocess.run([sys.executable, "-c", RUN], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                   env=dict(os.environ, PYTHONPATH=os.path.join(ROOT, "tests")))
ok(p.returncode == 1 and p.stderr == "ksm: no more processes\n", "a suite that can't be started has not passed", p)

# A suite that does not end by a kill: when the runner is to end, and when it takes too long.
STUBBORN = "import os, signal, sys, time; signal.signal(15, signal.SIG_IGN); eval(sys.argv[1]); time.sleep(60)"
STUBBORN_RUN = """
import os, sys
import runner, suites
from run import children, progress
children.ENDING, runner.TOO_LONG = 1, int(sys.argv[2])
suites.command = lambda *_: [sys.executable, "-c", %r, sys.argv[1]]
progress.run(lambda: len(runner.Runner(["check/style"], dict(os.environ), {"check/style": 1}).run()))
""" % STUBBORN
for what, step, seconds, status in (("when the runner is killed", "os.kill(os.getppid(), 15)", 600, 130),
                                    ("when it takes too long", "0", 1, 1)):
    began = time.monotonic()
    p = subprocess.run([sys.executable, "-c", STUBBORN_RUN, step, str(seconds)], stdin=subprocess.DEVNULL,
                       capture_output=True, text=True, check=False,
                       env=dict(os.environ, PYTHONPATH=os.path.join(ROOT, "tests")))
    ok(p.returncode == status and time.monotonic() - began < 55, "a suite that ignores a kill ends, " + what, p)
STUBBORN_MUTANT = """
import sys
import suites
from course.processes import Processes
from measure import mutant_copy
from run import children
children.ENDING, mutant_copy.COPY, mutant_copy.SECONDS = 1, ".", {"check": 1}
suites.command = lambda *_: [sys.executable, "-c", %r, "0"]
print(mutant_copy.failures("check/style", Processes()))
""" % STUBBORN
if os.path.exists(os.path.join(ROOT, "tools", "measure", "mutant_copy.py")):  # a student's tree has no mutants
    began = time.monotonic()
    p = subprocess.run([sys.executable, "-c", STUBBORN_MUTANT], stdin=subprocess.DEVNULL, capture_output=True,
                       text=True, check=False, env=dict(os.environ, PYTHONPATH=os.path.join(ROOT, "tests")))
    ok(p.stdout == "[('hangs', '')]\n" and time.monotonic() - began < 55, "nor do the mutants wait for one", p)

# A suite in which the system stops.
PANICKING_RUN = """
import os, sys
import runner, suites
from run import progress
suites.command = lambda *_: ["sh", "-c", sys.argv[1]]
suites.titles, suites.left_out = lambda _: ["one", "two", "three"], lambda _: {"two": "later"}
progress.run(lambda: len(runner.Runner(["guest/t_ksm"], dict(os.environ), {"guest/t_ksm": 1}).run()))
"""
for script, said in (("echo 'ok 1 - one'; exit 122", "three"), ("exit 122", "one"),
                     ("printf 'ok 1 - one\nok 2 - three\n'; exit 122", None), ("echo 'ok 1 - another'", None)):
    p = subprocess.run([sys.executable, "-c", PANICKING_RUN, script], stdin=subprocess.DEVNULL, capture_output=True,
                       text=True, check=False, env=dict(os.environ, PYTHONPATH=os.path.join(ROOT, "tests")))
    ok(("it stopped in: %s\n" % said if said else "FAILED") in p.stdout and
       (said or "it stopped in" not in p.stdout), "of a suite that stops it says in which test: %s" % said, p.stdout)

# The tests themselves.
t = Recorded(TESTS + ["host/lib", "check/style"])
ok(t.expect(rb"testing: \d of 2 done, 0 failed;") and t.status() == 0, "which suites run, and how many are done", t.all)
for word, meant in ("t_kms", "t_ksm"), ("host/libb", "host/lib"), ("gest", "guest"), ("--lsit", "--list"):
    p = subprocess.run(TESTS + [word], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    ok(p.returncode == 2 and "did you mean '%s'?" % meant in p.stderr and not p.stdout, "a misspelling: " + word,
       p.stderr)
p = subprocess.run(TESTS + ["lib", "nonsense"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
ok(p.returncode == 2 and "no test suite 'nonsense'" in p.stderr and not p.stdout, "if one is unknown, none runs",
   p.stderr)

# `timeout' sends a signal twice: to the tool, and to its group.  Ctrl-C comes to a tool and to the one that started it,
# which ends it then; and users type it twice.
ENDING = """
import sys
from run import progress
def main():
    try:
        print("begun", flush=True)
        sys.stdin.readline()
    finally:
        print("ending", flush=True)
        sys.stdin.readline()
        print("ended", flush=True)
progress.run(main)
"""
for sent in (signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGTERM), (signal.SIGINT, signal.SIGINT):
    p = subprocess.Popen([sys.executable, "-c", ENDING], env=dict(os.environ, PYTHONPATH=os.path.join(ROOT, "tools")),
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for line, number in zip(("begun\n", "ending\n"), sent):
        said = p.stdout.readline()
        p.send_signal(number)
    out = p.communicate("\n")[0]
    ok(said == "ending\n" and out == "ended\n" and p.returncode == 130,
       "a second signal cuts off no end that has begun: %d, %d" % sent, said, out, p.returncode)
done()
