"""submission - what of a student's tree counts, and how it is built.

The submission is what is in kernel, user and include.  All else comes from the grader's own tree: the Makefile, the
tools, the tests, and what runs on the host, with the headers of kernel and include that it is made of: the Makefile's
HOST_TREE.  The names of programs that tests and benchmarks are made of are theirs alone.  Links, special files and
names that a Makefile or a shell could take for something else are left out, since the build runs on the host.
"""

import filecmp
import hashlib
import itertools
import os
import re
import shutil
import stat
import subprocess
import threading
import time

from course.processes import end_group
from run.paths import ROOT

PARTS = ("kernel", "user", "include")
NAME = re.compile(r"[A-Za-z0-9_+][A-Za-z0-9_+.-]{0,99}")
FILES_MAX, BYTES_MAX, DEPTH_MAX, NOTES_MAX, CHANGED_MAX = 5000, 64 << 20, 12, 10, 5
BUILD_LIMITS = "ulimit -t 120; ulimit -f 1048576; ulimit -v 6291456; ulimit -c 0"  # seconds, blocks of 512 bytes, KB
BUILD_SECONDS = 900
BUILD_BYTES = 1 << 30  # of the whole build; what is right takes a tenth
LOG_MAX = 1 << 20  # bytes kept of what a build says
LINE_MAX = 300     # characters of one line of that in a table


class NoTree(Exception):
    """A sentence about a directory that is no submission."""


def too_large():
    return NoTree("too large: more than %d files or %d MB" % (FILES_MAX, BYTES_MAX >> 20))


class Submission:
    """The files of one tree that count, by their paths in it, and notes about others."""

    def __init__(self, root, own_tests):
        """own_tests: the directory of the grader's own tests, which are compared with the tree's."""
        self.root = root
        self.files, self.notes = [], []
        self._nbytes = self._nentries = 0
        self._taken = tests_programs(own_tests)
        self.parts = [part for part in PARTS if os.path.isdir(os.path.join(root, part))
                      and not os.path.islink(os.path.join(root, part))]
        if "kernel" not in self.parts:
            inside = [name for name in sorted(os.listdir(root)) if os.path.isdir(os.path.join(root, name, "kernel"))]
            where = ", but its %s has" % ascii(inside[0])[1:-1] if inside else ""
            raise NoTree("no tree: it has no directory kernel" + where)
        for part in self.parts:
            self._walk(part)
        if len(self.notes) > NOTES_MAX:
            self.notes[NOTES_MAX:] = ["left out: %d more" % (len(self.notes) - NOTES_MAX)]
        if edited(os.path.join(root, "tests"), own_tests):
            self.notes.append("its own tests differ, and were not used")

    def _walk(self, where):
        with os.scandir(os.path.join(self.root, where)) as entries:
            for entry in sorted(entries, key=lambda e: e.name):
                path = where + "/" + entry.name
                self._nentries += 1
                if self._nentries > FILES_MAX:
                    raise too_large()
                if entry.name.startswith("."):
                    continue
                if not NAME.fullmatch(entry.name) or entry.is_symlink() or self._is_tests(path) or \
                        path.count("/") > DEPTH_MAX:
                    self.notes.append("left out: " + ascii(path)[1:-1])
                elif entry.is_dir():
                    self._walk(path)
                elif stat.S_ISREG(entry.stat().st_mode):
                    self._add(path, entry.stat().st_size)
                else:
                    self.notes.append("left out: " + path)

    def _is_tests(self, path):
        where, name = os.path.split(path)
        return where == "user/bin" and (name.startswith("t_") or os.path.splitext(name)[0] in self._taken)

    def _add(self, path, nbytes):
        self.files.append(path)
        self._nbytes += nbytes
        if self._nbytes > BYTES_MAX:
            raise too_large()

    def note_changes(self, handed, where):
        """What differs from the tree that was handed out, but for these files and directories, may be there to deceive:
        a person should see it."""
        mine = set(self.files)
        changed = [path for path in sorted(mine | set(handed)) if not path.startswith(where)
                   and (path not in mine or self._text(path) != handed.get(path))]
        if changed:
            more = ", and %d more" % (len(changed) - CHANGED_MAX) if len(changed) > CHANGED_MAX else ""
            self.notes.append("changed outside the exercises' files: %s%s" % (", ".join(changed[:CHANGED_MAX]), more))

    def _text(self, path):
        """The text of a file that counts, with the ends of lines as they were handed out."""
        with open(os.path.join(self.root, path), "rb") as f:
            return f.read().replace(b"\r\n", b"\n")

    def fingerprint(self, base):
        """A number for these files and what they are graded with."""
        h = hashlib.sha256(base.encode())
        add_files(h, self.root, self.files)
        return h.hexdigest()

    def lay_over(self, tree):
        """Puts it in place of the same directories of a tree.  Only what differs gets a new time, for make's sake."""
        wanted = set(self.files)
        for part in self.parts:
            for where, _, names in os.walk(os.path.join(tree, part), topdown=False):
                for name in names:
                    path = os.path.join(where, name)
                    if os.path.relpath(path, tree) not in wanted:
                        os.unlink(path)
                if not os.listdir(where):  # a file may have its name
                    os.rmdir(where)
        for path in self.files:
            source, target = os.path.join(self.root, path), os.path.join(tree, path)
            if not os.path.exists(target) or not filecmp.cmp(source, target, shallow=False):
                os.makedirs(os.path.dirname(target), exist_ok=True)
                shutil.copyfile(source, target)


