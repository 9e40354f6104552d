"""Standard input: what a command reads is what the caller of ./ksm run gives, byte for byte, and it ends."""

import os
import random
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import BUILD, ROOT, RUN, WAIT, children, done, ok, state, temp_directory  # noqa: E402

ENV = dict(os.environ, KSM_BUILT="1")
CONTROL = bytes(range(256)) * 40  # every control key of the console is among them


def run(data, *arguments, typed=()):
    """Status and output of a command; data: its input as bytes, or an open file."""
    how = {"input": data} if isinstance(data, bytes) else {"stdin": data}
    r = subprocess.run(RUN + [*typed, "--", *arguments], env=ENV, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, timeout=WAIT, check=False, **how)
    return r.returncode, r.stdout, r.stderr[-300:]


def stopped(pid):
    """Whether a process stops."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        if state(pid)[0] == "T":
            return True
    return False


r = run(b"1+2\n", "sleep 100 & cat; wait")
ok(r[:2] == (0, b"1+2\n"), "a pipe's bytes reach a program beside another in the background", r)

path = os.path.join(temp_directory(), "bytes")
with open(path, "wb") as f:
    f.write(CONTROL + random.Random(1).randbytes(5000))
with open(path, "rb") as f:
    r = run(f, "cat >copy; cat copy")
with open(path, "rb") as f:
    ok(r[:2] == (0, f.read()), "a file of any bytes arrives whole, in several pieces", r[0], len(r[1]), r[2])

r = run(subprocess.DEVNULL, "cat; cat; echo end")
ok(r[:2] == (0, b"end\n"), "an empty input ends at once, and for good", r)
r = subprocess.run(["sh", "-c", 'exec "$@" <&-', "sh"] + RUN + ["--", "cat"], env=ENV,
                   capture_output=True, timeout=WAIT, check=False)
ok(r.returncode == 0 and not r.stdout, "a closed input is an empty one", r)

r = subprocess.run(["sh", "-c", 'while read x; do "$@" -- echo got $x; done', "sh"] + RUN, input=b"a\nb\n", env=ENV,
                   capture_output=True, timeout=WAIT, check=False)
ok(r.stdout == b"got a\ngot b\n", "a command that reads nothing leaves the input to others", r)

with subprocess.Popen(RUN + ["--", "cat"], env=ENV, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                      stderr=subprocess.DEVNULL) as p:
    answers = []
    for question in b"one\n", b"two\n":
        p.stdin.write(question)
        p.stdin.flush()
        answers.append(p.stdout.readline())
    p.stdin.close()
    ok(answers == [b"one\n", b"two\n"] and p.wait() == 0, "input and output take turns", answers)


def as_a_job():
    """As a shell starts it, however this test was started."""
    os.setpgrp()
    signal.signal(signal.SIGTSTP, signal.SIG_DFL)


# Ctrl-Z, and the shell's fg; many times, since it may come when the run has just begun to wait.
with subprocess.Popen(RUN + ["--", "cat"], env=ENV, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                      stderr=subprocess.DEVNULL, preexec_fn=as_a_job) as p:
    nstopped = 0
    for _ in range(50):
        p.stdin.write(b"one\n")
        p.stdin.flush()
        answer = p.stdout.readline()
        qemu, = children(p.pid)
        p.send_signal(signal.SIGTSTP)
        if answer != b"one\n" or not stopped(p.pid) or not stopped(qemu):
            break
        nstopped += 1
        p.send_signal(signal.SIGCONT)
    answer = p.communicate(b"two\n")[0]
    ok(nstopped == 50 and answer == b"two\n" and p.returncode == 0,
       "a run that stops stops its machine, whose output would be lost, and both go on", nstopped, answer)
with subprocess.Popen(RUN + ["--", "cat"], env=ENV, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                      stderr=subprocess.DEVNULL, start_new_session=True) as p:
    for question in b"one\n", b"two\n":
        p.stdin.write(question)
        p.stdin.flush()
        answered = select.select([p.stdout], [], [], WAIT)[0] and p.stdout.readline() == question
        p.send_signal(signal.SIGTSTP)
    p.send_signal(signal.SIGCONT)
    p.stdin.close()
    ok(answered, "it does not stop where no shell could let it go on")

WAITING = """
import sys
from run import port, qemu
class Machine:
    program, started = "qemu", 0
    console, log = port.Port(sys.argv[2] + "/console"), port.Port(sys.argv[2] + "/log")
    age = lambda self: int(sys.argv[1])
