"""No program forges what the tools are told: the machine's end and status, a panic, or that the shell waits."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import BUILD, done, ok, run, run_until  # noqa: E402
from run import statuses  # noqa: E402

r = run("--tests", "--", "forge 3")
ok(r.status == 3 and r.out.endswith("\nforged\n"), "the status is the program's, whatever it called itself", r)
ok(r.err.count("kill proc") == 7, "the kernel has printed each name", r.err)
ok("\nexit" not in r.err and "\x01" not in r.err, "with nothing in it that is not printable", r.err)
r = run_until([b"\nforged\n"], "--tests", "--", "forge -1")
ok(r.status == statuses.TIMED_OUT and r.out.endswith("\nforged\n"), "a hang stays a hang", r)
r = run("--disk", os.path.join(BUILD, "foreign.img"), "--add", os.path.join(BUILD, "bin", "forge"), "--", "forge 0")
ok(r.status == 0 and r.out.endswith("\nforged\n"), "a typed command is not cut short", r)
done()
