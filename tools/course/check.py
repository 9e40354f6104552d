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
PATIENCE = 300  # seconds for a suite
RESULT = re.compile(r"^(not )?ok \d+ - (.*?)( # SKIP.*)?$", re.M)


def run(command, env, timeout=PATIENCE):
    p = subprocess.run(command, cwd=WHERE, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, timeout=timeout, text=True, errors="replace", check=False)
    return p.returncode, p.stdout


def titles_passed(suite, env):
    """A suite's tests in the tree: title -> whether it passed.  Not there: what did not run, or was skipped."""
    try:
        _, output = run(suites.command(suite, env), env)
    except subprocess.TimeoutExpired as late:
        output = (late.stdout or b"").decode("utf-8", "replace")
    return {title: not failed for failed, title, skipped in RESULT.findall(output) if not skipped}


class Trees:
    """Trees by the number of exercises that are solved in them, and the results of suites there."""

    def __init__(self):
        self.env = suites.clean_env(CPUS="2", KSM_BUILT="1")
        self.seen = {}

    def results(self, number, wanted):
        """suite -> title -> passed, for the suites that are wanted, in the tree with the solutions of 1 to number."""
        seen = self.seen.setdefault(number, {})
        missing = sorted(set(wanted) - set(seen))
        if missing:
            remove_others(WHERE, fill(WHERE, number))
            for targets, more in suites.builds(missing, self.env):
                command = ["make", "-s", "-j%d" % JOBS, *("%s=%s" % v for v in more.items()), *targets]
                status, output = run(command, self.env, timeout=None)
                if status:
                    raise Fault("the tree with %d exercises solved does not build\n%s" % (number, output))
            with ThreadPoolExecutor(JOBS) as pool:
                seen.update(zip(missing, pool.map(lambda suite: titles_passed(suite, self.env), missing)))
        return seen


def passed(results, tests):
    """Which of these tests passed: pairs of a suite and a title.  A whole suite counts once, if all its tests passed."""
    found = set()
    for suite, title in tests:
        of = results[suite]
        if of.get(title, False) if title else of and all(of.values()):
            found.add((suite, title))
    return found


def check_one(trees, exercise, exercises):
    """What is wrong with an exercise: sentences."""
    before = [test for e in exercises if e.number < exercise.number for test in e.tests]
    wanted = {suite for suite, _ in before + exercise.tests}
    in_tree = trees.results(exercise.number - 1, wanted)
    solved = trees.results(exercise.number, wanted)
    faults = ["passes before it is solved: %s: %s" % test for test in passed(in_tree, exercise.tests)]
    faults += ["fails in its solution: %s: %s" % test
               for test in set(exercise.tests + before) - passed(solved, exercise.tests + before)]
    faults += ["fails, and is an earlier exercise's: %s: %s" % test for test in set(before) - passed(in_tree, before)]
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
