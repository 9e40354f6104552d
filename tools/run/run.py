#!/usr/bin/env python3
"""run - boots the system under QEMU and runs one command in it, or leaves the user at its shell.

With a COMMAND its output is all that goes to standard output, and its status is ours: the kernel is given log=monitor and
run=COMMAND, and the status comes as a line on the second serial port.  An image whose init is not ours ignores run=; there
the command is typed at the shell's prompt.
"""

import argparse
import os
import queue
import secrets
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import image  # noqa: E402
import qemu   # noqa: E402

USAGE_ERROR = 2
BUILD_FAILED = 121
PANICKED = 122
TRIPLE_FAULT = 123
TIMED_OUT = 124
QEMU_FAILED = 125
CANNOT_START = 126
INTERRUPTED = 130

NUMBER_DIGITS = 12  # of numbers in options
WAIT_MAX = 1000     # seconds; the system's wait takes no more than some weeks
LINE_MAX = 1000   # the kernel keeps 1,023 characters of its command line
CANNOT_START_BECAUSE = {  # the words of kernel/base/power.h
    "memory": "too little memory",
    "disk": "no disk with a file system on it",
    "machine": "this machine or its boot loader will not do",
    "init": "process 1 could not be started, or has ended",
}
TYPED_MAX = 98    # xv6's shell reads 99 characters and the end of the line
PROMPT = b"$ "
DEMO = "mathdemo"
DEFAULT_TIMEOUT = 600

USAGE = """\
usage: ./ksm run [OPTION]... [-- COMMAND]

  --smp N          processors (2)
  --mem MB         memory (256)
  --disk FS.IMG    boot from this image instead of the built one
  --tests          boot from the image that has the tests and benchmarks as well
  --write          write to the disk image; without it, changes are forgotten
  --add HOSTFILE   put a file into the root folder of the disk; may be repeated
  --ramdisk        load the image into memory instead of attaching a disk
  --icount         count instructions: one processor, time by instructions
  --timeout S      give up after S seconds (%d with a COMMAND, else never)
  --param K=V      a boot parameter of the kernel; may be repeated
  -- COMMAND       one line for the system's shell; its output goes to standard output, its status
                   becomes the exit status.  Without it: the Math Server demonstration, and on a
                   terminal then the shell (leave it with `halt`, or Ctrl-A x)

Statuses of its own: %d usage, %d cannot build or prepare, %d kernel panic, %d triple fault,
%d timeout, %d QEMU failed, %d the system cannot start.
""" % (DEFAULT_TIMEOUT, USAGE_ERROR, BUILD_FAILED, PANICKED, TRIPLE_FAULT, TIMED_OUT, QEMU_FAILED, CANNOT_START)


