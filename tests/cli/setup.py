"""./ksm installs exactly what is missing, and says what it cannot install.

With an apt-get of our own: nothing is installed on this machine.
"""

import json
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import ROOT, done, ok, run, skip, temp_directory  # noqa: E402
from run import qemu, statuses  # noqa: E402

BASICS = ("sh", "dirname", "id", "cut", "sort", "tr", "mktemp", "rm", "cat", "ls", "env", "touch", "ln",
          "make", "mandoc", "sed", "grep", "uname")
GCC = "#!/bin/sh\nexit 0\n"  # it makes whatever it is asked for
LD = "#!/bin/sh\necho elf_i386\n"
APT = """\
#!/bin/sh
echo "$*" >>%(directory)s/apt.log
case "$*" in
*update*) touch %(directory)s/updated ;;
*install*)
    [ -e %(directory)s/updated ] || exit 100
    for name in qemu-system-i386 wished; do
        case "$*" in *${name%%-i386}*) ln -s /bin/sh %(directory)s/$name ;; esac
    done ;;
esac
"""


def machine(apt=None, without=(), more=None):
    """A directory for all of PATH: it has no QEMU, and a python3 that starts helpers only, and else just says so.
    `more` are scripts by their names, `without` what is not there."""
    directory = temp_directory()
    for name in set(BASICS) - set(without):
        found = shutil.which(name)
        if found:
            os.symlink(found, os.path.join(directory, name))
    python3 = "#!/bin/sh\ncase $1 in *.py) exec %s \"$@\" ;; esac\necho started\n" % sys.executable
    scripts = {"gcc": GCC, "ld": LD, "python3": python3}
    if os.getuid():
        scripts["sudo"] = "#!/bin/sh\n[ $1 = -v ] || exec \"$@\"\n"
    scripts.update(more or {})
    if apt:
        scripts["apt-get"] = apt % {"directory": directory}
    for name, text in scripts.items():
        if name in without:
            continue
        path = os.path.join(directory, name)
        if os.path.lexists(path):
            os.unlink(path)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, 0o755)
    return directory


def ksm(directory, *arguments):
    return subprocess.run([os.path.join(ROOT, "ksm")] + list(arguments), env={"PATH": directory},
                          stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)


def log(directory):
    with open(os.path.join(directory, "apt.log"), encoding="utf-8") as f:
        return f.read().split("\n")


def says(text):
    return "#!/bin/sh\necho '%s'\n" % text


for what, cache, steps in (("empty", {}, ["update", "install"]),
                           ("old", {"apt-cache": says("Candidate: 7.2")}, ["install", "update", "install"])):
    directory = machine(APT, more=cache)
    p = ksm(directory, "run")
    ok(p.returncode == 0 and p.stdout == "started\n", "what is missing is installed", p.stdout, p.stderr)
    lines = log(directory)
    ok([l.split()[0] for l in lines if l] == steps, "with one update of lists of packages that are " + what, lines)
ok(all(l.endswith("-y --no-install-recommends qemu-system-x86") for l in lines if l.startswith("install")),
   "and nothing else", lines)
p = ksm(directory, "run")
ok(p.returncode == 0 and log(directory) == lines, "nothing is installed twice", p.stderr)

p = ksm(machine("#!/bin/sh\nexit 100\n"), "run")
ok(p.returncode == 121 and "qemu-system-x86" in p.stderr and not p.stdout, "what apt cannot install is named", p.stderr)
p = ksm(machine(), "run")
ok(p.returncode == 121 and "qemu.org" in p.stderr and not p.stdout, "without apt, it says where to get what is missing",
   p.stderr)
ok("gcc" not in p.stderr.replace("gcc.gnu.org", ""), "what is installed is not named", p.stderr)

directory = machine(APT, without=["mandoc"])
p = ksm(directory, "run")
ok(p.returncode == 0 and log(directory)[1].endswith("-y --no-install-recommends mandoc qemu-system-x86"),
   "what is optional is installed together with what is needed", p.stderr, log(directory))
lines = log(directory)
p = ksm(directory, "run")
ok(p.returncode == 0 and p.stdout == "started\n" and not p.stderr and log(directory) == lines,
   "and not asked for by itself", p.stderr, log(directory))
p = ksm(machine(without=["mandoc"]), "test")
ok(p.returncode == 121 and "mandoc.bsd.lv" in p.stderr, "the tests need it", p.stderr)

