#!/usr/bin/env python3
"""ksyms - makes what the kernel needs for back-traces: its functions' names, and the way from frame to frame.

usage: ksyms.py FILE.elf [NM] >symbols.S

FILE.elf is the kernel linked without these tables.  Their section is placed after everything that they name
(kernel/kernel.ld), so the addresses are those of the second link too.

The compiler's debugging information says for each instruction where the caller's frame begins: at a distance
from %esp or %ebp.  A rule is that distance and the place of the caller's %ebp, as backtrace.c reads it:
    bits 0-15  the distance in words; bit 16: it is from %ebp
    bits 24-31 words below the caller's frame where its %ebp is saved; 0: it is still there
"""

import os
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from run import progress  # noqa: E402

ESP, EBP, EIP = 4, 5, 8  # as debugging information numbers the registers


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def functions(path, nm):
    """(address, name) of all code, sorted, without local labels; the last one ends it."""
    found = {}
    for line in output_of(nm, "-n", path):
        address, kind, name = line.rsplit(" ", 2)
        if kind in "tTwW" and address.strip() and not name.startswith(".") and name != "image_start":
            found.setdefault(int(address, 16), name)
    return sorted(found.items())


def section(path, wanted):
    """The contents of a section of a 32-bit ELF file."""
    with open(path, "rb") as f:
        data = f.read()
    table, = struct.unpack_from("<I", data, 32)
    size, count, names = struct.unpack_from("<3H", data, 46)
    headers = [struct.unpack_from("<10I", data, table + i * size) for i in range(count)]
    for header in headers:
        start = headers[names][4] + header[0]
        if data[start:data.index(0, start)].decode() == wanted:
            return data[header[4]:header[4] + header[5]]
    sys.exit(f"ksyms: {path} has no section {wanted}")


class Reader:
    """Numbers of debugging information, one after another."""

    def __init__(self, data, position, end):
        self._data, self._position, self.end = data, position, end

    @property
    def more(self):
        return self._position < self.end

    def take(self, size):
        """So many bytes as a number."""
        value = int.from_bytes(self._data[self._position:self._position + size], "little")
        self._position += size
        return value

    def uleb(self):
        value = shift = 0
        while True:
            byte = self.take(1)
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def text(self):
        return bytes(iter(lambda: self.take(1), 0))

    def block(self):
        self.take(self.uleb())


class Frame:
    """The state of DWARF's table of frames at one instruction (DWARF 5, 6.4): where the caller's frame begins, and
    where each register is saved in it."""

    def __init__(self, common=None):
        self._common = common or self
        self.base = self.distance = None
        self.saved = {}
        self.states = []
        if common:
            self.base, self.distance, self.saved = common.base, common.distance, dict(common.saved)

    def rule(self):
        where = self.saved.get(EBP, 0)
        if self.base not in (ESP, EBP) or self.saved.get(EIP) != 4 or where is None or where // 4 > 255:
            return 0
        return self.distance // 4 | (self.base == EBP) << 16 | where // 4 << 24

    def _restore(self, register):
        self.saved.pop(register, None)
        if register in self._common.saved:
            self.saved[register] = self._common.saved[register]

    def step(self, reader):
        """Carries out one instruction, a DW_CFA_...; returns by how much the address advances."""
        op = reader.take(1)
        low = op & 0x3F
        if op >> 6 == 1:  # advance_loc
            return low
        if op >> 6 == 2:  # offset, whose factor is -4 in all code for this machine
            self.saved[low] = reader.uleb() * 4
        elif op >> 6 == 3:  # restore
            self._restore(low)
        elif op in (0x02, 0x03, 0x04):  # advance_loc1, 2 and 4
            return reader.take(1 << (op - 2))
        elif op == 0x05:  # offset_extended
            register = reader.uleb()  # stands before the offset
            self.saved[register] = reader.uleb() * 4
        elif op == 0x06:  # restore_extended
            self._restore(reader.uleb())
        elif op == 0x08:  # same_value
            self.saved.pop(reader.uleb(), None)
        elif op == 0x07:  # undefined
            self.saved[reader.uleb()] = None
        elif op == 0x0A:  # remember_state
            self.states.append((self.base, self.distance, dict(self.saved)))
        elif op == 0x0B:  # restore_state
            self.base, self.distance, self.saved = self.states.pop()
        elif op == 0x0C:  # def_cfa
            self.base, self.distance = reader.uleb(), reader.uleb()
        elif op == 0x0D:  # def_cfa_register
            self.base = reader.uleb()
        elif op == 0x0E:  # def_cfa_offset
            self.distance = reader.uleb()
        elif op == 0x0F:  # def_cfa_expression
            self.base = reader.block()
        elif op in (0x10, 0x16):  # expression, val_expression
            register = reader.uleb()
            self.saved[register] = reader.block()
        elif op == 0x2E:  # GNU_args_size
            reader.uleb()
        elif op:  # 0 is nop
            sys.exit(f"ksyms: the debugging information has an instruction {op:#x}")
        return 0


def entries(data):
    """(position, identification, reader of the rest) of each entry of .debug_frame."""
    position = 0
    while position < len(data):
        length = int.from_bytes(data[position:position + 4], "little")
        reader = Reader(data, position + 4, position + 4 + length)
        yield position, reader.take(4), reader
        position += 4 + length


def common_frame(reader):
    """What the functions of one source have in common (a CIE)."""
    version = reader.take(1)
    reader.text()
    if version >= 4:
        reader.take(2)
    factors = reader.uleb(), reader.uleb(), reader.uleb()
    if factors != (1, 0x7C, EIP):  # 0x7C is -4
        sys.exit("ksyms: the debugging information is for another machine")
    frame = Frame()
    while reader.more:
        frame.step(reader)
    return frame


def rules(path):
    """(address, rule) wherever the rule changes, sorted; rule 0: none is known from here on."""
    found, common = {}, {}
    for position, kind, reader in entries(section(path, ".debug_frame")):
        if kind == 0xFFFFFFFF:
            common[position] = common_frame(reader)
            continue
        address, size = reader.take(4), reader.take(4)
        found.setdefault(address + size, 0)  # unless something begins there
        frame = Frame(common[kind])
        found[address] = frame.rule()
        while reader.more:
            address += frame.step(reader)
            found[address] = frame.rule()
    changes, last = [], None
    for address, rule in sorted(found.items()):
        if rule != last:
            changes.append((address, rule))
        last = rule
    return changes


def main():
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    path, nm = (sys.argv[1:] + ["nm"])[:2]
    names, frames = functions(path, nm), rules(path)
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
    progress.run(main)
