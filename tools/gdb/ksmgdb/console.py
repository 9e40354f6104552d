"""The console of ./ksm debug.

  type TEXT   a line for the system to read
"""

import os
import socket

import gdb

from .command import CONSOLE, Command, quietly
from .processes import require_machine


class Type(Command):
    """Types a line at the system's console.

usage: type TEXT

The system reads it when it runs: `continue'."""

    def run(self, argument):
        if not CONSOLE:
            raise gdb.GdbError("the console is another terminal's: type there")
        require_machine()
        with open(os.path.join(CONSOLE, "typed"), "w", encoding="utf-8") as f:
            f.write(argument + "\n")


class Shown(gdb.Function):
    """$shown(): waits until all is shown that the system wrote before it stopped.  In gdb's hook-stop, so that what gdb
    says of the stop comes after that."""

    def __init__(self):
        super().__init__("shown")

    def invoke(self):
        wait_until_shown()
        return True


def wait_until_shown(*_):
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(os.path.join(CONSOLE, "shown"))
            s.recv(1)
    except OSError:  # ./ksm debug was killed
        pass


def leaving(event):
    """gdb would let the machine run on, for the moment until ./ksm debug ends it."""
    if gdb.selected_inferior().pid:
        try:
            quietly("kill")
        except gdb.error:  # QEMU may end before it answers
            pass
