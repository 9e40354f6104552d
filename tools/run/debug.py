#!/usr/bin/env python3
"""debug - QEMU stopped at its first instruction, and gdb attached to it: with the symbols of the kernel and of a
program, and with the commands of tools/gdb/ksm.py.

The console's output appears between gdb's, and gdb's command `type` types there.  With --port, gdb is somebody else's,
in a second terminal or an editor, and the console is this terminal's.
"""

import contextlib
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
from run import children, progress, qemu, session  # noqa: E402
from run.batch import write_all  # noqa: E402
from run.build import build  # noqa: E402
from run.disk import Disk  # noqa: E402
from run.options import kernel_line, parse, suggestion, take_port  # noqa: E402
from run.paths import ROOT, build_directory  # noqa: E402
from run.statuses import INTERRUPTED, QEMU_FAILED, USAGE_ERROR, Failure, say  # noqa: E402
from run.symbols import Symbols  # noqa: E402

USAGE = """\
usage: ./ksm debug [PROGRAM] [OPTION]... [-- COMMAND]

Starts QEMU, stopped at its first instruction, and gdb with the symbols of the
kernel and of PROGRAM.  A breakpoint in PROGRAM stops in PROGRAM alone.  gdb's
command `program' loads the symbols of another one.

  --port N         start no gdb: QEMU waits for one on this TCP port, and the
                   console is this terminal
  -- COMMAND       a line for the system's shell to run
and the options of ./ksm run.  There is one processor unless --smp says
otherwise: gdb's `next' and `finish' look for a program on the processor that it
was on.

In gdb, besides gdb's own commands:

  ps               processes, and what each is doing
  process PID      the back-trace of a process
  process PID CMD  any command of gdb's in its place
  ksm              segments, where they are attached, who sleeps on their words
  locks            the locks that are held, by whom, and who waits
  pt [PID] ADDRESS the walk through the page tables, in words
  program [NAME]   loads the symbols of a program
  type TEXT        types a line at the console

Examples:

  ./ksm debug grep -- 'grep shared README'
                   then: break main, continue, next, backtrace
  ./ksm debug --smp 2
                   then: break ksm_attach, continue,
                   type mathserver & mathclient
  ./ksm debug --port 1234
                   and in a second terminal: gdb build/kernel.elf,
                   source tools/gdb/ksm.py, target remote 127.0.0.1:1234

docs/debugging.md is a page for beginners.
"""

ENDING = 2  # seconds that QEMU may take to end when gdb has ended


class Console:
    """The machine's console under gdb, whose commands find two files in a directory: `typed` takes what is to be typed;
    a connection to `shown` is closed when all is shown that the machine has written."""

    def __init__(self, machine, symbols, directory):
        self._port = machine.console
        self._symbols = symbols
        self._lock = threading.Lock()  # for whoever shows
        self._speaks = threading.Event()  # the system has written something
        self._typed = os.path.join(directory, "typed")
        os.mkfifo(self._typed)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(os.path.join(directory, "shown"))
        self._listener.listen()

    def start(self):
        """Returns the thread that shows: it ends with the machine."""
        for work in self._type, self._answer:
            threading.Thread(target=work, daemon=True).start()
        thread = threading.Thread(target=self._copy, daemon=True)
        thread.start()
        return thread

    def _show(self):
        """Shows what has come; false once there can't be more."""
        with self._lock:
            try:
                while data := self._port.read(4096):
                    self._speaks.set()
                    write_all(sys.stdout, self._symbols.feed(data))
            except BlockingIOError:
                return True
            except OSError:
                pass
            return False

    def _copy(self):
        while self._show():
            self._port.wait()
        write_all(sys.stdout, self._symbols.rest())

    def _answer(self):
        while True:
            with self._listener.accept()[0]:
                self._show()

    def _type(self):
        typed = os.open(self._typed, os.O_RDWR)  # for writing too: then there is always a writer, and never an end
        while True:
            text = os.read(typed, 4096)
            self._speaks.wait()  # then the system listens
            try:
                self._port.write(text)
            except OSError:  # the machine has ended
                return


