"""terminal - is there a terminal on standard input and output that understands escape sequences?

It is asked where its cursor is.  A script that holds the other side of a pseudo-terminal does not answer, and the
system is then not told of a terminal: it writes nothing that the script does not expect.
"""

import os
import re
import select
import sys
import termios
import time

QUERY = b"\x1b[6n"
NO_PASTE_MARKS = "\x1b[?2004l"  # the shell asks for marks around what is pasted
ANSWER = re.compile(rb"\x1b\[\d+;\d+R")
PATIENCE = 0.5          # seconds; a terminal far away may need some
WIDTH, HEIGHT = 80, 24  # where the terminal does not say


def ask():
    """Whether an answer comes, and what was typed meanwhile."""
    text = b""
    os.write(1, QUERY)
    end = time.monotonic() + PATIENCE
    while not ANSWER.search(text):
        left = end - time.monotonic()
        if left <= 0 or not select.select([0], [], [], left)[0]:
            return False, text
        data = os.read(0, 4096)
        if not data:
            return False, text
        text += data
    return True, ANSWER.sub(b"", text, count=1)


def parameters():
    """The boot parameters that tell of the terminal, a list; and what was typed meanwhile."""
    if os.environ.get("TERM", "dumb") in ("", "dumb") or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return [], b""
    saved = termios.tcgetattr(0)
    silent = termios.tcgetattr(0)
    silent[3] &= ~(termios.ICANON | termios.ECHO)
    termios.tcsetattr(0, termios.TCSANOW, silent)
    try:
        if select.select([0], [], [], 0)[0]:  # somebody types already, and nothing of it may be lost
            return [], b""
        answers, typed = ask()
    finally:
        termios.tcsetattr(0, termios.TCSANOW, saved)
    size = os.get_terminal_size(1)
    return (["terminal=%dx%d" % (size.columns or WIDTH, size.lines or HEIGHT)] if answers else []), typed
