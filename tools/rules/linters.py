#!/usr/bin/env python3
"""linters - runs the formatter and the linters over the tree.  Prints TAP.

clang-format's major versions differ in details, so the tree is held to one of them: Debian 12's.
"""

import re
import shutil
import subprocess

from common import ROOT, Report, files, scripts, sources

CLANG_FORMAT = 14


def clang_format():
    """The command, or why it cannot be used."""
    for command in ("clang-format-%d" % CLANG_FORMAT, "clang-format"):
        if shutil.which(command):
            version = subprocess.run([command, "--version"], capture_output=True, text=True).stdout
            found = re.search(r"version (\d+)", version)
            if found and int(found[1]) == CLANG_FORMAT:
                return command, None
            return None, "this is clang-format %s, not %d" % (found and found[1], CLANG_FORMAT)
    return None, "clang-format is not installed"


def faults(command):
    p = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    lines = [line for line in (p.stdout + p.stderr).split("\n") if line.strip()]
    return lines or ["status %d" % p.returncode] if p.returncode else []


def main():
    report = Report()
    command, problem = clang_format()
    name = "C is formatted as .clang-format says"
    if problem:
        report.skip(name, problem)
    else:
        found = faults([command, "--dry-run", "-Werror"] + list(sources(suffixes=(".c", ".h"))))
        report.check(name, [line for line in found if "[-Wclang-format-violations]" in line])
    text = [path for path in files() if not path.startswith(("bench/vendor/", "tests/host/corpus/", "LICENSE"))]
    for name, command in (("spelling", ["codespell"] + text),
                          ("shell scripts", ["shellcheck"] + list(scripts("sh"))),
                          ("Python", ["flake8"] + list(scripts("python")))):
        if shutil.which(command[0]):
            report.check("%s: %s finds nothing" % (name, command[0]), faults(command))
        else:
            report.skip("%s: %s finds nothing" % (name, command[0]), command[0] + " is not installed")
    report.end()


if __name__ == "__main__":
    main()
