"""Locks.

  locks   those that are held: spin locks, by which processor; sleeping locks, by which process, and who waits
"""

import re

import gdb

from .command import Command, plural, quietly
from .memory import items
from .processes import processes, processors, require_boot, words_for


class Locks(Command):
    """The locks that are held: spin locks, by which processor; sleeping locks, by which process, and who waits.

usage: locks"""

    def run(self, argument):
        require_boot()
        found = 0
        for name, lock in all_locks():
            if lock.type.strip_typedefs().tag == "mutex":
                text = self.mutex(lock)
            else:
                text = self.spinlock(lock)
            if text:
                found += 1
                print("%-24s %s" % (name, text))
        print("%s held" % plural(found, "lock") if found else "no lock is held")

    @staticmethod
    def spinlock(lock):
        holder = int(lock["locked"])
        if not holder:
            return None
        for i, cpu in enumerate(processors()):
            if int(cpu["cpu"].address) == holder:
                return "spin lock, held by processor %d" % i
        return "spin lock, held"

    @staticmethod
    def mutex(lock):
        if not lock["holder"]:
            return None
        waiters = [thread_name(t) for t in items(lock["waiters"], "thread", "wait_link")]
        return "held by %s%s" % (thread_name(lock["holder"]), "; waiting: " + ", ".join(waiters) if waiters else "")


def thread_name(thread):
    for proc in processes():
        if int(proc) == int(thread):
            return words_for(proc)
    return "the kernel's thread `%s'" % thread["name"].string()


def holds_locks(kind):
    kind = kind.strip_typedefs()
    if kind.code == gdb.TYPE_CODE_ARRAY:
        return holds_locks(kind.target())
    if kind.code != gdb.TYPE_CODE_STRUCT:
        return False
    return kind.tag in ("spinlock", "mutex") or any(holds_locks(field.type) for field in kind.fields())


def locks_in(name, value):
    kind = value.type.strip_typedefs()
    if kind.code == gdb.TYPE_CODE_ARRAY:
        for i in range(kind.range()[1] + 1):
            yield from locks_in("%s[%d]" % (name, i), value[i])
    elif kind.tag in ("spinlock", "mutex"):
        yield name, value
        if kind.tag == "mutex":
            yield name + "'s own", value["lock"]
    else:
        for field in kind.fields():
            if holds_locks(field.type):
                yield from locks_in("%s.%s" % (name, field.name), value[field.name])


static_locks = None


def all_locks():
    """(name, lock) of the kernel's variables, of the inodes in memory, and of the pipes that processes have open."""
    global static_locks
    if static_locks is None:
        static_locks = [(name, lock.address) for name, lock in find_static_locks()]
    for name, lock in static_locks:
        yield name, lock.dereference()
    buckets = symbol_in("kernel/fs/inode.c", "buckets")
    for i in range(buckets.type.range()[1] + 1):
        inode = buckets[i]
        while inode:
            yield "inode %d" % inode["inum"], inode["lock"]
            inode = inode["next"]
    pipes = {}
    for proc in processes():
        for i in range(int(proc["nfiles"])):
            file = proc["files"][i]
            if file and file["pipe"]:
                pipes.setdefault(int(file["pipe"]), (int(proc["pid"]), i, file["pipe"]))
    for pid, fd, pipe in pipes.values():
        yield "pipe (process %d, fd %d)" % (pid, fd), pipe["lock"]


def symbol_in(path, name):
    return gdb.parse_and_eval("'%s'::%s" % (path, name))


def find_static_locks():
    path = None
    for line in quietly("info variables -q").split("\n"):
        if line.startswith("File "):
            path = line[5:].rstrip(":")
        found = path and re.fullmatch(r"kernel/[\w/.+-]*", path) and re.match(r"\d+:\s.*?(\w+)(\[[^;]*\])?;$", line)
        if found:
            value = symbol_in(path, found[1])
            if holds_locks(value.type):
                name = found[1] if found[1] not in ("lock", "names") else "%s of %s" % (found[1], path)
                yield from locks_in(name, value)
