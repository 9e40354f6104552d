"""./ksm installs exactly what is missing, and says what it cannot install.  With an apt-get of our own: nothing is installed."""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import ROOT, done, ok, temp_folder  # noqa: E402

BASICS = ("sh", "dirname", "id", "cut", "sort", "tr", "mktemp", "rm", "cat", "ls", "env", "touch", "ln", "gcc", "ld", "make",
          "mandoc")
APT = """\
#!/bin/sh
echo "$*" >>%(folder)s/apt.log
case "$*" in
*update*) touch %(folder)s/updated ;;
*install*)
    [ -e %(folder)s/updated ] || exit 100
    ln -s /bin/sh %(folder)s/qemu-system-i386 ;;
esac
"""


def machine(apt=None):
    """A folder that is all of PATH: a python3 that only says so, and no QEMU."""
    folder = temp_folder()
    for name in BASICS:
        found = shutil.which(name)
        if found:
            os.symlink(found, os.path.join(folder, name))
    scripts = {"python3": "#!/bin/sh\necho started\n"}
    if os.getuid():
        scripts["sudo"] = "#!/bin/sh\nexec \"$@\"\n"
    if apt:
        scripts["apt-get"] = apt % {"folder": folder}
    for name, text in scripts.items():
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, 0o755)
    return folder


def ksm(folder, *arguments):
    return subprocess.run([os.path.join(ROOT, "ksm")] + list(arguments), env={"PATH": folder}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)


def log(folder):
    with open(os.path.join(folder, "apt.log"), encoding="utf-8") as f:
        return f.read().split("\n")


folder = machine(APT)
p = ksm(folder, "run")
ok(p.returncode == 0 and p.stdout == "started\n", "what is missing is installed", p.stdout, p.stderr)
lines = log(folder)
ok([l.split()[0] for l in lines if l] == ["install", "update", "install"], "with one update of the lists, when it is needed", lines)
ok(all(l.endswith("DPkg::Lock::Timeout=300 qemu-system-x86") for l in lines if l.startswith("install")), "and nothing else", lines)
p = ksm(folder, "run")
ok(p.returncode == 0 and log(folder) == lines, "nothing is installed twice", p.stderr)

p = ksm(machine("#!/bin/sh\nexit 100\n"), "run")
ok(p.returncode == 121 and "qemu-system-x86" in p.stderr and not p.stdout, "apt cannot: it is named", p.stderr)
p = ksm(machine(), "run")
ok(p.returncode == 121 and "qemu.org" in p.stderr and not p.stdout, "there is no apt: it is said where to get it", p.stderr)
ok("gcc" not in p.stderr.replace("gcc.gnu.org", ""), "what is there is not named", p.stderr)

for arguments in ([], ["nonsense"]):
    p = ksm(machine(APT), *arguments)
    ok(p.returncode == 2 and "usage" in p.stderr and not p.stdout, "usage for %r" % arguments, p.stderr)
done()