def drain(port):
    with contextlib.suppress(OSError):  # a kill may close the port before the machine has ended
        while port.wait() or port.read(4096):
            pass


def gdb_command(kernel, port, program):
    """Each path is a word of its own, whatever characters it has.  Whatever gdb's user allows elsewhere, no script that
    comes with a kernel or a directory is run: it may be a student's.  And QEMU stops whole, though gdb's
    user may stop threads alone elsewhere."""
    first = ["set confirm off", "set pagination off", "set auto-load off", "set host-charset UTF-8"]
    then = ["set non-stop off", "target remote " + port]
    then += ["program " + program] if program else []
    return [shutil.which("gdb") or "gdb", "-q", *(word for command in first for word in ("-iex", command)),
            "-x", os.path.join(ROOT, "tools", "gdb", "ksm.py"),
            *(word for command in then for word in ("-ex", command)), kernel]


def run_gdb(machine, symbols, command, directory):
    threading.Thread(target=drain, args=(machine.log,), daemon=True).start()
    console = Console(machine, symbols, directory).start()
    with children.child(command, env=dict(os.environ, KSM_CONSOLE=directory),
                        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) as gdb:
        status = gdb.wait()
    if machine.wait(ENDING) is None:
        machine.process.kill()
    console.join()  # it has shown what the machine wrote when QEMU is gone
    return status


def serve(machine, options):
    say("the machine waits for gdb on port %d: gdb %s, then `source tools/gdb/ksm.py', `target remote 127.0.0.1:%d'"
        % (options.port, os.path.relpath(os.path.join(build_directory(), "kernel.elf")), options.port))
    session.run(machine, options, None, patience=None)
    return 0


def listen(options, directory):
    """A socket for QEMU, which gdb connects to, and gdb's name for it."""
    if options.port is None:
        path = os.path.join(directory, "port")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
    else:
        path = "127.0.0.1:%d" % options.port  # not every machine knows a name for that
        listener = socket.socket(socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the connection's, too: its packets are short
        try:
            listener.bind(("127.0.0.1", options.port))
        except OSError as e:
            raise Failure(USAGE_ERROR, "port %d: %s" % (options.port, e.strerror.lower())) from e
    listener.listen()
    return listener, path


def debug(program, options, directory):
    build()
    kernel = os.path.join(build_directory(), "kernel.elf")
    elf = os.path.join(build_directory(), "elf")
    if program is not None and not os.path.isfile(os.path.join(elf, program)):
        raise Failure(USAGE_ERROR, "there is no program '%s'%s" % (program, suggestion(program, os.listdir(elf))))
    listener, port = listen(options, directory)
    with Disk(options) as disk:
        with qemu.Machine(kernel, append=kernel_line(options, options.command), disk=disk.path, write=options.write,
                          smp=options.smp, mem=options.mem, gdb=listener, feed=options.watch) as machine:
            if options.port is not None:
                return serve(machine, options)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is gdb's
            symbols = Symbols(not options.disk, options.add)
            return run_gdb(machine, symbols, gdb_command(kernel, port, program), directory)


def parse_arguments(argv):
    program = argv.pop(0) if argv and not argv[0].startswith("-") else None
    port = take_port(argv)
    options = parse(argv if os.environ.get("CPUS") else ["--smp", "1"] + argv)  # the last --smp counts
    options.port = port
    if options.ramdisk or options.icount:
        raise Failure(USAGE_ERROR, "./ksm debug has no --ramdisk and no --icount")
    return program, options


def main():
    argv = sys.argv[1:]
    if {"--help", "-h"} & set(argv[:argv.index("--")] if "--" in argv else argv):
        sys.stdout.write(USAGE)
        return 0
    try:
        program, options = parse_arguments(argv)
        with tempfile.TemporaryDirectory(prefix="ksm-gdb-") as directory:
            return debug(program, options, directory)
    except Failure as e:
        say(e)
        return e.status
    except (qemu.QemuMissing, OSError) as e:
        say(progress.why(e))
        return QEMU_FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    progress.run(main)
