"""_gdb - sessions of ./ksm debug: commands for gdb, and what each is to print."""

import os
import re
import shutil
import subprocess
import sys

from _tap import ROOT, done, ok, skip
from run import qemu

DEBUG = [sys.executable, os.path.join(ROOT, "tools", "run", "debug.py")]
ENV = dict(os.environ, KSM_BUILT="1")
GDB = [shutil.which("gdb") or "gdb", "-q", "-nx"]


def need_gdb():
    if not shutil.which("gdb"):
        skip("sessions of gdb", "gdb is not installed")
        done()


class Session:
    """Commands are collected by step(); run() gives all of them to gdb at once, and then makes the tests."""

    def __init__(self):
        self.steps = []
        self.text = ""  # all that was printed
        self.parts = []  # the same: what came before the first step, and what each step printed

    def step(self, commands, *tests):
        """Each test is a title, and what the commands print: regular expressions, in this order.  Its number."""
        self.steps.append((commands, tests))
        return len(self.steps)

    def run(self, *arguments):
        """Ends gdb after the last step."""
        script = "".join("echo @@\\n\n%s\n" % commands.strip() for commands, _ in self.steps)
        p = subprocess.run(DEBUG + list(arguments), input=script + "\nquit\n", stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, errors="replace", timeout=qemu.ANSWER, env=ENV)
        self.text = p.stdout.replace("(gdb) ", "")
        self.parts = re.split(r"@@\n", self.text)
        for number, (_, tests) in enumerate(self.steps, 1):
            for title, *patterns in tests:
                self.check(title, number, *patterns)
        return p.returncode

    def printed(self, number):
        return self.parts[number] if number < len(self.parts) else ""

    def check(self, title, number, *patterns):
        text = self.printed(number)
        ok(re.search(".*?".join(patterns), text, re.S | re.M), title,
           text or "the session did not get there:\n" + self.text)
