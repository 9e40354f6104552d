"""Stacks: of processes, and of programs.

  ps   processes, and what each is doing

Frames of programs whose symbols are not loaded are found by frame pointers, and named by addr2line.
"""

import os
import re
import shutil
import subprocess

import gdb
from gdb.FrameDecorator import FrameDecorator
from gdb.unwinder import Unwinder

from .command import Command
from .contexts import Context, process_here, stranger
from .memory import KERNEL_BASE, read, word
from .processes import name_of, processes, running_on, state_of
from .programs import programs

# Functions that do not say what a sleeper waits for.
SLEEP = {"context_switch", "sched_switch_locked", "sched_yield", "thread_park", "waitq_sleep"}
# States as `ps' shows them.
STATES = {"NEW": "ready", "READY": "ready", "RUNNING": "running", "SLEEPING": "asleep", "DEAD": "zombie",
          "FORMING": "forming"}


class Place:
    """Names a frame for gdb."""

    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class ByFramePointer(Unwinder):
    def __init__(self):
        super().__init__("ksm")

    def __call__(self, frame):
        registers = [frame.read_register(name) for name in ("eip", "esp", "ebp")]
        try:
            pc, sp, bp = (int(value) & 0xFFFFFFFF for value in registers)
            if not sp or (pc and not stranger(pc)):
                return None
            caller = self.caller(pc, sp, bp)
        except (gdb.error, gdb.GdbError, OverflowError):  # registers that point nowhere
            return None
        info = frame.create_unwind_info(Place(registers[1], registers[0]))
        for name, value, now in zip(("eip", "esp", "ebp"), caller, registers):
            info.add_saved_register(name, gdb.Value(value).cast(now.type))
        return info

    @staticmethod
    def caller(pc, sp, bp):
        """Its registers; without a stack pointer there is none."""
        if not pc:  # a call of a null pointer
            return word(sp), sp + 4, bp
        if read(pc - 2, 2) == b"\xcd\x40" or read(pc, 1) == b"\x55":  # after int $64, or at push %ebp: no frame
            return word(sp), sp + 4, bp
        if not bp:
            return 0, 0, 0
        return word(bp + 4), bp + 8, word(bp)


places = {}  # (file, address) -> function, file, line


def place(frame):
    """The function, the file and the line of a frame, as gdb or addr2line know them; each may be None."""
    pc = frame.pc()
    name = programs.file_of(process_here()) if stranger(pc) else None
    if not name:
        line = frame.find_sal()
        return frame.name(), line.symtab and line.symtab.filename, line.line
    called = frame.newer() is not None and frame.newer().type() == gdb.NORMAL_FRAME
    key = (programs.path(name), pc - called)
    if key not in places:
        places[key] = look_up(*key)
    return places[key]


def look_up(path, address):
    addr2line = shutil.which("addr2line")
    if not addr2line:
        return None, None, None
    words = subprocess.run([addr2line, "-f", "-e", path, hex(address)], capture_output=True, text=True,
                           check=False).stdout.split("\n")
    source, _, line = re.sub(r" \(discriminator.*", "", "".join(words[1:2])).rpartition(":")
    if not line.isdecimal():
        return None, None, None
    return words[0], os.path.relpath(source) if source.startswith(os.getcwd() + "/") else source, int(line)


class Stranger(FrameDecorator):
    """A frame of such a program, in a back-trace."""

    def __init__(self, frame):
        super().__init__(frame)
        self._place = place(frame)

    def function(self):
        return self._place[0] or "??"

    def filename(self):
        return self._place[1]

    def line(self):
        return self._place[2]

    def frame_args(self):
        return None

    def frame_locals(self):
        return None


class Strangers:
    """gdb's filter of frames that finds them."""

    def __init__(self):
        self.name, self.priority, self.enabled = "ksm", 100, True
        gdb.frame_filters[self.name] = self

    def filter(self, frames):
        for frame in frames:
            base = frame.inferior_frame()
            if not stranger(base.pc()):
                yield frame
            # Neither a frame that gdb inlines from another program, nor the end.
            elif base.type() != gdb.INLINE_FRAME and (base.pc() or base.older()):
                yield Stranger(base)


def calls():
    """The kernel's functions from the newest frame on, but for those that only say that a thread sleeps."""
    frame, found = gdb.newest_frame(), []
    while frame and frame.pc() >= KERNEL_BASE:
        if frame.type() != gdb.SIGTRAMP_FRAME and frame.name() and frame.name() not in SLEEP:
            found.append(frame.name())
        frame = frame.older()
    return found


def where(proc):
    """What a process is doing, in a few words."""
    if state_of(proc) in ("FORMING", "DEAD"):
        return ""
    with Context(proc):
        frame = gdb.newest_frame()
        if calls():
            return " < ".join(calls()[:3])
        while frame.pc() >= KERNEL_BASE and frame.older():  # an interrupt
            frame = frame.older()
        return "in its program, at " + (place(frame)[0] or "0x%x" % frame.pc())


class Ps(Command):
    """Processes, and what each is doing.

usage: ps

WHERE is the chain of the kernel's functions that a process sleeps in, the innermost first, or the function of its
program that it is in."""

    def run(self, argument):
        rows = processes()
        print("  PID PARENT   JOB STATE    CPU NAME             WHERE")
        for proc in rows:
            parent = int(proc["parent"]["pid"]) if proc["parent"] else 0
            cpu = running_on(proc)
            print("%5d %6d %5d %-8s %3s %-16s %s" % (proc["pid"], parent, proc["job"], STATES[state_of(proc)],
                                                     "" if cpu is None else cpu, name_of(proc), where(proc)))
