"""suites - which test suites there are, and how each is run.

  host/NAME    a program of this machine: the real kernel code with fakes (tests/host/host.mk)
  guest/NAME   a program that runs in the system under QEMU (tests/guest/t_*.c)
  cli/NAME     a script that drives the system from outside (tests/cli)
  web/NAME     the system in a browser's emulator, and the playground's page (tests/web)
  check/NAME   a rule that a machine can check (tools)

Each prints TAP.  A guest suite may say in the comment that opens its source how it wants to be run:

    Runs with: --mem 512 --timeout 100 -- t_name ARGUMENTS
"""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tools"))
from course import exercises  # noqa: E402
from run.options import suggestion  # noqa: E402
from run.paths import ROOT, clean_env, debug_build  # noqa: E402

GUEST_TIMEOUT = "900"  # the watchdog in the system is quicker; hosts may be busy

CHECKS = {
    "floors": ["tools/rules/floors.py"],
    "style": ["tools/rules/style.py"],
    "linters": ["tools/rules/linters.py"],
    # course out:
    "names": ["tools/rules/names.py"],
    "sentences": ["tools/rules/sentences.py"],
    # course end
    "man": ["tools/rules/manlint.py"],
    # course out:
    "mutants": ["tools/measure/mutants.py", "--fit"],
    # course end
    "reliability": ["tools/measure/results.py", "--check"],
}

# These look at a debug kernel, too.
NEED_DEBUG = ("cli/jitter", "cli/latency")

WEB = ("emulator", "page", "picture", "view")

# Seconds that a suite of each kind takes, roughly, where no earlier run says better.
TYPICAL = {"check": 3, "host": 5, "guest": 15, "cli": 25, "web": 15}


def directory(*parts):
    return sorted(os.listdir(os.path.join(ROOT, "tests", *parts)))


def grouped(kind):
    """The suites of a kind that is a directory of sources or scripts."""
    if kind == "guest":
        return ["guest/" + f[:-2] for f in directory("guest") if f.startswith("t_") and f.endswith(".c")]
    return ["cli/" + os.path.splitext(f)[0] for f in directory("cli")
            if f.endswith((".sh", ".py")) and not f.startswith("_")]


def names(**variables):
    """All suites that there are, in the order in which they run; variables for make may choose a compiler and B."""
    listed = subprocess.run(["make", "-s", "-C", ROOT, "list-host-tests"], env=clean_env(**variables), check=True,
                            stdout=subprocess.PIPE, text=True)
    found = ["check/" + name for name in CHECKS]
    found += ["host/" + name for name in sorted(listed.stdout.split())]
    found += grouped("guest") + grouped("cli")
    found += ["web/" + name for name in WEB]
    return found


def choose(all_names, words):
    """The suites that the words name: `ksm_core`, `host/ksm_core`, `host`; or a sentence about a wrong word."""
    if not words:
        return all_names, None
    chosen = []
    for word in words:
        found = [n for n in all_names if word in (n, n.split("/")[0]) or n.split("/")[1] in (word, "t_" + word)]
        if not found:
            known = all_names + [name.split("/")[1] for name in all_names] + list(TYPICAL)
            return [], "there is no test suite '%s'%s" % (word, suggestion(word, known))
        chosen += [n for n in found if n not in chosen]
    return chosen, None


def builds(chosen, env):
    """What make is to build for these suites, in order: lists of targets, each with more variables for make."""
    where = env.get("B") or "build"
    targets = set()
    for suite in chosen:
        kind, _, name = suite.partition("/")
        if kind == "host":
            targets.add("%s/tests/host/%s" % (where, name))
        elif kind == "guest":
            targets.update([where + "/kernel.elf", where + "/fs.img", where + "/bin/" + name])
        elif kind == "cli":
            targets.add("cli-tests")
        elif kind == "web":
            targets.add("boot")
    if targets:
        yield sorted(targets), {}
    if not env.get("DEBUG") and any(name in chosen for name in NEED_DEBUG):
        yield ["boot"], {"B": debug_build(env), "DEBUG": "1"}


# What makes a run count instructions, and so the same each time: a disk takes the host's time, one in memory does not.
ICOUNT = ["--icount", "--ramdisk"]


def guest_command(name, where="build", more=(), root=ROOT):
    """more: options for ./ksm run, before those that the suite wishes for itself."""
    with open(os.path.join(root, "tests", "guest", name + ".c"), encoding="utf-8") as f:
        wish = re.search(r"^ \* Runs with: (.*)$", f.read(4096), re.M)
    options, _, command = (wish[1] if wish else "").partition("-- ")
    own = options.split()
    options = [o for o in more if o != "--ramdisk" or "--mem" not in own] + own  # little memory has no room for a disk
    if "--timeout" not in options:
        options += ["--timeout", GUEST_TIMEOUT]
    program = os.path.join(where, "bin", name)
    return [sys.executable, "tools/run", "--add", program] + options + ["--"] + (command or name).split()


def titles(suite):
    """The titles of a guest suite's tests, in their order; of t_xv6, which includes its tests, and of others none."""
    if not suite.startswith("guest/"):
        return []
    with open(os.path.join(ROOT, "tests", suite + ".c"), encoding="utf-8") as f:
        return [title.replace('\\"', '"') for title in re.findall(r'^TEST\(\s*"((?:[^"\\]|\\.)*)"\)', f.read(), re.M)]


def ranges(numbers):
    """1,2,3,5 as a list for a guest suite's -o: 1-3,5"""
    parts = []
    for n in numbers:
        if parts and parts[-1][1] == n - 1:
            parts[-1][1] = n
        else:
            parts.append([n, n])
    return ",".join("%d" % a if a == b else "%d-%d" % (a, b) for a, b in parts)


def left_out(suite):
    """What of a suite a student's tree leaves out: title -> a sentence; the title None is for the whole suite.

    What a script leaves out of its tests it knows itself: cli/_tap.py.
    """
    every = titles(suite)
    found = exercises.left_out(suite, every or [None])
    return {None: next(iter(found.values()))} if found and len(found) == len(every) else found


def command(suite, env, options=()):
    """The command that runs a suite, in the root directory; options are for ./ksm run of a guest suite."""
    kind, _, name = suite.partition("/")
    where = env.get("B") or "build"
    if kind == "host":
        return [os.path.join(where, "tests", "host", name)]
    if kind == "guest":
        out = left_out(suite)
        some = ["-o", ranges(n for n, title in enumerate(titles(suite), 1) if title not in out)] if out else []
        return guest_command(name, where, options) + some
    if kind == "check":
        return [sys.executable] + CHECKS[name]
    if kind == "web":
        return [sys.executable, os.path.join("tests", "web", "run.py"), name]
    script = os.path.join("tests", "cli", name)
    if os.path.exists(os.path.join(ROOT, script + ".py")):
        return [sys.executable, script + ".py"]
    return ["sh", script + ".sh"]
