"""The system is built by each compiler and linker that Debian has for it, and boots: ./ksm test --all."""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import ROOT, done, ok, run, skip, temp_directory  # noqa: E402
from run.paths import clean_env  # noqa: E402

REFUSES = "#!/bin/sh\ncase \"$*\" in *%s*) exit 1 ;; esac\nexec %s \"$@\"\n"
PREFIXES = "i686-linux-gnu-", "i386-elf-", "i686-elf-", "x86_64-elf-"


def without(*tools):
    """A PATH on which some tools refuse an option, as on other machines: (name, option)."""
    directory = temp_directory()
    for name, option in tools:
        path = os.path.join(directory, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(REFUSES % (option, shutil.which(name) or "false"))
        os.chmod(path, 0o755)
    return {"PATH": directory + os.pathsep + os.environ["PATH"]}


CROSS = [(prefix + "gcc", "-m32") for prefix in PREFIXES]
TRIED = (
    ("gcc -m32 and ld", without(*CROSS)),
    ("gcc -m32 and ld.lld", {"LD": "ld.lld", **without(*CROSS)}),
    ("i686-linux-gnu-gcc -m32 and i686-linux-gnu-ld", without(("gcc", "-m32"))),
    ("clang --target=i386-unknown-elf and ld.lld", without(("gcc", "-m32"), ("ld", "-V"), *CROSS)),
)


def try_out(title, more):
    build = temp_directory()
    env = clean_env("CC", "LD", "TOOLPREFIX", "DEBUG", **more, B=build)
    p = subprocess.run(["make", "-C", ROOT, "-j2"] + [os.path.join(build, name) for name in ("kernel.elf", "fs.img")],
                       env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    ok(p.returncode == 0 and "building with %s\n" % title in p.stderr, "found, and said: " + title, p.stdout, p.stderr)
    r = run("--", "mathserver & mathclient -e 'sqrt(2)'; ls | wc", build=build)
    ok(r.status == 0 and "sqrt(2) = 1.4142135623730951\n" in r.out, "what it builds boots and computes", r)


nothing = temp_directory()
for name in "sh", "tr":
    os.symlink(shutil.which(name), os.path.join(nothing, name))
said = {subprocess.run(["sh", os.path.join(ROOT, "tools", "build", "toolchain.sh")], env={"PATH": nothing}, text=True,
                       restore_signals=False, capture_output=True, check=False).stderr for _ in range(30)}
ok(len(said) == 1 and said.pop().startswith("nothing here makes 32-bit x86 code: "),
   "no compiler at all: one sentence, also where a closed pipe ends nobody", said)

p = subprocess.run(["sh", os.path.join(ROOT, "tools", "build", "toolchain.sh"), "", "no-such-linker"], text=True,
                   capture_output=True, check=False)
ok(p.returncode == 1 and p.stderr == "LD=no-such-linker does not link 32-bit x86 code\n",
   "a linker that is not there is named, and no compiler blamed", p)

if os.environ.get("KSM_TEST_ALL"):
    probe = subprocess.run(["gcc", "-m32", "-S", "-x", "c", "-o", "-", "-"], stdin=subprocess.DEVNULL,
                           capture_output=True)
    for title, more in TRIED:
        if title.startswith("gcc") and probe.returncode:
            skip(title, "gcc makes no 32-bit x86 code on this machine")
        else:
            try_out(title, more)
else:
    skip("each toolchain builds a system that boots", "./ksm test --all")
done()
