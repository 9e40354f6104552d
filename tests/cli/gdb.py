"""./ksm debug: gdb stops in the kernel and in a program, and knows both by name."""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import ROOT, done, ok, skip  # noqa: E402

COMMANDS = """\
hbreak kernel_start
continue
info symbol $eip
delete
hbreak main if argc == 3
continue
info symbol $eip
print argc
print argv[1]
kill
quit
"""

if not shutil.which("gdb"):
    skip("a session of gdb", "gdb is not installed")
    done()
DEBUG = [sys.executable, os.path.join(ROOT, "tools", "run", "debug.py")]
p = subprocess.run(DEBUG + ["echo", "--smp", "1", "--", "echo one two"], input=COMMANDS,
                   capture_output=True, text=True, timeout=120, env=dict(os.environ, KSM_BUILT="1"))
ok("kernel_start in section" in p.stdout, "a function of the kernel", p.stdout, p.stderr)
ok("main in section" in p.stdout and "= 3" in p.stdout and '"one"' in p.stdout, "a function of a program", p.stdout,
   p.stderr)
ok(p.returncode == 0, "gdb ends", p.stderr)
p = subprocess.run(DEBUG + ["no-such-program"],
                   stdin=subprocess.DEVNULL,
                   capture_output=True, text=True, env=dict(os.environ, KSM_BUILT="1"))
ok(p.returncode == 2 and "no-such-program" in p.stderr, "a program that does not exist is refused", p.stderr)
done()