def add_files(h, root, paths):
    for path in paths:
        with open(os.path.join(root, path), "rb") as f:
            data = f.read()
        h.update(b"%s\0%d\0" % (os.fsencode(path), len(data)) + data)


def tests_programs(own_tests):
    """The names of the programs that host tests and benchmarks start: no submission's program takes their place."""
    places = os.path.join(own_tests, "hostile"), os.path.join(own_tests, os.pardir, "bench")
    return {os.path.splitext(name)[0] for place in places if os.path.isdir(place) for name in os.listdir(place)
            if name.endswith((".c", ".S"))}


def edited(theirs, own):
    """Do the suites of a directory of tests, of the kinds that are graded, differ from ours where both have them?  What
    can't be read differs."""
    try:
        pairs = [(os.path.join(theirs, kind), os.path.join(own, kind)) for kind in ("guest", "cli")]
        return any(different(filecmp.dircmp(*pair, ignore=["__pycache__"])) for pair in pairs if there(pair[0]))
    except OSError:
        return True


def there(directory):
    """Is there such a directory?  An error if nobody can know."""
    try:
        return stat.S_ISDIR(os.stat(directory).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def different(compared):
    return bool(compared.diff_files or compared.funny_files) or any(map(different, compared.subdirs.values()))


def size_of(directory):
    """The bytes of all files below it, while others come and go."""
    total = 0
    for where, _, names in os.walk(directory):
        for name in names:
            try:
                total += os.lstat(os.path.join(where, name)).st_size
            except OSError:
                pass
    return total


class Watchdog(threading.Thread):
    """Ends a build that takes too long or too much of the disk; `why` says so then."""

    def __init__(self, make, directory):
        super().__init__(daemon=True)
        self._make, self._directory = make, directory
        self._done = threading.Event()
        self.why = ""

    def run(self):
        end = time.monotonic() + BUILD_SECONDS
        while not self._done.wait(0.5):
            if size_of(self._directory) > BUILD_BYTES:
                self.why = "error: what it builds takes more than %d MB\n" % (BUILD_BYTES >> 20)
            elif time.monotonic() > end:
                self.why = "error: its build takes more than %d seconds\n" % BUILD_SECONDS
            if self.why:
                end_group(self._make)
                return

    def stop(self):
        self._done.set()
        self.join()


def build(tree, where, targets, env, njobs, processes):
    """Makes the targets in a tree; `where` is its build directory.  Whether that went well, and what it said.  It goes
    well without a program that cannot be built.

    What compilers keep for a while is there too: it counts for the watchdog, and stays nowhere if they are killed.
    """
    directory = os.path.abspath(os.path.join(tree, where))
    os.makedirs(directory, exist_ok=True)
    command = ["make", "-C", tree, "--no-print-directory", "-s", "-j%d" % njobs, "B=" + where] + targets
    make = processes.start(BUILD_LIMITS, command, env=dict(env, LC_ALL="C", TMPDIR=directory),
                           stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    watchdog = Watchdog(make, directory)
    watchdog.start()
    try:
        said = make.stdout.read(LOG_MAX)
        while make.stdout.read(LOG_MAX):
            pass
        status = make.wait()
    finally:
        watchdog.stop()
        make.stdout.close()
        processes.finish(make)
    return status == 0, watchdog.why + without_places(said.decode(errors="replace"), tree)


def without_places(said, tree):
    """Linkers say whole names of files; those of our working directory would be others each time."""
    for root in tree, ROOT:
        said = said.replace(os.path.join(os.path.realpath(root), ""), "")
    return said


def first_error(text):
    """The line of a build's output that says what is wrong: one that looks like it, or the last before make gave up."""
    lines = [line for line in text.splitlines() if not re.match(r"make: \*\*\* Deleting file", line)]
    for line in lines:
        if re.search(r"\b[Ee]rror: |undefined reference|No rule to make|out of memory", line):
            return line.strip()[:LINE_MAX]
    said = list(itertools.takewhile(lambda line: not line.startswith("make: ***"), lines)) or lines
    return said[-1].strip()[:LINE_MAX] if said else "make says nothing"
