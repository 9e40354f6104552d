"""The console of ./ksm debug.

  type TEXT   a line for the system to read
"""

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
        with open(CONSOLE, "w", encoding="utf-8") as f:
            f.write(argument + "\n")


def leaving(event):
    """gdb would let the machine run on, for the moment until ./ksm debug ends it."""
    if gdb.selected_inferior().pid:
        try:
            quietly("kill")
        except gdb.error:  # QEMU may end before it answers
            pass
