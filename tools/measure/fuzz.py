#!/usr/bin/env python3
"""fuzz - libFuzzer drives rooms of the kernel; or random calls to the whole system.

  fuzz.py [ksm | disk] [SECONDS] [--record]       ksm and 60 if left out; needs clang
  fuzz.py sys [--seed N] [--calls N] [--record]   N calls in each configuration (125000: a million in all of them)

ksm: the core of shared memory against its model (tests/host/ksm_driver.c).  disk: damaged images, mounted and used,
mended by fsck and used again (tests/host/fs_driver.c).

Starts from the inputs in tests/host/corpus and adds those that reach something new.  Status 1: something does not hold,
or a sanitizer reported something.  The input is then kept in build/fuzz; `build/fuzz/ksm_fuzz FILE`, or fs_fuzz,
replays it.

sys: sysfuzz (tests/hostile/sysfuzz.c) under QEMU, in normal and debug kernels, with one processor and four, with little
memory and with much.  Status 1: one of these runs failed; the line that repeats it is printed.

--record adds the result to the table of ./ksm reliability.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from measure import results, sysfuzz  # noqa: E402
from run.build import make  # noqa: E402
from run.paths import ROOT, clean_env  # noqa: E402

BUILD = os.environ.get("B") or "build"
# what -> the target, the longest input, libFuzzer's options, and what its inputs are.
# A file system that hangs is a finding.
TARGETS = {
    "ksm": ("ksm_fuzz", 400, [], ("random calls to shared memory, beside its model", "inputs")),
    "disk": ("fs_fuzz", 200, ["-timeout=20"], ("damaged disks, mounted, used, mended and used again", "images")),
}

CALLS = 125000
SYSTEM = "random system calls with hostile arguments"
CONFIGURATIONS = [(debug, smp, mem) for debug in (False, True) for smp in (1, 4) for mem in (16, 256)]


def run_and_count(command):
    """The status of a fuzzer, whose output is shown, and how many inputs it tried."""
    tried = 0
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, errors="replace") as fuzzer:
        for line in fuzzer.stderr:
            sys.stderr.write(line)
            number = re.match(r"#(\d+)\s", line)
            tried = int(number[1]) if number else tried
    return fuzzer.returncode, tried


def fuzz(what, seconds, record):
    name, max_length, options, subject = TARGETS[what]
    target, corpus = os.path.join(BUILD, "fuzz", name), os.path.join("tests", "host", "corpus", what)
    if subprocess.run(["make", "-s", "B=" + BUILD, target]).returncode:
        sys.exit("fuzz: the target can't be built; is clang installed?")
    command = [target, "-max_len=%d" % max_length, "-artifact_prefix=%s/fuzz/" % BUILD] + options
    with tempfile.TemporaryDirectory() as found:
        status, tried = run_and_count(command + ["-max_total_time=%d" % seconds, "-print_final_stats=1", found, corpus])
        if record:
            results.add("fuzz " + what, subject[0], tried, subject[1], int(status != 0))
        if status:
            print("fuzz: the input is in %s/fuzz" % BUILD)
            return 1
        before = len(os.listdir(corpus))
        subprocess.run(command + ["-set_cover_merge=1", "-use_counters=0", corpus, found], check=True,
                       stderr=subprocess.DEVNULL)
        print("fuzz: nothing was found in %d seconds; %d new inputs" % (seconds, len(os.listdir(corpus)) - before))
    return 0


def choose_build(debug):
    os.environ["DEBUG"] = "1" if debug else ""
    os.environ["B"] = "build/gcc-debug" if debug else "build"
    if not make(["all"], clean_env(), sys.stderr):
        sys.exit("fuzz: the build failed")


def fuzz_system(seed, calls, record):
    nfailed = ncalls = 0
    for debug, smp, mem in CONFIGURATIONS:
        choose_build(debug)
        run = sysfuzz.Run(seed, calls, smp, mem, "jitter=%d" % seed if debug and smp > 1 else None).run()
        nfailed += bool(run.problems)
        ncalls += run.calls if run.problems else calls
        print("%-6s %-6s kernel, %d processor%s %3d MB: %s, %.0f seconds" % (
            "FAILED" if run.problems else "ok", "debug" if debug else "normal", smp, ", " if smp == 1 else "s,", mem,
            run.summary, run.seconds), flush=True)
        for problem in run.problems:
            print("    " + problem)
        if run.problems:
            print("    repeat: " + run.line, flush=True)
    if record:
        results.add("fuzz sys", SYSTEM, ncalls, "calls", nfailed)
    return 1 if nfailed else 0


def parse_system(words):
    parser = argparse.ArgumentParser(prog="./ksm fuzz sys", allow_abbrev=False)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--calls", type=int, default=CALLS)
    results.add_option(parser)
    options = parser.parse_args(words)
    if options.seed < 1 or options.calls < 1:
        parser.error("numbers are positive")
    return options


USAGE = ("usage: ./ksm fuzz [%s] [SECONDS] [--record]\n       ./ksm fuzz sys [--seed N] [--calls N] [--record]"
         % " | ".join(TARGETS))


def main():
    arguments = sys.argv[1:]
    os.chdir(ROOT)
    if arguments[:1] == ["sys"]:
        options = parse_system(arguments[1:])
        return fuzz_system(options.seed, options.calls, options.record)
    if arguments in (["-h"], ["--help"]):
        print(USAGE)
        return 0
    record = "--record" in arguments
    arguments = [a for a in arguments if a != "--record"]
    what = arguments.pop(0) if arguments and arguments[0] in TARGETS else "ksm"
    if len(arguments) > 1 or not all(a.isdigit() for a in arguments):
        sys.exit(USAGE)
    return fuzz(what, int(arguments[0]) if arguments else 60, record)


if __name__ == "__main__":
    sys.exit(main())
