#!/usr/bin/env python3
"""coverage - how much of a kernel room the host tests execute, by gcovr.

  coverage.py [ROOM]       kernel/ksm if left out

Prints the share of lines and branches of each file that was reached, and what never was; build/coverage/html has the
same as pages, with the source.  Status 1 when less than 98 % of the lines or 95 % of the branches were, and the last
line says so.
"""

import json
import math
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from course import exercises  # noqa: E402
from run import progress  # noqa: E402
from run.build import alone, make  # noqa: E402
from run.options import suggestion  # noqa: E402
from run.paths import ROOT, clean_env  # noqa: E402
from run.statuses import USAGE_ERROR  # noqa: E402

BUILD = "build/coverage"
HTML = os.path.join(BUILD, "html")
FIGURES = os.path.join(BUILD, "figures.json")
LINES, BRANCHES = 98.0, 95.0


def linked(room):
    """Is a host test made of this room's sources?  In a student's tree none is made of kernel/ksm."""
    with open("tests/host/host.mk", encoding="utf-8") as f:
        return room + "/" in f.read()


def run_tests():
    env = clean_env(B=BUILD, CC="", HOSTCC="gcc", COVERAGE="1", DEBUG="")
    names = subprocess.run(["make", "-s", "list-host-tests"], env=env, check=True, stdout=subprocess.PIPE,
                           text=True).stdout.split()
    if not make(["host-tests"], env):
        sys.exit("coverage: the build failed")
    for where, _, files in os.walk(BUILD):
        for f in files:
            if f.endswith(".gcda"):
                os.unlink(os.path.join(where, f))
    for i, name in enumerate(names):
        if exercises.left_out("host/" + name, [None]):
            continue
        progress.show("testing: %d of %d done; host/%s" % (i, len(names), name))
        if subprocess.run([os.path.join(BUILD, "tests", "host", name)], stdout=subprocess.DEVNULL).returncode:
            sys.exit("coverage: host/%s fails" % name)


def measure(room):
    """Makes the pages.  file -> (line -> count, (line, branch number) -> count), summed over all tests."""
    progress.show("counting what was reached")
    shutil.rmtree(HTML, ignore_errors=True)
    os.makedirs(HTML)
    pages = ["--html-details", os.path.join(HTML, "index.html"), "--html-title", room]
    p = subprocess.run(["gcovr", "--filter", room + "/", "--json", FIGURES] + pages +
                       [os.path.join(BUILD, "tests", "host", "obj")], stdout=subprocess.DEVNULL,
                       stderr=subprocess.PIPE, text=True, check=False)  # newer ones say there what they do
    if p.returncode:
        sys.exit("coverage: gcovr fails\n" + p.stderr)
    with open(FIGURES, encoding="utf-8") as f:
        return {source["file"]: counts(source["lines"]) for source in json.load(f)["files"]}


def counts(lines):
    lines = [line for line in lines if not line.get("gcovr/noncode")]
    return ({line["line_number"]: line["count"] for line in lines},
            {(line["line_number"], i): branch["count"] for line in lines for i, branch in enumerate(line["branches"])})


def percent(figures):
    return 100.0 * sum(1 for n in figures.values() if n) / len(figures) if figures else 100.0


def verdict(lines, branches):
    """What to say of these shares: which of them is too small; nothing if neither is."""
    few = ["%.1f %% of the %s, and %.0f %% are wanted" % (math.floor(share * 10) / 10, what, bound)
           for what, share, bound in (("lines", lines, LINES), ("branches", branches, BRANCHES)) if share < bound]
    return "coverage: the tests reach " + "; ".join(few) if few else ""


def choose():
    """The room that the arguments name; exits if they name none."""
    words = sys.argv[1:]
    room = words[0].rstrip("/") if words else "kernel/ksm"
    rooms = [where for where, _, names in os.walk("kernel") if any(name.endswith(".c") for name in names)]
    if len(words) <= 1 and (room in rooms or os.path.isdir(room) and room.startswith("kernel/")):
        return room
    meant = suggestion(room, rooms)
    sys.stderr.write("ksm: there is no room '%s'%s\nusage: ./ksm coverage [ROOM]\n" % (" ".join(words), meant))
    sys.exit(USAGE_ERROR)


def main():
    os.chdir(ROOT)
    room = choose()
    if not linked(room):
        sys.exit("coverage: no host test is linked with %s" % room)
    os.makedirs(BUILD, exist_ok=True)
    with alone(BUILD, "run of the coverage"):
        run_tests()
        files = measure(room)
    progress.clear()
    if not files:
        sys.exit("coverage: nothing of %s was measured" % room)
    lines, branches = {}, {}
    print("%-28s %7s %9s   never reached: lines; branches" % ("", "lines", "branches"))
    for name, (of_lines, of_branches) in sorted(files.items()):
        lines.update({(name, k): v for k, v in of_lines.items()})
        branches.update({(name, k): v for k, v in of_branches.items()})
        never = ",".join(str(k) for k in sorted(of_lines) if not of_lines[k])
        half = ",".join(str(k) for k in sorted({k for (k, _), v in of_branches.items() if not v and of_lines.get(k)}))
        print("%-28s %6.1f%% %8.1f%%   %s; %s" % (name, percent(of_lines), percent(of_branches), never or "-",
                                                  half or "-"))
    print("%-28s %6.1f%% %8.1f%%" % ("all", percent(lines), percent(branches)))
    print("as pages: %s" % os.path.join(HTML, "index.html"))
    return verdict(percent(lines), percent(branches)) or 0


if __name__ == "__main__":
    progress.run(main)
