"""./ksm installs exactly what is missing, and says what it cannot install.

With an apt-get of our own: nothing is installed on this machine.
"""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import ROOT, done, ok, temp_directory  # noqa: E402

BASICS = ("sh", "dirname", "id", "cut", "sort", "tr", "mktemp", "rm", "cat", "ls", "env", "touch", "ln", "gcc", "ld",
          "make", "mandoc")
APT = """\
#!/bin/sh
echo "$*" >>%(directory)s/apt.log
case "$*" in
*update*) touch %(directory)s/updated ;;
*install*)
    [ -e %(directory)s/updated ] || exit 100
    ln -s /bin/sh %(directory)s/qemu-system-i386 ;;
esac
"""


def machine(apt=None, without=()):
    """A directory for all of PATH: it has no QEMU, and a python3 that starts helpers only, and else just says so."""
    directory = temp_directory()
    for name in set(BASICS) - set(without):
        found = shutil.which(name)
        if found:
            os.symlink(found, os.path.join(directory, name))
    scripts = {"python3": "#!/bin/sh\ncase $1 in *.py) exec %s \"$@\" ;; esac\necho started\n" % sys.executable}
    if os.getuid():
        scripts["sudo"] = "#!/bin/sh\n[ $1 = -v ] || exec \"$@\"\n"
    if apt:
        scripts["apt-get"] = apt % {"directory": directory}
    for name, text in scripts.items():
        path = os.path.join(directory, name)
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


directory = machine(APT)
p = ksm(directory, "run")
ok(p.returncode == 0 and p.stdout == "started\n", "what is missing is installed", p.stdout, p.stderr)
lines = log(directory)
ok([l.split()[0] for l in lines if l] == ["install", "update", "install"],
   "with one update of the lists, when it is needed", lines)
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
ok(p.returncode == 0 and log(directory)[0].endswith("-y --no-install-recommends mandoc qemu-system-x86"),
   "what is optional is installed together with what is needed", p.stderr, log(directory))
lines = log(directory)
p = ksm(directory, "run")
ok(p.returncode == 0 and p.stdout == "started\n" and not p.stderr and log(directory) == lines,
   "and not asked for by itself", p.stderr, log(directory))
p = ksm(machine(without=["mandoc"]), "test")
ok(p.returncode == 121 and "mandoc.bsd.lv" in p.stderr, "the tests need it", p.stderr)

p = ksm(machine("#!/bin/sh\necho step; exit 100\n"), "run")
ok(p.returncode == 121 and "\nstep\n" in p.stderr, "apt's own words are shown when it fails", p.stderr)
for word, meant in ("tets", "test"), ("converage", "coverage"):
    p = ksm(machine(APT), word)
    ok(p.returncode == 2 and "did you mean %s?" % meant in p.stderr and not p.stdout, "a misspelling: " + word,
       p.stderr)
for subcommand in ("run", "demo", "test", "debug", "bench", "coverage", "fuzz", "mutants", "crash", "soak",
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
for arguments in ([], ["nonsense"]):
    p = ksm(machine(APT), *arguments)
    ok(p.returncode == 2 and "usage" in p.stderr and not p.stdout, "usage for %r" % arguments, p.stderr)
done()
