#!/usr/bin/env python3
"""Makes the kernel's table of function names, for back-traces.

usage: ksyms.py FILE.elf [NM] >symbols.S

FILE.elf is the kernel linked without the table.  The table's section is placed behind everything that it
names (kernel/kernel.ld), so the addresses are those of the second link too.
"""

import subprocess
import sys


def functions(path, nm):
    """(address, name) of all code, sorted, without local labels; the last one ends it."""
    found = {}
    listing = subprocess.run([nm, "-n", path], check=True, capture_output=True, text=True).stdout
    for line in listing.splitlines():
        address, kind, name = line.rsplit(" ", 2)
        if kind in "tTwW" and not name.startswith(".") and name not in ("image_start", "start_pa"):
            found.setdefault(int(address, 16), name)
    return sorted(found.items())


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    table = functions(sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else "nm")
    print('    .section .symbols, "a"\n    .align 4\n    .globl kernel_symbols, kernel_nsymbols')
    print(f"kernel_nsymbols:\n    .long {len(table)}\nkernel_symbols:")
    for number, (address, _) in enumerate(table):
        print(f"    .long {address:#x}, 1f + {sum(len(name) + 1 for _, name in table[:number])}")
    print("1:")
    for _, name in table:
        print(f'    .asciz "{name}"')
    print('    .section .note.GNU-stack, "", @progbits')


if __name__ == "__main__":
    main()
