#!/usr/bin/env python3
"""floors - checks who includes whom: a room may look down the house, never up.  Prints TAP.

Also checks that machine instructions and `#ifdef`s of a machine stay in kernel/arch, that no page-map header is included
outside kernel/mm, and that the kernel keeps to its size.
"""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KERNEL_LINES = 8000  # not counting arch, drivers and debug checks

FLOORS = {
    "include": set(),
    "kernel/base": {"include"},
    "kernel/arch": {"include", "kernel/base"},
    "kernel/sched": {"include", "kernel/base", "kernel/arch"},
}
FLOORS["kernel/mm"] = FLOORS["kernel/sched"] | {"kernel/sched"}
BELOW_4 = FLOORS["kernel/mm"] | {"kernel/mm"}
FLOORS["kernel/ksm"] = BELOW_4
FLOORS["kernel/fs"] = BELOW_4
BELOW_5 = BELOW_4 | {"kernel/ksm", "kernel/fs"}
FLOORS["kernel/proc"] = BELOW_5
FLOORS["kernel/console"] = BELOW_5 | {"kernel/proc"}
FLOORS["kernel/sys"] = FLOORS["kernel"] = BELOW_5 | {"kernel/proc", "kernel/console", "kernel/sys"}
FLOORS["user/libc"] = FLOORS["user/math"] = {"include"}
FLOORS["user/ksm"] = {"include", "user/libc"}
FLOORS["user/math"] = {"include", "user/libc", "user/ksm"}
FLOORS["user/bin"] = {"include", "user/libc", "user/ksm", "user/math"}
FLOORS["tests/guest"] = FLOORS["user/bin"] | {"tests"}

# Declared seams: single headers of a room above.  A driver takes locks and page frames as everybody does, and the machine
# switches threads and keeps their floating-point state.
SEAMS = {
    "kernel/base": {"kernel/arch.h"},
    "kernel/arch": {"kernel/sched/lock.h", "kernel/sched/thread.h", "kernel/mm/page.h"},
}

# Where the compiler looks for "..." besides the file's own folder.
PATHS = {
    "kernel": ["", "kernel", "kernel/arch/i386"],
    "user": ["user/libc", "user/ksm", "user/math", "include"],
    "tests": ["tests", "user/libc", "user/ksm", "user/math", "include"],
    "include": [""],
}
COMPILER_HEADERS = {"stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "limits.h", "float.h", "stdalign.h", "stdnoreturn.h"}
GENERATED = {"include/syscall.h": "include", "syscall.h": "include", "syscalls.inc": "kernel/sys"}


def room_of(path):
    if path == "kernel/arch.h":
        return "kernel/arch"
    parts = path.split("/")
    return parts[0] if parts[0] == "include" else "/".join(parts[:-1][:2])


def sources(*folders):
    for folder in folders:
        for where, _, names in os.walk(os.path.join(ROOT, folder)):
            for name in sorted(names):
                if name.endswith((".c", ".h", ".S")):
                    yield os.path.relpath(os.path.join(where, name), ROOT)


def text_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def code_of(path):
    """The source without comments and strings, lines kept."""
    blank = lambda m: re.sub(r"[^\n]", " ", m[0])
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text_of(path), flags=re.S)


def find(path, name):
    if name in GENERATED:
        return GENERATED[name]
    for folder in [os.path.dirname(path)] + PATHS[path.split("/")[0]]:
        candidate = os.path.normpath(os.path.join(folder, name))
        if os.path.exists(os.path.join(ROOT, candidate)):
            return candidate
    return None


def bad_includes(room):
    for path in sources(room):
        if room_of(path) != room:
            continue
        for kind, name in re.findall(r'^\s*#\s*include\s+([<"])([^">]+)[">]', text_of(path), re.M):
            if kind == "<":
                if name not in COMPILER_HEADERS:
                    yield "%s includes <%s>, which no compiler brings" % (path, name)
                continue
            target = find(path, name)
            if target is None:
                yield '%s includes "%s", which is not there' % (path, name)
                continue
            other = target if target in FLOORS else room_of(target)
            if other != room and other not in FLOORS[room] and target not in SEAMS.get(room, ()):
                yield "%s includes %s: %s may not know %s" % (path, target, room, other)
            if os.path.basename(target) == "pmap.h" and room not in ("kernel/mm", "kernel/arch"):
                yield "%s includes %s, which only kernel/mm may" % (path, target)


def machine_code():
    for path in sources("kernel", "include"):
        if path.startswith("kernel/arch/"):
            continue
        if path.endswith(".S"):
            yield "%s: assembly outside kernel/arch" % path
        for number, line in enumerate(code_of(path).split("\n"), 1):
            if re.search(r"\b(__)?asm(__)?\b|__builtin_ia32_", line):
                yield "%s:%d: an instruction outside kernel/arch" % (path, number)
            if re.search(r"__i386__|__x86_64__|__riscv", line):
                yield "%s:%d: a machine's name outside kernel/arch" % (path, number)


def kernel_lines():
    """Lines of C that are neither blank nor comment."""
    total = 0
    for path in sources("kernel"):
        if path.startswith("kernel/arch/") or os.path.basename(path) in ("check.c", "lock_debug.c", "inject.c", "debug.c"):
            continue
        total += sum(1 for line in code_of(path).split("\n") if line.strip())
    return total


def main():
    results = []
    for room in FLOORS:
        results.append(("%s includes only what lies below it" % room, list(bad_includes(room))))
    results.append(("instructions and machines' names stay in kernel/arch", list(machine_code())))
    lines = kernel_lines()
    results.append(("the kernel has %d lines of C, at most %d" % (lines, KERNEL_LINES), [] if lines <= KERNEL_LINES else [""]))
    print("1..%d" % len(results))
    for number, (name, faults) in enumerate(results, 1):
        print("%sok %d - %s" % ("not " if faults else "", number, name))
        for fault in faults:
            print("# " + fault)
    return 1 if any(faults for _, faults in results) else 0


if __name__ == "__main__":
    sys.exit(main())
