"""_pty - a program on a terminal of its own, for tests that type at it."""

import atexit
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

from _tap import ROOT
from run import qemu

PATIENCE = qemu.ANSWER


def take_control():
    """In the child, which leads a session: its standard input becomes its terminal."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """A started program.  `text` is what it printed and nobody has expected yet."""

    def __init__(self, command, cwd=ROOT, env=None, columns=80, rows=24, controlling=False):
        """With `controlling`, Ctrl-C and its kin are signals to what runs there."""
        mine, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.fd = mine
        self.process = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, cwd=cwd, start_new_session=True,
                                        preexec_fn=take_control if controlling else None,
                                        env=dict(os.environ, KSM_BUILT="1") if env is None else env)
        atexit.register(lambda: self.process.poll() is None and self.kill())
        os.close(its)
        self.text = b""

    def expect(self, pattern, seconds=PATIENCE):
        """Waits for a regular expression, and drops the text up to its end.  False if it does not come."""
        end = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.text)
            if found:
                self.text = self.text[found.end():]
                return True
            if not self._read(end - time.monotonic()):
                return False

    def _read(self, seconds):
        if seconds <= 0 or not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # the other side is closed
            return False
        self.text += data
        return bool(data)

    def type(self, data):
        os.write(self.fd, data)

    def status(self, seconds=PATIENCE):
        """Its exit status; None if it does not end."""
        end = time.monotonic() + seconds
        while self._read(end - time.monotonic()):
            pass
        try:
            return self.process.wait(max(end - time.monotonic(), 1))
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def kill(self):
        """Ends the program and what it started."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