ports = qemu.Ports(Machine(), patience=8)
ports.read(0)
ports.read(0)
"""
for age, times in (7, 0), (8, 1):
    r = subprocess.run([sys.executable, "-c", WAITING, str(age), temp_directory()], stdin=subprocess.DEVNULL,
                       capture_output=True, text=True, check=False,
                       env=dict(ENV, PYTHONPATH=os.path.join(ROOT, "tools")))
    ok(r.returncode == 0 and r.stderr.count("nothing has come from the system") == times,
       "what to check is said once, when a machine has run for 8 seconds without a word: %d" % age, r)

r = run(b"echo one\nexit 3\n", "sh")
ok(r[0] == 3 and b"one\n" in r[1], "a shell takes its commands from it", r)

# A kernel that asks without end, and an input from which nothing comes.
ASKED = """\
import sys, tracemalloc
sys.path.insert(0, %r)
from run.batch import Feeder
feeder = Feeder(None)
tracemalloc.start()
for _ in range(100000):
    feeder.ask()
print(tracemalloc.get_traced_memory()[0])
"""
with subprocess.Popen([sys.executable, "-c", ASKED % os.path.join(ROOT, "tools")], stdin=subprocess.PIPE,
                      stdout=subprocess.PIPE, text=True) as p:
    kept = int(p.stdout.readline())
    p.stdin.close()
ok(kept < 100000, "requests that nothing answers take no memory", kept)

# A machine that ends before one types.
ENDED = """\
import os, sys
sys.path.insert(0, %r)
from run import port, qemu
class Ended(qemu.Machine):
    def __init__(self):
        self.console, self.log = port.Port(sys.argv[1] + "/console"), port.Port(sys.argv[1] + "/log")
        os.write(self.console.theirs[0], b"its last words")
        self.console.close_theirs()
        self.log.close_theirs()
s = qemu.Session(Ended())
s.send(b"hello\\n")
print(s.expect(b"last words"), s.expect(b"hello"))
"""
p = subprocess.run([sys.executable, "-c", ENDED % os.path.join(ROOT, "tools"), temp_directory()],
                   stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
ok(p.stdout == "True False\n", "what a machine said last is read, also by one who types then", p)

image = os.path.join(temp_directory(), "xv6.img")
subprocess.run([os.path.join(BUILD, "host", "mkfs"), "--xv6", image] +
               [os.path.join(BUILD, "bin", name) for name in ("init", "sh", "wc")], check=True)
r = run(CONTROL, "wc", typed=("--disk", image))
ok(r[0] == 0 and b"%d" % len(CONTROL) in r[1], "where the command is typed, its input arrives as well", r)

# A keyboard that is a file.  What is echoed is not what the commands print, wherever the prompts stand.
r = subprocess.run(["make", "-s", "qemu-nox"], cwd=ROOT, timeout=WAIT, check=False,
                   input=b"echo o''ne\n" + b"echo a' 'line\n" * 50 + b"halt\n", capture_output=True)
said = r.stdout.replace(b"\r", b"")
ok(r.returncode == 0 and said.count(b"one\n") == 1 and said.count(b"a line\n") == 50,
   "make qemu-nox types a file from its first byte on", r)
p = subprocess.run([sys.executable, os.path.join(ROOT, "tools", "run", "piped.py"), sys.executable, "-c", """
import os
os.set_blocking(1, False)
print(os.write(1, b"x" * 500000) == 500000)
"""], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=WAIT, check=False)
ok(p.stdout.endswith("xTrue\n"), "a slow terminal does not keep QEMU waiting: half a million bytes go out",
   p.stdout[-10:])
for typed, said in (None, "ksm: nothing is typed here: the system runs until Ctrl-C, or a kill\n"), ("", ""):
    r = subprocess.run([sys.executable, os.path.join(ROOT, "tools", "run", "piped.py"), "echo", "booted"], input=typed,
                       stdin=subprocess.DEVNULL if typed is None else None, capture_output=True, text=True,
                       timeout=WAIT, check=False)
    ok(r.returncode == 0 and r.stdout == "booted\n" and r.stderr == said, "it says where nothing can be typed", r)
done()
