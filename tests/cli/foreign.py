"""Programs and images of xv6's: init and the shell are not ours, so the command is typed at the prompt."""

import os
import re
import sys
from itertools import count
from types import SimpleNamespace

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import BUILD, changed_run, done, ok, run, temp_directory  # noqa: E402
from run import prompt, qemu  # noqa: E402

IMAGE = os.path.join(BUILD, "foreign.img")

with open(IMAGE, "rb") as f:
    before = f.read()
r = run("--disk", IMAGE, "--", "check a")
tests = [line for line in r.out.split("\n") if line.startswith(("ok", "not ok"))]
ok(r.status == 0 and len(tests) >= 9, "a program of xv6's is typed, and its output comes back", r)
for line in tests:
    number, _, name = line.partition(" - ")
    ok(not line.startswith("not"), name)
ok(r.out.startswith("ok 1") and r.out.endswith("1..%d\n" % len(tests)), "and nothing else", r)
with open(IMAGE, "rb") as f:
    ok(f.read() == before, "the image is not written to")

r = run("--disk", IMAGE, "--", "rules")
lines = [line for line in r.out.split("\n") if line.startswith(("ok", "not ok"))]
ok(r.out.endswith("1..%d\n" % len(lines)) and len(lines) > 15, "old programs' rules", r)
for line in lines:
    ok(not line.startswith("not"), line.partition(" - ")[2])

for program in ("processes", "files", "corners", "course"):
    r = run("--disk", IMAGE, "--", program)
    lines = [line for line in r.out.split("\n") if line.startswith(("ok", "not ok"))]
    ok(r.out.endswith("1..%d\n" % len(lines)) and len(lines) > 3, program, r)
    for line in lines:
        ok(not line.startswith("not"), line.partition(" - ")[2], r)

# No time passes before the line has come for which the run waits for a while.
WAITS = """
from itertools import count
from types import SimpleNamespace
from run import prompt
class Typer(prompt.Typer):
    text, times = b"", count(1)
    def feed(self, data):
        self.text += data
        super().feed(data)
    def now(self):
        return next(self.times) if b"\\n" in self.text.partition(b"zombie!")[2] else 1
    def __init__(self, *arguments):
        prompt.time = SimpleNamespace(monotonic=self.now)
        super().__init__(*arguments)
from run import batch
batch.Typer = Typer
"""

directory = temp_directory()
copy = os.path.join(directory, "hello")
with open(copy, "wb") as f, open(os.path.join(BUILD, "foreign", "check"), "rb") as original:
    f.write(original.read())
r = run("--disk", IMAGE, "--add", copy, "--", "hello a")
ok(r.status == 0 and "1..%d\n" % len(tests) in r.out, "a program is added to it", r)

r = run("--disk", IMAGE, "--", "late orphan", tool=changed_run(WAITS))
ok(r.status == 0 and r.out == "zombie!\n", "what comes after the prompt does not hide the command's end", r)
r = run("--disk", IMAGE, "--", "late prompt")
ok(r.status == 0 and r.out == "$ not a prompt\n$ ", "a program that prints a prompt goes on, and none of it is lost", r)
r = run("--disk", IMAGE, "--", "late plain")
ok(r.status == 0 and r.out == "plain", "output without a newline is whole", r)

now, shown = 0, []
prompt.time = SimpleNamespace(monotonic=lambda: now)
typer = prompt.Typer(lambda line: None, shown.append, "late &")
typer.shell_waits()
typer.feed(b"late &\r\n$ ")
typer.shell_waits()
ends = []
for now, text in (0.3, b"later"), (0.6, b" and later\r\n"), (0.9, b""), (1.1, b""):
    if text:
        typer.feed(text)
    typer.idle()
    ends.append(typer.finished)
ok(b"".join(shown) == b"later and later\n" and ends == [False, False, False, True],
   "what a command in the background prints after the prompt is shown, until there is silence", shown, ends)

shown = []
prompt.time = SimpleNamespace(monotonic=count(step=1000).__next__)  # a very busy host
typer = prompt.Typer(lambda line: None, shown.append, "late")
typer.shell_waits()
for text in b"late\r\n", b"$ pri", b"nted\r\n", b"$", b" ", b"zombie!\r\n":
    typer.feed(text)
    typer.idle()
