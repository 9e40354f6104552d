#!/usr/bin/env python3
"""debug - QEMU stopped at its first instruction, and gdb attached to it with the kernel's symbols.

The console's output appears between gdb's; for a console to type at, use `make qemu-gdb` and gdb in a second terminal.
Programs share their addresses, so that the symbols of one at a time are loaded: `program NAME` in gdb, or PROGRAM here.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import qemu  # noqa: E402
import run   # noqa: E402

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
        run.write_all(sys.stdout, data)


def drain(port):
    try:
        while port.recv(4096):
            pass
    except OSError:
        pass


def main():
    argv = sys.argv[1:]
    program = argv.pop(0) if argv and not argv[0].startswith("-") else None
    if "--help" in argv or "-h" in argv:
        sys.stdout.write(USAGE)
        return 0
    try:
        options = run.parse(argv)
        run.build()
        elf = os.path.join(qemu.build_folder(), "elf")
        if program and not os.path.exists(os.path.join(elf, program)):
            raise run.Failure(run.USAGE_ERROR, "there is no program '%s'" % program)
        disk = run.Disk(options)
    except run.Failure as e:
        run.say(e)
        return e.status
    kernel = os.path.join(qemu.build_folder(), "kernel.elf")
    folder = tempfile.mkdtemp(prefix="ksm-gdb-")
    try:
        port = os.path.join(folder, "port")
        script = os.path.join(folder, "commands")
        with open(script, "w", encoding="utf-8") as f:
            f.write(COMMANDS.format(kernel=kernel, port=port, elf=elf, program="program %s\n" % program if program else ""))
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is gdb's
        append = run.command_line(options, options.command)
        with qemu.Machine(kernel, append=append, disk=disk.path, write=options.write, smp=options.smp, mem=options.mem,
                          gdb="unix:%s,server=on,wait=off" % port) as machine:
            for target, argument in ((copy_console, machine), (drain, machine.log)):
                threading.Thread(target=target, args=(argument,), daemon=True).start()
            return subprocess.run([shutil.which("gdb") or "gdb", "-q", "-x", script],
                                  preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)).returncode
    except (run.Failure, qemu.QemuMissing, OSError) as e:
        run.say(e)
        return run.QEMU_FAILED
    finally:
        disk.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
