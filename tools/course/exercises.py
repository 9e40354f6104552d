"""exercises - the course's exercises, as course/exercises.ini has them."""

import collections
import configparser
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))
from run.options import suggestion  # noqa: E402

DATA = os.path.join("course", "exercises.ini")

# tests: pairs of a suite and a title; the title None means all tests of the suite.
Exercise = collections.namedtuple("Exercise", "number name title files tests points")


def lines_of(value):
    return [line.strip() for line in value.split("\n") if line.strip()]


def test_of(line):
    suite, _, title = line.partition(": ")
    return suite, title or None


def load(root=ROOT):
    """The exercises of a tree, in their order."""
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    with open(os.path.join(root, DATA), encoding="utf-8") as f:
        parser.read_file(f)
    found = [Exercise(int(s["number"]), name, s["title"], lines_of(s["files"]),
                      [test_of(line) for line in lines_of(s["tests"])], int(s["points"]))
             for name, s in parser.items() if name != parser.default_section]
    return sorted(found)


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
