"""batch - a run with a command: its output to standard output, its status for our own."""

import os
import queue
import sys
import threading
import time

from . import qemu
from .options import DEFAULT_TIMEOUT
from .statuses import say
from .prompt import TYPED_MAX, PromptTyper

WAIT_MAX = 1000  # seconds; the host's wait takes no more than some weeks
DURABLE = 1.5    # seconds after which what has finished is on the disk


def write_all(stream, data):
    stream.buffer.write(data)
    stream.buffer.flush()


class Output:
    """Writes to a stream from a thread of its own: a slow reader must not hold up the machine, whose serial port drops
    what nobody takes."""

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


def follow(machine, options, typer, out, err):
    """Runs until the system ends.  Returns the status line's content or None, and whether the time was over."""
    log = qemu.LogReader(err.put)
    ports = qemu.Ports(machine)
    show = typer.feed if typer else out.put
    end = machine.started + (options.timeout or DEFAULT_TIMEOUT)
    while ports.open and not (typer and typer.finished):
        left = end - time.monotonic()
        if left <= 0:
            return log.status, True
        pause = typer.pause if typer else None
        events = ports.read(min(left, WAIT_MAX if pause is None else pause))
        if not events and pause is not None and time.monotonic() < end:
            typer.idle()
        for name, data in events:
            (log.feed if name == "log" else show)(data)
    if typer and typer.finished:
        if options.write:
            time.sleep(DURABLE)
        return 0, False
    if typer:
        typer.give_up()
    log.close()
    return log.status, False


def run(machine, options, command, foreign):
    out, err = Output(sys.stdout), Output(sys.stderr)
    typer = None
    if foreign:
        length = len(os.fsencode(command))
        if length > TYPED_MAX:
            say("a shell of xv6 reads at most %d characters; this command has %d" % (TYPED_MAX, length))
        typer = PromptTyper(machine.console.sendall, out.put, command)
    try:
        return follow(machine, options, typer, out, err)
    finally:
        err.finish()
        out.finish()
