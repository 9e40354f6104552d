"""What a user of ./ksm and make may call things, and what is said about a misspelling."""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import ROOT, WAIT, done, ok, temp_directory  # noqa: E402
from run.paths import clean_env  # noqa: E402

ENV = clean_env("DEBUG")
KSM = os.path.join(ROOT, "ksm")
COLUMNS = 80


def output(*command, **env):
    r = subprocess.run(command, cwd=ROOT, env=dict(ENV, **env), stdin=subprocess.DEVNULL, capture_output=True,
                       text=True, timeout=WAIT, check=False)
    return r.returncode, r.stdout, r.stderr


known = sorted(set(re.findall(r"^(?:usage:)? +\./ksm ([a-z]+)", output(KSM, "--help")[1], re.M)))
if not os.path.exists(os.path.join(ROOT, "tools", "course", "handout.py")):
    known.remove("handout")  # in a student's tree
for arguments in [[]] + [[subcommand] for subcommand in known]:
    r = output(KSM, *arguments, "--help")
    ok(r[0] == 0 and " ".join(["usage: ./ksm"] + arguments) in r[1], " ".join(["./ksm"] + arguments + ["--help"]), *r)
    wide = [line for line in r[1].splitlines() if len(line) > COLUMNS]
    ok(not wide, "and it fits a terminal", *wide)

with open(os.path.join(ROOT, "VERSION"), encoding="utf-8") as f:
    version = f.read()
link = os.path.join(temp_directory(), "ksm")
os.symlink(KSM, link)
os.symlink("ksm", link + "2")
r = output(link + "2", "--version")
ok(r[:2] == (0, version), "a link to a link to ./ksm is as good", *r)

for given, meant in ("DEBU=1", "DEBUG"), ("TOLLPREFIX=", "TOOLPREFIX"), ("CPU=4", "CPUS"):
    r = output("make", "-n", given, "print-gdbport")
    ok(r[0] == 2 and "did you mean %s?" % meant in r[2], "make %s is refused, with a suggestion" % given, *r)
r = output("make", "-s", "LAB=4", "GDBPORT=7", "print-gdbport")
ok(r[:2] == (0, "7\n"), "a variable of somebody's own is not", *r)

directory = temp_directory()
for how, arguments, env, wanted in (("0 on the command line is off", ["DEBUG=0"], {}, False),
                                    ("0 in the environment is off", [], {"DEBUG": "0"}, False),
                                    ("1 is on", ["DEBUG=1"], {}, True)):
    r = output("make", "-n", "B=" + directory, *arguments, os.path.join(directory, "kernel", "boot.o"), **env)
    ok(r[0] == 0 and ("-DDEBUG" in r[1]) == wanted, "DEBUG: " + how, *r)
done()