typer.shell_waits()
ok(b"".join(shown) == b"$ printed\nzombie!\n", "the prompt is told from output, however late the word for it comes",
   shown)

with qemu.Machine(os.path.join(BUILD, "kernel.elf"), disk=IMAGE) as machine:
    s = qemu.Session(machine)
    s.expect(b"$ ")
    s.send(b"\x03ok\n")
    ok(s.expect(b"exec failed"), "Ctrl-C is a character like others there", s.text)
    s.expect(b"$ ")
    s.send(b"\x0bok\n")
    ok(s.expect(b"\x0bok\nexec: fail\nexec failed\n$ "),
       "and so is Ctrl-K; the kernel reports a program that it can't find", s.text)
    s.send(b"corners unknown\n")
    s.expect(b"corners unknown\n")
    s.expect(b"done\n$ ")
    pid = s.before.partition(b" ")[0]
    lines = [b"%s corners: unknown sys call %s\n" % (pid, n)
             for n in b"0 22 25 63 64 99 448 511 600 1024 1536 -1 -2147483136".split()]
    ok(pid.isdigit() and s.before == b"".join(lines), "unknown calls are reported as by xv6", s.before)
    s.send(b"corners hungry\n")
    ok(s.expect(b"corners hungry\nallocuvm out of memory\ndone\n"), "and the end of memory", s.text)
    s.expect(b"$ ")
    table = b"2 run    sh"
    while re.search(rb"2 (runble|run   ) sh$", table):  # it may not have come from its prompt to its read yet
        s.send(b"\x10")
        table = b"\n".join(s.before for _ in range(2) if s.expect(b"\n"))
    ok(re.fullmatch(rb"1 sleep  init( [0-9a-f]{8})+\n2 sleep  sh( [0-9a-f]{8})+", table),
       "Ctrl-P shows what xv6's does", table, s.text)
    s.send(b"\x04")
    ok(s.expect(b"\x04"), "Ctrl-D is echoed as it is", s.text)
    s.expect(b"$ ")
    s.send(b"crowd\n")
    ok(s.expect(b"crowded\n") and s.expect(b"and one more\n"), "a program takes all processes, and its own place",
       s.text)
    s.send(b"check a\n")
    ok(s.expect(b"ok 1 "), "the shell can start others all the same", s.text)

# What the console shows when a program is killed, in xv6's words.  The address is that of the last touch that killed.
KILLED = (
    ("d", 0, 0, r"0x0"),
    ("k", 14, 7, r"0x80000000"),
    ("r", 14, 5, r"0x80100000"),
    ("d", 0, 0, r"0x80100000"),
    ("g", 14, 7, r"0x[1-9a-f][0-9a-f]*fff"),
    ("G", 14, 5, r"0x[1-9a-f][0-9a-f]*000"),
    ("a", 14, 6, r"0x[0-9a-f]+"),
    ("s", 14, 4, r"0x[0-9a-f]+"),
    ("b", 13, 26, r"0x[0-9a-f]+"),
    ("o", 13, 34, r"0x[0-9a-f]+"),
    ("i", 13, 1026, r"0x[0-9a-f]+"),
    ("c", 13, 0, r"0x[0-9a-f]+"),
    ("x", 6, 0, r"0x[0-9a-f]+"),
)

with qemu.Machine(os.path.join(BUILD, "kernel.elf"), disk=IMAGE, smp=1) as machine:
    s = qemu.Session(machine)
    s.expect(b"$ ")
    for number, (letter, trap, code, address) in enumerate(KILLED):
        s.send(b"faults %s\n" % letter.encode())
        s.expect(b"\n")
        s.expect(b"$ ")
        line = r"pid %d faults: trap %d err %d on cpu 0 eip 0x[0-9a-f]+ addr %s--kill proc\n"
        line %= number + 3, trap, code, address
        ok(re.fullmatch(line, s.before.decode()), "faults %s: trap %d" % (letter, trap), s.before, line)
    s.send(b"faults u\n")
    s.expect(b"\n")
    s.expect(b"$ ")
    ok(s.before == b"".join(b"%d faults: unknown sys call %d\n" % (len(KILLED) + 3, n) for n in (99, 0, -5)),
       "unknown calls are named in signed decimal", s.before)
done()
