"""Programs that mean harm, and the user at the console who wants to get rid of them."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _shell import IMAGE, KERNEL, PROMPT, Shell  # noqa: E402
from _tap import done, ok  # noqa: E402
from run import qemu  # noqa: E402

NCPUS = int(os.environ.get("CPUS") or 2)
RING = 8192  # bytes that the console keeps
BELL = b"\a"
TABLE_END = b" segments, "

with qemu.Machine(KERNEL, disk=IMAGE, smp=NCPUS, mem=32) as machine:
    s = Shell(machine)
    s.send(b"hog &\n")
    ok(s.expect(b"hog has"), "a program in the background takes all memory", s.text)
    s.in_step()
    for _ in range(3):
        found = s.processes(b"hog")
        ok(len(found) == 1, "the shell can start ps", s.text)
    s.command(b"kill " + found[0][0] if found else b"")
    ok(s.gone(b"hog"), "and kill", s.text)

    s.send(b"hog\n")
    ok(s.expect(b"hog has"), "a program in the foreground takes all memory", s.text)
    s.send(b"\x03")
    ok(s.wait_prompt() is not None and s.gone(b"hog"), "Ctrl-C ends it", s.text)

with qemu.Machine(KERNEL, disk=IMAGE, smp=NCPUS) as machine:
    s = Shell(machine)
    for _ in range(5):
        s.send(b"comet 8\n")
        flying = s.expect(b"comet: all fly\n")
        s.send(b"\x03")
        out = s.wait_prompt()
        ok(flying and out is not None and b"not found" not in out and s.gone(b"comet"), "Ctrl-C ends chains of forks",
           s.text)

# With one processor, what comes first is not for the host to choose, which may leave one of QEMU's threads waiting.
with qemu.Machine(KERNEL, disk=IMAGE, smp=1, append="ksm.attachments=16400 ksm.segments=16000") as machine:
    s = Shell(machine)
    s.command(b"bulk keep 15000")  # segments, each with a line in the table, so that it takes much longer than a death
    s.text = b""
    s.send(b"manyatt 16384\n")
    s.expect(b"\nattached ")
    s.send(b"\x0b\x03")
    s.expect(TABLE_END)
    ok(b"\n" + PROMPT in s.before, "Ctrl-C does not wait for the table of shared memory", s.before[-500:])
    s.send(b"echo re''ady\n")
    s.expect(b"ready\n" + PROMPT)

    s.send(b"cat\n")
    s.expect(b"cat\n")
    s.send(b"x" * (RING + 1000) + b"\nshort\n")
    s.expect(b"\n")
    refused = s.before
    ok(refused.count(b"x") == RING - 1 and refused.count(BELL) == 1 and refused.endswith(b"\b \bshort"),
       "a line that is too long is deleted, with a bell", refused.count(b"x"), refused.count(BELL))
    s.expect(b"\n")
    ok(s.before == b"short", "and the program gets nothing of it", s.before[-100:])
    s.send(b"y" * (RING + 10) + b"\x15" + b"z" * 10 + b"\x7f\n")
    s.expect(b"\n")
    s.expect(b"\n")
    ok(s.before == b"z" * 9, "Ctrl-U clears it, and there is room again", s.before[-100:])
    s.send(b"\x04")
    ok(s.wait_prompt() is not None, "Ctrl-D ends it", s.text)
done()
