#!/usr/bin/env python3
"""Renders the man pages for the disk's image, and makes their index.

usage: manpages.py MANDOC TABLE DIRECTORY PAGE...

DIRECTORY/2/NAME  the page NAME.2 as plain text, 78 columns wide
DIRECTORY/index   a line for each page: its file, names, section and description, as user/bin/man.c reads them

intro(2) gets the list of system calls, made from TABLE (include/syscall.tbl) and from the other pages.
"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from run import progress  # noqa: E402

MARK = re.compile(r'^\.\\" @CALLS@.*\n', re.M)
CALL = re.compile(r"(\d+)\s+(\w+)\s+(\S+)\s+(.*\S)", re.ASCII)


def names(text):
    """The names that a page describes."""
    return re.findall(r"^\.Nm (\S+)", text.split(".Sh SYNOPSIS")[0], re.M)


def description(text):
    found = re.search(r"^\.Nd (.*)$", text, re.M)
    return found[1] if found else "(it has no line .Nd)"


def call_list(table, pages):
    """The list for intro(2); pages: (NAME, SECTION) -> text."""
    yield ".Bl -tag -width 3n -compact"
    for line in table.splitlines():
        call = CALL.fullmatch(line.split("#")[0].strip())
        if not call:
            continue
        number, name, result, arguments = call.groups()
        if arguments != "void":
            arguments = " ".join('"%s"' % argument.strip() for argument in arguments.split(","))
        yield ".It %s" % number
        yield ".Ft %s" % result.replace("*", " *")
        yield ".Fn %s %s" % (name, arguments)
        if (name, "2") in pages:
            yield ".br"
            yield description(pages[name, "2"])
    yield ".El"


def read_pages(paths, table):
    """(NAME, SECTION) -> text of each page, the list of calls included."""
    pages = {}
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as page:
            pages[tuple(os.path.basename(path).rsplit(".", 1))] = page.read()
    calls = "\n".join(call_list(table, pages)) + "\n"
    return {key: MARK.sub(lambda _: calls, text) for key, text in pages.items()}


def render(mandoc, text):
    """As plain text: without the backspaces that make it bold or underlined."""
    done = subprocess.run([mandoc, "-Tascii", "-Owidth=78", "-Ios=KSM"], input=text, stdout=subprocess.PIPE,
                          encoding="utf-8", check=True)
    return re.sub(".\b", "", done.stdout)


def main():
    if len(sys.argv) < 5:
        sys.exit(__doc__.strip())
    _, mandoc, table_path, directory, *paths = sys.argv
    with open(table_path, encoding="utf-8", errors="replace") as table:
        pages = read_pages(paths, table.read())
    index = []
    for (name, section), text in sorted(pages.items(), key=lambda page: page[0][::-1]):
        path = "%s/%s" % (section, name)
        os.makedirs(os.path.join(directory, section), exist_ok=True)
        with open(os.path.join(directory, path), "w", encoding="utf-8") as out:
            out.write(render(mandoc, text))
        index.append("%s %s(%s) - %s\n" % (path, ", ".join(names(text)), section, description(text)))
    with open(os.path.join(directory, "index"), "w", encoding="utf-8") as out:
        out.writelines(index)


if __name__ == "__main__":
    progress.run(main)
