"""gdb in the place of a process, and with the symbols of its program.

  process PID [COMMAND]   a back-trace, or what another command says there
  program [NAME]          loads the symbols of a program

A process that does not run is looked at by lending its registers to a processor for a moment.
"""

import difflib
import os

import gdb

from .command import Command, quietly
from .memory import KERNEL_BASE, pointer, word
from .processes import (current_process, find_process, register, running_on, running_thread, select_processor,
                        state_of, words_for)
from .programs import programs

# gdb's commands after which the machine runs.
RUNNING = ("advance", "continue", "detach", "disconnect", "finish", "jump", "kill", "next", "nexti", "queue-signal",
           "run", "signal", "start", "starti", "step", "stepi", "until")


class Context:
    """While it lasts, gdb's registers and memory are those of a process."""

    lent = None  # the process, if a processor has its registers
    NAMES = ("eip", "esp", "ebp", "cr3")

    def __init__(self, proc):
        self._proc = proc
        self._state = state_of(proc)
        if self._state == "FORMING":
            raise gdb.GdbError("%s is being made by fork: it has not run yet" % words_for(proc))
        if self._state == "DEAD":
            raise gdb.GdbError("%s has ended: nothing but its status is left" % words_for(proc))

    def __enter__(self):
        self._thread = gdb.selected_thread()
        self._level = gdb.selected_frame().level()
        self._saved = None
        index = running_on(self._proc)
        if index is not None:
            select_processor(index)
        else:
            gdb.newest_frame().select()
            self._saved = [register(name) for name in self.NAMES]
            self._set(self._registers())
            self._outer = Context.lent
            self._lend(self._proc)
        adapt()
        return self

    def __exit__(self, *unused):
        if self._saved:
            self._lend(self._outer)
            gdb.newest_frame().select()
            self._set(self._saved)
        self._thread.switch()
        frame = gdb.newest_frame()
        while frame and frame.level() < self._level:
            frame = frame.older()
        if frame:
            frame.select()
        adapt()

    @staticmethod
    def _lend(proc):
        """Meanwhile the machine must not run, not even for gdb's call of a function."""
        Context.lent = proc
        quietly("set may-call-functions %s" % ("off" if proc else "on"))

    def _registers(self):
        """Where context_switch() has left it."""
        context = int(self._proc["thread"]["context"])
        eip = word(context)
        directory = int(self._proc["thread"]["aspace"]["map"]["directory"])
        if quietly("info symbol 0x%x" % eip).startswith("thread_first"):
            stack = (context + 4, 0)  # it has not run yet
        else:
            stack = (context + 12, word(context + 8))
        return (eip,) + stack + (directory - KERNEL_BASE,)

    def _set(self, values):
        for name, value in zip(self.NAMES, values):
            gdb.parse_and_eval("$%s = 0x%x" % (name, value))


class MayRun(gdb.Function):
    """$may_run(): fails where a processor has a process's registers; for each command of RUNNING."""

    def __init__(self):
        super().__init__("may_run")

    def invoke(self):
        if Context.lent:
            raise gdb.GdbError("%s is on no processor: it can be looked at, but it can't run" % words_for(Context.lent))
        return True


def process_here():
    """Whose frames below the kernel gdb sees."""
    return Context.lent or pointer("proc", running_thread())


def stranger(pc):
    """Is it an address in a program whose symbols are not loaded?"""
    return pc < KERNEL_BASE and programs.file_of(process_here()) != programs.name


def adapt():
    """gdb ends a back-trace at the function that it takes for main()."""
    try:
        strange = stranger(0)
    except (gdb.error, gdb.GdbError):
        return
    if strange != gdb.parameter("backtrace past-main"):
        quietly("set backtrace past-main %s" % ("on" if strange else "off"))


class Process(Command):
    """A command of gdb's in the place of a process: its back-trace, unless another is given.

usage: process PID [COMMAND]

  process 5                 its calls, through the kernel into its program
  process 5 bt full         with local variables
  process 5 x/4x $esp       its memory
`ps' lists the pids.  COMMAND looks at the process; only if a processor runs it can it be `next', `finish' and so on."""

    def __init__(self):
        super().__init__(gdb.COMPLETE_COMMAND)

    def run(self, argument):
        pid, _, command = argument.partition(" ")
        if not pid:
            raise gdb.GdbError("usage: process PID [COMMAND]")
        with Context(find_process(pid)):
            gdb.execute(command.strip() or "backtrace")


class Program(Command):
    """Loads the symbols of a program.

usage: program [NAME]

One program's symbols are loaded at a time, as programs share their addresses.  Breakpoints in others are disabled
until their program is named again.  Without NAME: the program that the selected processor runs.  Back-traces name the
functions of all programs, but know no more of them."""

    def run(self, argument):
        name = argument
        if not name:
            proc = current_process()
            if not proc:
                raise gdb.GdbError("this processor runs no process: program NAME")
            name = programs.file_of(proc)
            if not name:
                raise gdb.GdbError("there are no symbols of %s" % words_for(proc))
        elif not os.path.isfile(programs.path(name)):
            close = difflib.get_close_matches(name, os.listdir(programs.path("")), 1)
            hint = "; did you mean `%s'?" % close[0] if close else ""
            raise gdb.GdbError("there is no program `%s'%s" % (name, hint))
        programs.choose(name)
        adapt()
        print("the symbols of %s are loaded" % name)
        if any(breakpoint.hit_count for breakpoint in gdb.breakpoints()):
            print("(should gdb warn of a `location number', that means nothing, and ends with the next `continue')")
