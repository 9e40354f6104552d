#!/usr/bin/env python3
"""compile_commands - prints the compiler's command for each source, as editors and analysers read them.

usage: compile_commands.py MAKE VARIABLE=VALUE... >compile_commands.json
"""

import json
import os
import shlex
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from run import progress  # noqa: E402
from run.paths import clean_env  # noqa: E402


def main():
    command = [sys.argv[1], "-nB", "--no-print-directory", "V=1"] + sys.argv[2:] + ["all", "host-tests"]
    steps = subprocess.run(command, check=True, env=clean_env(), stdout=subprocess.PIPE, text=True).stdout
    found = {}
    for line in steps.replace("\\\n", " ").split("\n"):
        words = shlex.split(line.partition(" || ")[0]) if " -c " in line else []  # after it: what make does if it fails
        if words and words[-1].endswith((".c", ".S")):
            found.setdefault(words[-1], {"directory": os.getcwd(), "file": words[-1], "arguments": words})
    json.dump(sorted(found.values(), key=lambda entry: entry["file"]), sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    progress.run(main)
