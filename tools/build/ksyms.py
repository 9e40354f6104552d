#!/usr/bin/env python3
"""ksyms - makes what the kernel needs for back-traces: its functions' names, and the way from frame to frame.

usage: ksyms.py FILE.elf [NM [READELF]] >symbols.S

FILE.elf is the kernel linked without these tables.  Their section is placed after everything that they name
(kernel/kernel.ld), so the addresses are those of the second link too.

The compiler's debugging information says for each instruction where the caller's frame begins: at a distance
from %esp or %ebp.  A rule is that distance and the place of the caller's %ebp, as backtrace.c reads it:
    bits 0-15  the distance in words; bit 16: it is from %ebp
    bits 24-31 words below the caller's frame where its %ebp is saved; 0: it is still there
"""

import re
import subprocess
import sys


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def functions(path, nm):
    """(address, name) of all code, sorted, without local labels; the last one ends it."""
    found = {}
    for line in output_of(nm, "-n", path):
        address, kind, name = line.rsplit(" ", 2)
        if kind in "tTwW" and not name.startswith(".") and name != "image_start":
            found.setdefault(int(address, 16), name)
    return sorted(found.items())


def rule_of(columns, values):
    row = dict(zip(columns, values))
    base = re.fullmatch(r"(esp|ebp)\+(\d+)", row["CFA"])
    saved = re.fullmatch(r"c-(\d+)", row.get("ebp", "u"))
    if not base or row.get("ra") != "c-4" or (not saved and row.get("ebp", "u") not in ("u", "s")):
        return 0
    below = int(saved[1]) // 4 if saved else 0
    return int(base[2]) // 4 | (base[1] == "ebp") << 16 | below << 24 if below < 256 else 0


def rules(path, readelf):
    """(address, rule) wherever the rule changes, sorted; rule 0: none is known from here on."""
    found, columns = {}, []
    for line in output_of(readelf, "-wF", path):
        words = line.split()
        extent = re.search(r"FDE .*pc=([0-9a-f]+)\.\.([0-9a-f]+)", line)
        if extent:
            found.setdefault(int(extent[2], 16), 0)
            columns = []
        elif words[:2] == ["LOC", "CFA"] and columns is not None:
            columns = words[1:]
        elif " CIE " in line:
            columns = None
        elif columns and len(words) == len(columns) + 1:
            found[int(words[0], 16)] = rule_of(columns, words[1:])
    changes, last = [], None
    for address, rule in sorted(found.items()):
        if rule != last:
            changes.append((address, rule))
        last = rule
    return changes


def main():
    if not 2 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    path, nm, readelf = (sys.argv[1:] + ["nm", "readelf"][len(sys.argv) - 2:])[:3]
    names, frames = functions(path, nm), rules(path, readelf)
    print('    .section .symbols, "a"\n    .align 4')
    print("    .globl kernel_symbols, kernel_nsymbols, kernel_frames, kernel_nframes")
    print(f"kernel_nsymbols:\n    .long {len(names)}\nkernel_symbols:")
    text = 0
    for address, name in names:
        print(f"    .long {address:#x}, 1f + {text}")
        text += len(name) + 1
    print(f"kernel_nframes:\n    .long {len(frames)}\nkernel_frames:")
    for address, rule in frames:
        print(f"    .long {address:#x}, {rule:#x}")
    print("1:")
    for _, name in names:
        print(f'    .asciz "{name}"')
    print('    .section .note.GNU-stack, "", @progbits')


if __name__ == "__main__":
    main()
