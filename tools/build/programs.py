#!/usr/bin/env python3
"""programs - lists the sources of the users' programs for make, and says which ones it must leave out.

usage: programs.py DIRECTORY...

Prints the .c files of the directories and, for a directory d/NAME in one but the first, d/NAME/NAME.c.  A source that
make or the disk can't have, or that lies beside one of the directories, is named on standard error; then a ! is at
the end of the list.
"""

import glob
import os
import re
import signal
import sys

DIRSIZ = 14  # bytes of a name on the disk
TAKEN = {"README": "the disk has a file of that name", "share": "the disk has a directory of that name",
         "console": "the disk has a device of that name"}
NAME = re.compile(r"[\w.+@][\w.+@-]*")


def candidates(directories):
    """(what was found, the source that it stands for), in the order of the directories."""
    for directory in directories:
        for name in sorted(os.listdir(directory)) if os.path.isdir(directory) else []:
            path = os.path.normpath(os.path.join(directory, name))
            if name.startswith("."):
                continue
            if name.endswith(".c"):
                yield path, path
            elif directory != directories[0] and os.path.isdir(path):
                yield path, os.path.join(path, name + ".c")


def objection(path, source, places):
    """Why this source can't become a program; None: it can.  Notes its place on the disk."""
    name = os.path.basename(source)[:-len(".c")]
    if not NAME.fullmatch(name):
        return "make can't work with such a name"
    if not os.path.isfile(source):
        return "there is no file %s" % source
    if name in TAKEN:
        return TAKEN[name]
    if path != source and os.path.exists(path + ".c"):
        return "there is a file %s.c too" % path
    other = places.setdefault(os.fsencode(name)[:DIRSIZ], name)
    if other != name:
        return "names on the disk have %d bytes, and %s has the same" % (DIRSIZ, other)
    return None


def left_out(path, reason):
    print("%s: left out: %s" % (path, reason), file=sys.stderr)


def main():
    places, complete = {}, True
    for path, source in candidates(sys.argv[1:]):
        reason = objection(path, source, places)
        if reason:
            complete = False
            left_out(path, reason)
        else:
            print(source)
    for directory in filter(os.path.dirname, sys.argv[1:]):
        for path in sorted(glob.glob(os.path.join(os.path.dirname(directory), "*.c"))):
            complete = False
            left_out(path, "programs lie in " + directory)
    if not complete:
        print("!")


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # make was interrupted: no reason for a traceback
    sys.stdout.reconfigure(errors="surrogateescape")
    sys.stderr.reconfigure(errors="backslashreplace")
    main()
