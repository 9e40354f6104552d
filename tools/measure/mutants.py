#!/usr/bin/env python3
"""mutants - makes one deliberate fault at a time in a copy of the tree, and checks that the tests notice.

  mutants.py [--record] [WORD]...   all mutants, or those whose description has one of the words
  mutants.py --list                 the descriptions
  mutants.py --table                makes docs/mistakes.md anew of what is recorded
  mutants.py --fit                  only checks, as TAP, that each fits the code, and what is recorded the tests

A fault (faults.py) names the suites that should fail; they run in that order until one does.  A mistake of the
course (mistakes.py) meets several at once, so that it is known what fails besides the first test.  Status 0:
every mutant was caught, and without a fault the suites pass.

The copy is build/mutants.  It is kept with the results, so a run that was interrupted goes on where it was.
--record puts the result of all mutants into the table of ./ksm reliability, in the place of the last one, and what the
mistakes' tests said into docs/mistakes.tsv.
"""

import os
import sys
from collections import namedtuple

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests"))
from course.processes import Processes  # noqa: E402
from measure import findings, mistakes, mutant_copy, results  # noqa: E402
from measure.faults import FAULTS  # noqa: E402
from measure.mutant_results import Results  # noqa: E402
from run import progress  # noqa: E402
from run.build import alone  # noqa: E402
from run.paths import ROOT  # noqa: E402
from run.statuses import USAGE_ERROR  # noqa: E402

# turns: the suites that run first, those that run if none of these fails, and so on.
Mutant = namedtuple("Mutant", "what path right wrong turns mistake")


def all_mutants():
    return ([Mutant(*fields, [[suite] for suite in suites], False) for *fields, suites in FAULTS] +
            [Mutant(m.what, m.path, m.right, m.wrong, mistakes.TURNS, True) for m in mistakes.MISTAKES])


def suites_of(mutant):
    return sum(mutant.turns, [])


def try_mutant(mutant, processes):
    """What fails with a mutant: a list of suite, how, title."""
    with mutant_copy.mutated(mutant.path, mutant.right, mutant.wrong):
        for suites in mutant.turns:
            found = mutant_copy.run_suites(suites, processes)
            if found:
                return found
    return []


def choose(words):
    chosen = [m for m in all_mutants() if not words or any(w in m.what for w in words)]
    if not chosen:
        sys.stderr.write("ksm: no mutant has such a description; ./ksm mutants --list prints all\n")
        sys.exit(USAGE_ERROR)
    return chosen


def fit():
    checks = []
    for m in all_mutants():
        with open(os.path.join(ROOT, m.path), encoding="utf-8") as f:
            checks.append((f.read().count(m.right) == 1, "mutant fits %s: %s" % (m.path, m.what)))
    checks += findings.checks()
    print("1..%d" % len(checks))
    for n, (holds, title) in enumerate(checks, 1):
        print("%sok %d - %s" % ("" if holds else "not ", n, title))
    return 0 if all(holds for holds, _ in checks) else 1


def check_without(kept, chosen, processes):
    """Without a fault the suites have to pass."""
    suites = sorted({s for m in chosen for s in suites_of(m)})
    for n, suite in enumerate(suites):
        if kept.get(suite, [suite]) == []:
            continue
        progress.show("without a fault: %d of %d suites passed; %s" % (n, len(suites), suite))
        mutant_copy.build([suite])
        found = mutant_copy.failures(suite, processes)
        if found:
            sys.exit("mutants: %s fails without any fault: %s" % (suite, found))
        kept.put(suite, [suite], found)


def run(chosen, processes):
    """What failed, by the mutant's description."""
    progress.show("copying the tree")
    mutant_copy.synchronize()
    kept = Results()
    check_without(kept, chosen, processes)
    progress.say("1..%d" % len(chosen))
    said = {}
    for n, mutant in enumerate(chosen, 1):
        progress.show("%d of %d caught, %d left: %s" % (
            sum(bool(found) for found in said.values()), n - 1, len(chosen) - n + 1, mutant.what))
        key = mutant[:4]
        found = kept.get(key, suites_of(mutant))
        if found is None:
            found = try_mutant(mutant, processes)
            kept.put(key, suites_of(mutant), found)
        said[mutant.what] = found
        progress.say("%sok %d - caught: %s" % ("" if found else "not ", n, mutant.what))
        if found:
            progress.say("# %s %s: %s" % tuple(found[0]))
    return said


def main():
    words = [word for word in sys.argv[1:] if word != "--record"]
    if words == ["--fit"]:
        return fit()
    if words == ["--table"]:
        return findings.make_page()
    if words == ["--list"]:
        print("\n".join(m.what for m in all_mutants()))
        return 0
    if any(not word or word.startswith("-") for word in words):  # an empty one would mean all
        sys.stderr.write("usage: ./ksm mutants [--record] [WORD]... | --list | --table | --fit\n")
        return USAGE_ERROR
    chosen = choose(words)
    os.makedirs(mutant_copy.COPY, exist_ok=True)
    with alone(mutant_copy.COPY, "run of the mutants"), Processes() as processes:
        said = run(chosen, processes)
    ncaught = sum(bool(found) for found in said.values())
    progress.say("# %d of %d mutants were caught" % (ncaught, len(chosen)))
    if "--record" in sys.argv:
        if not words:
            results.add("mutants", "mistakes put into the code, which the tests must notice", len(chosen), "mistakes",
                        len(chosen) - ncaught, replace=True)
        findings.record({m.what: said[m.what] for m in chosen if m.mistake})
    return 0 if ncaught == len(chosen) else 1


if __name__ == "__main__":
    progress.run(main)
