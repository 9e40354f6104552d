"""progress - one line that says what a tool does just now, so that none is silent for long.

On a terminal the line is rewritten in place, and each second it says how long the step has taken so far.  Where there
is no terminal it is an ordinary line, which comes only after a silence, so that logs stay short; so it does on a
terminal that cannot erase (TERM=dumb) or whose user wants none of that (NO_COLOR).

The line goes to standard error.  What is to stay, a result, goes to standard output by say().  A tool has one line, and
several threads may call the functions of this module.

    progress.py TITLE LOG COMMAND...    runs a command with such a line in place of its output, which LOG gets
"""

import contextlib
import io
import os
import select
import signal
import subprocess
import sys
import threading
import time

INTERRUPTED = 130
BROKEN_PIPE = 141
SILENCE = 20      # seconds between two lines in a log
ON_TERMINAL = 2   # the same on a terminal that gets ordinary lines
ERASE = "\r\033[K"
SPARE = 3         # columns: the terminal itself writes ^C after the line, which must not wrap

_ending = []   # a pipe; its second end is closed when Ctrl-C or a kill ends the tool
_signals = []  # a pipe to which each signal that has a handler writes a byte


class _Unheard(io.FileIO):
    """Standard error.  What can't be written there is lost, and the tool ends as it would have ended; but a pipe that
    nobody reads any more ends it."""

    def write(self, data):
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError:
            return len(data)


def unbuffered(stream):
    """What is below a stream's buffer.  There is no buffer with PYTHONUNBUFFERED."""
    return getattr(stream.buffer, "raw", stream.buffer)


def write(stream, text):
    """Writes past the stream's buffer.  Once the tool is to end, whoever reads nothing gets no more: nobody waits for
    that, and a thread that does already goes on, and gives back the locks that it holds."""
    data = text.encode(stream.encoding, stream.errors)
    while data and stream in select.select(_ending[:1], [stream], [])[1]:
        stream.flush()  # what print() has left there
        data = data[unbuffered(stream).write(data[:select.PIPE_BUF]):]


class _Line:
    def __init__(self):
        self._lock = threading.RLock()
        self._text = None     # what goes on; None: nothing
        self._since = 0.0     # when that began
        self._written = time.monotonic()  # when anything was
        self._ticker = None

    @property
    def _live(self):
        return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")

    def show(self, text, since=None):
        with self._lock:
            if text != self._text:
                self._text, self._since = text, since or time.monotonic()
            self._draw()
            if not self._ticker:
                self._ticker = threading.Thread(target=self._tick, daemon=True)
                self._ticker.start()

    def clear(self):
        with self._lock:
            if self._text is not None and self._live:
                self._write(ERASE)
            self._text = None

    def say(self, text, stream=None):
        with self._lock:
            if self._text is not None and self._live:
                self._write(ERASE)
            write(stream or sys.stdout, text + "\n")
            self._written = time.monotonic()
            if self._text is not None and self._live:
                self._draw()

    def _tick(self):
        while True:
            time.sleep(1)
            with self._lock:
                if self._text is not None:
                    self._draw()

    def _draw(self):
        now = time.monotonic()
        if self._live:
            self._write(ERASE + self._fit(int(now - self._since), self._columns() - SPARE))
        elif now - self._written >= (ON_TERMINAL if sys.stderr.isatty() else SILENCE):
            self._written = now
            self._write("# %s\n" % self._fit(int(now - self._since), 110))

    def _fit(self, seconds, width):
        """The text and its seconds; the text is cut."""
        text = "".join(c if c.isprintable() else " " for c in self._text)
        after = "  %d s" % seconds if seconds >= 2 else ""
        return (text[:max(width - len(after), 0)] + after)[:width]

    @staticmethod
    def _columns():
        try:
            return os.get_terminal_size(sys.stderr.fileno()).columns or 80
        except OSError:
            return 80

    @staticmethod
    def _write(text):
        write(sys.stderr, text)


