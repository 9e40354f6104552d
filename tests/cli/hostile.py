"""Programs that mean harm, and the user at the console who wants to get rid of them."""

import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import BUILD, done, ok  # noqa: E402
from run import qemu  # noqa: E402

KERNEL = os.path.join(BUILD, "kernel.elf")
IMAGE = os.path.join(BUILD, "tests.img")
NCPUS = int(os.environ.get("CPUS") or 2)
PROMPT = b"$ "
RING = 8192  # bytes that the console keeps
BELL = b"\a"
TABLE_END = b" segments, "


def command(session, line, seconds=60):
    """Types a line; what was printed until the next prompt, or None."""
    session.text = b""
    session.send(line + b"\n")
    return wait_prompt(session, seconds) if session.expect(b"\n", seconds) else None


def wait_prompt(session, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if session.text == PROMPT or session.text.endswith(b"\n" + PROMPT):
            return session.text[:-len(PROMPT)]
        if not session.pump(end - time.monotonic()):
            break
    return None


def pids(session, name):
    """The living processes of this name, by ps."""
    return [line.split()[0] for line in (command(session, b"ps") or b"").split(b"\n") if line.endswith(b" " + name)]


def gone(session, name, seconds=20):
    """Whether they all end: a process that was killed dies when a processor runs it."""
    end = time.monotonic() + seconds
    while pids(session, name):
        if time.monotonic() > end:
            return False
    return True


with qemu.Machine(KERNEL, disk=IMAGE, smp=NCPUS, mem=32) as machine:
    s = qemu.Session(machine)
    s.expect(PROMPT, 60)
    s.send(b"hog &\n")
    ok(s.expect(b"hog has", 60), "a program in the background takes all memory", s.text)
    s.quiet(0.5)
    for _ in range(3):
        found = pids(s, b"hog")
        ok(len(found) == 1, "the shell can start ps", s.text)
    command(s, b"kill " + (found + [b""])[0])
    ok(gone(s, b"hog"), "and kill", s.text)

    s.send(b"hog\n")
    ok(s.expect(b"hog has", 60), "a program in the foreground takes all memory", s.text)
    s.send(b"\x03")
    ok(wait_prompt(s) is not None and gone(s, b"hog"), "Ctrl-C ends it", s.text)

with qemu.Machine(KERNEL, disk=IMAGE, smp=NCPUS, append="ksm.attachments=16400") as machine:
    s = qemu.Session(machine)
    s.expect(PROMPT, 60)
    for _ in range(5):
        s.send(b"comet 8\n")
        s.expect(b"comet 8\n", 20)
        time.sleep(0.5)  # they fly
        s.send(b"\x03")
        out = wait_prompt(s)
        ok(out is not None and b"not found" not in out and gone(s, b"comet"), "Ctrl-C ends chains of forks", s.text)

    s.text = b""
    s.send(b"manyatt 16384\n")
    s.expect(b"attached 16384\n", 60)
    s.send(b"\x0b")
    s.expect(b" rw", 20)
    s.send(b"\x03")
    text = b" rw"
    while s.expect(b"\n", 20):  # to the table's end
        text += s.before
        if TABLE_END in s.before:
            break
    ok(text.count(b" rw") < 16384, "Ctrl-C does not wait for the table of shared memory", text.count(b" rw"))
    s.send(b"echo re''ady\n")
    s.expect(b"ready\n" + PROMPT, 60)

    s.send(b"cat\n")
    s.expect(b"cat\n", 60)
    s.send(b"x" * (RING + 1000) + b"\n")
    s.expect(b"\n", 120)
    refused = s.before
    ok(refused.count(b"x") == RING - 1 and refused.count(BELL) == 1001,
       "a line that is too long is refused from one place on, with a bell", refused.count(b"x"), refused.count(BELL))
    s.expect(b"\n", 120)  # cat has it: there is room again
    ok(s.before == b"x" * (RING - 1), "and ends where it was cut", s.before[-100:])
    s.send(b"y" * (RING + 10) + b"\x15" + b"z" * 10 + b"\x7f\n")
    s.expect(b"\n", 120)
    s.expect(b"\n", 120)
    ok(s.before == b"z" * 9, "Ctrl-U clears it, and there is room again", s.before[-100:])
    s.send(b"\x04")
    ok(wait_prompt(s) is not None, "Ctrl-D ends it", s.text)
done()
