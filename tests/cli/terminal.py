"""./ksm run on a terminal: the demonstration, then the shell, with every key passed on."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _pty import PATIENCE, Terminal  # noqa: E402
from _tap import RUN, done, ok  # noqa: E402

PROMPT = rb"\n\$ $"

t = Terminal(RUN)
ok(t.expect(rb"\$ mathdemo\r?\n"), "the demonstration is typed at the prompt", t.text)
ok(t.expect(rb"every result right"), "every result is right", t.text)
ok(t.expect(PROMPT), "then the shell is there", t.text)
t.type(b"echo 'typed'\r")
ok(t.expect(rb"\ntyped"), "what is typed arrives", t.text)
t.expect(PROMPT)
t.type(b"sh -c 'echo started; sleep 100000'\r")
ok(t.expect(rb"\nstarted"), "a program runs", t.text)
t.type(b"\x03")
ok(t.expect(PROMPT) and t.process.poll() is None, "Ctrl-C ends it, and not the run", t.text)
t.type(b"halt 3\r")
ok(t.status() == 3, "halt ends the run, with its status")

t = Terminal(RUN + ["--smp", "1"])
t.expect(rb"\$ ")
t.type(b"\x01x")
ok(t.status() == 0, "Ctrl-A x ends it")

t = Terminal(RUN)
t.expect(rb"every result right")
t.expect(PROMPT)  # from here on the system says nothing by itself
os.close(t.fd)
try:
    ended = t.process.wait(PATIENCE) is not None
except subprocess.TimeoutExpired:
    ended = False
    t.kill()
ok(ended, "it ends with its terminal, also where no signal comes")
done()
