"""Exchanges between two processes while all processors of the machine share one of the host's.

A processor that pokes another is then likely to lose its place to it, and must not hold a lock that the other needs:
each exchange would cost a time slice of the host's.  What takes a second took a minute and a half then: the limit lies
far from both.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import done, ok, run, skip  # noqa: E402

TESTS = ["t_sync 'loses or doubles no unit between 2 processes'", "t_ring 'from one writer to one reader'"]
NAME = "four processors on one: semaphores and a ring"

if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    r = run("--tests", "--smp", "4", "--busy", "45", "--", " && ".join(TESTS))
    ok(r.status == 0 and r.out.count("\nok") + r.out.startswith("ok") == len(TESTS), NAME, r)
else:
    skip(NAME, "this host can't say where processes run")
done()
