"""Boots the system under QEMU and runs one command in it, or leaves the user at its shell.

With a COMMAND, its output is all that goes to standard output, its status is ours, and what it reads is our standard
input.  The kernel is given log=monitor, stdin=all and run=COMMAND; the status comes as a line on the second serial
port, and the input goes that way.  Where standard output and standard error are one place, log=monitor is left out, so
that messages and output keep their order.  An image whose init is not ours ignores run=; there the command is typed at
the shell's prompt.
"""

import os
import shutil
import sys

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
from run import batch, progress, qemu, session, terminal  # noqa: E402
from run.build import build  # noqa: E402
from run.disk import Disk  # noqa: E402
from run.options import kernel_line, parse  # noqa: E402
from run.paths import build_directory  # noqa: E402
from run.statuses import (BROKEN_PIPE, BUILD_FAILED, CANNOT_START, INTERRUPTED, PANICKED, QEMU_FAILED,  # noqa: E402
                          TIMED_OUT, TRIPLE_FAULT, USAGE_ERROR, Failure, say)

# course 9: DEMO = "help"
DEMO = "mathdemo"
# course end
SPARE = 64 << 10  # bytes free; with fewer, the feed's file has lost some
WELCOME = "Ctrl-A x leaves the system at once"
CANNOT_START_BECAUSE = {  # the words of kernel/base/power.h
    "memory": "too little memory",
    "disk": "no disk with a file system on it",
    "machine": "this machine or its boot loader will not do",
    "init": "process 1 could not be started, or has ended",
}


def verdict(machine, kernel, status, timed_out):
    """The exit status, with a message for all that is not a program's own."""
    if timed_out and status is None:
        places = ", ".join("cpu %d: %s" % (i, qemu.symbol(kernel, eip)) for i, eip in enumerate(machine.where()))
        say("timeout: no end after %.0f seconds%s" % (machine.age(), "; " + places if places else ""))
        return TIMED_OUT
    if status == "panic":
        say("the kernel panicked")
        return PANICKED
    if status in CANNOT_START_BECAUSE:
        say("the system cannot start: " + CANNOT_START_BECAUSE[status])
        return CANNOT_START
    if isinstance(status, str):
        say("the machine ended with the word '%s', which this program does not know" % status)
        return QEMU_FAILED
    if status is not None:
        machine.wait(2)
        return status & 0xFF if status & 0xFF or status == 0 else 1
    code = machine.wait(5)
    if code == 0:
        say("triple fault: the machine reset itself")
        return TRIPLE_FAULT
    if code is None:
        say("QEMU closed its ports and went on")
    elif code < 0:
        say("QEMU was killed by signal %d" % -code)
    elif code % 2:
        say("the machine ended without a status (QEMU's is %d)" % code)
    else:
        say("QEMU failed with status %d" % code)
    return QEMU_FAILED


def check_memory(kernel, megabytes):
    """A kernel that does not fit cannot say so itself."""
    need = qemu.memory_end(kernel)
    if megabytes << 20 < need:
        raise Failure(CANNOT_START, "the system cannot start: too little memory: the kernel alone ends at %d KB"
                      % (need >> 10))


def check_feed(path):
    """QEMU says nothing if there is no room for the feed."""
    if os.path.isfile(path) and shutil.disk_usage(os.path.dirname(path)).free < SPARE:
        raise Failure(QEMU_FAILED, "%s: the disk is full, and the end of the feed is missing" % path)


def run_on(disk, options):
    command, first, typed = options.command, None, b""
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if not command and not options.disk:
        if on_terminal:
            first = DEMO
        else:
            command = DEMO
    if not command and not on_terminal:
        raise Failure(USAGE_ERROR, "no terminal: say what to run after --")
    kernel = os.path.join(build_directory(), "kernel.elf")
    check_memory(kernel, options.mem)
    told = []
    if not command and not any(param.startswith("terminal=") for param in options.param):
        told, typed = terminal.parameters()
        options.param += told
    ports = batch.parameters(options, disk.foreign)
    with qemu.Machine(kernel, append=kernel_line(options, command, ports, disk.foreign),
                      disk=None if options.ramdisk else disk.path, ramdisk=disk.path if options.ramdisk else None,
                      write=options.write, smp=options.smp, mem=options.mem, icount=options.icount,
                      feed=options.watch) as machine:
        if command:
            status, timed_out = batch.run(machine, options, command, disk.foreign, "log=monitor" in ports)
        else:
            say(WELCOME)
            status, timed_out, left = session.run(machine, options, first, typed)
            sys.stdout.write(terminal.NO_PASTE_MARKS if told else "")
            if left:
                sys.stdout.write("\n")
                return 0
        return verdict(machine, kernel, status, timed_out)


def work():
    options = parse(sys.argv[1:])
    build("system" if options.tests else "boot")
    with Disk(options) as disk:
        status = run_on(disk, options)
    if options.watch:
        check_feed(options.watch)
    return status


def main():
    progress.open_missing()
    progress.end_by_signals()
    try:
        return progress.status_of(work)
    except Failure as e:
        say(e)
        return e.status
    except qemu.QemuMissing as e:
        say(e)
        return QEMU_FAILED
    except BrokenPipeError:
        return BROKEN_PIPE
    except OSError as e:
        say(progress.why(e))
        return BUILD_FAILED
    except KeyboardInterrupt:
        say("interrupted")
        return INTERRUPTED


if __name__ == "__main__":
    how = main()
    progress.write_rest(how)
    sys.exit(how)
