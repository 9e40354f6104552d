#!/usr/bin/env python3
"""results - what was tried on the system, and what came of it: the table in docs/reliability.md.

  results.py           puts the table into docs/reliability.md
  results.py --check   checks, as TAP, that it is there as it should be

docs/reliability.tsv has a line for each run that was to be recorded (--record): the day, the command, what was tried,
how often, the unit, how many faults were found, and how many of them lost or damaged something.  The table adds up the
lines of one command, subject and unit.  Only the last run of mutants counts: each tries the same ones.
"""

import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from run import progress  # noqa: E402
from run.paths import ROOT  # noqa: E402
from run.statuses import USAGE_ERROR  # noqa: E402

DATA = os.path.join(ROOT, "docs", "reliability.tsv")
DOCUMENT = os.path.join(ROOT, "docs", "reliability.md")
MARKS = ("<!-- figures: made by ./ksm reliability -->\n", "<!-- end of figures -->")
HEAD = ("day", "command", "what was tried", "count", "unit", "found", "lost")


def add_option(parser):
    parser.add_argument("--record", action="store_true",
                        help="add the result to docs/reliability.tsv, for the table of ./ksm reliability")


def add(command, what, count, unit, nfound, nlost=0, replace=False):
    """Adds a run's result.  replace: it tried all that there is, so it takes the place of earlier ones."""
    line = (time.strftime("%Y-%m-%d"), command, what, count, unit, nfound, nlost)
    if replace:
        with open(DATA, encoding="utf-8") as f:
            others = [old for old in f if old.split("\t")[1:3] != [command, what]]
        with open(DATA, "w", encoding="utf-8") as f:
            f.writelines(others)
    with open(DATA, "a", encoding="utf-8") as f:
        f.write("\t".join(str(word) for word in line) + "\n")


def rows():
    """The sums, in the order in which the data first names them: command, what, count, unit, found, lost."""
    sums = {}
    with open(DATA, encoding="utf-8") as f:
        head, *lines = [tuple(line.rstrip("\n").split("\t")) for line in f]
    if head != HEAD or any(len(line) != len(HEAD) for line in lines):
        sys.exit("results: %s is not a table with these columns: %s" % (DATA, ", ".join(HEAD)))
    for _, command, what, count, unit, nfound, nlost in lines:
        row = sums.setdefault((command, what, unit), [0, 0, 0])
        for i, number in enumerate((count, nfound, nlost)):
            row[i] += int(number)
    return [(command, what, row[0], unit) + tuple(row[1:]) for (command, what, unit), row in sums.items()]


def amount(n):
    return "{:,}".format(n) if n else "nothing"


def table():
    yield "| command | what was tried | how often | found | lost |"
    yield "|---|---|---:|---|---|"
    for command, what, count, unit, nfound, nlost in rows():
        yield "| `./ksm %s` | %s | %s %s | %s | %s |" % (
            command, what, "{:,}".format(count), unit, amount(nfound), amount(nlost))


def parts(document):
    """The document before, in and after the marks."""
    before, _, rest = document.partition(MARKS[0])
    made, _, after = rest.partition(MARKS[1])
    return before, made.strip(), after


def main():
    with open(DOCUMENT, encoding="utf-8") as f:
        before, made, after = parts(f.read())
    wanted = "\n".join(table())
    if sys.argv[1:] == ["--check"]:
        print("1..1\n%sok 1 - the figures in docs/reliability.md are those of docs/reliability.tsv"
              % ("" if made == wanted else "not "))
        if made != wanted:
            print("# ./ksm reliability makes them anew")
        return made != wanted
    if sys.argv[1:]:
        sys.stderr.write("usage: ./ksm reliability [--check]\n")
        return USAGE_ERROR
    with open(DOCUMENT, "w", encoding="utf-8") as f:
        f.write(before + MARKS[0] + "\n" + wanted + "\n\n" + MARKS[1] + after)
    return 0


if __name__ == "__main__":
    progress.run(main)
