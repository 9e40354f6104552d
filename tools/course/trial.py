"""trial - runs one suite on one built tree, and says what became of each test.

A guest suite gets a key by its command line, one that nobody could know before, and puts it before each result.  What
has no key was printed by the submission, and counts for nothing; nor does the machine's own status, if tests are
missing.  When the machine panics, hangs or ends otherwise, the test that had begun has that outcome, and the others run
in a machine of their own.
"""

import os
import re
import secrets
import subprocess
import sys
import threading

import suites
from course.processes import end
from run.statuses import BUILD_FAILED, CANNOT_START, PANICKED, QEMU_FAILED, TIMED_OUT, TRIPLE_FAULT

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
NO_TEST, FLOOD, NO_BUILD, ENDED = "no test ran", "too much output", "does not build", "ended early"
ENDINGS = {PANICKED: "panic", TRIPLE_FAULT: "triple fault", TIMED_OUT: "hang", QEMU_FAILED: "QEMU failed",
           CANNOT_START: "cannot start", BUILD_FAILED: NO_BUILD}
OUTPUT_MAX = 1 << 20  # bytes, after which a machine is stopped; no suite prints a tenth of it
KEPT = 128 << 10      # bytes of a stream at its beginning, and as many at its end, that the log keeps
DEATHS_MAX = 3        # machines that one suite may lose, or one fewer if no test has ended; the rest does not run
PATIENCE = 10         # times the limit of processor time that a run may take on the clock
MESSAGES = "\n--- messages ---\n"
RUN_LIMITS = "ulimit -f 1048576; ulimit -c 0"
CLI_SECONDS = 900  # on the clock, for a script
ENDING = 300       # seconds after its own limit on the clock, in which a machine ends


class How:
    """How suites are run: the options that a run's result depends on."""

    def __init__(self, smp=2, icount=False, jitter=None, seed=None, limit=60):
        self.smp, self.icount, self.jitter, self.seed, self.limit = smp, icount, jitter, seed, limit

    def options(self):
        """For ./ksm run."""
        return (suites.ICOUNT if self.icount else ["--smp", str(self.smp)]) + (
            ["--param", "jitter=%d" % self.jitter] if self.jitter is not None else [])

    def __str__(self):
        said = ["--icount" if self.icount else "--smp %d" % self.smp]
        said += ["--jitter %d" % self.jitter] if self.jitter is not None else []
        said += ["--seed %d" % self.seed] if self.seed is not None else []
        return " ".join(said)


class Stream:
    """Takes what a process prints, and keeps its beginning and its end.  full() is called once it is too much; the rest
    is taken too, since a process that waits for a reader can't end."""

    def __init__(self, pipe, line=lambda data: None, full=lambda: None):
        self._pipe, self._line, self._full = pipe, line, full
        self._head, self._tail, self._rest = bytearray(), b"", b""
        self.nbytes = 0
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self):
        while data := os.read(self._pipe.fileno(), 65536):
            self.nbytes += len(data)
            room = KEPT - len(self._head)
            self._head += data[:max(room, 0)]
            self._tail = (self._tail + data[max(room, 0):])[-KEPT:]
            *lines, self._rest = (self._rest + data).split(b"\n")
            self._rest = self._rest[-4096:]
            for line in lines:
                self._line(line)
            if self.nbytes > OUTPUT_MAX >= self.nbytes - len(data):
                self._full()

    def text(self):
        """All that is kept; after the process has ended."""
        self._thread.join()
        left_out = self.nbytes - len(self._head) - len(self._tail)
        cut = b"\n[%d bytes left out]\n" % left_out if left_out > 0 else b""
        return (bytes(self._head) + cut + self._tail).decode(errors="replace")