for arguments in (["t_ksm"], ["ksm", "guest/t_mem"], ["--exercise", "call"], ["--junit", "results", "ksm"], ["--list"],
                  ["host"]):
    p = ksm(machine(without=["mandoc"], more={"qemu-system-i386": says("QEMU 7.2")}), "test", *arguments)
    ok(p.returncode == 0 and p.stdout == "started\n", "but those that only build and boot need no more: %s" % arguments,
       p.stderr)
for arguments in ["console"], ["ksm", "man"], ["tools"], ["--jitter", "ksm"], ["--points", "ksm"], ["--all", "ksm"]:
    p = ksm(machine(more={"qemu-system-i386": says("QEMU 7.2")}), "test", *arguments)
    ok(p.returncode == 121 and "clang-format" in p.stderr, "others need more: %s" % arguments, p.stderr)

# A tree with a list of its own.
tree = temp_directory()
shutil.copy(os.path.join(ROOT, "ksm"), tree)
os.symlink(os.path.join(ROOT, "tools"), os.path.join(tree, "tools"))
with open(os.path.join(tree, "packages.txt"), "w", encoding="utf-8") as f:
    f.write("all qemu-system - qemu-system-i386 x\nrun? wished - wished x\ntest? other - other x\n")
UPDATED = "#!/bin/sh\n[ ! -e ${0%/*}/updated ] || echo 'Candidate: 120.0'\n"
for what, cache, installed in (("not at all", says("Candidate: (none)"), ["qemu-system"]),
                               ("from the first", says("Candidate: 120.0"), ["qemu-system wished"] * 2),
                               ("once the lists are read", UPDATED, ["qemu-system", "wished"])):
    directory = machine(APT, more={"apt-cache": cache})
    open(os.path.join(directory, "runs"), "w").close()  # which is no word of the list
    p = subprocess.run([os.path.join(tree, "ksm"), "run"], cwd=directory, env={"PATH": directory}, capture_output=True,
                       text=True)
    found = [l.partition("--no-install-recommends ")[2] for l in log(directory) if l.startswith("install")]
    ok(p.returncode == 0 and found == installed, "what a use makes do without is installed where apt has it: " + what,
       log(directory), p.stderr)

p = ksm(machine("#!/bin/sh\necho step; exit 100\n"), "run")
ok(p.returncode == 121 and "\nstep\n" in p.stderr, "apt's own words are shown when it fails", p.stderr)

# Versions.
QEMU = says("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)")
p = ksm(machine(more={"qemu-system-i386": QEMU}), "run")
ok(p.returncode == 0 and not p.stderr, "what is new enough is taken", p.stderr)
for name, text, version in (("make", "GNU Make 3.81", "3.81"), ("python3", "Python 3.6.9", "3.6.9"),
                            ("qemu-system-i386", "QEMU emulator version 4.2.1 (Debian)", "4.2.1")):
    p = ksm(machine(more={"qemu-system-i386": QEMU, name: says(text)}), "run")
    ok(p.returncode == 121 and "and this is %s)" % version in p.stderr and p.stderr.count("https://") == 1,
       "what is too old is named: " + text, p.stderr)
p = subprocess.run(["make", "-C", ROOT, "-n", "MAKE_VERSION=3.81"], capture_output=True, text=True)
ok(p.returncode == 2 and "GNU make 3.81, which is too old" in p.stderr and "gcc" not in p.stdout,
   "by make itself, too", p.stdout, p.stderr)

# A user who may not install anything, and Homebrew.
USER = {"id": says("1000")}
PASTED = "\n  apt-get install --no-install-recommends %s \n"
p = ksm(machine("exit 100", more=USER, without=["sudo"]), "run")
ok(p.returncode == 121 and PASTED % "qemu-system-x86" in p.stderr, "an administrator gets a line to paste", p.stderr)
for arguments, names in ((["test", "--all"], ["clang-format", "qemu-system-x86", "xorriso"]),
                         (["test", "web"], ["clang-format", "npm", "qemu-system-x86"])):
    p = ksm(machine("exit 100", more=USER, without=["sudo"]), *arguments)
    line = p.stderr.split("\n")[-2].split()
    ok(p.returncode == 121 and p.stderr.count("apt-get") == 1 and set(names) <= set(line),
       "which says all that is needed: %s" % arguments, p.stderr)
for arguments in ["run", "--help"], ["iso", "-h"], ["reliability"]:
    p = ksm(machine("exit 100", more=USER, without=["sudo", "python3", "gcc"]), *arguments)
    ok(p.returncode == 121 and PASTED % "python3" in p.stderr, "and no more: %s" % arguments, p.stderr)
