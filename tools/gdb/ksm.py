"""Commands for gdb that know this system.

  ps, process PID [COMMAND], ksm, locks, pt [PID] ADDRESS, program [NAME], type TEXT

`./ksm debug' and the .gdbinit of `make qemu-gdb' load this file; by hand it is `source tools/gdb/ksm.py', after
`file build/kernel.elf'.  `help NAME' describes a command.

gdb takes the machine for one program whose threads are the processors.  Three things here make up for that:

  symbols      programs share their addresses, so the symbols of one at a time are loaded; frames of the others are
               found by frame pointers, and named by addr2line
  breakpoints  one in a program gets the condition $in_program(NAME); the kernel's stop whoever runs, unless they are
               given the condition $for_program(NAME)
  contexts     a process that does not run is looked at by lending its registers to a processor for a moment

The files of ksmgdb have the commands, each for one subject.  Their names are there for gdb's `python' too.
"""

import os
import sys

import gdb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from ksmgdb.breakpoints import *  # noqa: F401,F403
from ksmgdb.contexts import *  # noqa: F401,F403
from ksmgdb.locks import *  # noqa: F401,F403
from ksmgdb.memory import *  # noqa: F401,F403
from ksmgdb.pagetables import *  # noqa: F401,F403
from ksmgdb.processes import *  # noqa: F401,F403
from ksmgdb.programs import *  # noqa: F401,F403
from ksmgdb.segments import *  # noqa: F401,F403
from ksmgdb.stacks import *  # noqa: F401,F403
from ksmgdb.start import start

if "ksm" not in gdb.frame_filters:  # else this file was loaded before
    start()
