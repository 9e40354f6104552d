"""The suites of shared memory twice in one boot and in reverse order, between those of processes, files and pipes."""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import ROOT, done, ok, run, temp_directory  # noqa: E402

OTHERS = ["t_proc", "t_file", "t_pipe"]
GUEST = os.path.join(ROOT, "tests", "guest")
KSM = []
for name in sorted(os.listdir(GUEST)):
    if re.fullmatch(r"t_ksm.*\.c", name):
        with open(os.path.join(GUEST, name), encoding="utf-8") as f:
            if "Runs with:" not in f.read(4096):  # it needs a machine of its own
                KSM.append(name[:-2])

steps = OTHERS + [k + " -n 2" for k in KSM] + [k + " -r" for k in reversed(KSM)] + OTHERS
script = os.path.join(temp_directory(), "steps")  # the kernel's line is too short for them
with open(script, "w", encoding="ascii") as f:
    f.writelines("%s || echo FAILED %s\n" % (s, s) for s in steps)
r = run("--tests", "--add", script, "--timeout", "1500", "--", "sh steps", timeout=1600)
ok(r.status == 0, "the system lives through all of them", r)
plans = re.findall(r"^1\.\.([1-9]\d*)$", r.out, re.M)
ok(len(plans) == len(steps), "all %d steps end" % len(steps), plans, r.out[-2000:])
failed = re.findall(r"^(?:not ok|FAILED).*$", r.out, re.M)
ok(not failed, "all tests of all steps pass", "\n".join(failed), r.err[-2000:])
done()
