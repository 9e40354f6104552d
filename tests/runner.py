"""runner - runs suites, judges their TAP, and shows what goes on.

A suite passes if it ran at least one test, ran as many as its plan says, all were `ok`, and its status is 0.  What it
printed since the last good test is shown with each that failed, and its error output at the end.
"""

import collections
import os
import re
import subprocess
import threading
import time

import suites
from run import children, progress
from run.build import make

TOO_LONG = 3600  # seconds after which a suite is stopped
SHOWN = 40       # lines of output before a failed test that are shown with it


class Outcome:
    """What one suite did."""

    def __init__(self, suite):
        self.suite = suite
        self.ntests = self.nfailed = 0
        self.seconds = 0.0
        self.tests = []     # each as [title, how it ended: "ok", "not ok" or "skipped", what explains a failure]
        self.problems = []  # why it failed, besides tests that did
        self.details = []   # lines to show
        self.left_out = {}  # sentence -> the number of tests that it leaves out
        self.stopped_in = ""  # the title of the test that had begun when the system stopped, if that is known

    @property
    def passed(self):
        return not self.nfailed and not self.problems

    @property
    def reason(self):
        """The first of what failed."""
        return next((title for title, how, _ in self.tests if how == "not ok"), None) or self.problems[0]

    def find_stop(self, titles):
        """What had begun, of the tests that were to run."""
        ended = [title for title, _, _ in self.tests]
        if self.problems and len(ended) < len(titles) and ended == titles[:len(ended)]:
            self.stopped_in = titles[len(ended)]
            self.problems.append("it stopped in: " + self.stopped_in)

    def leave_out(self, titles):
        """The tests that a student's tree leaves out: title -> a sentence."""
        self.tests += [[title, "skipped", ""] for title in titles]
        self.left_out = collections.Counter(titles.values())


def read_tap(outcome, lines):
    """Counts the tests in a suite's output, and keeps what failures are explained by."""
    plan, recent, failing = None, [], False
    for line in lines:
        line = line.rstrip("\n")
        test = re.match(r"(not )?ok\b(?: \d+)?(?: - )?", line)
        if test:
            outcome.ntests += 1
            failing = bool(test[1]) and "# TODO" not in line
            outcome.nfailed += failing
            title, skip, _ = line[test.end():].partition(" # SKIP")
            outcome.tests.append([title, "not ok" if failing else "skipped" if skip else "ok",
                                  "\n".join(recent[-SHOWN:]) if failing else ""])
            if failing:
                outcome.details += recent[-SHOWN:] + [line]
            recent = []
        elif failing and line.startswith("#"):
            outcome.details.append(line)
            outcome.tests[-1][2] += "\n" + line
        else:
            recent.append(line)
            count = re.fullmatch(r"1\.\.(\d+)(?: .*)?", line)
            plan = int(count[1]) if count else plan
    if outcome.ntests == 0:
        outcome.problems.append("it ran no test")
    elif plan != outcome.ntests:
        outcome.problems.append("it planned %s tests and ran %d" % ("no" if plan is None else plan, outcome.ntests))
    if outcome.problems:
        outcome.details += recent[-SHOWN:]


def drain(stream, kept):
    kept.extend(stream)


class Stopped(Exception):
    """The user wants no more."""


class Runner:
    """Runs suites, several at a time, those that take longest first.

    Most suites keep one processor busy, and many wait now and then, so there is one more than there are processors.
    Those that start last are short, so none is idle for long at the end.
    """

    JOBS = min((os.cpu_count() or 1) + 1, 8)

    def __init__(self, names, env, seconds, options=()):
        """`seconds` is how long each may take, by its name; `options` are for ./ksm run of guest suites."""
        self._env, self._options = env, options
        self._waiting = sorted(names, key=lambda name: -seconds[name])
        self._total = len(names)
        self._running = {}  # suite -> its process
        self._lock = threading.Lock()
        self._stopped = False
        self._failure = None  # what has kept us from running all
        self.outcomes = []

    def run(self):
        """The outcomes of all of them."""
        workers = [threading.Thread(target=self._work, daemon=True) for _ in range(self.JOBS)]
        for worker in workers:
            worker.start()
        try:
            for worker in workers:
                worker.join()
            if self._failure:
                raise self._failure
        except BaseException:
            self._stop()
            raise
        progress.clear()
        return self.outcomes

    def _stop(self):
        with self._lock:
            self._stopped = True
            for process in self._running.values():
                process.terminate()
        for process in list(self._running.values()):
            children.end(process)

    def _work(self):
        try:
            while True:
                outcome = self._run_suite(*self._start_next())
                with self._lock:
                    if self._stopped:
                        return
                    del self._running[outcome.suite]
                    self.outcomes.append(outcome)
                    show(outcome)
                    self._show_progress()
        except Stopped:
            pass
        except BaseException as e:  # a suite can't be started, or nobody reads the results: the run has not passed
            with self._lock:
                self._failure = e
                self._waiting.clear()

    def _start_next(self):
        """A suite and its process; Stopped if there is none."""
        with self._lock:
            if self._stopped or not self._waiting:
                raise Stopped
            suite = self._waiting.pop(0)
            # In the system, whoever reads the console waits: its input is a pipe that nobody writes to.
            nobody = subprocess.PIPE if suite.startswith("guest/") else subprocess.DEVNULL
            command = suites.command(suite, self._env, self._options)
            process = subprocess.Popen(command, cwd=suites.ROOT, env=self._env, stdin=nobody,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
            self._running[suite] = process
            self._show_progress()
            return suite, process

    def _show_progress(self):
        if self._running:
            progress.show("testing: %d of %d done, %d failed; %s" % (
                len(self.outcomes), self._total, sum(not o.passed for o in self.outcomes), ", ".join(self._running)))

    @staticmethod
    def _run_suite(suite, process):
        outcome = Outcome(suite)
        started = time.monotonic()
        noise = []
        reader = threading.Thread(target=drain, args=(process.stderr, noise))
        reader.start()
        watchdog = threading.Timer(TOO_LONG, children.end, (process,))
        watchdog.start()
        read_tap(outcome, process.stdout)
        status = process.wait()
        if process.stdin:
            process.stdin.close()
        watchdog.cancel()
        reader.join()
        outcome.seconds = time.monotonic() - started
        later = suites.left_out(suite)
        outcome.find_stop([title for title in suites.titles(suite) if title not in later])
        outcome.leave_out(later)
        if status and not outcome.nfailed:
            outcome.problems.append("its status was %d" % status)
        if not outcome.passed and noise:
            outcome.details = (["the end of what came beside the results, of tests that passed as well:"] +
                               ["  " + line.rstrip("\n") for line in noise[-60:]] + outcome.details)
        return outcome


def show(outcome):
    count = "%d test%s" % (outcome.ntests, "" if outcome.ntests == 1 else "s")
    verdict = "ok" if outcome.passed else "FAILED"
    later = ["; %s: %d more" % (why, n) for why, n in outcome.left_out.items()]
    progress.say("%-6s %-24s %10s %8.1f s%s" % (verdict, outcome.suite, count, outcome.seconds, "".join(later)))
    if not outcome.passed:
        for line in outcome.details + ["%s: %s" % (outcome.suite, problem) for problem in outcome.problems]:
            progress.say("    " + line)


def build(names, env):
    """Makes what the suites need.  False if it failed."""
    return all(make(targets, dict(env, **more)) for targets, more in suites.builds(names, env))
