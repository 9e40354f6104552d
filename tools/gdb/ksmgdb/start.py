"""What gdb is given, and what it says first."""

import gdb
from gdb.unwinder import register_unwinder

from .breakpoints import ForProgram, InProgram, Internal, confine, in_chosen_program, stopped
from .command import CONSOLE, quietly
from .console import Shown, Type, leaving, wait_until_shown
from .contexts import RUNNING, MayRun, Process, Program
from .locks import Locks
from .pagetables import Pt
from .segments import Ksm
from .stacks import ByFramePointer, Ps, Strangers

HINT = """\
ps            processes, and what each is doing
process PID   the back-trace of a process
ksm           segments, attachments, sleepers
locks         the locks that are held, and by whom
pt ADDRESS    the walk through the page tables
program NAME  the symbols of another program
type TEXT     types a line at the console
Ctrl-C        stops the machine; `continue' lets it run
`help ps' and so on say more; docs/debugging.md is a page for beginners."""


def start():
    # Each processor, and each process, has another memory at the same address.
    for setting in ("set stack-cache off", "set code-cache off"):
        quietly(setting)
    for command in RUNNING:
        quietly("define hook-%s\nif $may_run()\nend\nend" % command)
    InProgram()
    ForProgram()
    MayRun()
    Strangers()
    register_unwinder(None, ByFramePointer(), replace=True)
    for command in (Ps, Process, Program, Type, Ksm, Pt, Locks):
        command()
    gdb.events.breakpoint_created.connect(confine)
    gdb.events.breakpoint_modified.connect(confine)
    if CONSOLE:
        Shown()
        quietly("define hook-stop\nif $shown()\nend\nend")
        gdb.events.exited.connect(wait_until_shown)
        gdb.events.gdb_exiting.connect(leaving)
    gdb.events.stop.connect(stopped)
    Internal("panic", lambda: True, "The kernel panics: `bt' shows where, `continue' lets it say why and end.")
    Internal("program_fault", in_chosen_program,
             "The program did what it can't go on after: `bt' shows where, `continue' lets the kernel end it.")
    print(HINT)
