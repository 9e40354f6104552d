"""How long interrupts are off, a spin lock is held, and a process has to wait for the processor, under the worst loads.

QEMU counts instructions (--icount), and a debug kernel measures with them: what is printed here is the same each time.
"""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import BUILD, ROOT, done, ok, temp_directory  # noqa: E402
from run import qemu  # noqa: E402
from run.build import make  # noqa: E402
from run.paths import clean_env, debug_build  # noqa: E402

BOUND = 20000
TICK = 10000000  # instructions
# A time slice is over after two ticks at most.  A load is a process and its child, and takes a lock's time longer where
# it lets others run.
SLICES = 2 * 2 * TICK + 1000000
DEBUG_BUILD = debug_build(os.environ)
PROMPT = b"$ "
PROGRAMS = "bulk cat echo halt init manyatt ps sh sleep true".split()
LINE = 8000
PLACE = re.compile(r"latency: (interrupts off|lock|processor kept)([^:]*): (\d+) instructions, "
                   r"from (\w[^ :]*) to (\w[^ :\n]*)(: ABOVE)?")


def kernel():
    """A debug kernel; the programs are those of the build that is tested."""
    if os.environ.get("DEBUG"):
        return os.path.join(BUILD, "kernel.elf")
    path = os.path.join(DEBUG_BUILD, "kernel.elf")
    env = clean_env(B=DEBUG_BUILD, DEBUG="1")
    return os.path.join(ROOT, path) if make([path], env) else None


def disk():
    """A disk with many inodes, and room for a large file."""
    path = os.path.join(temp_directory(), "disk.img")
    programs = [os.path.join(BUILD, "bin", name) for name in PROGRAMS]
    subprocess.run([os.path.join(BUILD, "host", "mkfs"), path, "-s", "20000", "-i", "3600", *programs], check=True,
                   stdout=subprocess.DEVNULL)
    return path


def start(mem, append):
    return qemu.Machine(kernel(), append=append, disk=IMAGE, smp=1, mem=mem,
                        icount=True, feed=os.devnull)


def command(session, line):
    """Types a line; what was printed until the next prompt, or None."""
    session.text = b""
    session.send(line + b"\n")
    return session.before if session.expect(b"\n") and session.expect(PROMPT) else None


def places(session):
    """What the kernel reports when it powers off: (kind, lock, instructions, from, to, above)."""
    session.text = b""
    session.send(b"halt\n")
    while session.pump(20):
        pass
    return [(m[1], m[2].strip(), int(m[3]), m[4], m[5], bool(m[6])) for m in PLACE.finditer(session.text.decode())]


def waits(text):
    """The longest waits that bulk printed, by load."""
    return {m[1].decode(): int(m[2]) for m in re.finditer(rb"beside (\w+): waited (\d+)", text or b"")}


def check_places(session, where=""):
    """What the kernel reports at its end must keep the bounds."""
    found = places(session)
    for kind, title in (("interrupts off", "interrupts are off"), ("lock", "a spin lock is held")):
        worst = max((p[2] for p in found if p[0] == kind), default=0)
        above = [p for p in found if p[0] == kind and p[5]]
        ok(0 < worst <= BOUND and not above, "§12 %s for at most %d instructions%s" % (title, BOUND, where), *above,
           session.text[-500:])
    above = [p for p in found if p[0] == "processor kept" and p[5]]
    ok(not above, "the kernel lets others run at least once in %d instructions%s" % (50 * BOUND, where), *above)
    for p in found:
        if p[2] > BOUND // 2 and p[0] != "processor kept":
            print("# %s %s: %d, from %s to %s" % p[:5])


IMAGE = disk()

with start(32, "latency=300") as machine:
    s = qemu.Session(machine)
    s.expect(PROMPT)
    command(s, b"echo")
    found = places(s)
    ok({p[0] for p in found if p[5]} == {"interrupts off", "lock", "processor kept"} and
       any(p[1] == "sched" and p[3] == "thread_park" for p in found),
       "a bound that is too small is reported, with locks and places by name", s.text.decode())

