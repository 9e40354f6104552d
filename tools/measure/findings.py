"""findings - which tests fail with which mistake: docs/mistakes.tsv, which a run records, and docs/mistakes.md.

A line of the table of findings is a mistake, a suite, how it failed, and a test's title:

    fails   the test failed
    stops   the system stopped in this test, by a panic mostly
    hangs   the test did not end
"""

import os
import re

from course import exercises
from run.paths import ROOT

from . import mistakes

DATA = os.path.join(ROOT, "docs", "mistakes.tsv")
PAGE = os.path.join(ROOT, "docs", "mistakes.md")
HEAD = ("mistake", "suite", "how", "test")
SHOWN = 3  # tests that are named beside a mistake

SAYS = {"fails": "", "stops": "the system stops in: ", "hangs": "does not end: "}

INTRODUCTION = """# Mistakes

What a failing test means. These are the mistakes that solutions of the course's exercises are known for, and the
tests that each of them makes fail in this system.

Look up the first test that fails under *By failing test*; then find the mistake, and what to tell the student,
under *By exercise*. A mistake stands beside the tests that it makes fail first, three at most, in the order of the
suites. *Stops* means that the system stopped in this test, usually by a panic, and *hangs* that the test did not
end.

`./ksm mutants WORD` tries the mistakes with WORD in their names: it changes a copy of the tree
(`tools/measure/mistakes.py` has the changes), and runs the suites. `./ksm mutants --record` tries all, and makes
this page.
"""


def is_debug(suite):
    """Is it to run on a debug kernel?"""
    return suite.endswith(mistakes.DEBUG)


def plain(suite):
    return suite.removesuffix(mistakes.DEBUG)


def titles(suite):
    """The titles of a guest suite's tests, in order; none of other suites."""
    kind, _, name = plain(suite).partition("/")
    if kind != "guest":
        return []
    with open(os.path.join(ROOT, "tests", "guest", name + ".c"), encoding="utf-8") as f:
        return re.findall(r'^TEST\(\s*"((?:[^"\\]|\\.)*)"', f.read(), re.M)


def load():
    """Mistake -> list of suite, how, test."""
    try:
        with open(DATA, encoding="utf-8") as f:
            head, *lines = [tuple(line.rstrip("\n").split("\t")) for line in f]
    except OSError:
        return {}
    if head != HEAD:
        raise SystemExit("mutants: %s does not have these columns: %s" % (DATA, ", ".join(HEAD)))
    said = {}
    for what, suite, how, test in lines:
        said.setdefault(what, []).append((suite, how, test))
    return said


def record(new):
    """Keeps what is said of other mistakes."""
    said = dict(load(), **new)
    with open(DATA, "w", encoding="utf-8") as f:
        f.write("\t".join(HEAD) + "\n")
        for m in mistakes.MISTAKES:
            f.writelines("\t".join((m.what,) + tuple(found)) + "\n" for found in said.get(m.what, [])[:SHOWN])
    make_page()


def _cell(text):
    return text.replace("|", "\\|").replace("<", "\\<").replace("*", "\\*")


def _name(suite):
    return "`%s`%s" % (plain(suite).partition("/")[2], mistakes.DEBUG if is_debug(suite) else "")


def _by_test(said):
    """Rows of suite, test, mistakes."""
    meant, numbers = {}, {e.name: e.number for e in exercises.load()}
    for m in mistakes.MISTAKES:
        for suite, how, test in said.get(m.what, []):
            link = "[%s](#%d-%s)%s" % (m.what, numbers[m.exercise], m.exercise, "" if how == "fails" else " (%s)" % how)
            meant.setdefault((suite, test), []).append(link)
    for suite in mistakes.SUITES:
        for test in titles(suite):
            if (suite, test) in meant:
                yield "| %s | %s | %s |" % (_name(suite), _cell(test), "; ".join(meant[suite, test]))


def _first_tests(found):
    said = ["%s%s (%s)" % (SAYS[how], _cell(test), _name(suite)) for suite, how, test in found]
    return "; ".join(said) or "**none**"


def page():
    said = load()
    lines = [INTRODUCTION, "## By failing test\n", "| suite | test | mistake |", "|---|---|---|"]
    lines += _by_test(said)
    lines += ["\n## By exercise\n"]
    for exercise in exercises.load():
        rows = [m for m in mistakes.MISTAKES if m.exercise == exercise.name]
        if not rows:
            continue
        lines += ["### %d %s\n" % (exercise.number, exercise.name),
                  "| mistake | what the student did | what fails first | what to tell the student |",
                  "|---|---|---|---|"]
        lines += ["| %s | %s | %s | %s |" % (_cell(m.what), _cell(m.did), _first_tests(said.get(m.what, [])),
                                             _cell(m.tell)) for m in rows]
        lines.append("")
    return "\n".join(lines)


def make_page():
    with open(PAGE, "w", encoding="utf-8") as f:
        f.write(page())
    return 0


def checks():
    """Pairs of whether it holds, and what."""
    said = load()
    known = {suite: set(titles(suite)) for suite in mistakes.SUITES}
    for m in mistakes.MISTAKES:
        yield bool(said.get(m.what)), "a test is recorded that catches: " + m.what
    gone = {test for found in said.values() for suite, _, test in found if test not in known.get(suite, ())}
    yield not gone, "the tests in docs/mistakes.tsv are there%s" % (": not " + "; ".join(sorted(gone)) if gone else "")
    with open(PAGE, encoding="utf-8") as f:
        yield f.read() == page(), "docs/mistakes.md is what ./ksm mutants --table makes"