class Failure(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def say(message):
    sys.stderr.write("ksm: %s\n" % message)
    sys.stderr.flush()


class Parser(argparse.ArgumentParser):
    def error(self, message):
        sys.stderr.write(USAGE)
        raise Failure(USAGE_ERROR, message)


def positive(text):
    if not text.isdecimal() or len(text) > NUMBER_DIGITS or int(text) == 0:
        raise argparse.ArgumentTypeError("'%s' is not a positive number" % text)
    return int(text)


def parse(argv):
    parser = Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("--smp", type=positive)
    parser.add_argument("--mem", type=positive, default=256)
    parser.add_argument("--disk")
    parser.add_argument("--tests", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--add", action="append", default=[])
    parser.add_argument("--ramdisk", action="store_true")
    parser.add_argument("--icount", action="store_true")
    parser.add_argument("--timeout", type=positive)
    parser.add_argument("--param", action="append", default=[])
    parser.add_argument("--help", "-h", action="store_true")
    parser.add_argument("--make-target", choices=("qemu", "qemu-nox", "qemu-gdb", "debug"), help=argparse.SUPPRESS)
    command = None
    if "--" in argv:
        at = argv.index("--")
        command = " ".join(argv[at + 1:]).strip()
        argv = argv[:at]
        if not command:
            parser.error("there is no command behind --")
    options = parser.parse_args(argv)
    options.command = command
    if options.help:
        sys.stdout.write(USAGE)
        sys.exit(0)
    check(parser, options)
    return options


def check(parser, options):
    if options.smp is None:
        options.smp = 1 if options.icount else int(os.environ.get("CPUS") or 2)
    if options.icount and options.smp != 1:
        parser.error("--icount counts on one processor: it needs --smp 1")
    if options.smp > 255:
        parser.error("QEMU has at most 255 processors")
    if options.ramdisk and options.write:
        parser.error("--write and --ramdisk exclude each other")
    for param in options.param:
        key, equals, _ = param.partition("=")
        if not key or not equals or any(c.isspace() for c in param) or key == "run":
            parser.error("--param wants KEY=VALUE without blanks, and no run=: '%s'" % param)
    if options.command and any(ord(c) < 32 for c in options.command):
        parser.error("the command must be one line")


def build():
    """Makes what is out of date, noise to stderr."""
    if os.environ.get("KSM_BUILT"):
        return
    jobs = "-j%d" % min(os.cpu_count() or 1, 8)
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    if subprocess.run(["make", "-s", "-C", qemu.ROOT, jobs], stdout=sys.stderr, stdin=subprocess.DEVNULL, env=env).returncode:
        raise Failure(BUILD_FAILED, "the build failed")


class Disk:
    """The image to boot from: the real one, or a copy with the added files."""

    def __init__(self, options):
        self.path = options.disk or os.path.join(qemu.build_folder(), "tests.img" if options.tests else "fs.img")
        self._copy = None
        try:
            if options.write:
                open(self.path, "r+b").close()
            self.feature = image.features(self.path)
            if options.add:
                self._add(options)
        except (OSError, image.ImageError) as e:
            self.close()
            raise Failure(BUILD_FAILED, str(e)) from e

    def _add(self, options):
        handle, self._copy = tempfile.mkstemp(prefix="ksm-", suffix=".img")
        os.close(handle)
        shutil.copyfile(self.path, self._copy)
        with image.Image(self._copy) as disk:
            for name in options.add:
                with open(name, "rb") as f:
                    disk.add(os.path.basename(name), f.read())
        if options.write:
            shutil.copyfile(self._copy, self.path)
        else:
            self.path = self._copy

    def close(self):
        if self._copy:
            os.unlink(self._copy)
            self._copy = None


def command_line(options, command):
    words = list(options.param)
    if command:
        words += ["log=monitor", "run=" + command]
    line = " ".join(words)
    nbytes = len(os.fsencode(line))  # a command may be any bytes
    if nbytes > LINE_MAX:
        fit = LINE_MAX - nbytes + len(os.fsencode(command or ""))
        raise Failure(USAGE_ERROR, "the command is too long: %d characters fit" % fit)
    return line


def write_all(stream, data):
    stream.buffer.write(data)
    stream.buffer.flush()


class Output:
    """Writes to a stream from a thread of its own: a slow reader of ours must not hold up the machine, whose serial port
    drops what nobody takes."""

    def __init__(self, stream):
        self._stream = stream
        self._queue = queue.SimpleQueue()
        self._broken = False
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self):
        for data in iter(self._queue.get, None):
            try:
                write_all(self._stream, data)
            except OSError:
                self._broken = True
                return

    def put(self, data):
        if self._broken:
            raise BrokenPipeError
        self._queue.put(data)

    def finish(self):
        self._queue.put(None)
        self._thread.join()
        if self._broken:
            raise BrokenPipeError


class PromptTyper:
    """Runs a command on a system that knows no run=: types it at the shell's prompt.

    A prompt is a `$ ` after which nothing comes for a moment.  When it is back, an echo of a random word is typed, since the
    command may print a `$ ` too and pause: only a shell answers.
    """

    PAUSE = 0.4

    def __init__(self, send, show, command):
        self._send, self._show = send, show
        self._command = os.fsencode(command)
        self._mark = b"done-" + secrets.token_hex(8).encode()
        self._state = "boot"
        self._text = b""
        self.finished = False

    @property
    def pause(self):
        """Seconds of silence after which idle() is to be called, or None."""
        return self.PAUSE if self._state != "mark" and self._text.endswith(PROMPT) else None

    def feed(self, data):
        self._text += data.replace(b"\r", b"")
        if self._state == "run" and self._text.startswith(self._command + b"\n"):
            self._text = self._text[len(self._command) + 1:]
            self._state = "output"
        if self._state == "output":
            keep = len(PROMPT)  # what may be the prompt stays here until something follows it
            self._show(self._text[:-keep])
            self._text = self._text[-keep:]
        elif self._state == "mark":
            self._look_for_mark()

    def _look_for_mark(self):
        answer = b"\n" + self._mark + b"\n"
        typed, newline, after = self._text.partition(b"\n")
        # A shell without an echo program complains, and shows its prompt again.
        if answer in self._text or (newline and self._mark in typed and after.endswith(PROMPT)):
            self.finished = True

    def idle(self):
        if self._state == "boot":
            self._text = b""
            self._state = "run"
            self._send(self._command + b"\n")
        elif self._state in ("run", "output"):
            self._text = b""
            self._state = "mark"
            self._send(b"echo " + self._mark + b"\n")

    def give_up(self):
        """The system ended by itself: what is still held back was output."""
        self._show(self._text)
        self._text = b""


def run_batch(machine, options, typer, out, err):
    """Runs until the system ends.  Returns the status line's content or None, and whether the time was over."""
    log = qemu.LogReader(err.put)
    selector = selectors.DefaultSelector()
    selector.register(machine.console, selectors.EVENT_READ, "console")
    selector.register(machine.log, selectors.EVENT_READ, "log")
    end = machine.started + (options.timeout or DEFAULT_TIMEOUT)
    while selector.get_map() and not (typer and typer.finished):
        left = end - time.monotonic()
        if left <= 0:
            return log.status, True
        pause = typer.pause if typer else None
        events = selector.select(min(left, WAIT_MAX if pause is None else pause))
        if not events and pause is not None and time.monotonic() < end:
            typer.idle()
        for key, _ in events:
            try:
                data = key.fileobj.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                selector.unregister(key.fileobj)
            elif key.data == "log":
                log.feed(data)
            elif typer:
                typer.feed(data)
            else:
                out.put(data)
    if typer and typer.finished:
        if options.write:
            time.sleep(1.5)  # what finished is durable after a second
        return 0, False
    if typer:
        typer.give_up()
    log.close()
    return log.status, False


class Terminal:
    """The user's terminal, every key of it for the guest, while the session lasts."""

    def __init__(self):
        self._fd = sys.stdin.fileno()
        self._saved = termios.tcgetattr(self._fd) if os.isatty(self._fd) else None

    def __enter__(self):
        if self._saved:
            raw = termios.tcgetattr(self._fd)
            raw[0] &= ~(termios.ICRNL | termios.IXON | termios.INLCR | termios.IGNCR)
            raw[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
            termios.tcsetattr(self._fd, termios.TCSANOW, raw)
        return self

    def __exit__(self, *unused):
        if self._saved:
            termios.tcsetattr(self._fd, termios.TCSADRAIN, self._saved)


class Keys:
    """Passes keys on, but for those behind Ctrl-A: x ends the session, Ctrl-A is itself."""

    def __init__(self):
        self._escaped = False
        self.quit = False

    def feed(self, data):
        out = bytearray()
        for c in data:
            if self._escaped:
                self._escaped = False
                if c in b"xX":
                    self.quit = True
                elif c == 1:
                    out.append(c)
            elif c == 1:
                self._escaped = True
            else:
                out.append(c)
        return bytes(out)


def run_interactive(machine, options, first_command):
    """Joins the terminal and the console.  Types first_command at the first prompt."""
    log = qemu.LogReader(lambda line: None)  # the console shows it too
    keys = Keys()
    seen = b""
    selector = selectors.DefaultSelector()
    selector.register(machine.console, selectors.EVENT_READ, "console")
    selector.register(machine.log, selectors.EVENT_READ, "log")
    try:
        selector.register(sys.stdin, selectors.EVENT_READ, "keys")
    except PermissionError:  # a plain file or /dev/null cannot be waited for, and is not typed from
        pass
    end = machine.started + options.timeout if options.timeout else None
    open_ports = 2
    with Terminal():
        while open_ports and not keys.quit:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                return log.status, True, False
            for key, _ in selector.select(left and min(left, WAIT_MAX)):
                if key.data == "keys":
                    data = os.read(sys.stdin.fileno(), 4096)
                    if data:
                        machine.console.sendall(keys.feed(data))
                    else:
                        selector.unregister(sys.stdin)
                    continue
                try:
                    data = key.fileobj.recv(65536)
                except ConnectionResetError:
                    data = b""
                if not data:
                    selector.unregister(key.fileobj)
                    open_ports -= 1
                elif key.data == "log":
                    log.feed(data)
                else:
                    write_all(sys.stdout, data)
                    if first_command:
                        seen = (seen + data)[-len(PROMPT):]
                        if seen == PROMPT:
                            machine.console.sendall(first_command.encode() + b"\n")
                            first_command = None
    return log.status, False, keys.quit


def run_noninteractive(machine, options, command, foreign):
    out, err = Output(sys.stdout), Output(sys.stderr)
    typer = None
    if foreign:
        if command and len(os.fsencode(command)) > TYPED_MAX:
            say("a shell of xv6 reads at most %d characters; this command has %d" % (TYPED_MAX, len(os.fsencode(command))))
        typer = PromptTyper(machine.console.sendall, out.put, command or "")
    try:
        return run_batch(machine, options, typer, out, err)
    finally:
        err.finish()
        out.finish()


def verdict(machine, kernel, status, timed_out):
    """The exit status, with a message for all that is not a program's own."""
    if timed_out and status is None:
        places = ", ".join("cpu %d: %s" % (i, qemu.symbol(kernel, eip)) for i, eip in enumerate(machine.where()))
        say("timeout: no end after %.0f seconds%s" % (time.monotonic() - machine.started, "; " + places if places else ""))
        return TIMED_OUT
    if status == "panic":
        say("the kernel panicked")
        return PANICKED
    if status in CANNOT_START_BECAUSE:
        say("the system cannot start: " + CANNOT_START_BECAUSE[status])
        return CANNOT_START
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


def debug_port():
    """The TCP port of the gdb stub, the same for each user every time."""
    return 25000 + os.getuid() % 5000


def run(options):
    target = options.make_target
    build()
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    disk = Disk(options)
    try:
        foreign = disk.feature == 0
        command = options.command
        first = None
        if not command and not target and not options.disk:
            if terminal:
                first = DEMO
            else:
                command = DEMO
        interactive = not command and (terminal or bool(target) or not foreign)
        if interactive and not terminal and not target:
            raise Failure(USAGE_ERROR, "no terminal: say what to run after --")
        kernel = os.path.join(qemu.build_folder(), "kernel.elf")
        with qemu.Machine(kernel, append=command_line(options, command), disk=None if options.ramdisk else disk.path,
                          write=options.write, ramdisk=disk.path if options.ramdisk else None, smp=options.smp,
                          mem=options.mem, icount=options.icount, display=target == "qemu" and has_display(),
                          gdb="tcp:127.0.0.1:%d" % debug_port() if target == "qemu-gdb" else None) as machine:
            if target == "qemu-gdb":
                say("QEMU waits for gdb: gdb %s -ex 'target remote localhost:%d'" % (os.path.relpath(kernel), debug_port()))
            if interactive:
                status, timed_out, quit_asked = run_interactive(machine, options, first)
                if quit_asked:
                    sys.stdout.write("\n")
                    return 0
            else:
                status, timed_out = run_noninteractive(machine, options, command, foreign)
            return verdict(machine, kernel, status, timed_out)
    finally:
        disk.close()


def has_display():
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def terminate(*unused):
    raise KeyboardInterrupt


def main():
    signal.signal(signal.SIGTERM, terminate)
    signal.signal(signal.SIGHUP, terminate)
    try:
        return run(parse(sys.argv[1:]))
    except Failure as e:
        say(e)
        return e.status
    except qemu.QemuMissing as e:
        say(e)
        return QEMU_FAILED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 141
    except KeyboardInterrupt:
        say("interrupted")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
