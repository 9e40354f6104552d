#!/usr/bin/env python3
"""piped - runs QEMU, for make; input that is no terminal reaches it only when the system listens.

A serial port that has not been set up loses what is sent to it, so the input waits for the system's first words.  On a
terminal QEMU runs by itself.
"""

import os
import subprocess
import sys
import threading

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
from run.qemu import die_with_parent  # noqa: E402
from run.statuses import BROKEN_PIPE, INTERRUPTED, QEMU_FAILED, say  # noqa: E402

PIECE = 4096
ENDING = 5  # seconds that QEMU may take to end once it has closed its output


def copy(source, target):
    """Copies until one of them ends.  Both are descriptors."""
    try:
        while data := os.read(source, PIECE):
            while data:
                data = data[os.write(target, data):]
    except OSError:
        pass


def type_in(machine):
    copy(0, machine.stdin.fileno())
    machine.stdin.close()


def main():
    command = sys.argv[1:]
    if sys.stdin and sys.stdin.isatty():
        os.execvp(command[0], command)
    machine = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
                               preexec_fn=die_with_parent)
    first = os.read(machine.stdout.fileno(), PIECE)
    threading.Thread(target=type_in, args=(machine,), daemon=True).start()
    os.write(1, first)
    copy(machine.stdout.fileno(), 1)
    try:
        return machine.wait(ENDING)
    except subprocess.TimeoutExpired:  # nobody reads our output any more
        machine.kill()
        return BROKEN_PIPE


if __name__ == "__main__":
    try:
        sys.exit(main())
    except OSError as e:
        say("%s: %s" % (sys.argv[1], e.strerror))
        sys.exit(QEMU_FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
