#!/usr/bin/env python3
"""demo - the demonstration on one processor, and then on two."""

import os
import subprocess
import sys

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
from run import children, progress  # noqa: E402
from run.paths import ROOT  # noqa: E402
from run.statuses import USAGE_ERROR, say  # noqa: E402

COMMANDS = {1: "mathdemo", 2: "mathdemo -f"}  # by the number of processors


def main():
    if sys.argv[1:]:
        say("demo has no arguments")
        return USAGE_ERROR
    for nprocessors, command in COMMANDS.items():
        say("starting a machine with %d processor%s" % (nprocessors, "s" if nprocessors > 1 else ""))
        run = [sys.executable, os.path.join(ROOT, "tools", "run"), "--smp", str(nprocessors), "--", command]
        with children.child(run, stdin=subprocess.DEVNULL) as machine:
            status = machine.wait()
        if status:
            return status
    return 0


if __name__ == "__main__":
    progress.run(main)
