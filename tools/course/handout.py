#!/usr/bin/env python3
"""handout - makes a student's tree, and shows that the exercises can be solved from it.

A block in a source is between two lines:

    /* course 3: return KSM_ENOTSUP; */
    the solution
    /* course end */

In a tree that holds the solutions of exercises 1 and 2, `return KSM_ENOTSUP;` is there instead; in one that holds the
third, too, the solution alone.  What is there instead may be nothing, several lines (then the comment ends in a line of
its own), or the name of a file below course/simple.  In scripts a block's lines begin with a `#`.  A block that is
called `out` is in no student's tree.

The files of course/simple, which are the simple solution, take the places of the tree's own.
"""

import fnmatch
import os
import re
import shutil
import signal
import stat
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from exercises import HERE, Fault, NoExercise, ROOT, find, load  # noqa: E402
from rules.common import files, git  # noqa: E402
from run import progress  # noqa: E402
from run.statuses import INTERRUPTED, USAGE_ERROR  # noqa: E402

USAGE = """usage: ./ksm handout [EXERCISE] DIRECTORY
       ./ksm handout --check [EXERCISE]...

Makes DIRECTORY a student's tree: this one with kernel/ksm reduced to headers
and empty functions, in which all tests pass but the exercise's; those of later
exercises are left out.  It builds and tests by itself, without git.  With
EXERCISE, a name or a number, it holds the solutions of the exercises before
that one, and nothing of it and of the later ones.

--check builds each exercise's tree and the next one's, and shows that its tests
fail in the one and pass in the other.

Exercises:
"""
SIMPLE = "course/simple"
MARKED = (".c", ".h", ".S", ".py", ".mk", ".sh", ".ini", ".txt", "ksm", "Makefile")
# What a student's tree does without: answers, what a forge would run at each push, what only the whole tree can use.
LEFT_OUT = (".ci/*", ".github/*", "course/*", "kernel/ksm/*", "docs/mistakes*", "docs/report.md", "CHANGELOG.md",
            "tools/course/handout.py", "tools/course/check.py", "tools/measure/mutant*", "tools/measure/faults*",
            "tools/measure/mistakes*", "tools/measure/findings*", "tests/host/ksm_*", "tests/cli/handout.py",
            "tests/cli/grade.py", "tests/cli/grade_*", "tests/cli/_submissions.py", "tests/cli/teaching.py")
KEPT = ("course/exercises.ini", "kernel/ksm/ksm.h", "kernel/ksm/word.c")
# What is at the top of this tree.  Where git does not say what belongs to it, nothing else is handed out.
TOP = (".ci", ".clang-format", ".clang-tidy", ".codespellrc", ".devcontainer", ".dockerignore", ".editorconfig",
       ".flake8", ".github", ".gitignore", ".vscode", "CHANGELOG.md", "CONTRIBUTING.md", "Dockerfile", "LICENSE",
       "Makefile", "README.md", "SECURITY.md", "VERSION", "bench", "course", "docs", "host", "include", "kernel", "ksm",
       "packages.txt", "share", "tests", "tools", "user", "web")
SHOWN = 5  # names of files that are left out
BLOCK = re.compile(r"^(\s*)(?:/\*|#) course (\d+|out):\s*(.*?)\s*$")
END = re.compile(r"^\s*(?:/\*|#) course end(?: \*/)?\s*$")
WIDTH = 110  # of a line of C: see .clang-format
LINK = re.compile(r"\[([^][\n]+)\]\(([^()\s]+)\)")
INTRODUCTION = """
This is a student's tree, for exercise %(number)d of the course: *%(title)s*.
[docs/teaching.md](docs/teaching.md#%(anchor)s)
says what to build and what to hand in.
You write in these files: %(files)s.

    ./ksm test --exercise %(name)s    # its suites, and your points
    ./ksm test%(space)s                # all: only what this exercise asks for fails at first

`./ksm test` leaves out tests that need a later exercise, and those that need this one and give no points.
`course/exercise` has this exercise's name: when you go on in this tree, put the next one's there. After the last one
leave it: what stands under that one's `wanted by` in `course/exercises.ini` asks for more than the exercises do.

The rest of this page and the other documents are those of the whole tree: your instructor has the files that they
mention and that are missing here. The Math Server needs exercise 9: until then `./ksm run` shows `help` instead, and
`top` ends after one picture.
"""
STOPPING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


# Sources and their blocks.


def instead(lines, at, head):
    """What is there instead of a block's solution, and the number of the line after it."""
    indent, first = head[1], head[3]
    if first.endswith("*/") or not lines[at].lstrip().startswith("/*"):
        text = first[:-2].rstrip() if first.endswith("*/") else first
        return ([indent + text] if text else []), at + 1
    found = [indent + first] if first else []
    at += 1
    while lines[at].strip() != "*/":
        found.append(lines[at])
        at += 1
    return found, at + 1