directory = machine(APT, more={"sudo": "#!/bin/sh\n[ $1 = -n ] || echo Sorry >&2\nexit 1\n", **USER})
p = ksm(directory, "run")
ok(p.returncode == 121 and p.stderr.count("Sorry") == 1 and PASTED % "qemu-system-x86" in p.stderr and
   not os.path.exists(os.path.join(directory, "apt.log")), "who may not use sudo is told once", p.stdout, p.stderr)
directory = machine(APT, more={"sudo": "#!/bin/sh\ncase $1 in -n) ;; -v) exit 1 ;; *) exec \"$@\" ;; esac\n", **USER})
p = ksm(directory, "run")
ok(p.returncode == 0 and log(directory)[-2].startswith("install"), "who needs no password for it is not asked for one",
   p.stderr)
p = ksm(machine(more={"brew": says("")}), "run")
ok(p.returncode == 121 and "\n  brew install qemu \n" in p.stderr, "so does who has Homebrew", p.stderr)

# A gcc that makes no 32-bit x86 code, as on a machine with an ARM processor.
REFUSES = "#!/bin/sh\ncase \"$*\" in *-m32*) echo \"gcc: error: unrecognized option '-m32'\" >&2; exit 1 ;; esac\n" \
    "exit 0\n"
p = ksm(machine(more={"gcc": REFUSES, "qemu-system-i386": QEMU, "brew": says("")}), "run")
ok(p.returncode == 121 and "gcc-i686-linux-gnu" in p.stderr and "brew install i686-elf-gcc" in p.stderr,
   "a gcc that refuses -m32 is not enough", p.stderr)
for processor, asked in ("x86_64", False), ("i686", False), ("aarch64", True):
    p = ksm(machine("exit 100", more={"uname": says(processor), **USER}, without=["gcc", "sudo"]), "run")
    ok(p.returncode == 121 and ("gcc-i686-linux-gnu" in p.stderr) == asked,
       "without any gcc, another one is asked for where a gcc would not do: " + processor, p.stderr)
p = ksm(machine(more={"gcc": REFUSES, "qemu-system-i386": QEMU, "i386-elf-gcc": GCC, "i386-elf-ld": LD}), "run")
ok(p.returncode == 0 and not p.stderr, "with another that does, it is", p.stderr)


def toolchain(directory, *arguments):
    p = subprocess.run([shutil.which("sh"), os.path.join(ROOT, "tools", "build", "toolchain.sh")] + list(arguments),
                       env={"PATH": directory}, capture_output=True, text=True)
    return p.stdout + p.stderr


PREFIXES = "i686-linux-gnu-", "i386-elf-", "i686-elf-", "x86_64-elf-", ""
for i, first in enumerate(PREFIXES):
    text = toolchain(machine(more={p + tool: code for p in PREFIXES[i:] for tool, code in (("gcc", GCC), ("ld", LD))}))
    ok(text == "CC:=%sgcc M32:=-m32 LD:=%sld TOOLS:=%s\n" % (first, first, first),
       "compilers are looked for in a fixed order: %sgcc" % first, text)
CLANG = "#!/bin/sh\ncase \"$*\" in *--target=i386-unknown-elf*) exit 0 ;; esac\nexit 1\n"
ALONE = {"gcc": REFUSES, "ld": says("no"), "clang": CLANG, "llvm-objcopy": says("")}
text = toolchain(machine(more=ALONE))
ok("nothing here makes" in text, "clang alone does not link", text)
text = toolchain(machine(more={"ld.lld": says("LLD 14.0.6 (compatible with GNU linkers)"), **ALONE}))
ok(text == "CC:=clang M32:=--target=i386-unknown-elf LD:=ld.lld TOOLS:=llvm-\n", "clang and LLD come last", text)
for arguments in ["no-such-cc"], ["gcc"], ["", "no-such-ld"], ["", "", "arm-"]:
    text = toolchain(machine(more={"gcc": REFUSES}), *arguments)
    ok("32-bit x86 code" in text and ":=" not in text, "what will not do is refused: %s" % arguments, text)


