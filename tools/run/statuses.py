"""statuses - how ./ksm run ends when it is not by the status of the command."""

import sys

from .progress import write

USAGE_ERROR = 2
BUILD_FAILED = 121
PANICKED = 122
TRIPLE_FAULT = 123
TIMED_OUT = 124
QEMU_FAILED = 125
CANNOT_START = 126
INTERRUPTED = 130
BROKEN_PIPE = 141


class Failure(Exception):
    """Ends the run with a status and a message."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def sentence(error):
    """What an exception says, without numbers of errors."""
    if isinstance(error, OSError) and error.strerror:
        name = error.filename2 or error.filename  # of a copy: where there may be no room
        return "%s: %s" % (name, error.strerror) if name else error.strerror
    return str(error)


def say(message):
    write(sys.stderr, "ksm: %s\n" % message)
