"""Breakpoints that stop in one program, and what is said at a stop.

One in a program gets the condition $in_program(NAME).  The kernel's stop whoever runs, unless they are given the
condition $for_program(NAME).
"""

import gdb

from .contexts import adapt, process_here
from .memory import KERNEL_BASE, offset, pointer, read
from .processes import NAME_MAX, current_process, running_thread, words_for
from .programs import owner_of, programs


class ForProgram(gdb.Function):
    """$for_program(NAME): the processor runs a process of that program, or the kernel for it."""

    def __init__(self, name="for_program"):
        super().__init__(name)
        self._offset = None

    def invoke(self, name):  # pylint: disable=arguments-differ
        thread = running_thread()
        if not thread:
            return False
        self._offset = self._offset or offset(pointer("proc", 0), "name")
        wanted = name.string()[:NAME_MAX].encode() + b"\0"
        return read(thread + self._offset, len(wanted)) == wanted


class InProgram(ForProgram):
    """$in_program(NAME): the same, or the processor is in the kernel."""

    def __init__(self):
        super().__init__("in_program")

    def invoke(self, name):
        return gdb.selected_frame().pc() >= KERNEL_BASE or super().invoke(name)


def in_program_memory(breakpoint):
    """Is it in the program's memory, or a part of it?"""
    if breakpoint.type not in (gdb.BP_BREAKPOINT, gdb.BP_HARDWARE_BREAKPOINT):  # of data
        try:
            return int(gdb.parse_and_eval("&(%s)" % breakpoint.expression)) & 0xFFFFFFFF < KERNEL_BASE
        except (gdb.error, TypeError):
            return False
    places = [location for location in breakpoint.locations if location.address is not None]
    ours = [location for location in places if location.address < KERNEL_BASE]
    if (breakpoint.location or "").startswith("sys_") and len(ours) < len(places):
        for location in ours:  # the library has functions of these names too: the kernel's are meant
            if location.enabled:
                location.enabled = False
        return False
    return bool(ours)


def confine(breakpoint):
    """A breakpoint in a program stops in that program alone, whatever condition the user gives it."""
    if not programs.name or not breakpoint.visible or owner_of(breakpoint) or not in_program_memory(breakpoint):
        return
    condition = '$in_program("%s")' % programs.name
    if breakpoint.condition:
        condition += " && (%s)" % breakpoint.condition
    breakpoint.condition = condition


class Internal(gdb.Breakpoint):
    """A place in the kernel where a user of the debugger always wants to stop."""

    def __init__(self, function, when, words):
        super().__init__(function, internal=True)
        self.silent = True
        self._when, self._words = when, words
        self._last = None

    def stop(self):
        """Now and then QEMU brings a processor back to the instruction that gdb lets it pass: that is the same stop."""
        here = moment()
        if here == self._last or not self._when():
            return False
        self._last = here
        Internal.said = self._words
        return True

    said = None


def moment():
    """The processor, its stack, and its process: at a place that a process meets once, they tell a stop from others."""
    try:
        proc = current_process()
    except (gdb.error, gdb.GdbError):  # too early
        proc = None
    return gdb.selected_thread().num, int(gdb.parse_and_eval("(unsigned)$esp")), proc and int(proc["pid"])


def in_chosen_program():
    return not programs.name or programs.file_of(process_here()) == programs.name


last_seen = None


def stopped(event):
    """Says which process the machine stopped in, if that is another than before."""
    global last_seen
    if Internal.said:
        print(Internal.said)
        Internal.said = None
        gdb.execute("frame")
    try:
        proc = current_process()
    except (gdb.error, gdb.GdbError):  # too early, or no kernel's memory
        return
    adapt()
    seen = words_for(proc) if proc else "the kernel's own threads"
    if programs.name and proc and programs.file_of(proc) != programs.name:
        seen += "; the symbols that are loaded are those of " + programs.name
    if seen != last_seen:
        print("[%s]" % seen)
    last_seen = seen
