"""./ksm handout: what is in a student's tree, what it says about bad input; with a debug kernel, all exercises."""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import ROOT, Result, done, ok, temp_directory  # noqa: E402

HANDOUT = [os.path.join(ROOT, "ksm"), "handout"]
WHERE = temp_directory()
MARK = re.compile(r"^\s*(?:/\*|#) course (?:\d+|out|end)\b", re.M)


def handout(*words, **more):
    p = subprocess.run(HANDOUT + list(words), cwd=WHERE, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                       check=False, **more)
    return Result(p.returncode, p.stdout, p.stderr)


def text_of(*parts):
    with open(os.path.join(WHERE, *parts), encoding="utf-8", errors="replace") as f:
        return f.read()


def texts(tree):
    for where, _, names in os.walk(os.path.join(WHERE, tree)):
        for name in names:
            yield os.path.relpath(os.path.join(where, name), os.path.join(WHERE, tree)), text_of(where, name)


def refused(r, status, pattern):
    """One line, a status, and nothing that was not there."""
    return r.status == status and re.fullmatch(pattern + r"\n", r.err) and not r.out


def left():
    return sorted(os.listdir(WHERE))


def no_room():
    """As a full disk: no file can grow beyond some bytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))


def silent(text):
    """But for what lies in the tree of whoever runs this test."""
    return re.fullmatch(r"(ksm: left out, as no part of this tree: .*\n)?", text)


r = handout("all")
tree = dict(texts("all"))
ok(r.status == 0 and silent(r.out + r.err) and left() == ["all"], "a student's tree is made, silently", r, left())
ok(os.access(os.path.join(WHERE, "all", "ksm"), os.X_OK) and not os.path.exists(os.path.join(WHERE, "all", ".git")),
   "it is complete without git")
marked = [path for path, text in tree.items() if MARK.search(text)]
ok(not marked, "no mark of a block is left in it", marked)
ok("segment_leave_locked" in tree["kernel/ksm/segment.c"] and "region_create" not in tree["kernel/ksm/segment.c"] and
   "aspace_inherit(" not in tree["kernel/ksm/attach.c"] and "thread_park" not in tree["kernel/ksm/wait.c"],
   "kernel/ksm is headers and empty functions")
ANSWER = re.compile(r"\b(give_birth_locked|find_id_locked|words_copy_masked\(&pm->directory)")
answers = [path for path, text in tree.items() if path.endswith((".c", ".h", ".py", ".md")) and ANSWER.search(text)]
ok(not answers and "docs/report.md" not in tree and
   not any(path.startswith("course/simple/") for path in tree), "and no answer lies about", answers)

ok(not any(path.startswith((".ci/", ".github/")) for path in tree),
   "a repository that starts with it has none of this tree's own workflows")

top = tree["README.md"].split("\n## ")[0]
ok("for exercise 3 of the course" in top and "./ksm test --exercise attach" in top and "`kernel/ksm/segment.c`" in top,
   "its README begins with the exercise", top)
dead = [(path, link) for path, text in tree.items() if path.endswith(".md")
        for link in re.findall(r"\]\(([^()\s#:]+)[^()\s:]*\)", text)
        if not os.path.exists(os.path.join(WHERE, "all", os.path.dirname(path), link))]
ok(not dead, "no link in its documents leads nowhere", dead)

# Where a block has gone, the formatter may want the lines around it otherwise.
FORMAT = """
import sys
sys.path[:0] = ["tools/rules"]
import linters
command, problem = linters.usable("clang-format", str(linters.LLVM))
print(*linters.format_faults(command) if command else ["skipped: " + problem], sep="\\n")
"""
for n in range(1, 11):
    handout(str(n), "formatted")
    r = subprocess.run([sys.executable, "-c", FORMAT], cwd=os.path.join(WHERE, "formatted"), capture_output=True,
                       text=True, check=False)
    ok(r.returncode == 0 and re.fullmatch(r"(skipped: .*)?\n", r.stdout),
       "exercise %d: its tree is formatted as .clang-format says" % n, r.stdout, r.stderr)
    shutil.rmtree(os.path.join(WHERE, "formatted"))

handout("4", "counts")
ok("region_create" in text_of("counts", "kernel/ksm/segment.c") and
   "aspace_inherit(" not in text_of("counts", "kernel/ksm/attach.c"),
   "an exercise's tree holds what the earlier ones built, and not what it asks for")
os.mkdir(os.path.join(WHERE, "empty"))
ok(handout("wait", "empty").status == 0 and os.path.exists(os.path.join(WHERE, "empty", "Makefile")),
   "an empty directory is filled")
os.mkdir(os.path.join(WHERE, "here"))
r = subprocess.run(["sh", "-c", '"$0" handout . && test -f ksm', HANDOUT[0]], cwd=os.path.join(WHERE, "here"),
                   capture_output=True, text=True, check=False)
ok(r.returncode == 0 and silent(r.stdout + r.stderr) and
   ".handout" not in "".join(os.listdir(os.path.join(WHERE, "here"))),
   "so is the one that the caller is in, which stays the same one", r)


def foreign(*names):
    """Puts files into the whole tree that are no part of it."""
    for name in names:
        os.makedirs(os.path.dirname(os.path.join(WHERE, "whole", name)), exist_ok=True)
        with open(os.path.join(WHERE, "whole", name), "w", encoding="utf-8") as f:
            f.write("secret\n")


def handed_out(*words):
    """The student's tree that the whole one makes in a directory of its own, and what it says."""
    p = subprocess.run(["./ksm", "handout"] + list(words), cwd=os.path.join(WHERE, "whole"), stderr=subprocess.PIPE,
                       text=True, check=True)
    return dict(texts(os.path.join("whole", words[-1]))), p.stderr


