"""common - what the rules share: the tree's files, C without its comments, and TAP."""

import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NOT_OURS = "bench/vendor/"
SCRIPTS = ("ksm", ".ci/run", "tests/run", "bench/run")  # programs without a suffix


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def exists(path):
    return os.path.exists(os.path.join(ROOT, path))


def git(*words):
    """What git says of this tree, or None without git.

    A hook that runs us may have set another repository.  Another user's tree is trusted: its programs run anyway.
    """
    if not shutil.which("git"):
        return None
    env = {k: v for k, v in os.environ.items() if k not in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")}
    command = ["git", "-c", "safe.directory=" + ROOT, *words]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, errors="surrogateescape",
                          check=False)


def files():
    """The paths of all files that belong to the tree, new ones included; without git, of all that is not built."""
    listed = git("ls-files", "-co", "--exclude-standard", "-z")
    if listed and listed.returncode == 0 and listed.stdout:  # a repository around this tree may ignore it
        return sorted(path for path in set(listed.stdout.split("\0")) if path and exists(path))
    found = []
    for where, directories, names in os.walk(ROOT):
        left_out = {".git", "__pycache__"} | ({"build"} if where == ROOT else set())
        directories[:] = [d for d in directories if d not in left_out]
        found += [os.path.relpath(os.path.join(where, name), ROOT) for name in names]
    return sorted(found)


def sources(*directories, suffixes=(".c", ".h", ".S")):
    """The paths of our own sources below these directories, or below the root."""
    for path in files():
        inside = not directories or path.startswith(tuple(d + "/" for d in directories))
        if inside and path.endswith(suffixes) and not path.startswith(NOT_OURS):
            yield path


def scripts(kind):
    """The paths of the scripts in `python` or in `sh`."""
    suffix = {"python": ".py", "sh": ".sh"}[kind]
    for path in files():
        if path.endswith(suffix) or (path in SCRIPTS and kind in read(path).split("\n")[0]):
            yield path


def blank(match):
    return re.sub(r"[^\n]", " ", match[0])


def code_of(text):
    """C without comments and strings.  Lines keep their numbers and columns."""
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', blank, text, flags=re.S)


class Report:
    """The results of one rule, printed as TAP."""

    def __init__(self):
        self.count = self.failed = 0

    def check(self, name, faults):
        """One test.  It passes if there are no faults."""
        faults = list(faults)
        self.count += 1
        self.failed += bool(faults)
        print("%sok %d - %s" % ("not " if faults else "", self.count, name))
        for fault in faults:
            print("# " + fault)

    def skip(self, name, why):
        self.count += 1
        print("ok %d - %s # SKIP %s" % (self.count, name, why))

    def end(self):
        print("1..%d" % self.count)
        sys.exit(1 if self.failed else 0)
