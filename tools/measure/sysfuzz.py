"""sysfuzz - one run of the system-call fuzzer (tests/hostile/sysfuzz.c), and a look at the disk that it leaves.

The run passed if the system lived, sysfuzz found everything as before, and fsck finds the disk good: no block and no
inode is in use without a name.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from run import children  # noqa: E402
from run.paths import ROOT, build_directory, clean_env  # noqa: E402

SLOWEST = 150  # calls a second, on a busy host
PROCESSES = 6
SHOWN = 12     # last lines of the kernel's log


class Run:
    """What is run, and what came of it: `problems` is empty, or says what was wrong."""

    def __init__(self, seed, calls, smp, mem, param=None, processes=PROCESSES):
        self.options = ["--tests", "--smp", str(smp), "--mem", str(mem)]
        self.options += ["--param", param] if param else []
        self.command = ["sysfuzz", "-v", "-s", str(seed), "-n", str(calls), "-p", str(processes)]
        self.timeout = 120 + calls // SLOWEST
        self.problems, self.out, self.log = [], "", ""
        self.seconds = 0.0

    @property
    def line(self):
        """What repeats it in a shell."""
        words = ["%s=%s" % (name, os.environ[name]) for name in ("B", "DEBUG") if os.environ.get(name)]
        return " ".join(words + ["./ksm", "run", "--timeout", str(self.timeout)] + self.options + ["--"] + self.command)

    @property
    def calls(self):
        """How many calls it had made when it last said so."""
        return max((int(n) for n in re.findall(r"^sysfuzz: (\d+) calls", self.out, re.M)), default=0)

    @property
    def summary(self):
        """sysfuzz's last line about what it did."""
        lines = re.findall(r"^sysfuzz: (\d+ calls, .*)$", self.out, re.M)
        return lines[-1] if lines else "%d calls" % self.calls

    def run(self):
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="ksm-sysfuzz-") as directory:
            image = os.path.join(directory, "fs.img")
            shutil.copyfile(os.path.join(build_directory(), "tests.img"), image)
            self._boot(image)
            if not self.problems:
                self._check_disk(image)
        self.seconds = time.monotonic() - started
        return self

    def _boot(self, image):
        command = [sys.executable, os.path.join(ROOT, "tools", "run"), "--disk", image, "--write", "--timeout",
                   str(self.timeout)] + [o for o in self.options if o != "--tests"] + ["--"] + self.command
        r = children.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         env=clean_env(KSM_BUILT="1"))
        self.out, self.log = r.stdout.replace("\r", ""), r.stderr
        if r.returncode:
            self.problems.append("status %d" % r.returncode)
            self.problems += [line for line in self.out.split("\n") if re.match("sysfuzz: [^0-9]", line)]
            self.problems += self.log.split("\n")[-SHOWN:]

    def _check_disk(self, image):
        fsck = subprocess.run([os.path.join(build_directory(), "host", "fsck"), image], capture_output=True, text=True,
                              check=False)
        if fsck.returncode or "note" in fsck.stdout:  # it was shut down properly: nothing is left to the next mount
            self.problems.append(fsck.stdout)


def counts(out):
    """From a table of sysfuzz -v: each call's name, with how often it succeeded and failed."""
    return {name: (int(good), int(bad)) for name, good, bad in re.findall(r"^([a-z]+) +(\d+) +(\d+)$", out, re.M)}
