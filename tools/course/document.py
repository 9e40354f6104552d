#!/usr/bin/env python3
"""document - puts what course/exercises.ini says into docs/teaching.md.

  document.py --write

Each of the document's blocks is between two comments: one for all exercises, and one for each.
tests/cli/teaching.py compares them with the data.
"""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from exercises import DATA, ROOT, load  # noqa: E402

DOCUMENT = os.path.join("docs", "teaching.md")
BLOCK = "<!-- %%s: made of %s by tools/course/document.py --write -->\n" % DATA
END = "<!-- end of %s -->"


def section(exercise, text):
    """The part of the document that describes an exercise; "" if there is none."""
    return text.partition("\n## %d. " % exercise.number)[2].partition("\n## ")[0]


def hours(exercise, text):
    found = re.search(r"^\*\*Hours\.\*\* (.*?)\.$", section(exercise, text), re.M)
    return found[1] if found else "?"


def table_of_all(exercises, text):
    rows = ["| | exercise | name | points | hours |", "|---|---|---|---|---|"]
    rows += ["| %d | %s | `%s` | %d | %s |" % (e.number, e.title, e.name, e.points, hours(e, text))
             for e in exercises]
    return rows + ["| | | | %d | |" % sum(e.points for e in exercises)]


def tests_of(exercise):
    """Lines of a list: a suite, and which of its tests."""
    titles = {}
    for suite, title in exercise.tests:
        titles.setdefault(suite, []).append(title)
    for suite, some in titles.items():
        if None in some:
            yield "- `%s`: all tests" % suite
        else:
            yield from ("- `%s`: *%s*" % (suite, title) for title in some)


def facts(exercise):
    return ["**Files.** %s." % ", ".join("`%s`" % path for path in exercise.files), "",
            "**Tests.** %d points for" % exercise.points, ""] + list(tests_of(exercise))


def blocks(exercises, text):
    """Pairs: a block's name, and the text that it is to have."""
    yield "exercises", table_of_all(exercises, text)
    for exercise in exercises:
        yield exercise.name, facts(exercise)


def stands(name, text):
    """The text of a block; None if there is no such block."""
    _, found, rest = text.partition(BLOCK % name)
    inside, ended, _ = rest.partition(END % name)
    return inside.strip("\n") if found and ended else None


def write():
    path = os.path.join(ROOT, DOCUMENT)
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for name, lines in blocks(load(), text):
        if stands(name, text) is None:
            sys.exit("document: %s has no block '%s'" % (DOCUMENT, name))
        before, mark, rest = text.partition(BLOCK % name)
        _, end, after = rest.partition(END % name)
        text = before + mark + "\n" + "\n".join(lines) + "\n\n" + end + after
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.stderr.write("usage: document.py --write\n")
        sys.exit(2)
    write()