def lines_of(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as f:
        return f.read().split("\n")


# The container has what packages.txt lists, and what an editor and a clone need.
listed = {line.split()[1] for line in lines_of("packages.txt") if line and line[0] != "#"}
installed = [line.strip(" \\") for line in lines_of("Dockerfile") if line.startswith("        ")]
ok(installed == sorted(listed | {"ca-certificates", "git"}), "the Dockerfile installs what packages.txt lists",
   listed ^ set(installed))
base = [line for line in lines_of("Dockerfile") if line.startswith("FROM ")]
ok(len(base) == 1 and re.fullmatch(r"FROM debian:\w+-\d{8}-slim", base[0]), "on a base of one day", base)
with open(os.path.join(ROOT, ".devcontainer", "devcontainer.json"), encoding="utf-8") as f:
    file = json.load(f)["build"]["dockerfile"]
ok(os.path.samefile(os.path.join(ROOT, ".devcontainer", file), os.path.join(ROOT, "Dockerfile")),
   "editors build the same container")


def works(engine):
    """It is there, and so is the service that it talks to."""
    return shutil.which(engine) and subprocess.run([engine, "info"], capture_output=True, check=False).returncode == 0


ENGINE = next(filter(works, ("docker", "podman")), None)
if os.environ.get("KSM_TEST_ALL") and ENGINE:
    p = subprocess.run([ENGINE, "build", "-q", "-t", "ksm-test", ROOT], capture_output=True, text=True)
    ok(p.returncode == 0, "it builds", p.stdout, p.stderr)
    p = subprocess.run([ENGINE, "run", "--rm", "-v", "%s:/ksm" % ROOT, "ksm-test", "./ksm", "run", "--", "echo", "hi"],
                       capture_output=True, text=True)
    ok(p.returncode == 0 and p.stdout == "hi\n", "and runs the system", p.stdout, p.stderr)
else:
    skip("the container builds, and runs the system", "./ksm test --all, where docker or podman works")

# A QEMU that starts nothing.
STUCK = "#!/bin/sh\nexec %s 600\n" % shutil.which("sleep")
PATH = machine(more={"qemu-system-i386": STUCK}) + os.pathsep + os.environ["PATH"]
if os.environ.get("KSM_TEST_ALL"):
    r = run("--timeout", str(qemu.PATIENCE + 1), "--", "true", env={"PATH": PATH})
    ok(r.status == statuses.TIMED_OUT and "nothing has come" in r.err and "qemu-system-i386 --version" in r.err,
       "when nothing comes from the system, it is said what to check", r)
else:
    skip("when nothing comes from the system, it is said what to check", "./ksm test --all")

for word, meant in ("tets", "test"), ("mutnats", "mutants"):
    p = ksm(machine(APT), word)
    ok(p.returncode == 2 and "did you mean %s?" % meant in p.stderr and not p.stdout, "a misspelling: " + word,
       p.stderr)
for subcommand in ("run", "view", "demo", "test", "debug", "bench", "coverage", "fuzz", "mutants", "crash", "soak",
                   "reliability"):
    p = subprocess.run([os.path.join(ROOT, "ksm"), subcommand, "--help"], stdin=subprocess.DEVNULL,
                       capture_output=True, text=True, check=False)
    ok(p.returncode == 0 and p.stdout.startswith("usage: ./ksm " + subcommand) and not p.stderr,
       "./ksm %s --help" % subcommand, p.stdout, p.stderr)
MEASURE = os.path.join("tools", "measure")
for words, meant in (([os.path.join(MEASURE, "crash.py"), "--evry", "3"], "--every"),
                     ([os.path.join(MEASURE, "fuzz.py"), "dsik"], "disk"),
                     ([os.path.join(MEASURE, "fuzz.py"), "--kep"], "--keep"),
                     ([os.path.join(MEASURE, "coverage.py"), "kernel/kms"], "kernel/ksm"),
                     ([os.path.join("bench", "run"), "mth"], "math")):
    p = subprocess.run([sys.executable] + words, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                       check=False)
    ok(p.returncode == 2 and "did you mean '%s'?" % meant in p.stderr, "a misspelling: " + " ".join(words), p.stderr)
CRASH = """
import sys
sys.path[:0] = ["tools", "tools/rules"]
import linters
print(linters.faults(["sh", "-c", "kill -KILL $$"]), linters.warnings(["sh", "-c", "kill -KILL $$"]))
print(linters.format_faults("false"), linters.warnings(["sh", "-c", "echo a.c:1:1: warning: found"]))
"""
p = subprocess.run([sys.executable, "-c", CRASH], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                   check=False)
ok(p.stdout == "['status -9'] ['status -9']\n['status 1'] ['a.c:1:1: warning: found']\n",
   "a linter that can't work has not found nothing", p)
COVERED = """
import sys
sys.path.insert(0, "tools")
from measure import coverage
coverage.run_tests = lambda: None
coverage.measure = lambda room: {"kernel/ksm/some.c": ({n: n >= %d for n in range(1000)},
                                                       {(n, 0): 1 for n in range(9)})}
sys.argv[1:] = ["kernel/fs"]
coverage.progress.run(coverage.main)
"""
for missed, status, last in (20, 0, "as pages: build/coverage/html/index.html"), \
                            (21, 1, "coverage: the tests reach 97.9 % of the lines, and 98 % are wanted"):
    p = subprocess.run([sys.executable, "-c", COVERED % missed], cwd=ROOT, stdin=subprocess.DEVNULL, text=True,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    ok(p.returncode == status and p.stdout.endswith(last + "\n"),
       "./ksm coverage ends with what it missed: %d lines of 1000" % missed, p.stdout)
nothing = re.sub(r"(?s)lambda room: \{.*?\}\)\}", "lambda room: {}", COVERED % 0)
p = subprocess.run([sys.executable, "-c", nothing], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                   check=False)
ok(p.returncode == 1 and p.stderr == "coverage: nothing of kernel/fs was measured\n",
   "and says so if nothing was measured, which is not all", p)
GCOVR = """#!/bin/sh
echo '(INFO) Reading coverage data...' >&2
echo '{"files": []}' >figures
exit %d
"""
COUNTED = """
import os, sys
sys.path.insert(0, "tools")
from measure import coverage
coverage.HTML = os.environ["PAGES"]
coverage.FIGURES = os.path.join(coverage.HTML, "figures")
coverage.progress.run(lambda: print(coverage.measure("kernel/ksm")))
"""
for status, said in (0, "{}\n"), (1, "coverage: gcovr fails\n(INFO) Reading coverage data...\n\n"):
    pages = os.path.join(temp_directory(), "pages")
    where = machine(more={"gcovr": (GCOVR % status).replace(">figures", ">%s/figures" % pages)})
    p = subprocess.run([sys.executable, "-c", COUNTED], cwd=ROOT, stdin=subprocess.DEVNULL, text=True, check=False,
                       env={"PATH": where, "PAGES": pages}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    ok(p.returncode == status and p.stdout == said, "what gcovr says is shown if it fails: %d" % status, p.stdout)
p = subprocess.run([os.path.join(ROOT, "ksm"), "run"], env={"PATH": machine(), "TMPDIR": "/nowhere"}, text=True,
                   stdin=subprocess.DEVNULL, capture_output=True, check=False)
ok(p.returncode == 2 and p.stderr == "ksm: TMPDIR names no directory: /nowhere\n",
   "a directory for temporary files that is not there is not taken for a compiler that is not", p.stderr)
here = temp_directory()
p = subprocess.run([os.path.join(ROOT, "ksm"), "run", "--", "true"], cwd=os.path.dirname(here), text=True,
                   env=dict(os.environ, KSM_BUILT="1", TMPDIR=os.path.basename(here)), stdin=subprocess.DEVNULL,
                   stderr=subprocess.PIPE, check=False)
ok(p.returncode == 0, "one that is named from here is found from elsewhere, too", p.stderr)
if os.path.isdir("/proc"):
    p = subprocess.run([os.path.join(ROOT, "ksm"), "run", "--", "true"], text=True, stdin=subprocess.DEVNULL,
                       env=dict(os.environ, KSM_BUILT="1", TMPDIR="/proc"), stderr=subprocess.PIPE, check=False)
    ok(p.returncode == 0, "a TMPDIR where nobody can write is not taken", p.stderr)
# Where no PATH is given, the shell finds programs, but gcc does not find its own.
tree = temp_directory()
shutil.copy(os.path.join(ROOT, "ksm"), tree)
os.makedirs(os.path.join(tree, "tools", "build"))
with open(os.path.join(tree, "tools", "build", "similar.py"), "w", encoding="ascii") as f:
    f.write("import os\nprint('PATH is', os.environ.get('PATH'))\n")
p = subprocess.run([os.path.join(tree, "ksm"), "nonsense"], env={}, stdin=subprocess.DEVNULL, capture_output=True,
                   text=True, check=False)
ok("ksm: PATH is /" in p.stderr or "no subcommand" in p.stderr, "without a PATH, programs get the shell's", p.stderr)
for arguments in ([], ["nonsense"]):
    p = ksm(machine(APT), *arguments)
    ok(p.returncode == 2 and "usage" in p.stderr and not p.stdout, "usage for %r" % arguments, p.stderr)
done()