class Report:
    """What one run has said of its tests: pairs of a title and an outcome, and a note before each failure: the first
    check that did not hold, since others follow from it, or else the last note."""

    RESULT = re.compile(rb"(not )?ok \d+ - (.*)")
    CHECK = re.compile(r"\S+:\d+: ")

    def __init__(self, key):
        self._key = key.encode()
        self.tests, self.whys, self.whole = [], [], False
        self._note = ""

    def line(self, data):
        before, found, rest = data.rpartition(self._key + b" ") if self._key else (b"", b" ", data)
        result = self.RESULT.fullmatch(rest.rstrip(b"\r")) if found else None
        if result:
            title, skip, _ = result[2].decode(errors="replace").partition(" # SKIP")
            outcome = FAILED if result[1] else SKIPPED if skip else PASSED
            self.tests.append((title, outcome))
            self.whys.append(self._note if outcome == FAILED and self._key else "")  # scripts explain afterwards
            self._note = ""
        elif found and re.fullmatch(rb"1\.\.\d+\r?", rest):
            self.whole = True
        elif data.startswith(b"# "):
            if not self.CHECK.match(self._note):
                self._note = data[2:202].decode(errors="replace").strip()
            if not self._key and self.tests and self.tests[-1][1] == FAILED and not self.whys[-1]:
                self.whys[-1] = self._note


