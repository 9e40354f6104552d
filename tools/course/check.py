"""check - shows that each exercise's tests fail in its tree, and pass in the next one's.

All trees are made in one place, one after the other, so that only what differs is built again.
"""

import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from exercises import Fault, ROOT, wanting
from handout import fill, remove_others
from processes import Processes

sys.path.insert(0, os.path.join(ROOT, "tests"))
import suites  # noqa: E402
from run.build import alone  # noqa: E402
from run.paths import debug_build  # noqa: E402

WHERE = os.path.join(ROOT, "build", "course")
JOBS = 2
# Seconds of processor time for a machine: in a tree without the solution, a test may spin until its watchdog ends it.
BUSY = ["--busy", "300"]
PATIENCE = 1800  # seconds on the clock, for what is stuck
RESULT = re.compile(r"^(not )?ok \d+ - (.*?)( # SKIP.*)?\r?$", re.M)


def command(suite, titles, env):
    """Runs these tests of a guest suite; of another one all, as of a suite whose title is None."""
    numbers = [n for n, title in enumerate(suites.titles(suite), 1) if title in titles]
    return suites.command(suite, env, BUSY) + (["-o", suites.ranges(numbers)] if numbers else [])


def titles_passed(words, env, processes):
    """title -> whether it passed, None if it was skipped.  Not there: what did not run."""
    nobody, other_end = os.pipe()  # whoever reads the console waits
    process = processes.start("ulimit -c 0", words, cwd=WHERE, env=env, stdin=nobody, stderr=subprocess.DEVNULL)
    try:
        output = process.communicate(timeout=PATIENCE)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGTERM)  # what a script has started ends with it, and removes its disks
        processes.finish(process)
        output = process.communicate()[0]
    finally:
        processes.finish(process)
        process.wait()
        os.close(nobody)
        os.close(other_end)
    found = RESULT.findall(output.decode("utf-8", "replace"))
    return {title: None if skipped else not failed for failed, title, skipped in found}


class Trees:
    """Trees by the number of exercises that are solved in them, and the results of suites there."""

    def __init__(self):
        clean = suites.clean_env("B", "CC", "DEBUG", CPUS="2", KSM_BUILT="1")
        self.envs = {False: clean, True: dict(clean, DEBUG="1", B=debug_build(clean))}  # by whether a debug kernel runs
        self.seen = {}
        self.processes = Processes()

    def build(self, names, env):
        for targets, more in suites.builds(names, env):
            words = ["make", "-s", "-j%d" % JOBS] + ["%s=%s" % variable for variable in more.items()] + targets
            done = subprocess.run(words, cwd=WHERE, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
            if done.returncode:
                raise Fault("a tree of the course does not build\n" + done.stdout)

    def results(self, commands, env):
        """What titles_passed() says of each command."""
        with ThreadPoolExecutor(JOBS) as pool:
            try:
                return list(pool.map(lambda words: titles_passed(words, env, self.processes), commands))
            except KeyboardInterrupt:
                self.processes.stop()
                raise

    def passed(self, number, tests, debug=False):
        """Which of these tests pass in the tree with the solutions of exercises 1 to number."""
        seen, env, wanted = self.seen.setdefault((number, debug), {}), self.envs[debug], {}
        for suite, title in tests:
            if (suite, title) not in seen:
                wanted.setdefault(suite, set()).add(title)
        if wanted:
            remove_others(WHERE, fill(WHERE, number))
            self.build(sorted(wanted), env)
            words = [command(suite, titles, env) for suite, titles in wanted.items()]
            for suite, results in zip(wanted, self.results(words, env)):
                for title in wanted[suite]:
                    one = results.get(title, False)
                    seen[suite, title] = one if title else set(results.values()) in ({True}, {True, None})
        return {test for test in tests if seen[test]}

    def failed(self, number, tests):
        """Which of these tests fail there, or do not run."""
        self.passed(number, tests)
        return {test for test in tests if self.seen[number, False][test] is False}

    def passed_by(self, number, some):
        """The same for the tests of some exercises, each with the kernel that it is graded with."""
        return {test for debug in (False, True)
                for test in self.passed(number, {t for e in some if e.debug == debug for t in e.tests}, debug)}


def others(number, exercises):
    """The tests that run in the tree for the next exercise, and are no exercise's: of all guest suites."""
    graded = {test for e in exercises for test in e.tests}
    at = exercises[number]
    return {(suite, title) for suite in suites.grouped("guest") for title in suites.titles(suite)
            if (suite, title) not in graded and not wanting(suite, title, at)}


def check_one(trees, exercise, exercises):
    """What is wrong with an exercise: sentences."""
    before = [e for e in exercises if e.number < exercise.number]
    earlier, tests = {test for e in before for test in e.tests}, set(exercise.tests)
    in_tree = trees.passed_by(exercise.number - 1, before + [exercise])
    solved = trees.passed_by(exercise.number, before + [exercise])
    rest = others(exercise.number - 1, exercises)
    faults = ["passes before it is solved: %s: %s" % test for test in in_tree & tests]
    faults += ["fails in its solution: %s: %s" % test for test in tests - solved]
    faults += ["fails, and is an earlier exercise's: %s: %s" % test for test in earlier - (in_tree & solved)]
    faults += ["fails in its tree, and is no exercise's: %s: %s" % test
               for test in trees.failed(exercise.number - 1, rest)]
    return sorted(faults)


def check(chosen, exercises):
    """Prints a table; the status."""
    os.makedirs(WHERE, exist_ok=True)
    with alone(WHERE, "check of the course"):
        return check_all(chosen, exercises)


def check_all(chosen, exercises):
    trees, status = Trees(), 0
    print("exercise       tests  in its tree  solved")
    for exercise in chosen:
        faults = check_one(trees, exercise, exercises)
        early = sum(fault.startswith("passes") for fault in faults)
        late = sum(fault.startswith("fails") for fault in faults)
        n = len(exercise.tests)
        words = "%d pass" % early if early else "all fail", "%d fail" % late if late else "all pass"
        print("%2d  %-9s  %5d  %-11s  %s" % ((exercise.number, exercise.name, n) + words), flush=True)
        for fault in faults:
            print("    " + fault)
            status = 1
    return status
