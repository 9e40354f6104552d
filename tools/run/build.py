"""build - runs make, and shows how far it has got."""

import os
import subprocess
import sys
import time

from .paths import ROOT, clean_env
from .statuses import BUILD_FAILED, Failure

SILENCE = 15  # seconds between two lines about the progress where there is no terminal


class Progress:
    """A line on a terminal that each step overwrites; elsewhere a line now and then."""

    def __init__(self, stream):
        self._stream = stream
        self._live = stream.isatty()
        self._nsteps = 0
        self._shown = time.monotonic()

    def step(self, text):
        self._nsteps += 1
        if self._live:
            self._write("\r\033[Kbuilding: %d  %s" % (self._nsteps, text[:80]))
        elif time.monotonic() - self._shown > SILENCE:
            self._shown = time.monotonic()
            self._write("# building: %d steps so far\n" % self._nsteps)

    def end(self):
        if self._live:
            self._write("\r\033[K")

    def _write(self, text):
        self._stream.write(text)
        self._stream.flush()


def make(targets, env, stream):
    """True if make succeeded.  Its warnings and errors go to standard error, its progress to the stream."""
    jobs = "-j%d" % min(os.cpu_count() or 1, 8)
    progress = Progress(stream)
    process = subprocess.Popen(["make", "-C", ROOT, "--no-print-directory", jobs] + targets, env=env,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace")
    for line in process.stdout:
        progress.step(line.strip())
    progress.end()
    return process.wait() == 0


def build():
    """Makes what is out of date.  A program that does not compile is left out."""
    if not os.environ.get("KSM_BUILT") and not make(["system"], clean_env(), sys.stderr):
        raise Failure(BUILD_FAILED, "the build failed")
