"""check - shows that each exercise's tests fail in its tree, and pass in the next one's.

All trees are made in one place, one after the other, so that only what differs is built again.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from exercises import ROOT
from handout import Fault, fill, remove_others

sys.path.insert(0, os.path.join(ROOT, "tests"))
import suites  # noqa: E402

WHERE = os.path.join(ROOT, "build", "course")
JOBS = 2
PATIENCE = 60  # seconds for a suite: in a tree without the solution, a test may wait forever
COMMAND_MAX = 800  # characters of titles
RESULT = re.compile(r"^(not )?ok \d+ - (.*?)( # SKIP.*)?\r?$", re.M)


def command(suite, titles, env):
    """Runs a suite's tests: those with these titles, if it takes titles and they are not too many; else all."""
    words = suites.command(suite, env)
    chosen = "".join(' "%s"' % title for title in sorted(titles))
    if suite.startswith("guest/") and all(titles) and len(chosen) < COMMAND_MAX:
        words[-1] += chosen
    return words


def titles_passed(words, env):
    """title -> whether it passed.  Not there: what did not run, or was skipped."""
    try:
        output = subprocess.run(words, cwd=WHERE, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, timeout=PATIENCE, check=False).stdout
    except subprocess.TimeoutExpired as late:
        output = late.stdout or b""
    found = RESULT.findall(output.decode("utf-8", "replace"))
    return {title: not failed for failed, title, skipped in found if not skipped}


class Trees:
    """Trees by the number of exercises that are solved in them, and the results of suites there."""

    def __init__(self):
        self.env = suites.clean_env(CPUS="2", KSM_BUILT="1")
        for name in ("B", "CC", "DEBUG"):
            self.env.pop(name, None)
        self.seen = {}

    def build(self, names):
        for targets, more in suites.builds(names, self.env):
            words = ["make", "-s", "-j%d" % JOBS] + ["%s=%s" % variable for variable in more.items()] + targets
            done = subprocess.run(words, cwd=WHERE, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
            if done.returncode:
                raise Fault("a tree of the course does not build\n" + done.stdout)

    def passed(self, number, tests):
        """Which of these tests pass in the tree with the solutions of exercises 1 to number."""
        wanted = {}
        for suite, title in tests:
            if (suite, title) not in self.seen.setdefault(number, {}):
                wanted.setdefault(suite, set()).add(title)
        if wanted:
            remove_others(WHERE, fill(WHERE, number))
            self.build(sorted(wanted))
            words = [command(suite, titles, self.env) for suite, titles in wanted.items()]
            with ThreadPoolExecutor(JOBS) as pool:
                for suite, results in zip(wanted, pool.map(lambda w: titles_passed(w, self.env), words)):
                    for title in wanted[suite]:
                        one = results.get(title, False)
                        self.seen[number][suite, title] = one if title else bool(results) and all(results.values())
        return {test for test in tests if self.seen[number][test]}


def check_one(trees, exercise, exercises):
    """What is wrong with an exercise: sentences."""
    before = {test for e in exercises if e.number < exercise.number for test in e.tests}
    tests = set(exercise.tests)
    in_tree = trees.passed(exercise.number - 1, before | tests)
    solved = trees.passed(exercise.number, before | tests)
    faults = ["passes before it is solved: %s: %s" % test for test in in_tree & tests]
    faults += ["fails in its solution: %s: %s" % test for test in tests - solved]
    faults += ["fails, and is an earlier exercise's: %s: %s" % test for test in before - (in_tree & solved)]
    return sorted(faults)


def check(chosen, exercises):
    """Prints a table; the status."""
    trees, status = Trees(), 0

    os.makedirs(WHERE, exist_ok=True)
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