shutil.copytree(ROOT, os.path.join(WHERE, "whole"), symlinks=True,
                ignore=lambda where, names: {".git", "build"} & set(names) if where == ROOT else set())
handed_out("counts", "inner")
foreign("\x1b.c", "hidden/t_h.c", "points.csv", "submissions/\xff/kernel/ksm/attach.c")
outer, said = handed_out("call", "outer")
ok("Makefile" in outer and "secret\n" not in outer.values() and not [p for p in outer if p.startswith("inner")],
   "what else lies in this tree is not handed out: student's trees, submissions, hidden tests", sorted(outer))
ok(said.startswith("ksm: left out, as no part of this tree: \\x1b.c, "), "that is said", said)
if shutil.which("git"):
    subprocess.run("git init -q . && git add ksm course docs kernel tests tools", shell=True,
                   cwd=os.path.join(WHERE, "whole"), check=True)
    foreign("tests/guest/t_secret.c")
    inside = handed_out("call", "third")[0]
    ok("tests/guest/t_ksm.c" in inside and "tests/guest/t_secret.c" not in inside,
       "nor, where there is git, is what it does not know", sorted(inside))
    subprocess.run(["git", "init", "-q", os.path.join(WHERE, "another")], check=True)
    os.environ["GIT_DIR"] = os.path.join(WHERE, "another", ".git")
    inside = handed_out("call", "fourth")[0]
    del os.environ["GIT_DIR"]
    ok("tests/guest/t_ksm.c" in inside and "tests/guest/t_secret.c" not in inside,
       "nor if a hook of another repository makes the tree", sorted(inside))
    os.unlink(os.path.join(WHERE, "whole", ".git", "HEAD"))
    p = subprocess.run(["./ksm", "handout", "call", "fifth"], cwd=os.path.join(WHERE, "whole"), stderr=subprocess.PIPE,
                       text=True, check=False)
    ok(p.returncode != 0 and p.stderr.startswith("ksm: git does not say which files belong to this tree: fatal: ") and
       not os.path.exists(os.path.join(WHERE, "whole", "fifth")),
       "where git should know, and refuses to say, nothing is handed out", p.returncode, p.stderr)


def in_tree(*words, **env):
    return subprocess.run(words, cwd=os.path.join(WHERE, "all"), capture_output=True, text=True, check=False,
                          env=dict(os.environ, **env))


inner = in_tree("./ksm", "test", "t_abi", "feed")
ok(inner.returncode == 0 and re.findall(r"^skip +(.*)$", inner.stdout, re.M) ==
   ["guest/t_abi              needs exercise 6, delete", "cli/feed                 needs exercise 10, fast"],
   "there, ./ksm test leaves out the suites that need a later exercise, and says which one", inner.stdout, inner.stderr)
