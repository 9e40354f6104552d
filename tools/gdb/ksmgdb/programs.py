"""The symbols of programs.

Programs share their addresses, so the symbols of one at a time are loaded.  A breakpoint in a program has the condition
$in_program(NAME), and is disabled while another program's symbols are loaded.
"""

import os
import re

import gdb

from .command import quietly
from .memory import kernel_file
from .processes import NAME_MAX, name_of


def quoted(path):
    """As gdb takes it for one word, whatever characters it has."""
    return re.sub(r"([\\\s'\"])", r"\\\1", path)


def owner_of(breakpoint):
    found = re.match(r'\$in_program\("([^"]*)"\)', breakpoint.condition or "")
    return found and found[1]


class Programs:
    """At most one program's symbols are loaded: those of the program that the user has chosen."""

    def __init__(self):
        self.name = None  # of that program
        self._path = None
        self._parked = set()  # breakpoints in other programs, by number

    def path(self, name):
        return os.path.join(os.path.dirname(kernel_file().filename), "elf", name)

    def file_of(self, proc):
        """The name of a process's program, or None if there are no symbols of it."""
        name = name_of(proc)
        if proc["foreign"]:
            return None
        if len(name) == NAME_MAX and not os.path.exists(self.path(name)):
            return next((f for f in os.listdir(self.path("")) if f.startswith(name)), None)
        return name if name and os.path.exists(self.path(name)) else None

    def choose(self, name):
        if name == self.name:
            return
        if self._path:
            quietly("remove-symbol-file " + quoted(self._path))
        self.name, self._path = name, self.path(name)
        quietly("add-symbol-file " + quoted(self._path))
        self._park()

    def _park(self):
        """Disables the breakpoints in other programs, and enables again those in this one."""
        for breakpoint in gdb.breakpoints():
            owner = owner_of(breakpoint)
            if owner and owner != self.name and breakpoint.enabled:
                breakpoint.enabled = False
                self._parked.add(breakpoint.number)
            elif owner == self.name and breakpoint.number in self._parked:
                self._parked.remove(breakpoint.number)
                breakpoint.enabled = True


programs = Programs()
