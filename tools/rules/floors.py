#!/usr/bin/env python3
"""floors - checks the layout of the kernel and of the programs' libraries.  Prints TAP.

  floors.py          check
  floors.py --draw   print the drawing of floors and seams
  floors.py --write  put the drawing into docs/architecture.md

A room includes its own headers and those of the floors below it.  A function that a header declares is defined in the
same room, once; the exceptions are listed as seams.  Headers called *_impl.h stay in their room, machine instructions
stay in kernel/arch, page maps are for kernel/mm alone, and the kernel keeps to its size.
"""

import os
import re
import sys

from common import ROOT, Report, blank, code_of, exists, read, sources

KERNEL_LINES = 9900  # not counting arch, and what only debug kernels have
DEBUG_CHECKS = ("check.c", "latency.c", "latency.h", "lock_debug.c", "inject.c", "debug.c")
DOCUMENT = "docs/architecture.md"
MARKS = ("<!-- floors: made by tools/rules/floors.py --draw -->", "<!-- end of floors -->")

# The kernel from the ground up.  Rooms on one floor do not know each other.
KERNEL = [
    {"include": "numbers and structures that the kernel shares with programs and host tools"},
    {"kernel/base": "strings, lists, formatting; printk, panic, powering off"},
    {"kernel/arch": "arch.h, the contract of a machine, and the machine that fulfils it"},
    {"kernel/sched": "locks, threads, sleeping and waking"},
    {"kernel/mm": "page frames, regions, address spaces, user memory"},
    {"kernel/ksm": "shared memory", "kernel/fs": "files, directories, pipes, the log"},
    {"kernel/proc": "fork, exec, exit, wait, kill"},
    {"kernel/console": "the terminal and its control keys", "kernel/watch": "the feed, for live pictures"},
    {"kernel/sys": "system calls: arguments in, one function called, result out"},
    {"kernel": "the start of the system, and what each trap means"},
]

# Room: what it may include.
ROOMS = {"user/xv6": {"include", "user/libc"}, "user/libc": {"include"}, "user/ksm": {"include", "user/libc"}}
ROOMS["user/math"] = {"include", "user/libc", "user/ksm"}
ROOMS["user/bin"] = {"include", "user/libc", "user/ksm", "user/math"}
ROOMS["tests/guest"] = ROOMS["user/bin"] | {"tests"}
below = set()
for floor in KERNEL:
    for name in floor:
        ROOMS[name] = set(below)
    below |= set(floor)

# Headers of a higher floor that a room may include all the same: a panic stops the machine; drivers take locks and
# page frames as everyone does, and the machine switches threads.
HEADERS_ABOVE = {
    "kernel/base": ("kernel/arch.h",),
    "kernel/arch": ("kernel/mm/page.h", "kernel/sched/lock.h", "kernel/sched/thread.h"),
}

# Function: where it is declared, the higher room that defines it, and why.
SEAMS = {
    "kernel_start": ("kernel/arch.h", "kernel", "the machine is up and enters the kernel"),
    "kernel_trap": ("kernel/arch.h", "kernel", "an exception, for the kernel to judge"),
    "kernel_interrupt": ("kernel/arch.h", "kernel", "a device or the timer has something"),
    "kernel_syscall": ("kernel/arch.h", "kernel", "a program's system call"),
    "aspace_load": ("kernel/sched/thread.h", "kernel/mm", "a switch of threads is a switch of address spaces"),
    "page_reclaim": ("kernel/mm/page.h", "kernel/fs", "the block cache gives back frames when memory is short"),
}
MAX_SEAMS = 6

