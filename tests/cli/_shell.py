"""_shell - the system's own shell, typed at on a machine's console."""

import os
import time

from _tap import BUILD
from run import qemu

KERNEL = os.path.join(BUILD, "kernel.elf")
IMAGE = os.path.join(BUILD, "tests.img")  # with the programs of tests/hostile
PROMPT = b"$ "
PATIENCE = qemu.ANSWER


class Shell(qemu.Session):
    """A console on which the shell shows its first prompt."""

    def __init__(self, machine):
        super().__init__(machine)
        self.wait_prompt()

    def wait_prompt(self, seconds=PATIENCE):
        """What was printed until the prompt, with which all ends; None if it does not come."""
        end = time.monotonic() + seconds
        while self.text != PROMPT and not self.text.endswith(b"\n" + PROMPT):
            left = end - time.monotonic()
            if left <= 0 or not self.pump(left):
                return None
        before, self.text = self.text[:-len(PROMPT)], b""
        return before

    def type(self, line):
        """Types a line, and reads its echo."""
        self.text = b""
        self.send(line + b"\n")
        return self.expect(b"\n")

    def command(self, line, seconds=PATIENCE):
        """Types a line; what was printed until the next prompt, or None."""
        return self.wait_prompt(seconds) if self.type(line) else None

    def in_step(self):
        """Reads to the last prompt after a job in the background has printed: in which order its text and the shell's
        prompts come, nobody knows.  What is waited for is not what the typed line's echo looks like."""
        self.send(b"echo in ste''p\n")
        return self.expect(b"in step\n" + PROMPT)

    def processes(self, name):
        """The living processes of this name, by ps, whose output is kept: each line's words."""
        self.listed = self.command(b"ps") or b""
        return [line.split() for line in self.listed.split(b"\n") if line.endswith(b" " + name)]

    def gone(self, name, seconds=PATIENCE):
        """Whether they all end: a process that was killed dies when a processor runs it."""
        return self.until(lambda: not self.processes(name), seconds)

    def until(self, holds, seconds=PATIENCE):
        """Asks until it holds; false: it never does."""
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                return False
        return True

    def seconds(self):
        """Processor time that the machine has taken so far: it does not depend on what else the host does."""
        with open("/proc/%d/stat" % self.machine.process.pid, encoding="ascii") as f:
            field = f.read().rpartition(")")[2].split()
        return (int(field[11]) + int(field[12])) / os.sysconf("SC_CLK_TCK")
