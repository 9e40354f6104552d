"""reference - a copy of this tree, built, with the hidden tests: what each submission is laid over."""

import functools
import hashlib
import os
import re
import shutil
import stat
import time

from course import points, report, submission, trial
from run import progress
from run.build import alone
from run.paths import ROOT, clean_env, debug_build
from run.statuses import BUILD_FAILED, USAGE_ERROR

HEADER = re.compile(r"^\s*/?\*\s*(Points|Name):\s*(.*?)\s*(?:\*/)?$", re.M)
# What of this tree a build and the suites need, and what of a build the next one.
NEEDED = ("Makefile", "README.md", "VERSION", "bench", "build", "course", "docs", "host", "include", "kernel", "ksm",
          "packages.txt", "share", "tests", "tools", "user")
BUILT = ("bin", "bench", "elf", "foreign", "gen", "host", "kernel", "share", "stamp", "tests", "top", "user")


class Refused(Exception):
    """A sentence about the input, and a status."""

    def __init__(self, message, status=USAGE_ERROR):
        super().__init__(message)
        self.status = status


class Hidden:
    """A hidden test: a C file."""

    def __init__(self, path):
        try:
            with open(path, encoding="utf-8") as f:
                self.text = f.read()
        except (OSError, UnicodeDecodeError) as e:
            raise Refused("%s: %s" % (path, getattr(e, "strerror", None) or "it is no text")) from e
        comment = re.match(r"\s*/\*.*?\*/", self.text, re.S)
        said = dict(HEADER.findall(comment[0])) if comment else {}
        for word in "Points", "Name":
            if not said.get(word):
                raise Refused("%s: its first comment has no line `%s: ...'" % (path, word))
        base = os.path.basename(path)
        self.file = base if base.startswith("t_") else "t_" + base
        if not re.fullmatch(r"t_[a-z0-9_]{1,11}\.c", self.file):
            raise Refused("%s: its name is not up to 11 small letters, digits and _, and .c" % path)
        if "TAP_MAIN" not in self.text:
            raise Refused("%s: it has no TAP_MAIN, as a suite of tests/guest has" % path)
        if os.path.exists(os.path.join(ROOT, "tests", "guest", self.file)):
            raise Refused("%s: tests/guest/%s is there already" % (path, self.file))
        self.suite, self.name = "guest/" + self.file[:-2], said["Name"]
        self.points = points.number(said["Points"], path)


def hidden_tests(directory):
    try:
        found = sorted(name for name in os.listdir(directory) if name.endswith(".c"))
    except OSError as e:
        raise Refused("%s: %s" % (directory, e.strerror)) from e
    if not found:
        raise Refused("%s: there is no test in it, no file NAME.c" % directory)
    return [Hidden(os.path.join(directory, name)) for name in found]


