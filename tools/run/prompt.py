"""prompt - runs a command on a system that knows no run=, by typing it at the shell's prompt."""

import os
import re
import time

PROMPT = b"$ "
TYPED_MAX = 98  # xv6's shell reads 99 characters and the end of the line
POSSIBLE_PROMPT = re.compile(rb"(?<=\n)\$ |\$ ?\Z")


class Typer:
    """Types the command when the shell first waits for one, and is `finished` soon after it waits again.

    The kernel says when the shell waits, so nothing that a program prints can be mistaken for that.  The last `$ ` at
    the start of a line, or at the end of what has come, is held back with what follows it: when the shell waits, it was
    the prompt, and is dropped.  What the command left running is shown as well, until there is silence.
    """

    SILENCE = 0.4  # seconds without output that end the run
    LONGEST = 2.0  # seconds after the command's end that end it too

    def __init__(self, send, show, command):
        self._send, self._show = send, show
        self._command = os.fsencode(command)
        self._echo = None       # of the command, expected at the start; None: the system still starts
        self._text = b""        # not shown yet
        self._last = b"\n"      # the byte before that
        self._held = False      # the text starts with what may be the prompt
        self._ended = None      # when the command did
        self._heard = None      # when output came last after that

    @property
    def finished(self):
        now = time.monotonic()
        return self._ended is not None and (now - self._heard >= self.SILENCE or now - self._ended >= self.LONGEST)

    @property
    def pause(self):
        """Seconds after which idle() is to be called though nothing comes, or None."""
        return self.SILENCE / 4 if self._ended else None

    def feed(self, data):
        if self._echo is None:
            return
        self._text += data.replace(b"\r", b"")
        self._heard = time.monotonic()
        if self._text.startswith(self._echo):
            self._text = self._text[len(self._echo):]
            self._echo = b""
        elif not self._echo.startswith(self._text):
            self._echo = b""  # something else came first

    def shell_waits(self):
        """What was written before that has been fed."""
        if self._echo is None:
            self._echo = self._command + b"\n"
            self._send(self._echo)
        elif not self._ended:
            self.idle()
            if self._held and self._text.startswith(PROMPT):
                self._text = self._text[len(PROMPT):]
            self._ended = self._heard = time.monotonic()
            self.give_up()

    def idle(self):
        """Shows what is neither the echo nor may be the prompt."""
        if self._echo:
            return
        possible = [] if self._ended else list(POSSIBLE_PROMPT.finditer(self._last + self._text))
        if possible:
            self._pass_on(possible[-1].start() - 1)
            self._held = True
        elif not self._held or not self._text.startswith(PROMPT):
            self.give_up()

    def give_up(self):
        """What is still held back was output."""
        self._held = False
        self._pass_on(len(self._text))

    def _pass_on(self, n):
        if n:
            self._show(self._text[:n])
            self._last, self._text = self._text[n - 1:n], self._text[n:]
