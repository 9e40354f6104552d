#!/usr/bin/env python3
"""coverage - how much of a kernel room the host tests execute, by gcov.

  coverage.py [ROOM]       kernel/ksm if left out

Prints the share of lines and branches of each file that was reached, and what never was.  Status 1 when less than 98 %
of the lines or 95 % of the branches were.
"""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from run.paths import ROOT, clean_env  # noqa: E402

BUILD = "build/coverage"
LINES, BRANCHES = 98.0, 95.0


def run_tests():
    env = clean_env(B=BUILD, CC="gcc", COVERAGE="1", DEBUG="")
    listed = subprocess.run(["make", "-s", "list-host-tests"], env=env, check=True, stdout=subprocess.PIPE, text=True)
    subprocess.run(["make", "-s", "-j2", "host-tests"], env=env, check=True, stdout=sys.stderr)
    for where, _, files in os.walk(BUILD):
        for f in files:
            if f.endswith(".gcda"):
                os.unlink(os.path.join(where, f))
    for name in listed.stdout.split():
        if subprocess.run([os.path.join(BUILD, "tests", "host", name)], stdout=subprocess.DEVNULL).returncode:
            sys.exit("coverage: host/%s fails" % name)


def measure(room):
    """file -> (line -> count, (line, branch number) -> count), summed over all tests."""
    result = {}
    for where, _, files in sorted(os.walk(os.path.join(BUILD, "tests", "host", "obj"))):
        for f in sorted(files):
            if not f.endswith(".gcda") or ("/" + room + "/") not in where + "/":
                continue
            gcov = ["gcov", "--json-format", "--stdout", "--branch-probabilities", os.path.join(where, f)]
            text = subprocess.run(gcov, check=True, capture_output=True, text=True).stdout
            for line in text.splitlines():
                for source in json.loads(line)["files"]:
                    if source["file"].startswith(room + "/"):
                        add(result.setdefault(source["file"], ({}, {})), source["lines"])
    return result


def add(counts, lines):
    for line in lines:
        number = line["line_number"]
        counts[0][number] = counts[0].get(number, 0) + line["count"]
        for i, branch in enumerate(line["branches"]):
            counts[1][number, i] = counts[1].get((number, i), 0) + branch["count"]


def percent(counts):
    return 100.0 * sum(1 for n in counts.values() if n) / len(counts) if counts else 100.0


def main():
    os.chdir(ROOT)
    room = sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "kernel/ksm"
    if len(sys.argv) > 2 or not os.path.isdir(room):
        sys.stderr.write("usage: ./ksm coverage [ROOM]\nROOM is a directory such as kernel/ksm\n")
        return 2
    run_tests()
    files = measure(room)
    if not files:
        sys.exit("coverage: no host test is linked with %s" % room)
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
    return 0 if percent(lines) >= LINES and percent(branches) >= BRANCHES else 1


if __name__ == "__main__":
    sys.exit(main())
