"""prompt - runs a command on a system that knows no run=, by typing it at the shell's prompt."""

import os
import secrets

PROMPT = b"$ "
TYPED_MAX = 98  # xv6's shell reads 99 characters and the end of the line


class PromptTyper:
    """Types the command, shows what comes until the prompt is back, and then is `finished`.

    A prompt is a `$ ` after which nothing comes for a moment.  When it is back, an echo of a random word is typed,
    since the command may print a `$ ` too and pause: only a shell answers.
    """

    PAUSE = 0.4

    def __init__(self, send, show, command):
        self._send, self._show = send, show
        self._command = os.fsencode(command)
        self._mark = b"done-" + secrets.token_hex(8).encode()
        self._state = "boot"
        self._text = b""
        self.finished = False

    @property
    def pause(self):
        """Seconds of silence after which idle() is to be called, or None."""
        return self.PAUSE if self._state != "mark" and self._text.endswith(PROMPT) else None

    def feed(self, data):
        self._text += data.replace(b"\r", b"")
        if self._state == "run" and self._text.startswith(self._command + b"\n"):
            self._text = self._text[len(self._command) + 1:]
            self._state = "output"
        if self._state == "output":
            keep = len(PROMPT)  # what may be the prompt stays here until something follows it
            self._show(self._text[:-keep])
            self._text = self._text[-keep:]
        elif self._state == "mark":
            self._look_for_mark()

    def _look_for_mark(self):
        answer = b"\n" + self._mark + b"\n"
        typed, newline, after = self._text.partition(b"\n")
        # A shell without an echo program complains, and shows its prompt again.
        if answer in self._text or (newline and self._mark in typed and after.endswith(PROMPT)):
            self.finished = True

    def idle(self):
        if self._state == "boot":
            self._text = b""
            self._state = "run"
            self._send(self._command + b"\n")
        elif self._state in ("run", "output"):
            self._text = b""
            self._state = "mark"
            self._send(b"echo " + self._mark + b"\n")

    def give_up(self):
        """The system ended by itself: what is still held back was output."""
        self._show(self._text)
        self._text = b""
