"""batch - a run with a command: its output to standard output, its status for our own, our standard input for it."""

import errno
import os
import queue
import select
import signal
import struct
import sys
import threading
import time
from functools import partial

from . import progress, qemu
from .options import DEFAULT_TIMEOUT
from .statuses import say
from .prompt import TYPED_MAX, Typer
from .symbols import Symbols

WAIT_MAX = 1000  # seconds; the host's wait takes no more than some weeks
DURABLE = 1.5    # seconds after which what has finished is on the disk
LAST_WORDS = 1   # seconds that a run that is ended from outside waits for whoever reads its output


def write_all(stream, data):
    """Writes past the stream's buffer: a thread that waits for a slow reader would keep the buffer's lock."""
    while data:
        select.select([], [stream], [])  # it may be one that does not wait by itself
        data = data[progress.unbuffered(stream).write(data):]


class Output:
    """Writes to a stream from a thread of its own: a slow reader must not hold up the machine, whose serial port drops
    what nobody takes.  A piece may be a function, which the thread calls for what to write."""

    def __init__(self, stream):
        self._stream = stream
        self._queue = queue.SimpleQueue()
        self._broken = False
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self):
        for data in iter(self._queue.get, None):
            try:
                write_all(self._stream, data() if callable(data) else data)
            except OSError as e:
                self._broken = True
                if e.errno != errno.EPIPE:
                    say("standard output cannot be written: %s" % e.strerror)
                return

    def put(self, data):
        if self._broken:
            raise BrokenPipeError
        self._queue.put(data)

    def finish(self, seconds):
        """Waits until all is written; with a number of seconds, no longer than that."""
        self._queue.put(None)
        self._thread.join(seconds)
        if self._broken:
            raise BrokenPipeError


class Feeder:
    """Answers each request for input with a piece of our own, as kernel/console/stdin.c wants it.

    Nothing is read that no program asks for: what follows in the input is for others, as in a loop of the shell's.
    A thread reads, since a file can't be waited for.
    """

    PIECE_MAX = 4096

    def __init__(self, port):
        self._port = port
        self._requests = threading.Semaphore(0)  # a kernel may ask without end
        self._ended = False
        # A job in the background that reads from its terminal gets an error, and is not stopped.
        signal.signal(signal.SIGTTIN, signal.SIG_IGN)
        threading.Thread(target=self._work, daemon=True).start()

    def ask(self):
        self._requests.release()

    def _read(self):
        try:
            data = b"" if self._ended else os.read(0, self.PIECE_MAX)
        except OSError as e:
            say("standard input cannot be read: %s" % e.strerror)
            data = b""
        self._ended = not data
        return data

    def _work(self):
        while True:
            self._requests.acquire()
            data = self._read()
            try:
                self._port.write(struct.pack("<H", len(data)) + data)
            except OSError:
                return  # the machine has ended


def one_place():
    """Whether standard output and standard error are the same."""
    return os.path.samestat(os.fstat(1), os.fstat(2))


def parameters(options, foreign):
    """The boot parameters that say what goes where.  If messages and output go to one place, they come through one
    port: two would mix up their order."""
    if foreign:
        return ["log=monitor", "stdin=programs"]
    chosen = any(param.startswith("log=") for param in options.param)
    return ["stdin=all"] if one_place() and not chosen else ["log=monitor", "stdin=all"]


def passing(out, err, typer, symbols, apart):
    """Two functions, which pass on what comes from the console and a line of the log.  apart: the log has the messages;
    else the console has shown them."""
    if not apart:
        return (lambda data: out.put(partial(symbols.feed, data))), (lambda line: None)

    def console(data):
        (typer.feed if typer else out.put)(data)
        err.put(partial(symbols.notes, data))
    return console, lambda line: err.put(partial(symbols.line, line))


def follow(machine, options, typer, console, log):
    """Runs until the system ends.  Returns the status line's content or None, and whether time ran out."""
    ports = qemu.Ports(machine, patience=qemu.PATIENCE)
    log = qemu.LogReader(log, input=Feeder(machine.log).ask, **({"prompt": typer.shell_waits} if typer else {}))
    longest_wait = 1 if options.busy else WAIT_MAX  # how busy QEMU was must be looked at
    while ports.open and not (typer and typer.finished):
        left = (options.timeout or DEFAULT_TIMEOUT) - machine.age()
        if left <= 0 or (options.busy and machine.busy() > options.busy):
            break
        pause = typer.pause if typer else None
        for name, data in ports.read(min(left, longest_wait if pause is None else pause)):
            (log.feed if name == "log" else console)(data)
        if typer:
            typer.idle()
    if typer:
        typer.give_up()
        if typer.finished:
            if options.write:
                time.sleep(DURABLE)
            return 0, False
    if ports.open:
        return log.status, True
    log.close()
    return log.status, False


def run(machine, options, command, foreign, apart):
    out = Output(sys.stdout)
    err = out if one_place() else Output(sys.stderr)
    symbols = Symbols(not options.disk, options.add)
    typer = None
    if foreign:
        length = len(os.fsencode(command))
        if length > TYPED_MAX:
            say("a shell of xv6 reads at most %d characters; this command has %d" % (TYPED_MAX, length))
        typer = Typer(machine.type, out.put, command)
    patience = None
    try:
        return follow(machine, options, typer, *passing(out, err, typer, symbols, apart))
    except KeyboardInterrupt:
        patience = LAST_WORDS
        if typer:
            typer.give_up()
        raise
    finally:
        err.put(symbols.rest)
        err.finish(patience)
        out.finish(patience)
