"""points - what a test is worth.

A file of points is CSV; its first line is `suite,test,points`.  Each other line gives points to tests of a suite of
`./ksm test --list`: to the one that is called `test`, or to those with that text in their titles, or to all if it is
empty.  Those tests share the points equally, as an exercise's tests (course/exercises.ini) share its points.
"""

import csv
import re

from course import exercises
from run.options import suggestion


class PointsError(Exception):
    """A sentence about a file of points."""


class Item:
    """Some points, and the tests that share them: pairs of a suite and a text in titles, which may be empty.

    Tests that are kept give no points: what fails there worked before, and is shown."""

    def __init__(self, where, points, tests, kept=False):
        self.where, self.points, self.tests, self.kept = where, points, tests, kept


def number(text, where):
    if not re.fullmatch(r"\d{1,6}(\.\d{1,3})?", text):
        raise PointsError("%s: '%s' is no number of points" % (where, text))
    return float(text)


def row_item(path, line, row):
    where = "%s:%d" % (path, line)
    if len(row) != 3:
        raise PointsError("%s: it has %d columns, and not suite,test,points" % (where, len(row)))
    suite, test, points = (cell.strip() for cell in row)
    return Item(where, number(points, where), [(suite, test)])


def read(path):
    """The items of a file."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as f:  # spreadsheets write the mark of UTF-8
            rows = csv.reader(f)
            head = next(rows, [])
            if [cell.strip() for cell in head] != ["suite", "test", "points"]:
                raise PointsError("%s: its first line is not suite,test,points" % path)
            items = [row_item(path, rows.line_num, row) for row in rows if row]
    except (OSError, UnicodeDecodeError, csv.Error) as e:
        raise PointsError("%s: %s" % (path, getattr(e, "strerror", None) or e)) from e
    if not items:
        raise PointsError("%s: it gives no points" % path)
    return items


def find_exercise(name):
    """The exercise of the course that its name or its number means."""
    try:
        return exercises.find(name, exercises.load())
    except exercises.NoExercise as e:
        raise PointsError(str(e)) from e


def exercise(name):
    """The items of an exercise: before its own tests, those of earlier ones in the same suites."""
    found = find_exercise(name)
    here = {suite for suite, _ in found.tests}
    kept = [test for e in exercises.load() if e.number < found.number for test in e.tests if test[0] in here]
    items = [Item("what exercise %s keeps" % found.name, 0, kept, True)] if kept else []
    items.append(Item("exercise " + found.name, found.points, found.tests))
    for item in items:
        item.tests = [(suite, title or "") for suite, title in item.tests]
    return items


def done_by(found):
    """Where those who hand in this exercise have written by then."""
    return ("kernel/ksm/",) + tuple(path for e in exercises.load() if e.number <= found.number for path in e.files)


def add_options(parser):
    """The options that say which tests count; chosen() reads them."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--points")
    group.add_argument("--exercise")


def chosen(options):
    """The items of --points or --exercise; none without either."""
    if options.points:
        return read(options.points)
    return exercise(options.exercise) if options.exercise else []


def needs_debug(options):
    """Do the tests of --exercise need a debug kernel?"""
    return bool(options.exercise) and find_exercise(options.exercise).debug


def find_suites(items, names):
    """Gives the suites of items their whole names, which must be among these."""
    for item in items:
        found = []
        for suite, text in item.tests:
            whole = [n for n in names if suite in (n, n.partition("/")[2])]
            if len(whole) != 1:
                raise PointsError("%s: there is no suite '%s' among those that can run here%s" % (
                    item.where, suite, suggestion(suite, [n.partition("/")[2] for n in names])))
            found.append((whole[0], text))
        item.tests = found


def suites_of(items):
    """The suites that items name, each once."""
    return list(dict.fromkeys(suite for item in items for suite, _ in item.tests))


def named(text, titles):
    """The titles that a text means: the one that it is, or those that it is in."""
    return [text] if text in titles else [title for title in titles if text in title]


def all_named(texts, titles):
    return {title for text in texts for title in named(text, titles)}


def share_out(items, titles):
    """What each test is worth: a dictionary from (suite, title).  `titles` has the titles of each suite."""
    worth, given = {}, {}
    for item in items:
        tests = []
        for suite, text in item.tests:
            found = [(suite, title) for title in named(text, titles[suite])]
            if not found:
                raise PointsError("%s: %s has no test '%s'" % (item.where, suite, text))
            tests += found
        for test in tests:
            if test in given:
                raise PointsError("%s: '%s' has points from %s already" % (item.where, test[1], given[test]))
            given[test] = item.where
            worth[test] = item.points / len(tests)
    return worth


def shown(points):
    """A number of points as people write it."""
    return "%g" % round(points, 2)
