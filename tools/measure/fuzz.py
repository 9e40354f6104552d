#!/usr/bin/env python3
"""fuzz - libFuzzer drives rooms of the kernel; or random calls to the whole system.

  fuzz.py [ksm | disk] [SECONDS] [--keep] [--record]
                                                  ksm and 60 if left out; needs clang
  fuzz.py sys [--seed N] [--calls N] [--record]   N calls in each configuration (125000: a million in all of them)

ksm: the core of shared memory against its model (tests/naive.c).  disk: damaged images, mounted and used,
mended by fsck and used again (tests/host/fs_driver.c).

Starts from the inputs in tests/host/corpus and in build/fuzz/corpus, and adds to the latter those that reach something
new; with --keep, to the former as well.  Status 1: something does not hold, or a sanitizer reported something.  The
input is then kept in build/fuzz; `build/fuzz/ksm_fuzz FILE`, or fs_fuzz, replays it.

sys: sysfuzz (tests/hostile/sysfuzz.c) under QEMU, in normal and debug kernels, with one processor and four, with little
memory and with much.  Status 1: one of these runs failed; the line that repeats it is printed.

--record adds the result to the table of ./ksm reliability.
"""

import os
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from measure import results, sysfuzz  # noqa: E402
from run import children, progress  # noqa: E402
from run.build import make  # noqa: E402
from run.options import ToolParser, positive, small, suggestion  # noqa: E402
from run.paths import ROOT, clean_env  # noqa: E402
from run.statuses import USAGE_ERROR, say  # noqa: E402

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


def run_and_count(command, seconds):
    """The status of a fuzzer, and how many inputs it tried.  Its output is shown if it found something."""
    tried, kept, started = 0, [], time.monotonic()
    with children.child(command, stderr=subprocess.PIPE, text=True, errors="replace") as fuzzer:
        for line in fuzzer.stderr:
            number = re.match(r"#(\d+)\s", line)
            tried = int(number[1]) if number else tried
            if not number:
                kept.append(line)
            progress.show("fuzzing for %d seconds: %d tried" % (seconds, tried), started)
    progress.clear()
    if fuzzer.returncode:
        sys.stderr.writelines(kept)
    return fuzzer.returncode, tried


def merge(command, target, source):
    """Adds to a directory of inputs those of another one that reach something new.  Returns how many they are."""
    before = len(os.listdir(target))
    subprocess.run(command + ["-set_cover_merge=1", "-use_counters=0", target, source], check=True,
                   stderr=subprocess.DEVNULL)
    return len(os.listdir(target)) - before


def fuzz(what, seconds, record, keep):
    name, max_length, options, subject = TARGETS[what]
    target, corpus = os.path.join(BUILD, "fuzz", name), os.path.join("tests", "host", "corpus", what)
    grown = os.path.join(BUILD, "fuzz", "corpus", what)
    if not make(["B=" + BUILD, target], clean_env()):
        sys.exit("fuzz: the target can't be built; is clang installed?")
    os.makedirs(grown, exist_ok=True)
    common = [target, "-max_len=%d" % max_length, "-artifact_prefix=%s/fuzz/" % BUILD] + options
    with tempfile.TemporaryDirectory() as found:
        command = common + ["-max_total_time=%d" % seconds, "-print_final_stats=1"]
        status, tried = run_and_count(command + [found, grown, corpus], seconds)
        if record:
            results.add("fuzz " + what, subject[0], tried, subject[1], int(status != 0))
        if status:
            print("fuzz: the input is in %s/fuzz" % BUILD)
            return 1
        progress.show("choosing the inputs to keep")
        new = merge(common, grown, found)
        progress.say("fuzz: nothing was found in %d seconds; %d new inputs" % (seconds, new))
        if keep:
            progress.say("fuzz: %d are new in %s" % (merge(common, corpus, grown), corpus))
    return 0


def choose_build(debug):
    os.environ["DEBUG"] = "1" if debug else ""
    os.environ["B"] = "build/gcc-debug" if debug else "build"
    if not make(["all"], clean_env()):
        sys.exit("fuzz: the build failed")


def fuzz_system(seed, calls, record):
    nfailed = ncalls = 0
    for debug, smp, mem in CONFIGURATIONS:
        choose_build(debug)
        name = "%-6s kernel, %d processor%s %3d MB" % ("debug" if debug else "normal", smp, ", " if smp == 1 else "s,",
                                                       mem)
        progress.show(name + ": %d random system calls" % calls)
        run = sysfuzz.Run(seed, calls, smp, mem, "jitter=%d" % seed if debug and smp > 1 else None).run()
        nfailed += bool(run.problems)
        ncalls += run.calls if run.problems else calls
        progress.say("%-6s %s: %s, %.0f seconds" % ("FAILED" if run.problems else "ok", name, run.summary, run.seconds))
        for problem in run.problems:
            progress.say("    " + problem)
        if run.problems:
            progress.say("    repeat: " + run.line)
    if record:
        results.add("fuzz sys", SYSTEM, ncalls, "calls", nfailed)
    return 1 if nfailed else 0


def parse_system(words):
    parser = ToolParser("fuzz sys")
    parser.add_argument("--seed", type=small, default=1)
    parser.add_argument("--calls", type=small, default=CALLS)
    results.add_option(parser)
    return parser.parse_args(words)


def parse(words):
    parser = ToolParser("fuzz", "Random calls to shared memory, or damaged disks.  `./ksm fuzz sys --help` is about "
                                "random system calls.")
    parser.add_argument("what", nargs="?", metavar=" | ".join(TARGETS), default="ksm")
    parser.add_argument("seconds", nargs="?", type=positive, default=60, metavar="SECONDS", help="how long (60)")
    parser.add_argument("--keep", action="store_true",
                        help="add the inputs that reach something new to tests/host/corpus, where the tests find them")
    results.add_option(parser)
    if words and words[0].isdigit():
        words = ["ksm"] + words
    options = parser.parse_args(words)
    if options.what not in TARGETS:
        parser.error("there is nothing to fuzz that is called '%s'%s" % (
            options.what, suggestion(options.what, list(TARGETS) + ["sys"])))
    return options


def main():
    arguments = sys.argv[1:]
    os.chdir(ROOT)
    if arguments[:1] == ["sys"]:
        options = parse_system(arguments[1:])
        return fuzz_system(options.seed, options.calls, options.record)
    options = parse(arguments)
    if not os.path.exists(os.path.join("tests", "host", TARGETS[options.what][0] + ".c")):
        say("this is a student's tree: only the whole tree has ./ksm fuzz %s" % options.what)
        return USAGE_ERROR
    return fuzz(options.what, options.seconds, options.record, options.keep)


if __name__ == "__main__":
    progress.run(main)
