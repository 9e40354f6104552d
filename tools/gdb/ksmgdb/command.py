"""What all commands have in common."""

import os

import gdb

CONSOLE = os.environ.get("KSM_CONSOLE")  # in ./ksm debug: a directory, which tools/run/debug.py explains


def quietly(command):
    return gdb.execute(command, to_string=True)


def plural(n, what):
    return "%d %s%s" % (n, what, "" if n == 1 else "s")


class Command(gdb.Command):
    """Its document string is what `help' prints."""

    def __init__(self, complete=gdb.COMPLETE_NONE):
        super().__init__(self.__class__.__name__.lower(), gdb.COMMAND_STATUS, complete)

    def invoke(self, argument, from_tty):
        self.dont_repeat()
        try:
            self.run(argument.strip())
        except gdb.MemoryError as e:
            name = self.__class__.__name__.lower()
            raise gdb.GdbError("%s: %s; the kernel's structures are not made yet, or damaged" % (name, e)) from None
        except gdb.error as e:
            raise gdb.GdbError(str(e)) from None

    def run(self, argument):
        raise NotImplementedError
