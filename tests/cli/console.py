"""The console as a user has it: line editing, its special keys, keyboard and screen."""

import os
import re
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _shell import KERNEL, PROMPT, Shell  # noqa: E402
from _tap import BUILD, done, ok  # noqa: E402
from run import qemu  # noqa: E402

IMAGE = os.path.join(BUILD, "fs.img")
NCPUS = int(os.environ.get("CPUS") or 2)
ECHOES = {"spc": b" ", "shift-k": b"K", "ret": b"\n", "up": b"\x1b[A", "delete": b"\x1b[3~"}
IDLE_SECONDS = 3  # of looking at a machine that has nothing to do
IDLE_SHARE = 0.2  # of one of the host's processors that it may take


def runs(session, name):
    """Asks until a process of this name sleeps, while a job has the console: by Ctrl-P, and by Ctrl-K for its end."""
    table = b""
    while not re.search(rb" asleep .* %s\n" % name, table):
        session.send(b"\x10\x0b")
        if not session.expect(b" attachments\n"):
            return False
        table = session.before
    return True


def press(session, *keys):
    """Presses keys of the machine's keyboard, each when the one before has been echoed: it holds few."""
    for key in keys:
        session.machine.monitor(b"sendkey %s 20" % key.encode())
        if not session.expect(ECHOES.get(key, key.encode())):
            return False
    return True


with qemu.Machine(KERNEL, disk=IMAGE, smp=NCPUS) as machine:
    s = Shell(machine)
    if not ok(s.command(b"") == b"", "the shell's prompt comes", s.text):
        done()

    out = s.command(b"echo hello")
    ok(out == b"hello\n", "a command", out)
    out = s.command(b"echo wrong\x15echo right")
    ok(out == b"right\n", "Ctrl-U clears the line", out)
    out = s.command(b"echo abx\x7fc")
    ok(out == b"abc\n", "backspace erases", out)
    out = s.command(b"echo abxy\x08\x08c")
    ok(out == b"abc\n", "Ctrl-H erases", out)
    out = s.command(b"\x7f\x7f\x08echo start")
    ok(out == b"start\n", "erasing at the start of a line does nothing", out)
    out = s.command(b"echo " + b"y" * 90)
    ok(out == b"y" * 90 + b"\n", "a long line", out)
    out = s.command(b"echo one >f; ksmcat f; ksmcat f >g; rm f g")
    ok(out == b"one\n\r0 KB, 0 KB a second\n", "ksmcat shows its progress, but not in the text that it prints", out)

    s.send(b"cat\n")
    s.expect(b"cat\n")
    s.send(b"one line\n")
    ok(s.expect(b"one line\none line\n"), "each line arrives when it is ended", s.text)
    s.send(b"\x04")
    ok(s.wait_prompt() is not None, "Ctrl-D is the end of file", s.text)
    s.send(b"cat\n")
    s.expect(b"cat\n")
    s.send(b"rest\x04")
    ok(s.expect(b"restrest"), "Ctrl-D ends a line too", s.text)
    ok(s.expect(PROMPT) and s.command(b"echo on") == b"on\n", "and is the end of file after it", s.text)

    s.send(b"\x10")
    ok(s.expect(b"pid  parent  state       bytes  attached  name\n    1       0  asleep ") and
       s.expect(b" 0  init\n") and s.expect(b" sh\n$ "), "Ctrl-P lists the processes, with a heading", s.text)
    s.send(b"\x0b")
    ok(s.expect(b"0 segments") and s.expect(b" attachments\n$ "), "Ctrl-K lists the segments", s.text)
    s.send(b"echo a\x10")
    ok(s.expect(b"echo a\n") and s.expect(b"  sh\n$ echo a"), "Ctrl-P shows the line being typed again", s.text)
    s.send(b"b\x0b")
    ok(s.expect(b"b\n") and s.expect(b"attachments\n$ echo ab"), "and so does Ctrl-K", s.text)
    ok(s.command(b"c") == b"abc\n", "which goes on", s.text)

    for line, name in ((b"sleep 100000", "a program"), (b"sleep 100000 | cat | cat", "a pipeline"),
                       (b"( sleep 100000 ; echo never )", "a list"), (b"sh -c 'sleep 100000 & sleep 100000'",
                                                                      "all descendants")):
        s.type(line)
        ok(runs(s, b"sleep"), "it runs: " + line.decode(), s.text)
        s.send(b"\x03")
        back = s.wait_prompt()
        ok(back is not None and b"never" not in back, "Ctrl-C ends " + name, back, s.text)
    ok(s.gone(b"sleep"), "nothing of them is left", s.text)
    s.send(b"\x03")
    ok(s.wait_prompt() is not None and s.command(b"echo alive") == b"alive\n", "Ctrl-C leaves the shell alone", s.text)

    ok(press(s, "e", "c", "h", "o", "spc", "shift-k", "e", "y", "1", "ret") and s.wait_prompt() == b"Key1\n",
       "the keyboard", s.text)
    ok(press(s, "e", "c", "h", "o", "spc", "k", "up", "delete", "2", "ret") and s.wait_prompt() == b"k2\n",
       "sends for arrows what a terminal does, and no command has it", s.text)
    with tempfile.TemporaryDirectory() as directory:
        screen = os.path.join(directory, "screen")
        machine.monitor(b'pmemsave 0xb8000 4000 "%s"' % screen.encode())
        with open(screen, "rb") as f:
            shown = f.read()[0::2]
    ok(b"Key1" in shown, "the screen shows what the serial port does", re.sub(rb"[^ -~]+", b" ", shown))

    before, began = s.seconds(), time.monotonic()
    while (passed := time.monotonic() - began) < IDLE_SECONDS:
        s.pump(IDLE_SECONDS - passed)
    used = s.seconds() - before
    ok(used < IDLE_SHARE * passed, "an idle system takes little of the host: %.2f of %.1f seconds" % (used, passed))

    s.send(b"halt 5\n")
    while s.pump(5):
        pass
    ok(s.status == 5, "halt ends the machine with its status", s.status)
done()
