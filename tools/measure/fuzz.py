#!/usr/bin/env python3
"""fuzz - libFuzzer drives the core of shared memory against its model (tests/host/ksm_driver.c).

  fuzz.py [SECONDS]        60 if left out; needs clang

Starts from the inputs in tests/host/corpus/ksm and adds those that reach something new.  Status 1: the core and the
model differ, or a sanitizer reported something.  The input is then kept in build/fuzz; `build/fuzz/ksm_fuzz FILE`
replays it.
"""

import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CORPUS = "tests/host/corpus/ksm"
BUILD = os.environ.get("B") or "build"
MAX_LENGTH = 400


def main():
    if len(sys.argv) > 2 or not all(a.isdigit() for a in sys.argv[1:]):
        sys.exit("usage: ./ksm fuzz [SECONDS]")
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    os.chdir(ROOT)
    target = os.path.join(BUILD, "fuzz", "ksm_fuzz")
    if subprocess.run(["make", "-s", "B=" + BUILD, target]).returncode:
        sys.exit("fuzz: the target can't be built; is clang installed?")
    options = [target, "-max_len=%d" % MAX_LENGTH, "-artifact_prefix=%s/fuzz/" % BUILD]
    with tempfile.TemporaryDirectory() as found:
        run = subprocess.run(options + ["-max_total_time=%d" % seconds, "-print_final_stats=1", found, CORPUS])
        if run.returncode:
            print("fuzz: the input is in %s/fuzz" % BUILD)
            return 1
        before = len(os.listdir(CORPUS))
        subprocess.run(options + ["-set_cover_merge=1", "-use_counters=0", CORPUS, found], check=True,
                       stderr=subprocess.DEVNULL)
        print("fuzz: nothing was found in %d seconds; %d new inputs" % (seconds, len(os.listdir(CORPUS)) - before))
    return 0


if __name__ == "__main__":
    sys.exit(main())
