"""port - a serial port of a machine: two named pipes, which QEMU's chardev `pipe' opens.

A port loses what nobody takes for some seconds, and a host may be busy for longer.  QEMU writes each character by
itself: a pipe has room for a million of them, and a socket for some hundreds.
"""

import contextlib
import fcntl
import os
import select

ROOM = 1 << 20  # bytes; as many as Linux allows everyone


def enlarge(pipe):
    """Gives a pipe as much room as the system allows; `pipe` is one of its ends."""
    with contextlib.suppress(OSError, AttributeError):  # a user may have no more, and not every system can do it
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, ROOM)


class Port:
    """Our ends.  `theirs` are the other ones, for the machine to inherit: as long as it lives, they are open."""

    def __init__(self, path):
        for name in path + ".in", path + ".out":
            os.mkfifo(name)
        self._output = os.open(path + ".out", os.O_RDONLY | os.O_NONBLOCK)
        self.theirs = [os.open(path + ".out", os.O_WRONLY), os.open(path + ".in", os.O_RDONLY | os.O_NONBLOCK)]
        self._input = os.open(path + ".in", os.O_WRONLY)
        enlarge(self._output)

    def fileno(self):
        """For whoever waits until there is something to read."""
        return self._output

    def wait(self):
        """Waits until there is something to read, or nothing more can come."""
        with contextlib.suppress(ValueError):  # it is closed
            select.select([self], [], [])

    def read(self, nbytes):
        """What has come; BlockingIOError if that is nothing, b"" once the machine has ended."""
        return os.read(self._output, nbytes)

    def write(self, data):
        """Waits until all is written; OSError once the machine has ended."""
        while data:
            data = data[os.write(self._input, data):]

    def close_theirs(self):
        for fd in self.theirs:
            os.close(fd)
        self.theirs = []

    def close(self):
        fds = [self._output, self._input]
        self._output = self._input = -1  # threads may still have the port
        self.close_theirs()
        for fd in fds:
            os.close(fd)
