"""_submissions - students' trees, made of this one: each with one mistake, or with something worse."""

import os
import re
import shutil
import sys

from _tap import ROOT, temp_directory

sys.path.insert(0, os.path.join(ROOT, "tools"))
from measure.mistakes import MISTAKES  # noqa: E402

INIT, CALLS = "user/bin/init.c", "kernel/sys/sys_ksm.c"
GET = "    return (uint)ksm_get(task(), arg[0].word, arg[1].word, arg[2].word);"
DELETE_LINE = "uint sys_ksmdelete(const union sys_arg arg[]) { return (uint)ksm_delete(task(), arg[0].number); }"
with open(os.path.join(ROOT, "tests", "guest", "t_ksm.c"), encoding="utf-8") as f:
    TITLES = re.findall(r'^TEST\("([^"]*)"\)', f.read(), re.M)
RUN = "    if (bootarg(\"run\", command, sizeof(command)) >= 0) {\n"

# Trees with one of the mistakes in docs/mistakes.md.
MISTAKEN = {
    "ada": "a dead handle names a new segment",
    "alan": "read-only turns writable across fork",
    "barbara": "exec loses a count",
    "brian": "detach takes the oldest attachment",
    "dennis": "detach by address takes any address inside",
    "donald": "sizes are rounded down",
    "edsger": "a marked segment does not exist for KSM_MUSTNOTEXIST",
    "frances": "the second marking drops a reference, too",
    "grace": "system calls refuse pointers into segments",
    "john": "a size up to the last page's end is found",
}

# Those that are worse: replacements in files.
WORSE = {
    # A processor spins, and does not come back.
    "hang-busy": [(CALLS, GET, "    for (;;)\n        asm volatile(\"\");\n" + GET)],
    "hang-late": [(CALLS, DELETE_LINE, DELETE_LINE.replace("{ return", "{ for (;;) asm volatile(\"\"); return"))],
    "panic": [(CALLS, DELETE_LINE,
               DELETE_LINE.replace("{ return", "{ void panic(const char *, ...); panic(\"not yet\"); return"))],
    "no-build": [(CALLS, GET, GET + "\n    oops")],
    # init says what the tests would say, and ends well.
    "all-passed": [(INIT, RUN, RUN + """\
        printf(1, "%s1..30\\n# all passed\\n30 passed, 0 failed\\n");
        halt(0);
""" % "".join("ok %d - %s\\n" % (n, title) for n, title in enumerate(TITLES, 1)))],
    # The kernel itself says that the machine has ended well.
    "forger": [(CALLS, GET, "    power_off_status(0);\n" + GET),
               (CALLS, '#include "base/kstring.h"\n', '#include "base/kstring.h"\n#include "base/power.h"\n')],
    # init takes all there is of processes.
    "forks": [(INIT, RUN, RUN + "        for (;;)\n            fork();\n")],
    # It prints without end.
    "prints": [(INIT, RUN, RUN + "        for (;;)\n            printf(1, \"%0900d\\n\", 0);\n")],
    # It writes until the disk is full, and does what is asked.
    "fills-disk": [(INIT, RUN, RUN + """\
        int fd = open("big", O_CREATE | O_RDWR);
        while (write(fd, command, sizeof(command)) > 0)
            ;
""")],
    "good": [],
    "windows": [],  # make() ends its lines as Windows does
}

# What t_ksm, t_ksmhandle, t_ksmdetach and t_ksmproc say of each: how many points, and the first failure.
EXPECTED = {
    "ada": ("some", "^§3.8 a dead handle stays dead.*: failed"),
    "alan": ("some", "^§7.1 access stays what it is.*: failed"),
    "all-passed": ("no", ": no test ran$"),
    "barbara": ("some", "^§7.3 exec detaches all.*: failed"),
    "brian": ("some", "^§5.1 detach by handle takes the newest: failed"),
    "dennis": ("some", "^§5.2 .*: failed"),
    "donald": ("some", ": panic$"),
    "edsger": ("some", "^§3.9 a marked segment is still found: failed"),
    "fills-disk": ("all", "all passed"),
    "forger": ("some", ": ended early$"),
    "forks": ("no", ": hang$"),
    "frances": ("some", "^§5.4 .*: panic$"),
    "good": ("all", "all passed"),
    "grace": ("some", "^§7.3 .*: failed$"),
    "hang-busy": ("some", ": hang$"),
    "hang-late": ("some", ": hang$"),
    "john": ("some", "^§3.5 .*: failed$"),
    "no-build": ("no", r"^does not build: kernel/sys/sys_ksm.c:\d+:\d+: error: 'oops' undeclared"),
    "panic": ("some", ": panic$"),
    "prints": ("no", ": too much output$"),
    "windows": ("all", "all passed"),
}


def replace(tree, path, right, wrong):
    name = os.path.join(tree, path)
    with open(name, encoding="utf-8") as f:
        text = f.read()
    if text.count(right) != 1:
        sys.exit("%s has this %d times:\n%s" % (path, text.count(right), right))
    with open(name, "w", encoding="utf-8") as f:
        f.write(text.replace(right, wrong))


def end_lines_as_windows(tree):
    for where, _, names in os.walk(tree):
        for path in (os.path.join(where, name) for name in names):
            with open(path, "rb") as f:
                data = f.read()
            with open(path, "wb") as f:
                f.write(data.replace(b"\n", b"\r\n"))


def make(names):
    """A directory with these trees."""
    directory = temp_directory()
    for name in names:
        tree = os.path.join(directory, name)
        for part in "kernel", "user", "include":
            shutil.copytree(os.path.join(ROOT, part), os.path.join(tree, part))
        changes = WORSE[name] if name in WORSE else [
            (m.path, m.right, m.wrong) for m in MISTAKES if m.what == MISTAKEN[name]]
        for path, right, wrong in changes:
            replace(tree, path, right, wrong)
        if name == "windows":
            end_lines_as_windows(tree)
        if name not in WORSE and not changes:
            sys.exit("no mistake is called: " + MISTAKEN[name])
    return directory
