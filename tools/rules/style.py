#!/usr/bin/env python3
"""style - checks the rules of docs/style.md that the formatter does not know.  Prints TAP.

The declarations that open a function's body are followed by a blank line, and no banner underlines anything; in other
languages, too, no line ends with blanks or is too wide.  With --fix, inserts the missing blank lines.
"""

import os
import re
import sys

from common import ROOT, SCRIPTS, Report, files, read, sources

DECLARATION = re.compile(
    r"    (?:(?:const|static|volatile|register|extern)\s+)*"
    r"(?:struct \w+|enum \w+|union \w+|unsigned|signed|void|bool|char|short|int|long|float|double|u?int\d+_t"
    r"|u?intptr_t|size_t|ssize_t|off_t|va_list|uint|uchar|ushort|FILE|time_t|pid_t|dd)\b"
    r"(?:\s+(?:const|volatile|int|long|char|unsigned))*[\s*]+(?:const |volatile )?\**\(?\**\w+[\w\[\]()* ]*"
    r"\s*(?:=|;|,|\[|:|\()")
WIDTH = 120  # columns; .clang-format keeps code in C to fewer
OTHERS = (".css", ".html", ".inc", ".ini", ".js", ".ld", ".mjs", ".mk", ".pml", ".py", ".sh")
NAMED = ("Makefile", "Dockerfile", *SCRIPTS)
BANNER = re.compile(r"[-=*~#]{4,}")


def after_declarations(lines):
    """The numbers of the lines before which a blank one is missing."""
    missing = []
    for start, line in enumerate(lines):
        if line != "{" or start == 0 or not lines[start - 1].rstrip().endswith(")"):
            continue
        at = start + 1
        while at < len(lines) and DECLARATION.match(lines[at]):
            while at < len(lines) and not lines[at].split("/*")[0].rstrip().endswith(";"):
                at += 1
            while "/*" in lines[at].rpartition(";")[2] and "*/" not in lines[at]:
                at += 1
            at += 1
        if at > start + 1 and at < len(lines) and lines[at].strip() and lines[at] != "}":
            missing.append(at)
    return missing


def banner(line):
    comment = re.search(r"/\*(.*)\*/", line)
    return bool(comment and BANNER.search(comment[1]))


def mend(path, missing):
    lines = read(path).split("\n")
    for at in reversed(missing):
        lines.insert(at, "")
    with open(os.path.join(ROOT, path), "w", encoding="utf-8") as f:
        f.write("\n".join(lines))


def shape(paths):
    """The lines that end with blanks, and those that are too wide."""
    trailing, wide = [], []
    for path in paths:
        for n, line in enumerate(read(path).split("\n"), 1):
            trailing += ["%s:%d" % (path, n)] if line != line.rstrip() else []
            wide += ["%s:%d" % (path, n)] if len(line) > WIDTH else []
    return trailing, wide


def main():
    blanks, banners = [], []
    for path in sources():
        lines = read(path).split("\n")
        missing = [] if path.endswith(".S") else after_declarations(lines)
        if "--fix" in sys.argv[1:] and missing:
            mend(path, missing)
            continue
        blanks += ["%s:%d" % (path, at + 1) for at in missing]
        banners += ["%s:%d" % (path, n) for n, line in enumerate(lines, 1) if banner(line)]
    trailing, wide = shape([*sources(), *sources(suffixes=OTHERS), *(path for path in files() if path in NAMED)])
    report = Report()
    report.check("a blank line follows the declarations that open a function", blanks)
    report.check("there are no banners", banners)
    report.check("no line ends with blanks", trailing)
    report.check("no line is wider than %d columns" % WIDTH, wide)
    report.end()


if __name__ == "__main__":
    main()
