"""./ksm run on a terminal: the demonstration, then the shell, with every key passed on; and make qemu-nox."""

import os
import pty
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import ROOT, RUN, done, ok  # noqa: E402

ENV = dict(os.environ, KSM_BUILT="1")


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, command):
        mine, its = pty.openpty()
        self.fd = mine
        self.process = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, cwd=ROOT, env=ENV,
                                        start_new_session=True)
        os.close(its)
        self.text = b""

    def expect(self, wanted, seconds):
        end = time.monotonic() + seconds
        while wanted not in self.text:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                return False
            try:
                data = os.read(self.fd, 65536)
            except OSError:  # the other side is closed
                return False
            if not data:
                return False
            self.text += data
        self.text = self.text.partition(wanted)[2]
        return True

    def type(self, data):
        os.write(self.fd, data)

    def status(self, seconds=20):
        """Its exit status; None if it goes on."""
        self.expect(b"\0never\0", 2)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            return None


t = Terminal(RUN)
ok(t.expect(b"$ mathdemo", 20), "the demonstration is typed at the prompt", t.text)
ok(t.expect(b"every result right", 90), "every result is right", t.text)
ok(t.expect(b"$ ", 90), "then the shell is there", t.text)
t.type(b"echo 'typed'\r")
ok(t.expect(b"\ntyped", 10), "what is typed arrives", t.text)
t.expect(b"$ ", 10)
t.type(b"sleep 100000\r")
t.expect(b"100000", 5)
time.sleep(0.5)
t.type(b"\x03")
ok(t.expect(b"$ ", 10) and t.process.poll() is None, "Ctrl-C is the system's", t.text)
t.type(b"halt 3\r")
ok(t.status() == 3, "halt ends it, with its status")

t = Terminal(RUN + ["--smp", "1"])
t.expect(b"$ ", 20)
t.type(b"\x01x")
ok(t.status() == 0, "Ctrl-A x ends it")

t = Terminal(["make", "-s", "qemu-nox"])
ok(t.expect(b"$ ", 120), "make qemu-nox has a shell", t.text)
t.type(b"halt\r")
ok(t.status() == 0, "and ends with it")
done()
