"""The kernel's memory: bytes, variables, structures, and lists of them, as the selected processor sees them."""

import gdb

KERNEL_BASE = 0x80000000
PAGE_SIZE = 4096
LIST_MAX = 100000  # longer than any list of the kernel: it must be a circle


def read(address, nbytes):
    """From what the selected processor sees; what a newer gdb has for that takes the first one."""
    array = gdb.lookup_type("char").array(nbytes - 1)
    text = gdb.Value(address).cast(array.pointer()).dereference().string("latin-1", length=nbytes)
    return text.encode("latin-1")


def word(address):
    return int.from_bytes(read(address, 4), "little")


def kernel_file():
    """The kernel's symbols: gdb's main file."""
    for objfile in gdb.objfiles():
        if objfile.is_valid() and objfile.lookup_global_symbol("kernel_start"):
            return objfile
    raise gdb.GdbError("the kernel's symbols are not loaded: `file build/kernel.elf'")


def symbol(name):
    objfile = kernel_file()
    found = objfile.lookup_global_symbol(name) or objfile.lookup_static_symbol(name)
    if not found:
        raise gdb.GdbError("this kernel has no `%s'" % name)
    return found


def variable(name):
    return symbol(name).value()


def pointer(name, address):
    """A pointer to a structure of the kernel's, which may have another meaning in a program."""
    block = symbol("registry").symtab.static_block()
    return gdb.Value(address).cast(gdb.lookup_type("struct " + name, block).pointer())


def offset(pointer_to_struct, path):
    kind, total = pointer_to_struct.type.target().strip_typedefs(), 0
    for name in path.split("."):
        field = kind[name]
        total, kind = total + field.bitpos // 8, field.type.strip_typedefs()
    return total


def items(head, name, path):
    """The structures of a list: `path' leads to their links.  `head' is the list's own structure."""
    head = head.address
    link, n = head["next"], 0
    while link != head:
        if not link or n == LIST_MAX:
            raise gdb.GdbError("the list at 0x%x is broken" % int(head))
        item = pointer(name, 0)
        yield pointer(name, int(link) - offset(item, path))
        link, n = link["next"], n + 1


def table(node, height):
    """The values of a kernel/mm/table.h."""
    if not height:
        if node:
            yield node
        return
    for i in range(16):
        below = word(node + 4 * i)
        if below:
            yield from table(below, height - 1)
