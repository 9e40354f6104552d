"""ksmgdb - commands for gdb that know this system: tools/gdb/ksm.py loads them.

  start.py        all that gdb is given
  command.py      what all commands have in common
  memory.py       the kernel's memory, variables, structures and lists
  processes.py    the processors, and the processes
  programs.py     the symbols of programs, of which one program's are loaded
  contexts.py     process, program: gdb in the place of a process, and with the symbols of a program
  stacks.py       ps: what each process does; back-traces through programs whose symbols are not loaded
  breakpoints.py  breakpoints that stop in one program, and what is said at a stop
  pagetables.py   pt: the walk through the page tables to an address, in words
  segments.py     ksm: segments, attachments and sleepers
  locks.py        locks: who holds them, and who waits
  console.py      type: a line for the system's console
"""
