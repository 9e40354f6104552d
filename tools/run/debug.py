#!/usr/bin/env python3
"""debug - QEMU stopped at its first instruction, and gdb attached to it with the kernel's symbols.

The console's output appears between gdb's; for a console to type at, use `make qemu-gdb` and gdb in a second terminal.
Programs share their addresses, so the symbols of one at a time are loaded: `program NAME` in gdb, or PROGRAM here.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
from run import qemu  # noqa: E402
from run.batch import write_all  # noqa: E402
from run.build import build  # noqa: E402
from run.disk import Disk  # noqa: E402
from run.options import kernel_line, parse  # noqa: E402
from run.paths import build_directory  # noqa: E402
from run.statuses import QEMU_FAILED, USAGE_ERROR, Failure, say, sentence  # noqa: E402

USAGE = """\
usage: ./ksm debug [PROGRAM] [OPTION]... [-- COMMAND]
PROGRAM's symbols are loaded beside the kernel's; options and COMMAND are those of ./ksm run.
"""

COMMANDS = """\
set confirm off
set pagination off
set breakpoint pending on
file {kernel}
target remote {port}
define program
  add-symbol-file {elf}/$arg0
end
document program
program NAME: loads the symbols of a program.
end
{program}"""


def copy_console(machine):
    while True:
        try:
            data = machine.console.recv(4096)
        except OSError:
            return
        if not data:
            return
        write_all(sys.stdout, data)


def drain(port):
    try:
        while port.recv(4096):
            pass
    except OSError:
        pass


def run_gdb(machine, script):
    for target, argument in ((copy_console, machine), (drain, machine.log)):
        threading.Thread(target=target, args=(argument,), daemon=True).start()
    return subprocess.run([shutil.which("gdb") or "gdb", "-q", "-x", script],
                          preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)).returncode


def debug(program, options, directory):
    build()
    kernel = os.path.join(build_directory(), "kernel.elf")
    elf = os.path.join(build_directory(), "elf")
    if program and not os.path.exists(os.path.join(elf, program)):
        raise Failure(USAGE_ERROR, "there is no program '%s'" % program)
    port = os.path.join(directory, "port")
    script = os.path.join(directory, "commands")
    with open(script, "w", encoding="utf-8") as f:
        command = "program %s\n" % program if program else ""
        f.write(COMMANDS.format(kernel=kernel, port=port, elf=elf, program=command))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(port)
    listener.listen()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is gdb's
    with Disk(options) as disk:
        with qemu.Machine(kernel, append=kernel_line(options, options.command), disk=disk.path, write=options.write,
                          smp=options.smp, mem=options.mem, gdb=listener) as machine:
            return run_gdb(machine, script)


def main():
    argv = sys.argv[1:]
    program = argv.pop(0) if argv and not argv[0].startswith("-") else None
    if "--help" in argv or "-h" in argv:
        sys.stdout.write(USAGE)
        return 0
    try:
        with tempfile.TemporaryDirectory(prefix="ksm-gdb-") as directory:
            return debug(program, parse(argv), directory)
    except Failure as e:
        say(e)
        return e.status
    except (qemu.QemuMissing, OSError) as e:
        say(sentence(e))
        return QEMU_FAILED


if __name__ == "__main__":
    sys.exit(main())
