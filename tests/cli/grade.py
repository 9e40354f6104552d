"""./ksm grade: what became of each submission is named, and bad input is refused in one line.

With --all, twenty submissions are graded twice, and a run is interrupted.
"""

import argparse
import fcntl
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import _submissions  # noqa: E402
from _tap import ROOT, done, ok, temp_directory  # noqa: E402
from course import grade as grader, reference, report, submission, trial  # noqa: E402
from course.processes import Processes  # noqa: E402
from run import children, statuses  # noqa: E402
from run.paths import clean_env  # noqa: E402

POINTS_MISSING, NO_TREE, CANNOT_WRITE = 1, 3, 4
GRADE = [sys.executable, os.path.join(ROOT, "tools", "course", "grade.py"), "--icount", "--limit", "3"]
WORK = temp_directory()
ENV = clean_env("B", "DEBUG", "CPUS", "CC")

HIDDEN = """\
/*
 * Name: the hidden one
 * Points: 7
 */
#include "ksmtest.h"

TEST("§3.1 a new segment's handle is positive")
{
#ifdef CHANGED
    printf(1, "built with a changed header\\n");
#endif
    check(ksmget(4711, 1) > 0 && ksmdelete(ksmget(4711, 1)) == 0);
}

TAP_MAIN(NULL)
"""


def path(*names):
    return os.path.join(WORK, *names)


def write(name, text):
    os.makedirs(os.path.dirname(path(name)), exist_ok=True)
    with open(path(name), "w", encoding="utf-8") as f:
        f.write(text)
    return path(name)


def grade(*arguments):
    return subprocess.run(GRADE + list(arguments), env=ENV, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="replace", check=False)


