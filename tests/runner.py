"""runner - runs suites, judges their TAP, and shows what goes on.

A suite passes if it ran at least one test, ran as many as its plan says, all were `ok`, and its status is 0.  What it
printed since the last good test is shown with each that failed, and its error output at the end.
"""

import queue
import re
import signal
import subprocess
import sys
import threading
import time

import suites
from run.build import make

TOO_LONG = 1800  # seconds after which a suite is stopped
SHOWN = 40       # lines of output before a failed test that are shown with it


class Screen:
    """Lines that stay, and on a terminal one line below them that is overwritten."""

    def __init__(self):
        self._live = sys.stdout.isatty()
        self._lock = threading.Lock()

    def line(self, text):
        with self._lock:
            sys.stdout.write(("\r\033[K" if self._live else "") + text + "\n")
            sys.stdout.flush()

    def status(self, text):
        if self._live:
            with self._lock:
                sys.stdout.write("\r\033[K" + text[:100])
                sys.stdout.flush()


class Outcome:
    """What one suite did."""

    def __init__(self, suite):
        self.suite = suite
        self.ntests = self.nfailed = 0
        self.seconds = 0.0
        self.problems = []  # why it failed, beside tests that did
        self.details = []   # lines to show

    @property
    def passed(self):
        return not self.nfailed and not self.problems


def read_tap(outcome, lines):
    """Counts the tests in a suite's output, and keeps what failures are explained by."""
    plan, recent, failing = None, [], False
    for line in lines:
        line = line.rstrip("\n")
        test = re.match(r"(not )?ok\b", line)
        if test:
            outcome.ntests += 1
            failing = bool(test[1]) and "# TODO" not in line
            outcome.nfailed += failing
            if failing:
                outcome.details += recent[-SHOWN:] + [line]
            recent = []
        elif failing and line.startswith("#"):
            outcome.details.append(line)
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


def run_suite(suite, env):
    outcome = Outcome(suite)
    started = time.monotonic()
    # In the system, whoever reads the console waits: its input is a pipe that nobody writes to.
    nobody = subprocess.PIPE if suite.startswith("guest/") else subprocess.DEVNULL
    process = subprocess.Popen(suites.command(suite, env), cwd=suites.ROOT, env=env, stdin=nobody,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
    noise = []
    reader = threading.Thread(target=drain, args=(process.stderr, noise))
    reader.start()
    watchdog = threading.Timer(TOO_LONG, process.send_signal, (signal.SIGTERM,))
    watchdog.start()
    read_tap(outcome, process.stdout)
    status = process.wait()
    if process.stdin:
        process.stdin.close()
    watchdog.cancel()
    reader.join()
    outcome.seconds = time.monotonic() - started
    if status and not outcome.nfailed:
        outcome.problems.append("its status was %d" % status)
    if not outcome.passed:
        outcome.details += [line.rstrip("\n") for line in noise[-60:]]
    return outcome


def show(screen, outcome):
    count = "%d test%s" % (outcome.ntests, "" if outcome.ntests == 1 else "s")
    verdict = "ok" if outcome.passed else "FAILED"
    screen.line("%-6s %-24s %10s %8.1f s" % (verdict, outcome.suite, count, outcome.seconds))
    if not outcome.passed:
        for line in ["%s: %s" % (outcome.suite, problem) for problem in outcome.problems] + outcome.details:
            screen.line("    " + line)


def run(names, env, jobs, screen):
    """Runs suites, so many at a time.  Returns their outcomes."""
    waiting, outcomes, running = queue.SimpleQueue(), [], []
    for name in names:
        waiting.put(name)

    def work():
        while True:
            try:
                suite = waiting.get_nowait()
            except queue.Empty:
                return
            running.append(suite)
            screen.status("       %s  (%d of %d)" % (", ".join(running), len(outcomes) + 1, len(names)))
            outcome = run_suite(suite, env)
            running.remove(suite)
            outcomes.append(outcome)
            show(screen, outcome)

    workers = [threading.Thread(target=work, daemon=True) for _ in range(jobs)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    screen.status("")
    return outcomes


def build(names, env):
    """Makes what the suites need.  False if it failed."""
    guests_only = all(name.startswith("guest/") for name in names)
    return make(["all"] if guests_only else ["all", "host-tests"], env, sys.stdout)
