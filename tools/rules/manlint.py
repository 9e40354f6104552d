#!/usr/bin/env python3
"""manlint - checks the man pages.  Prints TAP.

Each page is accepted by mandoc; each call that xv6 has not has a page in section 2, and each program one in section 1;
prototypes agree with include/syscall.tbl; and references lead to pages that exist.
"""

import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MAN = os.path.join(ROOT, "docs", "man")
XV6_LAST = 21
# What mandoc cannot know: it looks for references among the pages of this machine.
NOT_OURS = re.compile(r"referenced manual not found|unusual Xr|STYLE: operating system")

results = []


def report(name, faults):
    results.append(bool(faults))
    print("%sok %d - %s" % ("not " if faults else "", len(results), name))
    for fault in faults:
        print("# " + fault)


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as f:
        return f.read()


def calls():
    """(number, name, result, arguments) of each system call."""
    for line in read("include", "syscall.tbl").split("\n"):
        part = line.split("#")[0].split(None, 3)
        if part:
            yield int(part[0]), part[1], part[2], part[3]


def types(prototype):
    """The types of an argument list, without names and qualifiers: what must agree."""
    if prototype.strip() == "void":
        return []
    kinds = []
    for argument in prototype.split(","):
        argument = re.sub(r"\b(const|volatile)\b", "", argument)
        words = re.match(r"\s*((?:struct\s+)?\w+)\s*(\**)", argument)
        kinds.append(words[1] + words[2])
    return kinds


def page_prototype(page, name):
    match = re.search(r"^\.Fn %s (.*)$" % name, page, re.M)
    if not match:
        return None
    return [] if match[1] == "void" else types(",".join(re.findall(r'"([^"]*)"', match[1])))


def main():
    pages = sorted(os.listdir(MAN))
    if shutil.which("mandoc"):
        for page in pages:
            found = subprocess.run(["mandoc", "-Tlint", page], cwd=MAN, capture_output=True, text=True).stdout
            report("mandoc accepts " + page, [l for l in found.split("\n") if l and not NOT_OURS.search(l)])
    else:
        print("# mandoc is not installed")

    missing, wrong = [], []
    for number, name, _, arguments in calls():
        if number <= XV6_LAST:
            continue
        if name + ".2" not in pages:
            missing.append("%s.2 is missing" % name)
            continue
        prototype = page_prototype(read("docs", "man", name + ".2"), name)
        if prototype != types(arguments):
            wrong.append("%s.2: %s, but the table of calls has %s" % (name, prototype, types(arguments)))
    report("every call has a page", missing)
    report("the pages' prototypes are those of the calls", wrong)

    programs = sorted(f[:-2] if f.endswith(".c") else f for f in os.listdir(os.path.join(ROOT, "user", "bin")))
    report("every program has a page", ["%s.1 is missing" % p for p in programs if p + ".1" not in pages])
    report("every page of section 1 has a program", [p for p in pages if p.endswith(".1") and p[:-2] not in programs])

    dangling = []
    for page in pages:
        for name, section in re.findall(r"^\.Xr (\S+) (\d)", read("docs", "man", page), re.M):
            described = "%s.%s" % (name, section)
            if described not in pages and not any(re.search(r"^\.Nm %s\b" % name, read("docs", "man", p), re.M)
                                                  for p in pages if p.endswith("." + section)):
                dangling.append("%s refers to %s(%s)" % (page, name, section))
    report("references lead to pages", dangling)
    print("1..%d" % len(results))
    return 1 if any(results) else 0


if __name__ == "__main__":
    sys.exit(main())
