"""qemu - one run of the system under QEMU.

The first serial port is the console.  The second one, the monitor, carries the kernel's log when asked to, and a last
line `exit STATUS`, or `exit WORD` when the kernel itself came to an end, after a byte 1 that no text of a program's can
contain.  QEMU's own monitor is a socket, with which a hang is diagnosed.  The third serial port is for the feed
(docs/feed.md), which may go to a file.
"""

import contextlib
import ctypes
import os
import re
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from . import progress
from .port import Port
from .statuses import say

PR_SET_PDEATHSIG = 1  # Linux's, which Python does not name
PT_LOAD = 1
PATIENCE = 8  # seconds in which a kernel says something, on a host that is busy too
ANSWER = 300  # seconds for what a test waits for: hosts are busy, and only a failure waits so long
UNENDED = 65536  # bytes of a line of the log, after which its end is not waited for
LOOK = 3      # seconds for the monitor to say where a machine is that does not go on
SILENT = """nothing has come from the system for %d seconds; what to check:
  `%s --version' says 5 or newer
  the machine is not too busy: then it only takes longer
  the build is whole: `make clean', and once more"""


_machines = set()  # those that run


class QemuMissing(Exception):
    pass


def _stop(number, _):
    """Ctrl-Z: machines stop with us, since what they say while nobody takes it is lost.  The time does not count."""
    since = time.monotonic()
    machines = list(_machines)  # others may start or end in threads
    for machine in machines:
        machine.process.send_signal(signal.SIGSTOP)
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)  # nothing happens where no shell could let us go on
    signal.signal(number, _stop)
    for machine in machines:
        machine.process.send_signal(signal.SIGCONT)
        machine.started += time.monotonic() - since


def dying_with_us():
    """For the child: QEMU ends when the runner is killed (Linux only), also if that was before it asked for it."""
    us = os.getpid()

    def ask():
        try:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        except (OSError, AttributeError):
            return
        if os.getppid() != us:
            os._exit(1)
    return ask


def escaped(path):
    """For a value in one of QEMU's options."""
    return path.replace(",", ",,")


def drive(disk, write):
    if not disk:
        return []
    # A full disk of the host's is an error for the kernel: without `report', QEMU would stop the machine, in silence.
    return ["-drive", "file=%s,if=ide,index=1,media=disk,format=raw,werror=report,%s"
            % (escaped(os.path.abspath(disk)), "cache=writeback" if write else "snapshot=on")]


