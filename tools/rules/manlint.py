#!/usr/bin/env python3
"""manlint - checks the man pages.  Prints TAP.

mandoc accepts each page; each system call, program and function of the library has one; prototypes are those of
include/syscall.tbl and of the headers; and references lead to pages that exist.
"""

import os
import re
import shutil
import subprocess
import sys

from common import ROOT, Report, read

sys.path.insert(0, os.path.join(ROOT, "tools", "build"))
import manpages  # noqa: E402

HEADERS = ("user/libc", "user/ksm", "user/math")
# What mandoc cannot know: it looks for references among the pages of this machine.
NOT_OURS = re.compile(r"referenced manual not found|STYLE: operating system")

# What macros choose: programs do not call them by these names.
CHOSEN = ("assert_failed", "printf_stdout", "strchr_or_end")

DECLARATION = re.compile(r"^(?:MUST_CHECK )?(?:static inline |extern )?"
                         r"((?:const )?(?:struct |enum |unsigned |long )*\w+ \**)"
                         r"(\w+)\(((?:[^()]|\([^()]*\))*)\)\s*[;{]", re.M)


def kind(declaration):
    """A type without qualifiers and without the name that may follow it: what must agree."""
    words = re.sub(r"\b(?:const|volatile|restrict)\b", " ", declaration)
    match = re.match(r"\s*((?:(?:struct|enum|unsigned|long)\s+)*[\w.]+)\s*([\s*]*)", words)
    return " ".join(match[1].split()) + "".join(match[2].split())


def kinds(arguments):
    one_each = re.sub(r"\(\*\w+\)\([^()]*\)", "(*)", arguments)  # a pointer to a function
    return [] if arguments.strip() == "void" else [kind(argument) for argument in one_each.split(",")]


def calls():
    """name -> (result, arguments) of each system call."""
    found = {}
    for line in read("include/syscall.tbl").split("\n"):
        part = line.split("#")[0].split(None, 3)
        if part:
            found[part[1]] = (kind(part[2]), kinds(part[3]))
    return found


def declared():
    """name -> (result, arguments) of each function in the libraries' headers."""
    found = {}
    for directory in HEADERS:
        for header in sorted(os.listdir(os.path.join(ROOT, directory))):
            if not header.endswith(".h") or header.endswith("_impl.h"):
                continue
            text = re.sub(r"/\*.*?\*/", "", read(os.path.join(directory, header)), flags=re.S)
            text = re.sub(r"\s*__attribute__\(\((?:[^()]|\([^()]*\))*\)\)", "", text)
            for result, name, arguments in DECLARATION.findall(text):
                found[name] = (kind(result), kinds(arguments))
    return found


def described(pages, section):
    """name -> (result, arguments) of each function in the pages' synopses."""
    found = {}
    for (_, of), text in pages.items():
        synopsis = text.partition(".Sh SYNOPSIS\n")[2].partition(".Sh ")[0]
        for result, name, arguments in re.findall(r"^\.Ft (.*)\n\.Fn (\S+) (.*)$", synopsis, re.M):
            if of == section:
                found[name] = (kind(result), kinds(",".join(re.findall(r'"([^"]*)"', arguments)) or "void"))
    return found


def lint(report, pages):
    """Has mandoc check each page; intro(2) with its list of calls."""
    for (name, section), text in sorted(pages.items()):
        found = subprocess.run(["mandoc", "-Tlint"], input=text, capture_output=True, text=True).stdout
        report.check("mandoc accepts %s.%s" % (name, section),
                     [line for line in found.split("\n") if line and not NOT_OURS.search(line)])


def feet(pages):
    """The pages whose foot does not say KSM where mandoc shows them on this machine."""
    for (name, section), text in sorted(pages.items()):
        page = subprocess.run(["mandoc", "-Tascii"], input=text, capture_output=True, text=True).stdout
        foot = page.rstrip("\n").rpartition("\n")[2]
        if not re.fullmatch(r"KSM\b.*\bKSM", foot):
            yield "%s.%s ends with: %s" % (name, section, foot)


def without_examples(pages):
    """Pages of programs without an EXAMPLES that t_examples understands."""
    for (name, section), text in sorted(pages.items()):
        examples = text.partition(".Sh EXAMPLES\n")[2].partition(".Sh ")[0]
        if section == "1" and not re.search(r"^\.Bd -literal -offset indent\n[$#] ", examples, re.M):
            yield "%s.%s" % (name, section)


def compare(wanted, found, where, section):
    """The faults of the pages of a section."""
    missing = ["%s(%s) has no page" % (name, section) for name in wanted if name not in found and name not in CHOSEN]
    return missing + ["%s(%s): %s, but %s has %s" % (name, section, found[name], where, wanted[name])
                      for name in wanted if name in found and found[name] != wanted[name]]


def dangling(pages):
    names = {(name, section) for (page, section), text in pages.items() for name in [page] + manpages.names(text)}
    for (page, section), text in sorted(pages.items()):
        for reference in re.findall(r"^\.Xr (\S+) (\d)", text, re.M):
            if reference not in names:
                yield "%s.%s refers to %s(%s)" % ((page, section) + reference)


def main():
    report = Report()
    directory = os.path.join(ROOT, "docs", "man")
    pages = manpages.read_pages([os.path.join(directory, page) for page in os.listdir(directory)],
                                read("include/syscall.tbl"))
    if shutil.which("mandoc"):
        lint(report, pages)
        report.check("the pages' feet say KSM", list(feet(pages)))
    else:
        report.skip("mandoc accepts the pages", "mandoc is not installed")

    table, headers = calls(), declared()
    system, library = described(pages, "2"), described(pages, "3")
    report.check("every system call has a page with the table's prototype",
                 compare(table, system, "include/syscall.tbl", "2"))
    report.check("and the headers declare it so",
                 ["%s: %s, but include/syscall.tbl has %s" % (name, headers[name], table[name])
                  for name in table if name in headers and headers[name] != table[name]])
    functions = {name: types for name, types in headers.items() if name not in table}
    report.check("every function of the library has a page with the header's prototype",
                 compare(functions, library, "the header", "3"))
    report.check("and every function of section 3 is declared", [name for name in library if name not in functions])

    bin_ = os.path.join(ROOT, "user", "bin")
    programs = {os.path.splitext(name)[0] for name in os.listdir(bin_)}
    first = {name for name, section in pages if section == "1"}
    report.check("every program has a page", ["%s(1) is missing" % name for name in sorted(programs - first)])
    report.check("every page of section 1 has a program", sorted(first - programs))
    report.check("every page of section 1 has EXAMPLES, which t_examples runs", list(without_examples(pages)))
    report.check("references lead to pages", list(dangling(pages)))
    report.end()


if __name__ == "__main__":
    main()
