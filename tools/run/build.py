"""build - runs make, and shows how far it has got."""

import contextlib
import fcntl
import os
import re
import subprocess
import sys
import threading

from . import progress
from .paths import ROOT, clean_env
from .statuses import BUILD_FAILED, Failure, say


@contextlib.contextmanager
def alone(directory=ROOT, what="build of this tree"):
    """One at a time: two would write the same files.  Where nothing can be locked, it goes on."""
    held = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another %s to end" % what)
            fcntl.flock(held, fcntl.LOCK_EX)
        except OSError:
            pass
        yield
    finally:
        os.close(held)


ITS_END = re.compile(r".* (Interrupt|Terminated)$|.*\*\*\* (.*Deleting file|Waiting for unfinished|wait: No child)")


def _pass_on(stream):
    """Shows warnings and errors above the line of progress, but not what make says of its end."""
    for line in stream:
        if not ITS_END.match(line):
            progress.say(line.rstrip("\n"), sys.stderr)


def _show_steps(stream, title):
    nsteps = 0
    for line in stream:
        if not line.startswith("make: "):  # it has nothing to do
            nsteps += 1
            progress.show("%s: %d  %s" % (title, nsteps, line.strip()))


def _end(process, errors, exception):
    if exception is KeyboardInterrupt:
        process.terminate()  # it ends what it has started then, and ignores Ctrl-C in the background of a shell
    errors.join()
    process.wait()
    progress.clear()


def make(targets, env, title="building"):
    """True if make succeeded.  Its warnings and errors go to standard error.  For the main thread only."""
    jobs = "-j%d" % min(os.cpu_count() or 1, 8)
    command = ["make", "-C", ROOT, "--no-print-directory", jobs] + targets
    with alone(), contextlib.ExitStack() as at_end:
        with progress.uninterrupted():
            process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True, errors="replace")
            errors = threading.Thread(target=_pass_on, args=(process.stderr,), daemon=True)
            errors.start()
            at_end.push(lambda exception, *_: _end(process, errors, exception))
        _show_steps(process.stdout, title)
    return process.returncode == 0


def build(target="system"):
    """Makes what is out of date: all, or for "boot" what a run without tests needs.

    A program that does not compile is left out.
    """
    if not os.environ.get("KSM_BUILT") and not make([target], clean_env()):
        raise Failure(BUILD_FAILED, "the build failed")