_line = _Line()
show = _line.show    # show(TEXT, SINCE): this goes on now; since when, in time.monotonic(), if it is not new
clear = _line.clear  # clear(): nothing does
say = _line.say      # say(TEXT, STREAM): a line that stays, on standard output if no other stream is given


def why(error):
    """A sentence about what this machine refused: a file, or a command that failed."""
    if isinstance(error, OSError):
        name = error.filename2 or error.filename  # of a copy: where there may be no room
        return ": ".join(str(part) for part in (name, error.strerror or error) if part)
    return str(error)


def open_missing():
    """A caller that has closed a standard stream gets the null device: no other file may take the number."""
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")
    sys.__stderr__ = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # it stays open
    sys.stderr = io.TextIOWrapper(io.BufferedWriter(_Unheard(sys.__stderr__.fileno(), "w", closefd=False)),
                                  sys.__stderr__.encoding, sys.__stderr__.errors, line_buffering=True)
    if sys.stdout.errors == "strict":  # files and tests have names that a terminal's letters may not have
        sys.stdout.reconfigure(errors="backslashreplace")


def _interrupt(*_):
    # What ends now must end whole: `timeout' sends its signal twice, and Ctrl-C reaches a tool and whoever ends it.
    for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
        signal.signal(number, signal.SIG_IGN)
    for end in _ending[1:]:
        _ending.remove(end)
        os.close(end)
    raise KeyboardInterrupt


def end_by_signals():
    """A kill and a closed terminal end a tool as Ctrl-C does: what it started ends with it.  nohup's tools go on."""
    _ending[:] = os.pipe()
    for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)


def signals():
    """A descriptor that can be read when a signal has come.  Python handles a signal between two steps of its own: one
    that comes when the last step before a wait is over would be handled only after the wait.  For the main thread."""
    if not _signals:
        _signals[:] = os.pipe()
        for end in _signals:
            os.set_blocking(end, False)
        signal.set_wakeup_fd(_signals[1], warn_on_full_buffer=False)
    return _signals[0]


@contextlib.contextmanager
def uninterrupted():
    """Ctrl-C and what end_by_signals() names wait until the end of the block, which then raises KeyboardInterrupt.

    What is started in the block is known by then, and can be ended.  Only the main thread is ever interrupted.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came = []
    before = {number: signal.signal(number, lambda number, _: came.append(number))
              for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
              if signal.getsignal(number) not in (signal.SIG_IGN, signal.SIG_DFL)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


def status_of(main):
    """What a main function returns, or ends the tool with, as --help does.  What it has printed is out."""
    try:
        status = main()
    except SystemExit as e:
        status = e.code
    sys.stdout.flush()
    return status


def write_rest(status):
    """What Python would write out at its end, where it can be written: Python would only fail once more."""
    try:
        if status == INTERRUPTED and not select.select([], [sys.stdout], [], 0)[1]:
            raise BrokenPipeError
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def run(main):
    """Ends the tool with the status of its main function, and leaves a clean line: after Ctrl-C as well."""
    open_missing()
    end_by_signals()
    try:
        status = status_of(main)
    except KeyboardInterrupt:
        status = INTERRUPTED
    except BrokenPipeError:  # nobody reads any more
        status = BROKEN_PIPE
    except (OSError, subprocess.CalledProcessError) as e:
        clear()
        write(sys.stderr, "ksm: %s\n" % why(e))
        status = 1
    finally:
        clear()
    write_rest(status)
    sys.exit(status)


def follow(command, title, kept):
    """Runs a command whose lines of output are its progress, and are added to `kept`.  Returns its status."""
    show(title)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace") as process:
        for text in process.stdout:
            kept.append(text)
            show("%s: %s" % (title, text.strip()))
    clear()
    return process.returncode


def main():
    title, log, *command = sys.argv[1:]
    kept = []
    status = follow(command, title, kept)
    with open(log, "w", encoding="utf-8") as f:
        f.writelines(kept)
    return status


if __name__ == "__main__":
    run(main)
