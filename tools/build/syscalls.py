#!/usr/bin/env python3
"""syscalls - makes what depends on the list of system calls, from include/syscall.tbl.

usage: syscalls.py TABLE DIRECTORY

DIRECTORY/include/syscall.h  SYS_name numbers, for programs
DIRECTORY/syscalls.inc       CALL(number, name, number of arguments), for kernel/sys
DIRECTORY/usys.S             the functions that programs call, i386, as NAME (weak) and sys_NAME
"""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from run import progress  # noqa: E402

LINE = re.compile(r"(\d+)\s+(\w+)\s+(\S+)\s+(.*\S)", re.ASCII)


def read_table(path):
    """The calls, by number: (number, name, how many arguments)."""
    calls, seen = [], set()
    with open(path, encoding="utf-8-sig", errors="replace") as table:  # a comment may be anything
        for lineno, line in enumerate(table, 1):
            line = line.split("#")[0].strip()
            if not line:
                continue
            match = LINE.fullmatch(line)
            if not match:
                sys.exit(f"{path}:{lineno}: not 'number name type arguments'")
            number, name, args = int(match[1]), match[2], match[4]
            if number in seen or name in seen:
                sys.exit(f"{path}:{lineno}: number or name given twice")
            seen |= {number, name}
            calls.append((number, name, 0 if args == "void" else args.count(",") + 1))
    return sorted(calls)


def header(calls):
    yield "/* Made from syscall.tbl. */"
    yield "#ifndef SYSCALL_H"
    yield "#define SYSCALL_H"
    yield ""
    for number, name, _ in calls:
        yield f"#define SYS_{name:<11} {number}"
    yield ""
    yield "#endif"


def kernel(calls):
    yield "/* Made from syscall.tbl. */"
    for number, name, nargs in calls:
        yield f"CALL({number}, {name}, {nargs})"


def stubs(calls):
    yield "/* Made from syscall.tbl. */"
    yield "    .text"
    for number, name, _ in calls:
        # Weak, so that the library can put a function of its own before the call.
        yield f"    .weak {name}"
        yield f"    .globl sys_{name}"
        yield f"    .type sys_{name}, @function"
        yield f"    .type {name}, @function"
        yield f"{name}:"
        yield f"sys_{name}:"
        yield f"    movl ${number}, %eax"
        yield "    int $0x40"
        yield "    ret"
        yield f"    .size {name}, . - {name}"
        yield f"    .size sys_{name}, . - sys_{name}"
    yield '    .section .note.GNU-stack, "", @progbits'


MAKERS = {"include/syscall.h": header, "syscalls.inc": kernel, "usys.S": stubs}


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    calls = read_table(sys.argv[1])
    for name, maker in MAKERS.items():
        path = os.path.join(sys.argv[2], name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as out:
            out.write("\n".join(maker(calls)) + "\n")


if __name__ == "__main__":
    progress.run(main)
