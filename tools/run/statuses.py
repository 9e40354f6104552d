"""statuses - how ./ksm run ends when it is not by the status of the command."""

import sys

from .progress import BROKEN_PIPE, INTERRUPTED, write  # noqa: F401 (how any tool may end)

USAGE_ERROR = 2
BUILD_FAILED = 121
PANICKED = 122
TRIPLE_FAULT = 123
TIMED_OUT = 124
QEMU_FAILED = 125
CANNOT_START = 126


class Failure(Exception):
    """Ends the run with a status and a message."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def say(message):
    write(sys.stderr, "ksm: %s\n" % message)
