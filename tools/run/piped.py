#!/usr/bin/env python3
"""piped - runs QEMU, for make; input that is no terminal reaches it only when the system listens.

A serial port that has not been set up loses what is sent to it, so the input waits for the system's first words.  A
terminal is QEMU's own to read, and the kernel is told of it if it answers.  What QEMU shows comes through here, where
the addresses of a program that died get names.
"""

import os
import subprocess
import sys
import threading

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
from run.qemu import dying_with_us  # noqa: E402
from run import children, port, progress, terminal  # noqa: E402
from run.statuses import BROKEN_PIPE, INTERRUPTED, QEMU_FAILED, say  # noqa: E402
from run.symbols import Symbols  # noqa: E402

PIECE = 4096
ENDING = 5  # seconds that QEMU may take to end once it has closed its output


def copy(source, target, change=bytes):
    """Copies until one of them ends.  Both are descriptors."""
    try:
        while data := os.read(source, PIECE):
            data = change(data)
            while data:
                data = data[os.write(target, data):]
    except OSError:
        pass


def type_in(machine):
    copy(0, machine.stdin.fileno())
    machine.stdin.close()


def main():
    command = sys.argv[1:]
    on_terminal = sys.stdin and sys.stdin.isatty()
    if on_terminal and "-append" not in command:
        told = terminal.parameters()[0]
        command += ["-append", " ".join(told)] if told else []
    if os.path.samestat(os.fstat(0), os.stat(os.devnull)):
        say("nothing is typed here: the system runs until Ctrl-C, or a kill")
    with children.child(command, stdin=None if on_terminal else subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
                        preexec_fn=None if on_terminal else dying_with_us()) as machine:
        return pass_on(machine, on_terminal)


def pass_on(machine, on_terminal):
    symbols = Symbols()
    port.enlarge(machine.stdout)
    first = os.read(machine.stdout.fileno(), PIECE)
    if not on_terminal:
        threading.Thread(target=type_in, args=(machine,), daemon=True).start()
    os.write(1, symbols.feed(first))
    copy(machine.stdout.fileno(), 1, symbols.feed)
    os.write(1, symbols.rest())
    try:
        return machine.wait(ENDING)
    except subprocess.TimeoutExpired:  # nobody reads our output any more
        machine.kill()
        return BROKEN_PIPE


if __name__ == "__main__":
    progress.open_missing()
    progress.end_by_signals()  # QEMU gives a terminal back before it ends
    try:
        sys.exit(main())
    except OSError as e:
        say("%s: %s" % (sys.argv[1], e.strerror))
        sys.exit(QEMU_FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