def tests_run(*arguments):
    return subprocess.run([sys.executable, os.path.join(ROOT, "tests", "run"), *arguments], env=ENV,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def table(text):
    """Points and sentence of each tree."""
    return {m[1]: (m[2], m[3]) for m in re.finditer(r"^(\S+) +([\d.]+/[\d.]+)  (.*)$", text, re.M)}


def refused(status, words, title, *arguments):
    """One line, which has the words, and a status of its own."""
    r = grade("--out", path("none"), *arguments)
    lines = [line for line in r.stderr.splitlines() if not line.startswith(("usage:", "building with", "# "))]
    ok(r.returncode == status and len(lines) == 1 and words in lines[0] and "Traceback" not in r.stderr and
       not os.path.exists(path("none", "good")), title, r.returncode, r.stdout, r.stderr)


SUBS = _submissions.make(["good", "all-passed"])
GOOD = os.path.join(SUBS, "good")

# Bad input.
refused(2, "there is no test in it", "an empty directory of tests is refused",
        "--tests", os.path.dirname(write("empty/README", "")), GOOD)
refused(2, "no line `Points: ...'", "a hidden test without a header is refused",
        "--tests", os.path.dirname(write("headless/one.c", "int main(void) { return 0; }\n")), GOOD)
refused(2, "undefined reference to `nothing'", "and one that does not build, with what is wrong in it",
        "--tests", os.path.dirname(write("unlinked/one.c",
                                         HIDDEN.replace("check(", "extern int nothing(int);\n    nothing("))), GOOD)
refused(2, "'many' is no number of points", "points that are none are refused", "--points",
        write("many.csv", "suite,test,points\nt_ksm,,many\n"), GOOD)
ok(grader.points.read(write("sheet.csv", "\ufeffsuite,test,points\r\nt_ksm,,1\r\n"))[0].points == 1,
   "points may come from a spreadsheet, which marks UTF-8 as such")
refused(2, "there is no suite 't_nothing'", "and a suite that there is not", "--points",
        write("nothing.csv", "suite,test,points\nt_nothing,,1\n"), GOOD)
refused(2, "there is no exercise 'nothing'; there are: call pages attach", "and an exercise that there is not",
        "--exercise", "nothing", GOOD)
refused(2, "--exercise wants a value", "and an empty name of one, which would mean all suites", "--exercise", "", GOOD)
refused(2, "two trees have the name good", "and two trees of the same name", GOOD, os.path.join(WORK, "..", "good"))
refused(2, "'/' is no tree", "and a tree whose directory has no name", "/")
refused(2, "such a name", "and one that is called as a file of results", os.path.join(WORK, "grades.csv"))
refused(2, "such a name", "or as a part of them", os.path.join(WORK, ".good.part"))
refused(2, "'' is no tree", "and a name without a letter", "")
for option, where in ("--junit", path("no", "where")), ("--gradescope", WORK):
    refused(CANNOT_WRITE, where, "a report that can't be written is known before anything is graded: " + option, option,
            where, GOOD)
write("kept/good/notes", "")
r = grade("--out", path("kept"), GOOD)
ok(r.returncode == 2 and r.stderr.endswith("%s is no result of an earlier run, and stays as it is: --out names another "
                                           "directory\n" % path("kept", "good")) and os.listdir(path("kept", "good")),
   "a directory that holds no result is left alone, such as the submission itself", r)
os.mkdir(path("twice"))
os.symlink(GOOD, path("twice", "good"))
write(os.path.join(GOOD, "result.json"), "{}")
r = grade("--out", path("twice"), GOOD)
ok(r.returncode == 2 and "is no result of an earlier run" in r.stderr and os.path.exists(os.path.join(GOOD, "kernel")),
   "nor is a submission taken for a result if it has what a result has", r)
os.symlink(WORK, os.path.join(GOOD, "elsewhere"))
for out in "grades", "kernel/grades", "elsewhere":
    r = grade("--out", os.path.join(GOOD, out), GOOD)
    ok(r.returncode == 2 and "is in a submission" in r.stderr, "no result is looked for where a submission could have "
       "left one: " + out, r)
refused(3, "there is no directory", "and a tree that is not there", GOOD, path("nowhere"))
refused(2, "at most 8 processors", "and more processors than the system uses", "--smp", "1,9", GOOD)
for option in "--seed", "--limit":
    refused(2, "'1000000000' has more than 9 digits", "and a number that no suite can take: " + option, option,
            "1000000000", GOOD)
refused(2, "one processor", "and counted instructions on two processors", "--smp", "2", GOOD)

# Two submissions and something else, with a hidden test.
write("hidden/one.c", HIDDEN)
os.makedirs(path("hidden", "inner", "kernel"))
points = write("points.csv", "suite,test,points\nt_ksm,,30\n")
for cheat in "user/bin/t_ksm.c", "user/bin/pages.c", "user/bin/forge/forge.c", "tests/guest/t_ksm.c":
    os.makedirs(os.path.dirname(os.path.join(GOOD, cheat)), exist_ok=True)
    with open(os.path.join(GOOD, cheat), "w", encoding="utf-8") as f:
        f.write("int main(void) { return 0; }\n")
os.symlink("/etc/passwd", os.path.join(GOOD, "kernel", "passwd.c"))
for header in "include/fs.h", "include/stat.h", "include/types.h", "include/mustcheck.h":
    with open(os.path.join(GOOD, header), "a", encoding="utf-8") as f:
        f.write("#if __STDC_HOSTED__\n#error this is compiled to run on the host\n#endif\n")
with open(os.path.join(GOOD, "user/ksm/ksm.h"), "a", encoding="utf-8") as f:
    f.write("#define CHANGED\n")


def compile_as_grade(source, made):
    """Compiles a source as a submission's kernel is compiled."""
    r = subprocess.run(["make", "-n", "B=" + path("nothing"), "HOST_TREE=./", path("nothing", "kernel", "boot.o")],
                       cwd=ROOT, env=dict(ENV, NOTE_HEADERS=""), capture_output=True, text=True, check=True)
    words = next(shlex.split(line.rpartition(";")[2]) for line in r.stdout.splitlines() if "kernel/boot.c" in line)
    words = [{"kernel/boot.c": source, path("nothing", "kernel", "boot.o"): made}.get(word, word) for word in words]
    return subprocess.run(words, cwd=ROOT, env=ENV, capture_output=True, text=True, check=False)


# make runs what follows != in a rule, and compilers write rules with the names of headers.
trap = write("a!=touch${IFS}run;:", "")
r = compile_as_grade(write("trap.c", '#include "%s"\nint a;\n' % trap), path("trap.o"))
write("Makefile", "-include %s\nall:\n" % path("trap.d"))
subprocess.run(["make", "-s"], cwd=WORK, env=ENV, capture_output=True, check=False)
ok(r.returncode == 0 and not os.path.exists(path("run")), "a header's name is nothing that a later make runs", r)

# gcc takes a header that is compiled already for the header, if it can.
write("good.h", "#define BELIEVED\n")
r = compile_as_grade(path("good.h"), os.path.join(GOOD, "kernel", "gone.h.gch"))
ok(r.returncode == 0 and os.path.exists(os.path.join(GOOD, "kernel", "gone.h.gch")), "a precompiled header is made", r)
for name, text in ("gone.h", ""), ("gone.c", "#include <gone.h>\n#ifdef BELIEVED\n#error it was believed\n#endif\n"):
    with open(os.path.join(GOOD, "kernel", name), "w", encoding="utf-8") as f:
        f.write(text)
# What is made of the grader's own sources is not made of the names in a submission.
with open(os.path.join(GOOD, "kernel", "fs", "new.c"), "w", encoding="utf-8") as f:
    f.write("int new_in_fs;\n")
os.mkdir(path("laid"))
for name in set(os.listdir(ROOT)) - {"build", "kernel", ".git"}:
    os.symlink(os.path.join(ROOT, name), path("laid", name))
os.symlink(os.path.join(GOOD, "kernel"), path("laid", "kernel"))
os.symlink(ROOT, path("laid", "own"))
r = subprocess.run(["make", "-n", "HOST_TREE=own/", "build/tests/host/fs_replay"], cwd=path("laid"), env=ENV,
                   capture_output=True, text=True, check=False)
ok(r.returncode == 0 and "own/kernel/fs/file.c" in r.stdout, "a submission can have more files than this tree", r)

arguments = ["--points", points, "--tests", path("hidden"), "--out", path("out")]
LONG = "n" * os.pathconf(WORK, "PC_NAME_MAX")
for name in "=1+2", LONG:
    os.mkdir(path(name))
r = grade(*arguments, "--junit", path("junit.xml"), GOOD, os.path.join(SUBS, "all-passed"), path("hidden"),
          path("=1+2"), path(LONG))
got = table(r.stdout)
ok(r.returncode == NO_TREE and got.get("hidden") == ("0/37", "no tree: it has no directory kernel, but its inner has"),
   "a directory that is not a tree has a status of its own", r)
ok(": 2 graded in" in r.stdout and ", 3 could not be graded;" in r.stdout, "and is not counted among the graded",
   r.stdout)
ok(got.get("good") == ("37/37", "all passed"),
   "a tree without a mistake has all points, and nothing of it is built to run on the host", r)
ok(all("# good: left out: user/bin/%s\n" % name in r.stdout for name in ("forge", "pages.c", "t_ksm.c")),
   "no program of a submission takes the place of one of the tests' own", r.stdout)
ok(got.get(LONG, ("",))[0] == "0/37", "a name can be as long as one can be", r)
ok("# good: left out: kernel/passwd.c\n" in r.stdout and
   "# good: its own tests differ, and were not used\n" in r.stdout,
   "its own tests are not believed, and a link is not followed; both are said", r.stdout)
ok(got.get("all-passed", ("", ""))[0] == "0/37" and "no test ran" in got["all-passed"][1],
   "one that says itself that all passed has none", r)
ok("--icount --seed 1" in r.stdout, "how it was graded is printed", r.stdout)
with open(path("out", "grades.csv"), encoding="utf-8") as f:
    ok("\n'=1+2,0,37,no tree" in f.read() and "\n=1+2 " in r.stdout, "a spreadsheet computes nothing of a tree's name")
with open(path("out", "all-passed", "guest-t_ksm-smp1.log"), encoding="utf-8") as f:
    ok("30 passed, 0 failed" in f.read(), "the log of its test is kept")
with open(path("out", "good", "guest-t_one-smp1.log"), encoding="utf-8") as f:
    said = f.read()
    ok("built with a changed header" in said, "what includes a header that a submission has changed is built again",
       said)
found = {s.get("name"): (s.get("tests"), s.get("failures")) for s in ET.parse(path("junit.xml")).getroot()}
ok(found.get("good/guest/t_one") == ("1", "0") and found.get("all-passed/guest/t_one") == ("1", "1"),
   "--junit has the tests of each tree", found)
r = grade(*arguments, "--gradescope", path("results.json"), GOOD)
with open(path("results.json"), encoding="utf-8") as f:
    results = json.load(f)
tests = {t["name"]: t for t in results["tests"]}
ok(r.returncode == 0 and all(t["score"] == t["max_score"] and t["status"] == "passed" for t in tests.values()) and
   round(sum(t["score"] for t in tests.values()), 6) == 37, "--gradescope has each test's points", results)
one = tests.get("the hidden one: §3.1 a new segment's handle is positive", {})
ok(one.get("max_score") == 7 and one.get("visibility") == "after_published", "a hidden test stays hidden", results)
r = grade(*arguments, "--gradescope", path("results.json"), os.path.join(SUBS, "all-passed"))
with open(path("results.json"), encoding="utf-8") as f:
    ok(json.load(f)["output"].startswith("0 of 30 points ("), "what a student may read counts no hidden test", r)
r = grade(*arguments, GOOD)
ok("0 graded" in r.stdout and "1 were graded already" in r.stdout, "what has been graded is not graded again", r.stdout)
r = grade(*arguments, "--junit", "/dev/full", GOOD)
said = [line for line in r.stderr.splitlines() if not line.startswith("# ")]  # what is done, on a busy host
ok(r.returncode == CANNOT_WRITE and len(said) == 1 and "the disk is full (/dev/full)" in said[0],
   "a full disk has a status of its own", r)
outcomes = [{"title": "§1 one", "outcome": "no test ran"}, {"title": "§2 two", "outcome": "hang"}]
ok(grader.Graded({"problem": "", "tests": outcomes}).sentence == "§2 two: hang" and
   grader.Graded({"problem": "", "tests": outcomes[:1]}).sentence == "§1 one: no test ran",
   "what kept tests from running stands before those that did not run")
text = report.junit([("a\x00b", [report.Case("t\x1b[31m", "f\x08", "\ud800\x7f\uffff")], 0)])
ok(ET.fromstring(text.split("?>", 1)[-1].strip())[0].get("name") == "a\ufffdb", "JUnit's XML survives any character",
   text)

submission.BUILD_BYTES = 1 << 20
for place, where in ("in its directory", "big"), ("in a file for a while", "$$(mktemp)"):
    rule = "all:\n\tf=%s; head -c 2000000 /dev/zero >$$f; sleep 600; rm $$f; false\n" % where
    built, said = submission.build(os.path.dirname(write(place + "/Makefile", rule)), ".", ["all"], ENV, 1, Processes())
    ok(not built and submission.first_error(said) == "error: what it builds takes more than 1 MB",
       "a build that fills the disk is ended: " + place, said)
said = "ld: kernel.ld:1: syntax error\nmake: *** [Makefile:1: a] Error 1\nmake: *** Deleting file 'a'\n"
ok(submission.first_error(said) == "ld: kernel.ld:1: syntax error",
   "what a tool says counts, and not what make says of it")
said = "make: *** [Makefile:1: a] File size limit exceeded\nmake: *** Deleting file 'a'\n"
ok("limit exceeded" in submission.first_error(said), "where make alone knows what is wrong, that counts")
ok(len(submission.first_error("error: " + "x" * 99999)) < 1000, "a line without an end makes no table wide")

for name in "twice/a.c", "twice/b.c":
    write(name, "int f(void) { return 0; }\n")
write("twice/Makefile", "all:\n\tgcc -g -c a.c b.c\n\tld -r -o c.o a.o b.o\n")
built, said = submission.build(path("twice"), ".", ["all"], ENV, 1, Processes())
ok(not built and "a.c:1: first defined here" in said and WORK not in said,
   "where a linker finds a name twice is said without the grader's own directories", said)

left = {name: path("left", name) for name in ("ksm-grade-dead", "ksm-grade-live", "ksm-grade-young", "other")}
for name, place in left.items():
    os.makedirs(os.path.join(place, "reference"))
    made = time.time() + 3600 if name == "ksm-grade-young" else 0  # it stays young, however slow this host is
    os.utime(place, (made, made))
os.symlink(path("left", "other"), path("left", "ksm-grade-link"))
live = os.open(left["ksm-grade-live"], os.O_RDONLY)
fcntl.flock(live, fcntl.LOCK_EX)
PLACE = "import sys, os; sys.path.insert(0, %r); from course.workplace import workplace\nwith workplace(): pass"
subprocess.run([sys.executable, "-c", PLACE % os.path.join(ROOT, "tools")], env=dict(ENV, TMPDIR=path("left")),
               check=True)
os.close(live)
ok(sorted(os.listdir(path("left"))) == ["ksm-grade-link", "ksm-grade-live", "ksm-grade-young", "other"] and
   os.listdir(left["other"]), "what a killed run has left is removed by the next, and nothing else",
   os.listdir(path("left")))

# What is built of a tree, and when; nothing of it can be written to.
at = {"kernel.elf": 0, "kernel/old.o": 0, "kernel/new.o": time.time() + 86400, "stamp/tools": time.time() + 86400}
for name, seconds in at.items():
    os.utime(write("clock/build/" + name, ""), (seconds, seconds))
write("clock/tools/__pycache__/grade.pyc.1", "")
subprocess.run(["chmod", "-R", "a-w", path("clock")], check=True)
reference.ROOT = path("clock")
reference.copy_tree(path("copied"), "build")
reference.ROOT = ROOT
found = sorted(name for _, _, names in os.walk(path("copied")) for name in names)
ok(found == ["kernel.elf", "old.o"], "what was built in the future is built again, as make would not", found)
ok(all(os.stat(path("copied", *names)).st_mode & 0o200 for names in ((), ("build", "kernel"), ("build", "kernel.elf"))),
   "what is graded in a tree that nobody can write to can be written to")
subprocess.run(["chmod", "-R", "u+w", path("clock")], check=True)

# Commands that write to one --out.
os.mkdir(path("shared"))
parallel = grader.Grader.__new__(grader.Grader)
parallel.__dict__.update(_options=argparse.Namespace(out=path("shared")), _names={GOOD: "good"})
with ThreadPoolExecutor(4) as pool:
    results = [grader.Graded({"points": n}) for n in range(100)]
    failures = [f.exception() for f in [pool.submit(parallel._keep, GOOD, r, {"a.log": "a" * 9999}) for r in results]]
ok(not any(failures) and sorted(os.listdir(path("shared"))) == ["good"],
   "commands that grade one tree at once end well", [e for e in failures if e][:3], os.listdir(path("shared")))

# What a student reads first.
said = trial.Report("key")
for line in ("# a.c:1: x is 1, not 2", "# guest.c:121: status is 99, not 0", "# left behind: 1 frames",
             "key not ok 1 - one", "# 2 processes", "# left behind: 1 frames", "key not ok 2 - two"):
    said.line(line.encode())
ok(said.whys == ["a.c:1: x is 1, not 2", "left behind: 1 frames"],
   "the first check that failed says why, or the last note", said.whys)
said = trial.Report("")
for line in "not ok 1 - one", "# 0x1000-0x7000 read-only", "# status 0", "not ok 2 - two", "# nothing":
    said.line(line.encode())
ok(said.whys == ["0x1000-0x7000 read-only", "nothing"], "what a script says is about the test before it", said.whys)
PANIC = """\
KSM 1.0.0: 1 processor, 245612 KB of memory free
panic: exception 14 in the kernel: code 0, at 80112a30, address c
panic: processor 0, thread t_ksmproc
  80109594 panic+84
  80108169 kernel_fault+57
  80107f21 trap_page_fault+81
  80101c4a page_fault_entry+35
  80112a30 segment_leave_locked+0
  8011206f ksm_release+159
  80116f72 proc_exit+130
  8011abc7 sys_exits+7
  80101c02 syscall_entry+34
ksm: the kernel panicked
"""
ok(trial.death(PANIC) == "panic: exception 14 in the kernel: code 0, at 80112a30, address c, in segment_leave_locked, "
   "called from ksm_release, proc_exit", "a panic is named with the functions in which it came", trial.death(PANIC))
ok(trial.death("ksm: timeout: no end after 6 seconds; cpu 0: spin_wait+0x12\n") ==
   "no end after 6 seconds; cpu 0: spin_wait+0x12" and not trial.death("ok"), "a hang with where it hangs")

limits = []
run_command = trial.run_command
trial.run_command = lambda *arguments: (limits.append(arguments[-1]), (124, False, ""))[1]
one = trial.Guest("guest/t_ksm", ROOT, "build", ENV, trial.How(limit=1000), Processes())
one.boot()
trial.run_command = lambda *arguments: (statuses.PANICKED, False, trial.MESSAGES + "panic: not yet\n")
said = trial.Guest("guest/t_ksm", ROOT, "build", ENV, trial.How(), Processes()).run(list("abcd"), [1, 2, 3, 4])
ok([outcome for outcome, _ in said.values()] == ["panic"] * 2 + [trial.NO_TEST] * 2 and
   all(why == "panic: not yet" for _, why in said.values()), "each test that a panic cost says the panic's words", said)
trial.run_command = run_command
ok(limits[0] > 1000 * trial.PATIENCE, "a machine ends by its own limit, also by a long one", limits)

FLOOD = """\
import os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: (os.write(int(sys.argv[1]), bytes(1 << 20)), os._exit(0)))
signal.alarm(60)
os.write(int(sys.argv[1]), bytes(2 << 20))
signal.pause()
"""
for number in "1", "2":
    command = [sys.executable, "-c", FLOOD, number]
    status, flooded, _ = trial.run_command(Processes(), command, ENV, WORK, trial.Report(""), 60)
    ok((status, flooded) == (0, True), "what prints too much, and at its end as well, can end: descriptor " + number,
       status, flooded)

said, threading.excepthook = [], lambda what: said.append(what.exc_value)
trial.run_command(Processes(), ["true"], ENV, WORK, trial.Report(""), 10 ** 13)
threading.excepthook = threading.__excepthook__
ok(not said, "a limit may be longer than Python can wait", said)


def steal():
    """Gets the grader's Ctrl-C, as any thread can, when the main thread waits."""
    while not any(frame.f_code is grader.completed.__code__ for frame, _ in
                  traceback.walk_stack(sys._current_frames()[threading.main_thread().ident])):
        pass
    signal.pthread_kill(threading.get_ident(), signal.SIGINT)


going_on, said = threading.Event(), None
before = signal.signal(signal.SIGINT, signal.default_int_handler)
with ThreadPoolExecutor() as pool:
    try:
        tree = pool.submit(going_on.wait, 55)
        pool.submit(steal)
        list(grader.completed([tree]))
    except KeyboardInterrupt:
        said = tree.running()
    going_on.set()
signal.signal(signal.SIGINT, before)
ok(said, "Ctrl-C ends the wait for trees when another thread gets it")

children.ENDING = 1
began = time.monotonic()
before = signal.signal(signal.SIGTERM, signal.SIG_IGN)  # and so it is for what is started, from its first moment
status, _, _ = trial.run_command(Processes(), ["sh", "-c", "sleep 60; :"], ENV, WORK, trial.Report(""), 1)
signal.signal(signal.SIGTERM, before)
ok(status == -signal.SIGKILL and time.monotonic() - began < 55,
   "what ignores a kill is ended all the same, with all that it has started", status)
began = time.monotonic()
before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
with ThreadPoolExecutor() as pool:
    running = Processes()
    waiting = pool.submit(trial.run_command, running, ["sh", "-c", ">begun; sleep 60; :"], ENV, WORK, trial.Report(""),
                          600)
    while not os.path.exists(path("begun")):
        time.sleep(0.05)
    running.stop()
signal.signal(signal.SIGTERM, before)
ok(isinstance(waiting.exception(), KeyboardInterrupt) and time.monotonic() - began < 55,
   "also when the grader itself is interrupted", waiting)

subprocess.run([os.path.join(ROOT, "ksm"), "handout", path("handout")], check=True)
ok(not submission.edited(path("handout", "tests"), os.path.join(ROOT, "tests")),
   "nothing is said of the tests in a tree that is as it was handed out")


def changes_noted():
    found = submission.Submission(path("handout"), os.path.join(ROOT, "tests"))
    found.note_changes(*grader.handed_out(argparse.Namespace(exercise="attach")))
    return found.notes


ok(not changes_noted(), "nothing is said of the sources in a tree that is as it was handed out", changes_noted())
for name in "kernel/ksm/attach.c", "kernel/sys/sys_ksm.c", "user/libc/printf.c", "user/bin/new.c":
    with open(path("handout", name), "a", encoding="utf-8", newline="\r\n") as f:
        f.write("\n")
with open(path("handout", "kernel", "console", "console.c"), "r+b") as f:
    data = f.read().replace(b"\n", b"\r\n")
    f.seek(0)
    f.write(data)
ok(changes_noted() == ["changed outside the exercises' files: user/bin/new.c, user/libc/printf.c"],
   "what was changed where no exercise asks for it is named", changes_noted())
os.makedirs(path("closed", "tests"))
os.symlink("guest", path("closed", "tests", "guest"))
ok(submission.edited(path("closed", "tests"), os.path.join(ROOT, "tests")), "tests that nobody can read are not ours")

for number in range(submission.FILES_MAX + 1):
    os.makedirs(path("many", "kernel", str(number)))
try:
    said = submission.Submission(path("many"), os.path.join(ROOT, "tests")).files
except submission.NoTree as e:
    said = str(e)
ok(str(said).startswith("too large: "), "directories without end are too large, with nothing in them as well", said)

# An exercise is worth its own tests, and what broke of the earlier ones is named before them.
items = grader.points.exercise("fast")
grader.points.find_suites(items, grader.suites.grouped("guest"))
worth = grader.points.share_out(items, {"guest/t_ksmlarge": grader.suites.titles("guest/t_ksmlarge")})
own, kept = items[-1].tests[0], "§4.4 read-only holds for 4 MB and more, and across fork"
ok(len(items[-1].tests) * worth[own] == 10 and worth["guest/t_ksmlarge", kept] == 0 and sum(worth.values()) == 10 and
   not any("§4.2 from 4 MB on" in title for _, title in worth),
   "an exercise's tests have its points; those of earlier ones in its suites run without", worth)
tests = [{"suite": suite, "title": title, "of": of, "points": of, "why": "", "how": "",
          "outcome": "failed" if title == kept else "passed"} for (suite, title), of in worth.items()]
broken = grader.Graded({"problem": "", "tests": tests, "ways": [""]})
ok((broken.points, broken.of, broken.sentence) == (10, 10, kept + ": failed"),
   "and what broke of them stands in the table", broken.points, broken.of, broken.sentence)
shown = json.loads(report.gradescope("", [(t["title"], t["points"], t["of"], grader.explained(t, broken), False)
                                          for t in tests], 1))["tests"]
ok([t["name"] for t in shown if t["status"] == "failed"] == [kept], "and as failed on Gradescope", shown)
none = grader.Graded({"problem": "no tree: it is no directory"})
said = grader.explained(dict(tests[0], outcome="no test ran"), none)
ok(said == none.problem, "what never ran does not say how it ran", said)

# ./ksm test has points and JUnit's XML too.
style = write("style.csv", "suite,test,points\ncheck/style,,3\n")
r = tests_run("--icount", "--points", style, "--junit", path("style.xml"))
ok(r.returncode == 0 and "# 3 of 3 points\n" in r.stdout and "1 processor, --icount" in r.stdout,
   "./ksm test --points runs the suites that the file names, and prints the points and how they ran", r)
suite = ET.parse(path("style.xml")).getroot()[0]
ok(suite.get("name").startswith("check/style (") and suite.get("failures") == "0" and len(suite) > 0,
   "./ksm test --junit writes each test", suite.attrib)
r = tests_run("style", "--junit", path("no", "where"))
ok(r.returncode == 1 and r.stderr == "ksm: %s: No such file or directory\n" % path("no", "where") and not r.stdout,
   "nothing is run whose results can't be written", r)
r = tests_run("--all", "--jitter", "1")
ok(r.returncode == 2 and "neither --icount nor --jitter" in r.stderr, "--all goes with neither of them", r)
r = tests_run("--exercise", "3", "t_ksm")
ok(r.returncode == 2 and "no NAME goes with them" in r.stderr, "an exercise names its suites itself", r)


# Twenty submissions.
def expect(name, got, how_many, words):
    points, of = got[name][0].split("/")
    kind = "all" if points == of else "no" if points == "0" else "some"
    ok(kind == how_many and re.search(words, got[name][1]), "%s has %s points: %s" % (name, how_many, words), got[name])


def interrupt():
    """Stops a run that builds the second tree: once the first one has its result, make waits."""
    trees = [os.path.join(SUBS, name) for name in ("all-passed", "good")]
    waits = write("waits/make", '#!/bin/sh\n[ ! -e "%s" ] || { >"$0.begun"; exec sleep 600; }\nexec %s "$@"\n' % (
        path("cut", "all-passed"), shutil.which("make")))
    os.chmod(waits, 0o755)
    env = dict(ENV, PATH=os.path.dirname(waits) + os.pathsep + ENV["PATH"])
    with subprocess.Popen(GRADE + arguments + ["--out", path("cut"), "--jobs", "1"] + trees, env=env,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not os.path.exists(waits + ".begun") and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        status = process.wait()
    left = sorted(os.listdir(path("cut")))
    ok(status == statuses.INTERRUPTED and left == ["all-passed"], "an interrupted run leaves what is whole", status,
       left)
    r = grade(*arguments, "--out", path("cut"), *trees)
    ok("1 graded" in r.stdout and "1 were graded already" in r.stdout and "good" in table(r.stdout),
       "and the same command goes on from there", r)


def twenty():
    subs = _submissions.make(list(_submissions.MISTAKEN) + list(_submissions.WORSE))
    trees = sorted(os.path.join(subs, name) for name in os.listdir(subs))
    points = write("twenty.csv", "suite,test,points\nt_ksm,,15\nt_ksmhandle,,7\nt_ksmdetach,,8\nt_ksmproc,,16\n")
    runs = [grade("--points", points, "--out", path("twenty%d" % i), *trees) for i in range(2)]
    got = [table(r.stdout) for r in runs]
    print("# " + runs[0].stdout.splitlines()[-1])
    ok(len(got[0]) == len(trees) and got[0] == got[1], "%d submissions get the same table twice" % len(trees),
       *[r.stdout for r in runs], runs[0].stderr)
    for name, (how_many, words) in _submissions.EXPECTED.items():
        expect(name, got[0], how_many, words)


def long_suite():
    r = grade("--limit", "20", "--points", write("one.csv", "suite,test,points\nt_wake,a mutex loses,1\n"), "--out",
              path("one"), os.path.relpath(ROOT))
    ok(r.returncode == 0, "tests that do not count, and take minutes, are not run on this tree", r.stdout, r.stderr)


if os.environ.get("KSM_TEST_ALL"):
    long_suite()
    interrupt()
    twenty()
done()