# Where the compiler looks for "..." besides the file's own directory.
PATHS = {
    "kernel": ["", "kernel", "kernel/arch/i386"],
    "user": ["user/libc", "user/ksm", "user/math", "include"],
    "tests": ["tests", "tests/guest", "user/libc", "user/ksm", "user/math", "include"],
    "include": ["", "include"],
}
COMPILER_HEADERS = {"stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "limits.h", "float.h"}
GENERATED = {"include/syscall.h": "include", "syscall.h": "include", "syscalls.inc": "kernel/sys"}


SOURCES = list(sources("include", "kernel", "user", "tests/guest"))


def room_of(path):
    if path == "kernel/arch.h":
        return "kernel/arch"
    parts = path.split("/")
    return parts[0] if parts[0] == "include" else "/".join(parts[:-1][:2])


def sources_of(room):
    return [path for path in SOURCES if room_of(path) == room]


# Includes.


def find(path, name):
    if name in GENERATED:
        return GENERATED[name]
    for directory in [os.path.dirname(path)] + PATHS[path.split("/")[0]]:
        candidate = os.path.normpath(os.path.join(directory, name))
        if exists(candidate):
            return candidate
    return None


def bad_include(path, room, target):
    other = target if target in ROOMS else room_of(target)
    if other != room and other not in ROOMS[room] and target not in HEADERS_ABOVE.get(room, ()):
        yield "%s includes %s: %s may not know %s" % (path, target, room, other)
    if target.endswith("_impl.h") and other != room:
        yield "%s includes %s, which is private to %s" % (path, target, other)
    if os.path.basename(target) == "pmap.h" and room not in ("kernel/mm", "kernel/arch"):
        yield "%s includes %s, which only kernel/mm may" % (path, target)


def bad_includes(room):
    for path in sources_of(room):
        for kind, name in re.findall(r'^\s*#\s*include\s+([<"])([^">]+)[">]', read(path), re.M):
            if kind == "<" and name not in GENERATED:  # a header of the same name says <syscall.h>
                if name not in COMPILER_HEADERS:
                    yield "%s includes <%s>, which does not come with a compiler" % (path, name)
                continue
            target = find(path, name)
            if target is None:
                yield '%s includes "%s", which does not exist' % (path, name)
                continue
            yield from bad_include(path, room, target)


# Declarations and definitions.


def statements(text):
    """The top level of a C file, with `{}` in place of each body."""
    code = re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", blank, code_of(text), flags=re.M)
    outside, depth = [], 0
    for c in code:
        depth -= c == "}"
        if depth == 0 or (c == "{" and depth == 0):
            outside.append(c)
        depth += c == "{"
    return [" ".join(s.split()) for s in re.findall(r"[^;{}]*(?:\{\}|;)", "".join(outside))]


def functions(path):
    """(name, whether it is defined here) of each function that is not static."""
    text = read(path)
    if path.endswith(".S"):
        for name in re.findall(r"^\s*\.globl\s+(\w+)", text, re.M):
            yield name, True
        return
    for statement in statements(text):
        statement = re.sub(r"__attribute__ ?\(\(.*?\)\)\)?", "", statement)
        statement = re.sub(r"\((\w+)\)\(", r" \1(", statement)  # a name that a macro has too: int(getc)(int from)
        match = re.search(r"(?:^|[\s*])(\w+) ?\((?!\*)", statement)
        if match and "=" not in statement and not re.match(r"typedef|_Static_assert|.*\bstatic\b", statement):
            yield match[1], statement.endswith("{}")


class Functions:
    """Who declares and who defines what, in the kernel or in the programs' libraries."""

    def __init__(self, rooms, generated=()):
        self.declared = {}  # name: the paths of its prototypes
        self.defined = {stub: {"user/libc", "user/ksm"} for name in generated for stub in (name, "sys_" + name)}
        for room in rooms:
            for path in sources_of(room):
                for name, here in functions(path):
                    if here:
                        self.defined.setdefault(name, set()).add(room)
                    else:
                        self.declared.setdefault(name, []).append(path)

    def repeated(self):
        return ["%s: %s" % (name, ", ".join(paths)) for name, paths in self.declared.items() if len(paths) > 1]

    def in_sources(self):
        """Prototypes outside headers.  The compiler calls names with underscores by itself; the stub sys_NAME is for
        the one file of the library that defines NAME itself."""
        return ["%s declares %s" % (path, name) for name, paths in self.declared.items() for path in paths
                if path.endswith(".c") and not name.startswith(("__", "sys_"))]

    def undefined(self):
        return ["%s: declared in %s" % (name, paths[0]) for name, paths in self.declared.items()
                if name not in self.defined]

    def elsewhere(self):
        """(name, path of the header, room of the definition) of what another room defines."""
        for name, paths in self.declared.items():
            for room in self.defined.get(name, ()):
                if room != room_of(paths[0]) and room_of(paths[0]) not in self.defined[name]:
                    yield name, paths[0], room


def bad_seams(functions_of_kernel):
    found = {name: (path, room) for name, path, room in functions_of_kernel.elsewhere()}
    for name, (path, room) in sorted(found.items()):
        if SEAMS.get(name, ())[:2] != (path, room):
            yield "%s declares %s, and %s defines it: not a seam of the table" % (path, name, room)
    for name in SEAMS:
        if name not in found:
            yield "%s is in the table, and is no seam" % name
    if len(SEAMS) > MAX_SEAMS:
        yield "the table has %d seams; %d are allowed" % (len(SEAMS), MAX_SEAMS)


def system_calls():
    return re.findall(r"^\d+\s+(\w+)", read("include/syscall.tbl"), re.M)


# The machine, and the size.


def machine_code():
    for path in sources("kernel", "include"):
        if path.startswith("kernel/arch/"):
            continue
        if path.endswith(".S"):
            yield "%s: assembly outside kernel/arch" % path
        for number, line in enumerate(code_of(read(path)).split("\n"), 1):
            if re.search(r"\b(__)?asm(__)?\b|__builtin_ia32_", line):
                yield "%s:%d: an instruction outside kernel/arch" % (path, number)
            if re.search(r"__i386__|__x86_64__|__riscv", line):
                yield "%s:%d: a machine's name outside kernel/arch" % (path, number)


def without_debug(code):
    """The code without what only debug kernels compile."""
    return re.sub(r"^#ifdef DEBUG$.*?^(?=#else|#endif)", "", code, flags=re.M | re.S)


def kernel_lines():
    """Lines of C that are neither blank nor comment."""
    counted = [path for path in sources("kernel")
               if not path.startswith("kernel/arch/") and os.path.basename(path) not in DEBUG_CHECKS]
    return sum(1 for path in counted for line in without_debug(code_of(read(path))).split("\n") if line.strip())


# The drawing.


def drawing():
    width = max(len(room) for floor in KERNEL for room in floor)
    yield "```"
    for number, floor in reversed(list(enumerate(KERNEL))):
        for i, (room, subject) in enumerate(floor.items()):
            yield "%2s  %-*s  %s" % ("" if i else number, width, room, subject)
    yield "```"
    yield ""
    yield "| seam | declared in | defined in | why |"
    yield "|---|---|---|---|"
    for name, (path, room, reason) in SEAMS.items():
        yield "| `%s` | `%s` | `%s` | %s |" % (name, path, room, reason)
    yield ""
    yield "| room | headers of higher floors that it may include |"
    yield "|---|---|"
    for room, headers in HEADERS_ABOVE.items():
        yield "| `%s` | %s |" % (room, ", ".join("`%s`" % header for header in headers))


def parts(document):
    """The document before, in and after the marks."""
    before, _, rest = document.partition(MARKS[0] + "\n")
    drawn, _, after = rest.partition(MARKS[1])
    return before, drawn.strip(), after


def stale():
    if not exists(DOCUMENT):
        yield DOCUMENT + " does not exist"
    elif parts(read(DOCUMENT))[1] != "\n".join(drawing()):
        yield "%s: the drawing is stale; tools/rules/floors.py --write draws it anew" % DOCUMENT


def write():
    before, _, after = parts(read(DOCUMENT))
    with open(os.path.join(ROOT, DOCUMENT), "w", encoding="utf-8") as f:
        f.write(before + MARKS[0] + "\n\n" + "\n".join(drawing()) + "\n\n" + MARKS[1] + after)


def check():
    report = Report()
    for room in ROOMS:
        report.check("%s includes only what lies below it" % room, bad_includes(room))
    kernel = Functions([room for room in ROOMS if room.startswith("kernel")])
    programs = Functions(["user/libc", "user/ksm", "user/math"], generated=system_calls())
    report.check("a room of the kernel defines what it declares, but for %d seams" % len(SEAMS), bad_seams(kernel))
    report.check("so does a room of the library", ["%s declares %s, and %s defines it" % (path, name, room)
                                                   for name, path, room in programs.elsewhere()])
    report.check("no prototype exists twice", kernel.repeated() + programs.repeated())
    report.check("prototypes are in headers", kernel.in_sources() + programs.in_sources())
    report.check("every function that is declared is defined", kernel.undefined() + programs.undefined())
    report.check("the drawing in %s is up to date" % DOCUMENT, stale())
    report.check("instructions and machines' names stay in kernel/arch", machine_code())
    lines = kernel_lines()
    report.check("the kernel has %d lines of C, at most %d" % (lines, KERNEL_LINES),
                 ["too many"] if lines > KERNEL_LINES else [])
    report.end()


if __name__ == "__main__":
    if sys.argv[1:] == ["--draw"]:
        print("\n".join(drawing()))
    elif sys.argv[1:] == ["--write"]:
        write()
    else:
        check()
