"""mutant_copy - the copy of the tree in which mutants are made, and its suites."""

import contextlib
import filecmp
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import suites as all_suites
from run.paths import ROOT, clean_env, debug_build

from . import findings

SECONDS = {"host": 60, "guest": 60, "cli": 300}  # for one suite, over ten times what it takes; a hang has caught it
COPY = os.path.join(ROOT, "build", "mutants")
STATE = os.path.join(COPY, "mutants.json")  # the results: mutant_results.py
LEFT_OUT = {".git", "build"}


def sources(where):
    """The files below a tree, by their paths in it, but not what does not matter here."""
    for directory, names, files in os.walk(where):
        if directory == where:
            names[:], files[:] = set(names) - LEFT_OUT, set(files) - LEFT_OUT
        names[:] = [name for name in names if name != "__pycache__"]
        for name in files:
            path = os.path.relpath(os.path.join(directory, name), where)
            if path != os.path.basename(STATE) and os.path.isfile(os.path.join(where, path)):
                yield path  # an editor's lock is a link that leads nowhere


def synchronize():
    """Makes the copy as this tree is."""
    here = set(sources(ROOT))
    for path in set(sources(COPY)) - here:
        os.remove(os.path.join(COPY, path))
    for path in here:
        source, target = os.path.join(ROOT, path), os.path.join(COPY, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not os.path.exists(target) or not filecmp.cmp(source, target, shallow=False):
            shutil.copy(source, target)


def environment(debug=False):
    env = clean_env("B", "DEBUG", "CPUS")
    if debug:
        env.update(B=debug_build(env), DEBUG="1")
    return env


def build(suites):
    """A mutant that does not compile proves nothing, and is a fault of this list."""
    env = environment(findings.is_debug(suites[0]))
    for targets, more in all_suites.builds([findings.plain(suite) for suite in suites], env):
        made = subprocess.run(["make", "-s", "-C", COPY, "-j%d" % (os.cpu_count() or 1)] + targets,
                              env=dict(env, **more), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, errors="replace", check=False)
        if made.returncode:
            sys.exit("mutants: the copy does not compile\n" + made.stderr)


def failures(suite, processes):
    """What a suite says: pairs of how it fails, and the test's title; none if it passes."""
    env = environment(findings.is_debug(suite))
    command = all_suites.command(findings.plain(suite), env)
    process = processes.start("ulimit -c 0", command, cwd=COPY, env=dict(env, KSM_BUILT="1"), stdin=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, errors="replace")
    how = "stops"
    try:
        said, _ = process.communicate(timeout=SECONDS[suite.partition("/")[0]])
    except subprocess.TimeoutExpired:
        how = "hangs"
        processes.finish(process)
        said, _ = process.communicate()
    finally:
        processes.finish(process)
    found = [("fails", title) for title in re.findall(r"^not ok \d+ - (.*)$", said, re.M)]
    plan = re.search(r"^1\.\.(\d+)", said, re.M)
    ndone = len(re.findall(r"^(?:not )?ok\b", said, re.M))
    if how == "hangs" or not plan or int(plan[1]) != ndone:
        titles = findings.titles(suite)
        found.append((how, titles[ndone] if ndone < len(titles) else ""))
    elif process.returncode and not found:
        found.append(("fails", ""))
    return found


def run_suites(suites, processes):
    """What fails in them, in order: a list of suite, how, title.  It ends early when there is enough to say."""
    found, together = [], os.cpu_count() or 1
    build(suites)
    for at in range(0, len(suites), together):
        some = suites[at:at + together]
        with ThreadPoolExecutor(together) as pool:
            try:
                for suite, said in zip(some, pool.map(failures, some, [processes] * together)):
                    found += [(suite,) + f for f in said]
            except KeyboardInterrupt:
                processes.stop()
                raise
        if len(found) >= findings.SHOWN or any(how == "hangs" for _, how, _ in found):
            break
    return found


@contextlib.contextmanager
def mutated(path, right, wrong):
    """The copy with a fault: `wrong` in place of `right`."""
    name = os.path.join(COPY, path)
    with open(name, encoding="utf-8") as f:
        text = f.read()
    if text.count(right) != 1:
        sys.exit("mutants: %s has this %d times, and not once:\n%s" % (path, text.count(right), right))
    with open(name, "w", encoding="utf-8") as f:
        f.write(text.replace(right, wrong))
    try:
        yield
    finally:
        with open(name, "w", encoding="utf-8") as f:
            f.write(text)
