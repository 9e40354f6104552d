#!/usr/bin/env python3
"""linters - runs the formatter, the linters and the checkers of C over the tree.  Prints TAP.

clang-format's major versions differ in details, so the tree is held to one of them: Debian 12's.  So are the checkers
of C held to theirs, since each version finds something else.

clang-tidy's analyzer follows the paths of each function, which takes more than a minute: it runs in ./ksm test --all.
"""

import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from common import ROOT, Report, files, scripts, sources

LLVM = 14
CPPCHECK = "2.10"
SPARSE = "0.6.4"

# sparse looks at the kernel: user pointers, and locks that are left held.
SPARSE_FLAGS = [
    "-Wsparse-all",
    "-Wno-cast-from-as",  # user_va() is the one place where a user pointer becomes a number
    "-Wno-declaration-after-statement",  # docs/style.md has them
    "-Wno-do-while",  # do x; while (y);
    "-Wno-flexible-array-sizeof",  # how structures that end in an array are allocated
]
# A lock that one thread acquires is released by the thread that it switches to.
NO_CONTEXT = "kernel/sched/"

KERNEL_INCLUDES = ["-I.", "-Ikernel", "-Ikernel/arch/i386"]
USER_INCLUDES = ["-Iuser/libc", "-Iuser/ksm", "-Iuser/math", "-Iinclude"]
MACHINE = ["-D__i386__=1", '-DKSM_VERSION="0"']
BUILDS = (["-DDEBUG=1"], [])


def output(command, **options):
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, **options)


def usable(command, version):
    """The command, or why it cannot be used."""
    for name in ("%s-%s" % (command, version), command):
        if shutil.which(name):
            found = re.search(r"(\d+)(?:\.\d+)*", output([name, "--version"]).stdout)
            number = found[1] if version.isdigit() and found else found and found[0]
            if number == version:
                return name, None
            return None, "this is %s %s, not %s" % (command, number, version)
    return None, command + " is not installed"


def faults(command, pattern=None):
    """The lines of its output that have the pattern, whatever its status is; without any, what else it says if it
    failed, since a linter that can't work finds nothing."""
    p = output(command)
    lines = [line for line in p.stdout.split("\n") if line.strip()]
    found = [line for line in lines if pattern and re.search(pattern, line)]
    return found or (lines or ["status %d" % p.returncode] if p.returncode else [])


def side_by_side(commands, function):
    """What function(command) finds for all commands, each line once."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return sorted({line for lines in pool.map(function, commands) for line in lines})


def format_faults(command):
    return faults([command, "--dry-run", "-Werror"] + list(sources(suffixes=(".c", ".h"))),
                  r"\[-Wclang-format-violations\]")


def sparse_commands(command, generated):
    headers = output(["gcc", "-print-file-name=include"]).stdout.strip()
    flags = ["-m32", "-std=gnu11", "-nostdinc", "-isystem", headers, "-ffreestanding", "-D__STDC_HOSTED__=0",
             "-D__float128=long double"] + SPARSE_FLAGS + MACHINE + KERNEL_INCLUDES + ["-I" + generated]
    for path in sources("kernel", suffixes=(".c",)):
        context = ["-Wno-context"] if path.startswith(NO_CONTEXT) else []
        for build in BUILDS:
            yield [command] + flags + context + build + [path]


def warnings(command):
    return faults(command, r": (warning|error): ")


def cppcheck_commands(command, generated):
    options = [command, "--quiet", "--enable=warning,performance,portability", "--error-exitcode=1", "--std=c11",
               "--template={file}:{line}: {id}: {message}", "--suppressions-list=tools/rules/cppcheck.txt"]
    for build in BUILDS:
        yield options + ["--platform=unix32"] + MACHINE + build + KERNEL_INCLUDES + ["-I" + generated, "kernel"]
    yield options + ["--platform=unix32", "-D__i386__=1"] + USER_INCLUDES + ["-I" + generated + "/include", "user"]
    yield options + ["--platform=unix64", "-I.", "host"]


def compiled(database):
    with open(os.path.join(database, "compile_commands.json"), encoding="utf-8") as f:
        return {entry["file"] for entry in json.load(f)}


def tidy_commands(command, database):
    """Several files in each, since starting takes time too."""
    paths = sorted(compiled(database).intersection(sources(suffixes=(".c",))))
    checks = [] if os.environ.get("KSM_TEST_ALL") else ["--checks=-clang-analyzer-*"]
    for i in range(0, len(paths), 8):
        yield [command, "--quiet", "-p", database] + checks + paths[i:i + 8]


def c_checkers(report):
    """What needs the headers that the build makes.  They go to a directory of their own: builds may be under way."""
    build = os.path.join(ROOT, "build")
    os.makedirs(build, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=build, prefix="linters-") as scratch:
        b = os.path.relpath(scratch, ROOT)
        env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "B", "CC")}
        make = ["make", "-s", "B=" + b, "CC=clang", b + "/gen/include/syscall.h"]
        subprocess.run(make, cwd=ROOT, env=env, check=True)
        with open(os.path.join(scratch, "compile_commands.json"), "w", encoding="utf-8") as f:
            subprocess.run([sys.executable, "tools/build/compile_commands.py", "make", "B=" + b, "CC=clang"], cwd=ROOT,
                           env=env, check=True, stdout=f)
        report.check("C: compile_commands.json has each source of the system",
                     sorted(set(sources("kernel", "user", "host", suffixes=(".c",))) - compiled(scratch)))
        for title, name, version, commands, found, where in (
                ("user pointers and locks", "sparse", SPARSE, sparse_commands, warnings, b + "/gen"),
                ("C", "cppcheck", CPPCHECK, cppcheck_commands, faults, b + "/gen"),
                ("C", "clang-tidy", str(LLVM), tidy_commands, warnings, b)):
            title = "%s: %s finds nothing" % (title, name)
            command, problem = usable(name, version)
            if problem:
                report.skip(title, problem)
            else:
                report.check(title, side_by_side(commands(command, where), found))


def main():
    report = Report()
    command, problem = usable("clang-format", str(LLVM))
    name = "C is formatted as .clang-format says"
    if problem:
        report.skip(name, problem)
    else:
        report.check(name, format_faults(command))
    text = [path for path in files() if not path.startswith(("bench/vendor/", "tests/host/corpus/", "LICENSE"))]
    for name, command in (("spelling", ["codespell"] + text),
                          ("shell scripts", ["shellcheck"] + list(scripts("sh"))),
                          ("Python", ["flake8"] + list(scripts("python")))):
        if shutil.which(command[0]):
            report.check("%s: %s finds nothing" % (name, command[0]), faults(command))
        else:
            report.skip("%s: %s finds nothing" % (name, command[0]), command[0] + " is not installed")
    c_checkers(report)
    report.end()


if __name__ == "__main__":
    main()
