"""exercises - the course's exercises, as course/exercises.ini has them."""

import collections
import configparser
import functools
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))
from run.options import suggestion  # noqa: E402

DATA = os.path.join("course", "exercises.ini")
HERE = os.path.join("course", "exercise")  # in a student's tree: the name of the exercise that it is for

# tests and wanted_by: pairs of a suite and a title; the title None means all tests of the suite.
Exercise = collections.namedtuple("Exercise", "number name title files tests wanted_by points debug")


def lines_of(value):
    return [line.strip() for line in value.split("\n") if line.strip()]


def test_of(line):
    suite, _, title = line.partition(": ")
    return suite, title or None


@functools.lru_cache(maxsize=None)
def load(root=ROOT):
    """The exercises of a tree, in their order."""
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    with open(os.path.join(root, DATA), encoding="utf-8") as f:
        parser.read_file(f)
    found = [Exercise(int(s["number"]), name, s["title"], lines_of(s["files"]),
                      [test_of(line) for line in lines_of(s["tests"])],
                      [test_of(line) for line in lines_of(s.get("wanted by", ""))], int(s["points"]),
                      s.get("build") == "debug")
             for name, s in parser.items() if name != parser.default_section]
    return sorted(found)


class Fault(Exception):
    """What is wrong with a tree of the course, in a line for the user."""


class NoExercise(Exception):
    """A sentence about a word that names no exercise."""


def find(word, exercises):
    """The exercise with this name or number."""
    for exercise in exercises:
        if word in (exercise.name, str(exercise.number)):
            return exercise
    names = [e.name for e in exercises]
    raise NoExercise("there is no exercise '%s'%s" % (
        word, suggestion(word, names) or "; there are: " + " ".join(names)))


# What a student's tree leaves out of its tests.


@functools.lru_cache(maxsize=None)
def current():
    """The exercise that this tree is for; None in the whole tree, where all tests run.

    KSM_EXERCISE is for ./ksm test: the name of another one, or nothing for all tests.
    """
    try:
        with open(os.path.join(ROOT, HERE), encoding="utf-8") as f:
            name = os.environ.get("KSM_EXERCISE", f.read().strip())
    except FileNotFoundError:
        return None
    try:
        return find(name, load()) if name else None
    except NoExercise as e:
        raise NoExercise("%s: %s" % (HERE, e)) from e


def named(suite, title, tests):
    return any(suite == where and text in (None, title) for where, text in tests)


def wanting(suite, title, at):
    """The exercise that a test waits for in the tree of the exercise `at`; None if it runs there.

    A test that an exercise is graded by runs from its tree on, and what else wants its solution from the next one's.
    The title None is for a suite as a whole, which runs if a test in it does.
    """
    if title is None and any(where == suite for e in load()[:at.number] for where, _ in e.tests):
        return None
    for e in load():
        if named(suite, title, e.tests):
            return e if e.number > at.number else None
    return next((e for e in reversed(load()[at.number - 1:]) if named(suite, title, e.wanted_by)), None)


def left_out(suite, titles):
    """Of these titles of a suite, those that this tree leaves out: title -> a sentence."""
    at = current()
    found = {title: wanting(suite, title, at) for title in titles} if at else {}
    return {title: "%s exercise %d, %s" % ("comes after" if e.number == at.number else "needs", e.number, e.name)
            for title, e in found.items() if e}
