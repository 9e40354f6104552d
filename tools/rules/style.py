#!/usr/bin/env python3
"""style - checks the rules of docs/style.md that the formatter doesn't know.  Prints TAP; with --fix, mends what it can.

The declarations that open a function's body are followed by a blank line, nothing is underlined by a banner, and no line
ends with blanks.
"""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NOT_OURS = "bench/vendor/"
DECLARATION = re.compile(
    r"    (?:(?:const|static|volatile|register|extern)\s+)*"
    r"(?:struct \w+|enum \w+|union \w+|unsigned|signed|void|bool|char|short|int|long|float|double|u?int\d+_t|u?intptr_t"
    r"|size_t|ssize_t|off_t|va_list|uint|uchar|ushort|FILE|time_t|pid_t|dd)\b"
    r"(?:\s+(?:const|volatile|int|long|char|unsigned))*[\s*]+(?:const |volatile )?\**\(?\**\w+[\w\[\]()* ]*\s*(?:=|;|,|\[|:|\()")
BANNER = re.compile(r"[-=*~#]{4,}")


def sources():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.c", "*.h", "*.S"], cwd=ROOT,
                            capture_output=True, text=True, check=True).stdout.split()
    return [path for path in listed if not path.startswith(NOT_OURS) and os.path.exists(os.path.join(ROOT, path))]


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


def main():
    fix = "--fix" in sys.argv[1:]
    blanks, banners, trailing = [], [], []
    for path in sources():
        with open(os.path.join(ROOT, path), encoding="utf-8") as f:
            lines = f.read().split("\n")
        missing = after_declarations(lines) if path.endswith(".c") or path.endswith(".h") else []
        if fix and missing:
            for at in reversed(missing):
                lines.insert(at, "")
            with open(os.path.join(ROOT, path), "w", encoding="utf-8") as f:
                f.write("\n".join(lines))
            continue
        blanks += ["%s:%d" % (path, at + 1) for at in missing]
        banners += ["%s:%d" % (path, n) for n, line in enumerate(lines, 1) if banner(line)]
        trailing += ["%s:%d" % (path, n) for n, line in enumerate(lines, 1) if line != line.rstrip()]
    results = [("a blank line follows the declarations that open a function", blanks), ("there are no banners", banners),
               ("no line ends with blanks", trailing)]
    print("1..%d" % len(results))
    for number, (name, faults) in enumerate(results, 1):
        print("%sok %d - %s" % ("not " if faults else "", number, name))
        for fault in faults:
            print("# " + fault)
    return 1 if any(faults for _, faults in results) else 0


if __name__ == "__main__":
    sys.exit(main())
