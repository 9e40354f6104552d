"""Page tables.

  pt [PID] ADDRESS   the walk to an address, in words
"""

import gdb

from .command import Command, plural
from .memory import KERNEL_BASE, PAGE_SIZE, offset, pointer, variable, word
from .processes import current_process, find_process, register, require_machine, words_for

# Bits of the entries of page directories and page tables: kernel/arch/i386/layout.h and pmap.h.
PRESENT, WRITABLE, USER, LARGE, COPIED, SHARED, PROMISED = 1, 2, 4, 0x80, 0x200, 0x400, 0x800
BITS = ((PRESENT, "present"), (WRITABLE, "writable"), (USER, "user"), (8, "write-through"), (0x10, "uncached"),
        (0x20, "accessed"), (0x40, "dirty"), (LARGE, "4 MB"), (0x100, "global"), (COPIED, "copied"), (SHARED, "shared"),
        (PROMISED, "promised"))


class Pt(Command):
    """The walk through the page tables to an address, in words.

usage: pt [PID] ADDRESS

ADDRESS is an expression without blanks: pt &counter, pt 5 0x7fffe000.  Without PID, it is looked up in what the
selected processor runs."""

    def run(self, argument):
        words = argument.split()
        if len(words) not in (1, 2):
            raise gdb.GdbError("usage: pt [PID] ADDRESS")
        require_machine()
        if len(words) == 2:
            proc = find_process(words[0])
            if not proc["thread"]["aspace"]:
                raise gdb.GdbError("%s has no memory any more" % words_for(proc))
            directory, what = int(proc["thread"]["aspace"]["map"]["directory"]), words_for(proc)
        else:
            if not register("cr0") >> 31:
                raise gdb.GdbError("there are no page tables yet: the kernel has not switched paging on")
            directory = KERNEL_BASE + register("cr3")
            proc = current_process() if variable("proc_one") else None
            what = words_for(proc) if proc else "the kernel"
        address = self.number(words[-1])
        print("%s, address 0x%x" % (what, address))
        if self.walk(directory, address) and proc and address < KERNEL_BASE:
            self.explain(proc["thread"]["aspace"], address)

    @staticmethod
    def number(text):
        value = gdb.parse_and_eval(text)
        if value.type.strip_typedefs().code in (gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_FUNC, gdb.TYPE_CODE_STRUCT):
            value = value.address
        return int(value) & 0xFFFFFFFF

    def walk(self, directory, address):
        """Prints the walk; true if the last entry is not 0."""
        index = address >> 22
        entry = word(directory + 4 * index)
        self.print_entry("directory", directory, index, entry)
        if not entry & PRESENT:
            print("  nothing is mapped in these 4 MB: a touch faults")
            return False
        if entry & LARGE:
            self.print_end((entry & 0xFFC00000) + (address & 0x3FFFFF))
            return True
        base, index, above = KERNEL_BASE + (entry & 0xFFFFF000), address >> 12 & 1023, entry
        entry = word(base + 4 * index)
        self.print_entry("table", base, index, entry)
        if address < KERNEL_BASE:
            print("  " + self.meaning(entry, above))
        elif not entry & PRESENT:
            print("  not mapped: a touch faults")
        if entry & PRESENT:
            self.print_end((entry & 0xFFFFF000) + (address & 0xFFF))
        return entry != 0

    @staticmethod
    def print_entry(what, base, index, entry):
        bits = ", ".join(name for bit, name in BITS if entry & bit)
        text = "0x%08x (frame 0x%x: %s)" % (entry, entry & 0xFFFFF000, bits) if entry else "0 (empty)"
        print("  %-9s 0x%x, entry %d: %s" % (what, base, index, text))

    @staticmethod
    def meaning(entry, above):
        """What an entry of a program's page table allows."""
        if not entry:
            return "no access: a touch faults"
        if entry & PROMISED and not entry & PRESENT:
            return "promised: the first touch makes a page of zeroes"
        if entry & SHARED:
            return "a segment's page, which may be read" + (" and written" if above & WRITABLE else "; a write faults")
        if entry & COPIED:
            frame = variable("frame_table")[(entry & 0xFFFFF000) // PAGE_SIZE]
            return "may be read; a write copies it first, if it has other owners still (%s)" % \
                plural(int(frame["refs"]) & 0xFFFF, "owner")
        return "may be read and written" if entry & WRITABLE else "may be read; a write faults"

    @staticmethod
    def print_end(pa):
        print("  physical address 0x%x, which the kernel reaches at 0x%x" % (pa, pa + KERNEL_BASE))

    @staticmethod
    def explain(aspace, address):
        """What of the address space is there."""
        if address < int(aspace["brk"]):
            print("  below the break (0x%x): image, stack or heap" % aspace["brk"])
            return
        mapping = aspace["mappings"]
        while mapping:
            start = int(mapping["va"])
            if start <= address < start + int(mapping["npages"]) * PAGE_SIZE:
                attachment = pointer("attachment", int(mapping) - offset(pointer("attachment", 0), "mapping"))
                print("  in the attachment of segment %08x at 0x%x, +0x%x" %
                      (attachment["holding"]["segment"]["id"], start, address - start))
                return
            mapping = mapping["left"] if address < start else mapping["right"]
