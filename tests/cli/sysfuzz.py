"""Random system calls with hostile arguments: the system lives, and nothing is lost."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import ROOT, done, ok  # noqa: E402
from measure import sysfuzz  # noqa: E402

CALLS = 100000
SEED = 1
NCPUS = int(os.environ.get("CPUS") or 2)
# What can't fail, and what can't succeed: only a shell says what is in the foreground, halt() is tried with arguments
# that can't be read, killjob() with other jobs than the fuzzer's, a normal kernel has no debug(),
# and consolectl() is the shell's.
NEVER_FAIL = {"getpid", "uptime", "pgused", "sync", "exit", "exits", "fork"}
NEVER_SUCCEED = {"unknown", "foreground", "halt", "debug", "killjob", "consolectl"}

run = sysfuzz.Run(SEED, CALLS, NCPUS, 32).run()
ok(not run.problems, "%d calls leave the system as it was" % CALLS, "repeat: " + run.line, *run.problems)
table = sysfuzz.counts(run.out)
with open(os.path.join(ROOT, "include", "syscall.tbl"), encoding="utf-8") as f:
    calls = {line.split()[1] for line in f if line[0].isdigit()}
ok(calls <= set(table), "all calls are made", *sorted(calls - set(table)))
ok(all(good or name in NEVER_SUCCEED for name, (good, _) in table.items()),
   "each call that can succeed does", run.out)
ok(all(bad or name in NEVER_FAIL for name, (_, bad) in table.items()),
   "each call that can fail does", run.out)
done()
