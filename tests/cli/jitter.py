"""The boot parameter jitter=SEED of debug kernels: it changes the order in which processes run, by the seed alone."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import done, ok, run  # noqa: E402
from run.build import make  # noqa: E402
from run.paths import clean_env, debug_build  # noqa: E402

DEBUG_BUILD = debug_build(os.environ)
RACE = "((%s) & (%s) & (%s)) | cat" % tuple("; ".join("echo %s%d" % (who, i) for i in range(16)) for who in "abc")


def order(*options):
    """What processes print that run at the same time; nothing but the jitter brings chance in."""
    return run("--icount", "--ramdisk", *options, "--", RACE, build=DEBUG_BUILD, env={"DEBUG": "1"})


if not make(["boot"], clean_env(B=DEBUG_BUILD, DEBUG="1")):
    sys.exit("jitter: the debug kernel does not build")
plain = order()
runs = [order("--param", "jitter=%d" % seed) for seed in (1, 1, 2)]
ok(all(r.status == 0 and sorted(r.out) == sorted(plain.out) for r in runs), "the programs do what they do without it",
   plain, *runs)
ok("jitter: seed 1\n" in runs[0].err, "the kernel says so", runs[0])
ok(runs[0].out != plain.out, "the order is another", plain.out)
ok(runs[0].out == runs[1].out, "the same seed gives the same order", runs[0].out, runs[1].out)
ok(runs[0].out != runs[2].out, "another seed gives another order", runs[0].out)
done()
