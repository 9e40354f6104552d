"""run - builds the system, and runs it under QEMU.

  __main__.py   ./ksm run
  debug.py      ./ksm debug
  options.py    the command line
  build.py      make, with its progress
  progress.py   the line that says what goes on, for all tools
  disk.py       the image that a run boots from
  batch.py      a run with a command: its output and its status
  prompt.py     the same on a system that knows no run=
  session.py    a run on a terminal
  piped.py      make qemu-nox with a file for a keyboard
  qemu.py       one QEMU and its ports
  statuses.py   the exit statuses
"""