with start(700, "latency=%d ksm.attachments=40000" % BOUND) as machine:
    s = qemu.Session(machine)
    s.expect(PROMPT)
    out = command(s, b"bulk beside attachments 16384 beside large 256 beside heap 256")
    for load, title in (("attachments", "fork, exec and exit with 16384 attachments"),
                        ("large", "creating, forking and deleting 256 MB of shared memory"),
                        ("heap", "fork, sbrk and exit with 256 MB of heap")):
        waited = waits(out).get(load, 0)
        ok(0 < waited <= SLICES, "%s leave another process running" % title, waited, out)
    for load in (b"segments 4000", b"handles 4000", b"sleepers 900", b"processes 900", b"files 200", b"paths 6000",
                 b"output 4", b"removal 6144", b"deep 500", b"inodes 2", b"clearing 100"):
        out = command(s, b"bulk " + load)
        ok(out is not None and out.endswith(b"bulk: " + load.split()[0] + b"\n"), "the load: " + load.decode(),
           s.text[-500:])

    s.send(b"bulk crowd 900\n")
    crowded = s.expect(b"crowded\n")
    s.send(b"\x10")  # Ctrl-P
    shown = all(s.expect(b"  bulk\n") for _ in range(901))
    s.send(b"\n")
    dead = s.expect(b"all dead\n")
    s.send(b"\x10")
    passed = s.expect(b"  bulk\n")
    s.send(b"\n")
    ok(crowded and shown, "Ctrl-P shows 900 processes", s.text[-500:])
    ok(dead and passed and s.expect(b"bulk: crowd\n") and s.expect(PROMPT), "and passes over them when they are dead",
       s.text[-500:])

    s.send(b"bulk readers 900\n")
    reading = s.expect(b"reading\n")
    s.send(b"\n" * 64)
    read = s.expect(b"bulk: read\n")
    s.send(b"\x03")  # Ctrl-C
    ok(reading and read and s.expect(PROMPT), "lines are typed for 900 readers, whom Ctrl-C ends", s.text[-100:])

    command(s, b"bulk keep 3000")
    s.send(b"manyatt 16384 &\n")
    s.expect(b"attached 16384\n")
    command(s, b"")
    s.send(b"bulk watch 100\n")
    s.expect(b"watching\n")
    s.send(b"\x0b\x10")  # Ctrl-K, Ctrl-P
    shown = s.expect(b" attachments\n")
    table = s.before
    waited = waits(table) or (s.expect(b" at most\n") and waits(s.before))
    nlines = table.count(b"\n")
    ok(shown and nlines > 3000, "Ctrl-K shows thousands of segments", nlines, table[-500:])
    ok(waited and 0 < waited["others"] <= SLICES, "and leaves another process running", waited)
    s.expect(PROMPT)
    s.send(b"cat\n")
    s.expect(b"cat\n")
    s.send(b"x" * LINE + b"\x15ready\n")  # Ctrl-U
    ok(s.expect(b"\nready\n"), "a long line is typed and erased", s.text[-100:])
    s.send(b"\x04")
    s.expect(PROMPT)

    s.send(b"sleep 50\n" + b"x" * LINE + b"\n")
    ok(s.expect(PROMPT) and s.expect(PROMPT), "a long line is typed ahead of the shell", s.text[-100:])

    check_places(s)

with start(128, "latency=%d watch=on" % BOUND) as machine:  # the feed
    s = qemu.Session(machine)
    s.expect(PROMPT)
    command(s, b"bulk keep 3000")
    s.send(b"manyatt 13000 &\n")
    attached = s.expect(b"attached 13000\n")
    ok(attached and command(s, b"bulk processes 300") and command(s, b"sleep 300") is not None,
       "the feed tells of 3000 segments, 13000 attachments and 300 processes", s.text[-500:])
    check_places(s, ", with the feed")
done()