class Machine:
    """A started QEMU.  Use as a context manager: leaving it ends QEMU.

    `gdb` is a listening socket, which QEMU takes over: it then waits for a debugger before the first instruction.
    """

    def __init__(self, kernel, append="", disk=None, write=False, ramdisk=None, smp=2, mem=256, icount=False,
                 gdb=None, feed=None, extra=()):
        self.program = program = shutil.which("qemu-system-i386") or shutil.which("qemu-system-x86_64")
        if not program:
            raise QemuMissing("qemu-system-i386 is not installed")
        command = [program, "-no-user-config", "-nodefaults", "-accel", "tcg", "-no-reboot",
                   "-append", append, "-m", str(mem), "-smp", str(smp), "-vga", "std", "-display", "none",
                   "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"] + drive(disk, write)
        if icount:
            command += ["-icount", "shift=0,sleep=off"]
        for name in "console", "log":
            command += ["-chardev", "pipe,id=%s,path=%s" % (name, name), "-serial", "chardev:" + name]
        command += list(extra)
        if feed:
            command += ["-chardev", "file,id=feed,path=" + escaped(feed), "-serial", "chardev:feed"]
        self._greeted = False  # by the monitor's first prompt
        self.started = time.monotonic()
        self.process = None
        self._made = contextlib.ExitStack()  # what goes with the machine
        try:
            with progress.uninterrupted():  # what is made is known when Ctrl-C comes
                self._directory = tempfile.mkdtemp(prefix="ksm-")
                self._made.callback(shutil.rmtree, self._directory, ignore_errors=True)
                self._start(command + self._files(kernel, ramdisk), gdb)
        except BaseException:
            self.close()
            raise

    def _files(self, kernel, ramdisk):
        """QEMU hands the kernel its file name and the rest in one line: a short name without blanks."""
        options = ["-kernel", "kernel.elf"]
        os.symlink(os.path.abspath(kernel), os.path.join(self._directory, "kernel.elf"))
        if ramdisk:
            os.symlink(os.path.abspath(ramdisk), os.path.join(self._directory, "fs.img"))
            options += ["-initrd", "fs.img"]
        return options

    def _start(self, command, gdb):
        """Starts QEMU, which gets its ends of the ports, and gdb's socket: they are closed here, in any case."""
        with contextlib.ExitStack() as started:
            if gdb:
                started.enter_context(gdb)
                command += ["-S", "-gdb", "chardev:gdb",
                            "-chardev", "socket,id=gdb,fd=%d,server=on,wait=off" % gdb.fileno()]
            self.control, control = socket.socketpair()
            self._made.enter_context(self.control)
            started.enter_context(control)
            command += ["-chardev", "socket,id=control,fd=%d" % control.fileno(),
                        "-mon", "chardev=control,mode=readline"]
            theirs = [s.fileno() for s in (control, gdb) if s]
            self.console, self.log = ports = [self._port(name) for name in ("console", "log")]
            for port in ports:
                started.callback(port.close_theirs)
                theirs += port.theirs
            self.process = subprocess.Popen(
                command, cwd=self._directory, stdin=subprocess.DEVNULL, stdout=sys.stderr,
                pass_fds=theirs, preexec_fn=dying_with_us(), start_new_session=True,
                env=dict(os.environ, TMPDIR=self._directory))  # where a disk's changes are kept
            self._made.callback(self._end)
            _machines.add(self)
            if threading.current_thread() is threading.main_thread() and \
                    signal.getsignal(signal.SIGTSTP) != signal.SIG_IGN:
                signal.signal(signal.SIGTSTP, _stop)

    def _port(self, name):
        port = Port(os.path.join(self._directory, name))
        self._made.callback(port.close)
        return port

    def _end(self):
        _machines.discard(self)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self._made.close()

    def type(self, data):
        """Types at the console.  Where the machine has ended, what it said last is still to be read."""
        with contextlib.suppress(OSError):
            self.console.write(data)

    def age(self):
        """Seconds since the start."""
        return time.monotonic() - self.started

    def busy(self):
        """Seconds of processor time that QEMU has used; 0 where the system does not say (Linux does)."""
        try:
            with open("/proc/%d/stat" % self.process.pid, "rb") as f:
                fields = f.read().rpartition(b")")[2].split()
        except OSError:
            return 0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wait(self, seconds):
        """QEMU's exit status, or None if it is still running after that time."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def monitor(self, command, seconds=ANSWER):
        """What QEMU's own monitor prints for a command, or for as much of it as comes."""
        text = b""
        nprompts = 1 if self._greeted else 2
        self._greeted = True
        try:
            self.control.settimeout(seconds)
            self.control.sendall(command + b"\n")
            while text.count(b"(qemu)") < nprompts:
                more = self.control.recv(65536)
                if not more:
                    break
                text += more
        except OSError:
            pass
        return text

    def where(self):
        """What each processor is executing: a list of instruction addresses."""
        return [int(eip, 16) for eip in re.findall(rb"[ER]IP=([0-9a-f]+)", self.monitor(b"info registers -a", LOOK))]


def memory_end(kernel):
    """The first physical address above a kernel: a 32-bit ELF file; 0 for anything else."""
    with open(kernel, "rb") as f:
        data = f.read(4096)
    if data[:5] != b"\x7fELF\x01":
        return 0
    table, size, count = struct.unpack_from("<I", data, 28) + struct.unpack_from("<HH", data, 42)
    segments = [struct.unpack_from("<8I", data, table + i * size) for i in range(count)]
    return max((pa + memsz for kind, _, _, pa, _, memsz, _, _ in segments if kind == PT_LOAD), default=0)


def symbol(kernel, address):
    """name+offset of a kernel address, or its number."""
    try:
        lines = subprocess.run(["nm", "-n", kernel], capture_output=True, text=True, check=True).stdout.split("\n")
    except (OSError, subprocess.CalledProcessError):
        lines = []
    best = None
    for line in lines:
        part = line.split()
        if len(part) == 3 and part[1] in "tT" and int(part[0], 16) <= address:
            best = part
    if best is None or address < 0x80000000:
        return "0x%x" % address
    return "%s+0x%x" % (best[2], address - int(best[0], 16))


