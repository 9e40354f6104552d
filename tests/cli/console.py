"""The console as a user has it: line editing, its special keys, keyboard and screen."""

import os
import re
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import BUILD, done, ok  # noqa: E402
from run import qemu  # noqa: E402

KERNEL = os.path.join(BUILD, "kernel.elf")
IMAGE = os.path.join(BUILD, "fs.img")
NCPUS = int(os.environ.get("CPUS") or 2)
PROMPT = b"$ "


def cpu_seconds(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as f:
        field = f.read().rpartition(")")[2].split()
    return (int(field[11]) + int(field[12])) / os.sysconf("SC_CLK_TCK")


def command(session, line, seconds=20):
    """Types a line and returns what was printed until the next prompt: None if it does not come."""
    session.text = b""
    session.send(line + b"\n")
    return wait_prompt(session, seconds) if session.expect(b"\n", seconds) else None


def wait_prompt(session, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if session.text == PROMPT or session.text.endswith(b"\n" + PROMPT):
            before = session.text[:-len(PROMPT)]
            session.text = b""
            return before
        if not session.pump(end - time.monotonic()):
            break
    return None


def monitor(machine, line):
    machine.control.settimeout(5)
    machine.control.sendall(line.encode() + b"\n")
    text = b""
    try:
        while not text.rstrip().endswith(b"(qemu)") or line.encode() not in text.replace(b"\x1b[K", b""):
            text += machine.control.recv(65536)
    except OSError:
        pass
    return text


def sendkeys(machine, keys):
    for key in keys:
        monitor(machine, "sendkey %s 20" % key)
        time.sleep(0.06)


with qemu.Machine(KERNEL, disk=IMAGE, smp=NCPUS) as machine:
    s = qemu.Session(machine)
    if not ok(s.expect(PROMPT, 30), "the shell's prompt comes", s.text):
        done()
    s.quiet(0.3)

    out = command(s, b"echo hello")
    ok(out == b"hello\n", "a command", out)
    out = command(s, b"echo wrong\x15echo right")
    ok(out == b"right\n", "Ctrl-U clears the line", out)
    out = command(s, b"echo abx\x7fc")
    ok(out == b"abc\n", "backspace erases", out)
    out = command(s, b"echo abxy\x08\x08c")
    ok(out == b"abc\n", "Ctrl-H erases", out)
    out = command(s, b"\x7f\x7f\x08echo start")
    ok(out == b"start\n", "erasing at the start of a line does nothing", out)
    out = command(s, b"echo " + b"y" * 90)
    ok(out == b"y" * 90 + b"\n", "a long line", out)

    s.send(b"cat\n")
    s.expect(b"cat\n")
    s.send(b"one line\n")
    ok(s.expect(b"one line\none line\n", 10), "each line arrives when it is ended", s.text)
    s.send(b"\x04")
    ok(wait_prompt(s, 10) is not None, "Ctrl-D is the end of file", s.text)
    s.send(b"cat\n")
    s.expect(b"cat\n")
    s.send(b"rest\x04")
    ok(s.expect(b"restrest", 10) or b"rest" in s.text, "Ctrl-D ends a line too", s.text)
    s.send(b"\x04")
    ok(wait_prompt(s, 10) is not None, "and the next one is the end of file", s.text)

    s.text = b""
    s.send(b"\x10")
    s.quiet(0.5)
    ok(b"init" in s.text and b"sh" in s.text, "Ctrl-P lists the processes", s.text)
    s.text = b""
    s.send(b"\x0b")
    s.quiet(0.5)
    ok(b"segment" in s.text, "Ctrl-K lists the segments", s.text)
    command(s, b"")
    s.send(b"echo a\x10")
    ok(s.expect(b"echo a\n", 10) and s.expect(b"  sh\n$ echo a", 10), "Ctrl-P shows the line being typed again", s.text)
    s.send(b"b\x0b")
    ok(s.expect(b"b\n", 10) and s.expect(b"attachments\n$ echo ab", 10), "and so does Ctrl-K", s.text)
    ok(command(s, b"c") == b"abc\n", "which goes on", s.text)

    for line, name in ((b"sleep 100000", "a program"), (b"sleep 100000 | cat | cat", "a pipeline"),
                       (b"( sleep 100000 ; echo never )", "a list"), (b"sh -c 'sleep 100000 & sleep 100000'",
                                                                      "all descendants")):
        s.text = b""
        s.send(line + b"\n")
        s.expect(line + b"\n", 5)
        time.sleep(0.4)
        s.send(b"\x03")
        back = wait_prompt(s, 10)
        ok(back is not None and b"never" not in back, "Ctrl-C ends " + name, back, s.text)
    time.sleep(0.2)
    out = command(s, b"ps")
    ok(out is not None and not any(l.endswith(b" sleep") for l in out.split(b"\n")), "nothing of them is left", out)
    s.text = b""
    s.send(b"\x03")
    s.quiet(0.3)
    out = command(s, b"\x15echo alive")
    ok(out is not None and out.endswith(b"alive\n"), "Ctrl-C leaves the shell alone", out)

    s.text = b""
    sendkeys(machine, ["e", "c", "h", "o", "spc", "shift-k", "e", "y", "1", "ret"])
    ok(s.expect(b"\nKey1\n", 10), "the keyboard", s.text)
    sendkeys(machine, ["e", "c", "h", "o", "spc", "k", "up", "delete", "2", "ret"])
    ok(s.expect(b"echo k\x1b[A\x1b[3~2\nk2\n", 10),
       "sends for arrows what a terminal does, and no command has it", s.text)
    with tempfile.TemporaryDirectory() as directory:
        screen = os.path.join(directory, "screen")
        monitor(machine, 'pmemsave 0xb8000 4000 "%s"' % screen)
        with open(screen, "rb") as f:
            shown = f.read()[0::2]
    ok(b"Key1" in shown, "the screen shows what the serial port does", re.sub(rb"[^ -~]+", b" ", shown))

    s.quiet(0.3)
    before = cpu_seconds(machine.process.pid)
    s.quiet(3)
    used = cpu_seconds(machine.process.pid) - before
    ok(used < 0.6, "an idle system takes little of the host: %.2f of 3 seconds" % used)

    s.send(b"halt 5\n")
    while s.pump(5):
        pass
    ok(s.status == 5, "halt ends the machine with its status", s.status)
done()