SHOW = "import sys; sys.path.insert(0, 'tests'); import suites; print(*suites.command('guest/t_ksm', {})[-2:])"
ok(re.fullmatch(r"-o [\d,-]+\n", in_tree(sys.executable, "-c", SHOW).stdout), "of a suite, it runs some tests")
os.rename(os.path.join(WHERE, "all", "course", "exercise"), os.path.join(WHERE, "exercise"))
ok(in_tree(sys.executable, "-c", SHOW).stdout == "-- t_ksm\n", "without the exercise's name, it runs all")
with open(os.path.join(WHERE, "all", "course", "exercise"), "w", encoding="utf-8") as f:
    f.write("attachh\n")
inner = in_tree("./ksm", "test", "t_abi")
ok(inner.returncode == 2 and
   inner.stderr == "ksm: course/exercise: there is no exercise 'attachh'; did you mean 'attach'?\n",
   "a wrong name there is named", inner.stderr)
os.rename(os.path.join(WHERE, "exercise"), os.path.join(WHERE, "all", "course", "exercise"))
for words, sentence in ((["handout", "x"], "only the whole tree has ./ksm handout"),
                        (["mutants"], "only the whole tree has ./ksm mutants"),
                        (["fuzz", "ksm", "1"], "only the whole tree has ./ksm fuzz ksm")):
    inner = subprocess.run(["./ksm"] + words, cwd=os.path.join(WHERE, "all"), capture_output=True, text=True,
                           check=False)
    ok(inner.returncode == 2 and inner.stderr == "ksm: this is a student's tree: %s\n" % sentence,
       "in a student's tree, ./ksm %s says that it needs the whole one" % " ".join(words), inner.stderr)
usage = in_tree("./ksm").stderr
known = sorted(set(re.findall(r"\./ksm ([a-z]+)", usage)) - {"handout", "mutants"})
broken = [inner for inner in (in_tree("./ksm", word, "--help", KSM_BUILT="1") for word in known) if inner.returncode]
ok("grade" in known and not broken, "in a student's tree, each other subcommand says how it is used", usage, *broken)

for name in ("counts", "empty", "here", "whole"):
    shutil.rmtree(os.path.join(WHERE, name))
before = left()
r = handout("attahc", "x")
ok(refused(r, 1, "ksm: there is no exercise 'attahc'; did you mean 'attach'\\?"), "an unknown exercise is refused", r)
r = handout("attach")
ok(refused(r, 1, r"ksm: where to\? ./ksm handout attach DIRECTORY"), "an exercise alone asks for a directory", r)
r = handout("all")
ok(refused(r, 1, "ksm: .*/all exists, and is not empty"), "a directory with something in it is left alone", r)
r = handout("all/README.md")
ok(refused(r, 1, "ksm: .*/README.md exists, and is no directory"), "so is a file", r)
os.mkdir(os.path.join(WHERE, "bare"))
r = subprocess.run(HANDOUT + [""], cwd=os.path.join(WHERE, "bare"), capture_output=True, text=True, check=False)
ok(r.returncode == 1 and r.stderr == "ksm: DIRECTORY wants a name, and this one is empty\n" and
   not os.listdir(os.path.join(WHERE, "bare")), "so is a name without a letter", r)
os.rmdir(os.path.join(WHERE, "bare"))
r = handout("no/such/place")
ok(refused(r, 1, "ksm: cannot write no/such/place: no such file or directory"), "a place that is not there is named", r)
r = handout("full", preexec_fn=no_room)
ok(refused(r, 1, "ksm: cannot write full: file too large"), "a disk without room is reported", r)
r = handout()
ok(r.status == 2 and r.err.startswith("usage:"), "a call without a directory shows the usage", r)
r = handout("--help")
ok(r.status == 0 and r.out.startswith("usage: ./ksm handout") and "  10  fast " in r.out,
   "--help lists the exercises", r)
p = subprocess.Popen(HANDOUT + ["stopped"], cwd=WHERE, stderr=subprocess.PIPE)
while p.poll() is None and left() == before:
    pass
p.terminate()
p.wait()
ok(left() == before or left() == sorted(before + ["stopped"]), "none of these leaves anything half-written", left())

if os.environ.get("KSM_TEST_ALL"):
    r = handout("--check")
    ok(r.status == 0, "each exercise's tests fail in its tree, and pass when it is solved", r.out, r.err)
done()