class Ports:
    """The console and the log, and a terminal's keys, as they come: `open` until the machine has closed its ports,
    `typed` until no more keys can come.

    With `patience`, the user is told what to check when the machine has said nothing that many seconds after its start.
    """

    def __init__(self, machine, keys=None, patience=None):
        self._machine = machine
        self._patience = patience  # None once something has come, or the user has been told
        self._selector = selectors.DefaultSelector()
        self._nports = 0
        self.typed = True
        for name, port in (("console", machine.console), ("log", machine.log)):
            self._selector.register(port, selectors.EVENT_READ, name)
            self._nports += 1
        try:
            if keys:
                self._selector.register(keys, selectors.EVENT_READ, "keys")
        except PermissionError:  # a plain file or /dev/null can't be waited for, and is not typed from
            pass
        if threading.current_thread() is threading.main_thread():
            self._selector.register(progress.signals(), selectors.EVENT_READ, "signal")

    @property
    def open(self):
        return self._nports > 0

    def read(self, seconds):
        """What comes within that time: a list of (name, bytes).

        The log is taken first and returned last: what the console got before a line of the log comes before it.
        """
        if self._patience:
            seconds = min(seconds, self._patience - self._machine.age())
        ready = self._wait(seconds)
        self._listen(ready)
        taken = {}
        for name in ("log", "console", "keys"):
            if name in ready or (name == "console" and "log" in taken):
                taken[name] = self._take(name)
        return [(name, taken[name]) for name in ("console", "keys", "log") if taken.get(name)]

    def _wait(self, seconds):
        end = time.monotonic() + seconds
        while True:
            ready = {key.data: key for key, _ in self._selector.select(max(end - time.monotonic(), 0))}
            signal_came = ready.pop("signal", None)
            if not signal_came or ready:
                return ready
            os.read(signal_came.fd, 512)

    def _listen(self, ready):
        if "console" in ready or "log" in ready:
            self._patience = None
        elif self._patience and self._machine.age() >= self._patience:
            say(SILENT % (self._patience, os.path.basename(self._machine.program)))
            self._patience = None

    def _take(self, name):
        """What has come from one; an empty one has been closed."""
        key = next((key for key in self._selector.get_map().values() if key.data == name), None)
        if key is None:
            return b""
        try:
            data = os.read(key.fd, 4096) if name == "keys" else key.fileobj.read(65536)
        except BlockingIOError:
            return b""
        except OSError:  # the machine was killed, or the terminal was closed
            data = b""
        if not data:
            self._selector.unregister(key.fileobj)
            self._nports -= name != "keys"
            self.typed = self.typed and name != "keys"
        return data


class LogReader:
    """Divides the log into the line of status, events, and the other lines.

    `events` are functions by name: `prompt`, the shell waits for a command; `input`, a program waits for input.
    """

    def __init__(self, show, **events):
        self.status = None  # a number, or a word that says why the machine powered off
        self._events = events
        self._show = show
        self._rest = b""

    def feed(self, data):
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            match = re.fullmatch(rb"\x01exit (?:([a-z]+)|(-?\d{1,10}))", line)
            if match:
                self.status = match[1].decode() if match[1] else int(match[2])
            elif line in (b"\x01prompt", b"\x01input"):
                self._events.get(line[1:].decode(), lambda: None)()
            elif line:
                self._show(line + b"\n")
        if len(self._rest) > UNENDED:
            self.close()

    def close(self):
        if self._rest:
            self._show(self._rest)
            self._rest = b""


class Session:
    """A console to type at, for tests and for measuring: what has been read so far is in `text`."""

    def __init__(self, machine):
        self.machine = machine
        self.text = b""
        self.log = b""
        self._reader = LogReader(self._keep)
        self._ports = Ports(machine)

    def _keep(self, line):
        self.log += line

    @property
    def status(self):
        return self._reader.status

    def send(self, data):
        self.machine.type(data)

    def pump(self, seconds):
        """Reads what comes within that time; False once both ports are closed."""
        for name, data in self._ports.read(seconds if self._ports.open else 0):
            if name == "console":
                self.text += data
            else:
                self._reader.feed(data)
        return self._ports.open

    def expect(self, wanted, seconds=ANSWER):
        """Reads until `wanted` appears in the text, and drops the text up to its end.  False if it does not come."""
        end = time.monotonic() + seconds
        while wanted not in self.text:
            left = end - time.monotonic()
            if left <= 0 or not self.pump(left):
                break
        before, found, after = self.text.partition(wanted)
        if found:
            self.before, self.text = before, after
        return bool(found)