def below(lines, number, path):
    """The lines with the solutions of the exercises up to this one, and of no later one."""
    kept, depth, hidden = [], 0, None  # hidden: the depth of the outermost block whose solution is left out
    at = 0
    while at < len(lines):
        line = lines[at]
        head = BLOCK.match(line)
        at += 1
        if head:
            depth += 1
            text, at = instead(lines, at - 1, head)
            if hidden is None and (head[2] == "out" or int(head[2]) > number):
                hidden = depth
                kept += included(text, number)
        elif END.match(line):
            if depth == 0:
                raise Fault("%s:%d: a block ends that has not begun" % (path, at))
            if hidden == depth:
                hidden = None
            depth -= 1
        elif hidden is None:
            kept.append(line)
    if depth:
        raise Fault("%s: a block does not end" % path)
    return kept


def included(text, number):
    name = text[0].strip() if len(text) == 1 else ""
    if not name.startswith(SIMPLE + "/"):
        return text
    with open(os.path.join(ROOT, name), encoding="utf-8") as f:
        return below(f.read().rstrip("\n").split("\n"), number, name)


def short_function(match):
    one = "%s { %s }" % (match[1], match[2])
    return "%s\n" % one if len(one) <= WIDTH else match[0]


def tidy(text):
    """As the formatter would have it, once lines have gone."""
    text = re.sub(r"\n{3,}", "\n\n", text)
    text = re.sub(r"\{\n\n", "{\n", text)
    text = re.sub(r"\n\n(\s*\})", r"\n\1", text)
    text = re.sub(r"\)\n\{\n\}\n", ") {}\n", text)
    return re.sub(r"^(\w[^\n;{}]*\))\n\{\n    ([^\n{}]*;)\n\}\n", short_function, text, flags=re.M)


def student_text(text, number, path):
    if " course " not in text:
        return text
    lines = text.split("\n")
    kept = below(lines, number, path)
    if kept == lines:
        return text
    text = "\n".join(kept)
    return tidy(text) if path.endswith((".c", ".h")) else text


# Documents.


def without_dead_links(text, path, there):
    """A document whose links to what a student's tree does without are words alone."""
    def link(found):
        place = os.path.normpath(os.path.join(os.path.dirname(path), found[2].partition("#")[0]))
        dead = os.path.isfile(os.path.join(ROOT, place)) and place not in there
        return found[1] if dead else found[0]
    return LINK.sub(link, text)


def introduced(text, exercise):
    """The README, which says at its beginning what is to be done."""
    title, rest = text.split("\n", 1)
    heading = "%d. %s" % (exercise.number, exercise.title)
    anchor = re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
    said = dict(exercise._asdict(), anchor=anchor, space=" " * len(exercise.name),
                files=", ".join("`%s`" % path for path in exercise.files))
    return title + "\n" + INTRODUCTION % said + rest


def student_document(text, path, there, exercise):
    text = without_dead_links(text, path, there)
    return introduced(text, exercise) if exercise and path == "README.md" else text


# Trees.


def own_files():
    """The paths of what makes up this tree, and of what else lies in it: hidden tests, submissions, points."""
    every = files()
    r = git("ls-files", "-z")
    known = r and r.returncode == 0
    if not known and os.path.lexists(os.path.join(ROOT, ".git")):
        why = r.stderr.partition("\n")[0] if r else "it is not installed"
        raise Fault("git does not say which files belong to this tree: " + why)
    tracked = set(r.stdout.split("\0")) if known else set()
    own = [path for path in every if (path in tracked if "ksm" in tracked else path.split("/")[0] in TOP)]
    return own, sorted(set(every) - set(own))


def sources():
    """For each path in a student's tree, the file here that it is made of."""
    found, here = {}, own_files()[0]
    for path in here:
        if path in KEPT or not any(fnmatch.fnmatch(path, pattern) for pattern in LEFT_OUT):
            found[path] = path
    for path in here:
        if path.startswith(SIMPLE + "/") and not path.endswith(".inc"):
            found[path[len(SIMPLE) + 1:]] = path
    return found


def say_left_out(others):
    if others:
        more = ", and %d more" % (len(others) - SHOWN) if len(others) > SHOWN else ""
        names = ascii(", ".join(others[:SHOWN]))[1:-1]
        sys.stderr.write("ksm: left out, as no part of this tree: %s%s\n" % (names, more))