class Reference:
    """A copy of this tree, built, with the hidden tests: what each submission is laid over."""

    def __init__(self, work, options, ways, chosen, hidden):
        self.tree, self.ways = os.path.join(work, "reference"), ways
        self.hidden = {h.suite: h.name for h in hidden}
        self.suites = list(dict.fromkeys(chosen + [h.suite for h in hidden]))
        self.debug = debug = options.jitter is not None or points.needs_debug(options)
        # A warning of the compiler costs nobody points.
        self.env = clean_env(DEBUG="1" if debug else "", WERROR="", KSM_BUILT="1", HOST_TREE="own/", NOTE_HEADERS="")
        self.where = debug_build(os.environ) if debug else "build"
        self.njobs = max((os.cpu_count() or 1) // min(options.jobs, len(options.trees)), 1)
        with alone():
            copy_tree(self.tree, self.where)
        os.symlink(self.tree, os.path.join(self.tree, "own"))  # copies have it too; make takes no path with blanks
        for h in hidden:
            report.write(os.path.join(self.tree, "tests", "guest", h.file), h.text)

    @property
    def targets(self):
        names = [s.partition("/")[2] for s in self.suites if s.startswith("guest/")]
        return ["%s/%s" % (self.where, name) for name in ["kernel.elf", "fs.img"] + ["bin/" + n for n in names]] + (
            ["cli-tests"] if any(s.startswith("cli/") for s in self.suites) else [])

    def build(self, processes):
        progress.show("building this tree")
        # Of its own headers make may know: what includes one that a submission changes is built again.
        env = {name: value for name, value in self.env.items() if name != "NOTE_HEADERS"}
        built, said = build(self.tree, self, env, processes)
        if not built:
            raise Refused("this tree does not build: " + submission.first_error(said), BUILD_FAILED)
        for suite in self.suites:  # before the first of them runs, which takes time
            if not trial.trial(suite, self.tree, self.where, self.env, self.ways[0], processes).built:
                raise Refused("%s does not build in this tree itself: %s" % (suite, submission.first_error(said)))

    def examine(self, items, processes):
        """The tests that there are, by suite: `titles` has all, `skipped` and `broken` those that count, and do not run
        in a way, or fail."""
        self.titles, self.skipped, self.broken = {}, set(), {}
        for suite in self.suites:
            texts = [text for item in items for where, text in item.tests if where == suite]
            counts = functools.partial(points.all_named, texts)
            for how in self.ways:
                progress.show("the suites of this tree: %s, %s" % (suite, how))
                one = trial.trial(suite, self.tree, self.where, self.env, how, processes)
                found = one.examine(counts)
                if not found or not found[0]:
                    raise Refused("%s does not come to its end in this tree itself%s" % (suite, last_words(one.log)))
                self.titles[suite], tests = found
                self.skipped |= {(suite, str(how), title) for title, outcome in tests if outcome == trial.SKIPPED}
                self.broken.update({(suite, title): how for title, outcome in tests if outcome == trial.FAILED})

    def runs(self, suite, title):
        """The ways in which a test runs at all."""
        return [how for how in self.ways if (suite, str(how), title) not in self.skipped]

    def worth(self, items):
        """What each test is worth that this kernel has the means for."""
        there = {suite: [t for t in titles if self.runs(suite, t)] for suite, titles in self.titles.items()}
        for item in items:
            if item.points is None:  # one for each test
                item.points = len(there[item.tests[0][0]])
        shares = points.share_out([item for item in items if item.points or item.kept], there)
        for suite, title in shares:
            if (suite, title) in self.broken:
                raise Refused("this tree itself fails %s: %s (%s)" % (suite, title, self.broken[suite, title]))
        return shares

    def fingerprint(self, shares):
        """For all that results depend on besides the submission."""
        how = self.debug, sorted(shares.items()), [(str(way), way.limit) for way in self.ways]
        h = hashlib.sha256(repr(how).encode())
        paths = [os.path.relpath(os.path.join(where, name), self.tree) for where, _, names in os.walk(self.tree)
                 for name in names if not name.endswith(".pyc")]
        submission.add_files(h, self.tree, sorted(p for p in paths if not p.startswith("build" + os.sep)))
        return h.hexdigest()


def last_words(log):
    lines = [line for line in log.splitlines() if line.startswith("ksm: ")]
    return " (%s)" % lines[-1] if lines else ""


def copy_tree(target, where):
    """This tree without what a build does not need, and with what is built of it, which saves most of the time.

    What was built after now, by a clock that was wrong, make would take for newer than a submission."""
    now = time.time()

    def leave_out(directory, names):
        relative = os.path.relpath(directory, ROOT)
        if relative == ".":
            return set(names) - set(NEEDED)
        if relative.split(os.sep)[0] != "build":
            return {"__pycache__"}  # where Python puts files for a moment
        out = {n for n in names if os.lstat(os.path.join(directory, n)).st_mtime > now}
        if relative == "build":
            out |= {n for n in names if os.path.isdir(os.path.join(directory, n)) and where != "build/" + n
                    and (where != "build" or n not in BUILT)}
        return out | ({"host"} & set(names) if relative == os.path.join(where, "tests") else set())

    shutil.copytree(ROOT, target, symlinks=True, ignore=leave_out)
    for directory, _, names in os.walk(target):
        for path in [directory] + [os.path.join(directory, name) for name in names]:
            if not os.path.islink(path):
                os.chmod(path, os.stat(path).st_mode | stat.S_IWUSR)


def build(tree, reference, env, processes):
    return submission.build(tree, reference.where, reference.targets, env, reference.njobs, processes)
