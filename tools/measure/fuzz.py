#!/usr/bin/env python3
"""fuzz - libFuzzer drives rooms of the kernel.

  fuzz.py [ksm | disk] [SECONDS]        ksm and 60 if left out; needs clang

ksm: the core of shared memory against its model (tests/host/ksm_driver.c).  disk: damaged images, mounted and used,
mended by fsck and used again (tests/host/fs_driver.c).

Starts from the inputs in tests/host/corpus and adds those that reach something new.  Status 1: something does not hold,
or a sanitizer reported something.  The input is then kept in build/fuzz; `build/fuzz/ksm_fuzz FILE`, or fs_fuzz,
replays it.
"""

import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("B") or "build"
# what -> the target, the longest input, libFuzzer's options.  A file system that hangs is a finding.
TARGETS = {
    "ksm": ("ksm_fuzz", 400, []),
    "disk": ("fs_fuzz", 200, ["-timeout=20"]),
}


def fuzz(what, seconds):
    name, max_length, options = TARGETS[what]
    target, corpus = os.path.join(BUILD, "fuzz", name), os.path.join("tests", "host", "corpus", what)
    if subprocess.run(["make", "-s", "B=" + BUILD, target]).returncode:
        sys.exit("fuzz: the target can't be built; is clang installed?")
    command = [target, "-max_len=%d" % max_length, "-artifact_prefix=%s/fuzz/" % BUILD] + options
    with tempfile.TemporaryDirectory() as found:
        run = subprocess.run(command + ["-max_total_time=%d" % seconds, "-print_final_stats=1", found, corpus])
        if run.returncode:
            print("fuzz: the input is in %s/fuzz" % BUILD)
            return 1
        before = len(os.listdir(corpus))
        subprocess.run(command + ["-set_cover_merge=1", "-use_counters=0", corpus, found], check=True,
                       stderr=subprocess.DEVNULL)
        print("fuzz: nothing was found in %d seconds; %d new inputs" % (seconds, len(os.listdir(corpus)) - before))
    return 0


def main():
    arguments = sys.argv[1:]
    what = arguments.pop(0) if arguments and arguments[0] in TARGETS else "ksm"
    if len(arguments) > 1 or not all(a.isdigit() for a in arguments):
        sys.exit("usage: ./ksm fuzz [%s] [SECONDS]" % " | ".join(TARGETS))
    os.chdir(ROOT)
    return fuzz(what, int(arguments[0]) if arguments else 60)


if __name__ == "__main__":
    sys.exit(main())