def contents(path, made_of, number, exercise):
    """The text of a file in a student's tree: of made_of, which sources() has returned."""
    source = made_of[path]
    with open(os.path.join(ROOT, source), "rb") as f:
        data = f.read()
    if os.path.basename(source).endswith(MARKED):
        return student_text(data.decode("utf-8"), number, source).encode("utf-8")
    if path.endswith(".md"):
        return student_document(data.decode("utf-8"), path, made_of, exercise).encode("utf-8")
    return data


def handed_out(exercise, parts):
    """The tree of an exercise: what is in these directories of it, by path."""
    made_of = sources()
    return {path: contents(path, made_of, exercise.number - 1, exercise)
            for path in made_of if path.split("/")[0] in parts}


def write(path, data, mode):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)
    os.chmod(path, mode)


def fill(directory, number):
    """Writes a tree with the solutions of exercises 1 to `number`.  Files that are right already stay as they are."""
    made_of = sources()
    exercise = next((e for e in load() if e.number == number + 1), None)
    for path, source in sorted(made_of.items()):
        here, there = os.path.join(ROOT, source), os.path.join(directory, path)
        if os.path.islink(here):
            if not os.path.islink(there):
                os.makedirs(os.path.dirname(there), exist_ok=True)
                os.symlink(os.readlink(here), there)
            continue
        data, mode = contents(path, made_of, number, exercise), stat.S_IMODE(os.stat(here).st_mode) | stat.S_IWUSR
        try:
            with open(there, "rb") as f:
                if f.read() == data:
                    continue
        except FileNotFoundError:
            pass
        write(there, data, mode)
    if not exercise:
        return set(made_of)
    write(os.path.join(directory, HERE), (exercise.name + "\n").encode(), 0o644)
    return set(made_of) | {HERE}


def remove_others(directory, wanted):
    for where, directories, names in os.walk(directory):
        if where == directory and "build" in directories:
            directories.remove("build")
        for name in names:
            path = os.path.join(where, name)
            if os.path.relpath(path, directory) not in wanted:
                os.remove(path)


def put(tree, directory):
    """Moves a tree to its place.  A directory that is there stays the same one, since a shell may be in it."""
    if not os.path.isdir(directory):
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(tree, 0o777 & ~umask)
        os.rename(tree, directory)
        return
    for name in os.listdir(tree):
        os.rename(os.path.join(tree, name), os.path.join(directory, name))


def make_tree(directory, number):
    """A new tree: written elsewhere, and then moved to its place, so that it is whole or not there."""
    if not directory:
        raise Fault("DIRECTORY wants a name, and this one is empty")
    directory = os.path.abspath(directory)
    if os.path.lexists(directory) and not os.path.isdir(directory):
        raise Fault("%s exists, and is no directory" % directory)
    if os.path.isdir(directory) and os.listdir(directory):
        raise Fault("%s exists, and is not empty" % directory)
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)  # so that none comes between the directory and its removal
    near = directory if os.path.isdir(directory) else os.path.dirname(directory)
    tree = tempfile.mkdtemp(prefix=".handout-", dir=near)
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        fill(tree, number)
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        put(tree, directory)
    finally:
        shutil.rmtree(tree, ignore_errors=True)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)


# The command.


def usage(exercises):
    return USAGE + "".join("  %2d  %-9s %s\n" % (e.number, e.name, e.title) for e in exercises)


def first_of_all(exercises):
    """Of the exercises, the first that kernel/ksm is written in: what comes before belongs to no suite of KSM's."""
    return next(e for e in exercises if any(path.startswith("kernel/ksm/") for path in e.files))


def handout(arguments, exercises):
    if len(arguments) == 1 and arguments[0] in [e.name for e in exercises]:
        raise Fault("where to? ./ksm handout %s DIRECTORY" % arguments[0])
    exercise = find(arguments[0], exercises) if len(arguments) == 2 else first_of_all(exercises)
    others = own_files()[1]  # before the new tree may be one of them
    make_tree(arguments[-1], exercise.number - 1)
    say_left_out(others)


def main():
    arguments, exercises = sys.argv[1:], load()
    if any(word in ("-h", "--help") for word in arguments):
        sys.stdout.write(usage(exercises))
        return 0
    try:
        if arguments and arguments[0] == "--check":
            from check import check  # it needs the harness, which makes nothing but trees do without
            return check([find(word, exercises) for word in arguments[1:]] or exercises, exercises)
        if len(arguments) not in (1, 2) or any(word.startswith("-") for word in arguments):
            sys.stderr.write(usage(exercises))
            return USAGE_ERROR
        handout(arguments, exercises)
    except (Fault, NoExercise) as fault:
        sys.stderr.write("ksm: %s\n" % fault)
        return 1
    except OSError as error:
        sys.stderr.write("ksm: cannot write %s: %s\n" % (arguments[-1], (error.strerror or str(error)).lower()))
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    progress.run(main)