def run_command(processes, command, env, cwd, report, seconds):
    """The status of a command, whether it printed too much, and its log.  After that many seconds it is ended."""
    process = processes.start(RUN_LIMITS, command, env=env, cwd=cwd, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    flooded = threading.Event()

    def full():
        flooded.set()
        process.terminate()

    out, err = Stream(process.stdout, report.line, full), Stream(process.stderr, full=full)
    watchdog = threading.Timer(min(seconds, threading.TIMEOUT_MAX), end, (process,))
    watchdog.start()
    try:
        said = out.text(), err.text()  # both have ended then
        status = process.wait()
    finally:
        watchdog.cancel()
        processes.finish(process)
    for pipe in process.stdin, process.stdout, process.stderr:
        pipe.close()
    return status, flooded.is_set(), said[0] + MESSAGES + said[1] + "--- status %s ---\n" % status


def ending(status, flooded):
    """Why a run ended before its last test, in a word."""
    return FLOOD if flooded else ENDINGS.get(status, ENDED)


# A line of a back-trace; and what leads from a fault to the panic, or from a program to the kernel.
TRACE = re.compile(r"^  [0-9a-f]{8} (\w+)\+\d+$", re.M)
MACHINERY = re.compile(r"panic|kernel_fault|trap_\w+|\w+_entry")


def death(messages):
    """How a machine died, in a line: what it said, and the functions in which it panicked."""
    last = re.search(r"^panic.*|(?<=^ksm: timeout: ).*", messages, re.M)
    names = [name for name in TRACE.findall(messages) if not MACHINERY.fullmatch(name)]
    where = "".join(before + name for before, name in zip((", in ", ", called from ", ", "), names))
    return last[0][:200] + where if last else ""


def believed(report, numbers, titles):
    """The outcomes of the tests with these numbers that a report has, as far as its titles are theirs."""
    found = {}
    for n, (title, outcome), said in zip(numbers, report.tests, report.whys):
        if title != titles[n - 1]:
            break
        found[n] = (outcome, said)
    return found


class Guest:
    """A guest suite on one tree."""

    def __init__(self, suite, tree, where, env, how, processes):
        self._suite, self._tree, self._processes, self._how = suite, tree, processes, how
        self._where = os.path.join(tree, where)
        self._env = dict(env, KSM_BUILT="1", B=self._where)
        self.log = self.note = ""  # the note: how the last machine died

    @property
    def built(self):
        return os.path.exists(os.path.join(self._where, "bin", self._suite.partition("/")[2]))

    def _seconds(self):
        return self._how.limit * PATIENCE + ENDING

    def _machine(self):
        options = self._how.options() + ["--busy", str(self._how.limit * self._how.smp),
                                         "--timeout", str(self._how.limit * PATIENCE)]
        return suites.guest_command(self._suite.partition("/")[2], self._where, options, self._tree)

    def _command(self, key, numbers):
        words = ["-k", key] + (["-o", suites.ranges(numbers)] if numbers else [])
        words += ["-s", str(self._how.seed)] if self._how.seed is not None else []
        return self._machine() + words

    def boot(self, numbers=None):
        """One machine: its report, and why it ended, in a word, if there was a reason."""
        key = "".join(secrets.choice("abcdefghijklmnop") for _ in range(16))  # letters alone: all cost the same
        return self._execute(key, self._command(key, numbers), self._env, suites.ROOT, self._seconds())

    def _execute(self, key, command, env, cwd, seconds):
        report = Report(key)
        status, flooded, log = run_command(self._processes, command, env, cwd, report, seconds)
        self.log += log.replace(key + " ", "") if key else log
        self.note = death(log.rpartition(MESSAGES)[2])
        return report, ending(status, flooded) if flooded or status not in (0, 1) or not report.whole else None

    def titles(self):
        """Of all its tests, on a tree that is right, without running them."""
        command = self._machine() + ["-l"]
        _, _, log = run_command(self._processes, command, self._env, suites.ROOT, Report(""), self._seconds())
        self.log += log
        return log.partition(MESSAGES)[0].splitlines()

    def examine(self, counts):
        """On a tree that is right: all titles, and (title, outcome) of those that counts(titles) has; None if it does
        not come to its end.  What does not count may take long, and does not run."""
        titles = self.titles()
        numbers = [titles.index(title) + 1 for title in counts(titles)]
        report, why = self.boot(sorted(numbers)) if numbers else (Report(""), not titles)
        return None if why else (titles, report.tests)

    def run(self, titles, wanted):
        """(outcome, why) for each wanted number, which counts `titles` from 1."""
        if not self.built:
            return {n: (NO_BUILD, "") for n in wanted}
        outcomes, left, nended = {}, list(wanted), 0
        for ndead in range(1, DEATHS_MAX + 1):
            report, why = self.boot(left)
            ended = believed(report, left, titles)
            outcomes.update(ended)
            nended += len(ended)
            if not why and len(ended) == len(left):
                return outcomes
            dead = left[min(len(ended), len(left) - 1)]  # all may have passed before the machine died
            outcomes[dead] = ((why or ENDED) if ended or why not in (None, ENDED) else NO_TEST, self.note)
            left = left[len(ended) + 1:]
            if not left or ndead >= (DEATHS_MAX if nended else DEATHS_MAX - 1):
                break
        outcomes.update((n, (NO_TEST, self.note)) for n in left)
        return outcomes


class Script(Guest):
    """A suite of tests/cli: it runs on the host, from the grader's own files, and drives the system."""

    @property
    def built(self):
        return os.path.exists(os.path.join(self._where, "tests.img"))

    def boot(self, numbers=None):
        name = os.path.join("tests", "cli", self._suite.partition("/")[2])
        script = name + ".py"
        there = os.path.exists(os.path.join(self._tree, script))
        env = dict(self._env, B=os.path.relpath(self._where, self._tree), CPUS=str(self._how.smp))
        command = [sys.executable, script] if there else ["sh", name + ".sh"]
        return self._execute("", command, env, self._tree, CLI_SECONDS)

    def examine(self, counts):
        report, why = self.boot()
        return None if why else ([title for title, _ in report.tests], report.tests)

    def run(self, titles, wanted):
        if not self.built:
            return {n: (NO_BUILD, "") for n in wanted}
        report, why = self.boot()
        outcomes = {n: (why or NO_TEST, self.note) for n in wanted}
        for n, ((title, outcome), said) in enumerate(zip(report.tests, report.whys), 1):
            if n <= len(titles) and title == titles[n - 1] and n in outcomes:
                outcomes[n] = (outcome, said)
        return outcomes


def trial(suite, *arguments):
    return (Guest if suite.startswith("guest/") else Script)(suite, *arguments)
