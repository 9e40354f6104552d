"""session - a run on a terminal: every key goes to the system, and Ctrl-A x ends the run."""

import os
import sys
import termios

from . import qemu
from .batch import WAIT_MAX, write_all
from .prompt import PROMPT
from .symbols import Symbols

CTRL_A = 1


class Terminal:
    """The user's terminal, every key of it for the guest, while the session lasts."""

    def __init__(self):
        self._fd = sys.stdin.fileno()
        self._saved = termios.tcgetattr(self._fd) if os.isatty(self._fd) else None

    def __enter__(self):
        if self._saved:
            raw = termios.tcgetattr(self._fd)
            raw[0] &= ~(termios.ICRNL | termios.IXON | termios.INLCR | termios.IGNCR)
            raw[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
            termios.tcsetattr(self._fd, termios.TCSANOW, raw)
        return self

    def __exit__(self, *unused):
        if not self._saved:
            return
        try:
            termios.tcsetattr(self._fd, termios.TCSADRAIN, self._saved)
        except termios.error:  # it was closed
            pass


class Keys:
    """Passes keys on, but for those after Ctrl-A: x ends the session, Ctrl-A is itself."""

    def __init__(self):
        self._escaped = False
        self.quit = False

    def feed(self, data):
        out = bytearray()
        for c in data:
            if self._escaped:
                self._escaped = False
                if c in b"xX":
                    self.quit = True
                elif c == CTRL_A:
                    out.append(c)
            elif c == CTRL_A:
                self._escaped = True
            else:
                out.append(c)
        return bytes(out)


class FirstCommand:
    """Types a command at the first prompt."""

    def __init__(self, send, command):
        self._send, self._command = send, command
        self._seen = b""

    def feed(self, data):
        if not self._command:
            return
        self._seen = (self._seen + data)[-len(PROMPT):]
        if self._seen == PROMPT:
            self._send(self._command.encode() + b"\n")
            self._command = None


def run(machine, options, first_command, typed=b"", patience=qemu.PATIENCE):
    """Joins the terminal, on which something may have been typed already, and the console.  Returns the status line's
    content or None, whether time ran out, and whether the user left."""
    log = qemu.LogReader(lambda line: None)  # the console shows it too
    keys, first = Keys(), FirstCommand(machine.type, first_command)
    ports = qemu.Ports(machine, sys.stdin, patience)
    symbols = Symbols(not options.disk, options.add)
    on_terminal = sys.stdin.isatty()  # where the end of the keys means that it was closed
    with Terminal():
        while ports.open and not keys.quit:
            if on_terminal and not ports.typed:
                return log.status, False, True
            left = min(options.timeout - machine.age(), WAIT_MAX) if options.timeout else WAIT_MAX
            if left <= 0:
                return log.status, True, False
            for name, data in ports.read(left):
                if name == "keys":
                    machine.type(keys.feed(data))
                elif name == "log":
                    log.feed(data)
                else:
                    machine.type(keys.feed(typed))  # before its first words the system would lose it
                    typed = b""
                    write_all(sys.stdout, symbols.feed(data))
                    first.feed(data)
    write_all(sys.stdout, symbols.rest())
    return log.status, False, keys.quit
