"""The documents keep their word: the tour's places exist, and each recipe and each program of the manual works."""

import os
import re
import subprocess
import sys
import textwrap

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import ROOT, copy_tree, done, ok, skip  # noqa: E402
from run.paths import clean_env  # noqa: E402


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as f:
        return f.read()


def places(stop):
    """(file, names) of each place of a stop: the line below its title."""
    for part in stop.split("\n")[2].split(";"):
        path, *names = re.findall(r"`([^`]+)`", part)
        yield path, [name.rstrip("()") for name in names]


def defines(text, name):
    escaped = re.escape(name)
    forms = (r"(?:\w.*[ *])?%s\b *\(.*(?:\{|,)$", r"(?:\w.*[ *])?%s\(.*\)$", "%s:", r"#define %s\b",
             r"(?:\w.*[ *])?%s\(.*\{ .*\}$")
    return any(re.search("^" + form % escaped, text, re.M) for form in forms)


stops = re.split(r"^## ", read("docs", "tour.md"), flags=re.M)[1:]
ok(len(stops) == 12, "the tour has twelve stops", len(stops))
for stop in stops:
    missing = []
    for path, names in places(stop):
        text = read(path) if os.path.exists(os.path.join(ROOT, path)) else ""
        missing += [path] if not text else ["%s in %s" % (n, path) for n in names if not defines(text, n)]
    ok(not missing, "its places exist: " + stop.split("\n")[0], *missing)

sys.path.insert(0, os.path.join(ROOT, "bench"))
import curves  # noqa: E402
import plot  # noqa: E402
for picture, drawing in (plot.picture, "performance.svg"), (curves.picture, "curves.svg"):
    ok(picture() == read("docs", "drawings", drawing), "the drawing %s shows the figures" % drawing)

# The recipes, one after another in one copy of the tree.
copy = copy_tree(built=True)
env = clean_env("B", "CC", "DEBUG", "KSM_BUILT")
recipes = [part for name in ("adding.md", "first-program.md")
           for part in re.split(r"^## ", read("docs", name), flags=re.M)[1:]]
for recipe in recipes:
    title = recipe.split("\n")[0]
    for number, block in enumerate(re.findall(r"^```sh\n(.*?)^```$", recipe, re.M | re.S), 1):
        p = subprocess.run(["sh", "-eu", "-c", block], cwd=copy, env=env, stdin=subprocess.DEVNULL,
                           capture_output=True, text=True,
                           errors="replace")
        ok(p.returncode == 0, "recipe: %s, step %d" % (title, number), block, p.stdout[-1500:], p.stderr[-1500:])


# The programs of sections 2 and 3, as a reader takes them from the rendered page: /* NAME.c - ... */, and below the
# program `$ COMMAND` and what that prints, or `...` for any output.

def examples():
    """page -> the text under EXAMPLES, where that is more than a reference."""
    share = os.path.join(copy, "build", "share", "man")
    for section in "23":
        for page in sorted(os.listdir(os.path.join(share, section))):
            with open(os.path.join(share, section, page), encoding="ascii") as f:
                found = re.search(r"^EXAMPLES\n((?: {5}.*\n|\n)*)", f.read(), re.M)
            if found and page != "intro" and not re.fullmatch(r"\s*The program in \S+ uses \S+\s*", found[1]):
                yield "%s.%s" % (page, section), textwrap.dedent(found[1]).strip("\n") + "\n"


def try_programs(title, pages):
    """Builds and runs them all, on one machine."""
    script, wanted, wrong = [], {}, []
    for page, text in pages.items():
        program, *sessions = re.split(r"^\$ ", text, flags=re.M)
        name = re.match(r"/\* (\w+)\.c - .* \*/\n#include ", program)
        if not name or not sessions:
            wrong.append("man %s: no program with its name, or no command below it" % page)
            continue
        with open(os.path.join(copy, name[1] + ".c"), "w", encoding="ascii") as f:
            f.write(program)
        for session in sessions:
            command, _, output = session.partition("\n")
            script += ["echo @@ %d" % len(wanted), command]
            wanted[len(wanted)] = (page, command, output)
    with open(os.path.join(copy, "script"), "w", encoding="ascii") as f:
        f.write("\n".join(script) + "\n")
    p = subprocess.run(["./ksm", "run", "--timeout", "300", "--add", "script", "--", "sh script"], cwd=copy, env=env,
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    shown = dict(re.findall(r"^@@ (\d+)\n((?:(?!@@ ).*\n)*)", p.stdout, re.M))
    for number, (page, command, output) in wanted.items():
        printed = shown.get(str(number))
        if printed is None or output not in ("...\n", printed):
            wrong.append("man %s: %s printed %r and not %r" % (page, command, printed, output))
    if "warning:" in p.stderr:
        wrong.append(p.stderr[-3000:])
    ok(p.returncode == 0 and not wrong, title, *wrong, "" if wrong else p)


if os.path.isdir(os.path.join(copy, "build", "share", "man")):
    every = dict(examples())
    shared = {page for page, text in every.items() if re.search(r'#include "(?:ksm|mathwire)', text)}
    try_programs("the programs in the manual build, and do what is shown",
                 {page: text for page, text in every.items() if page not in shared})
    try_programs("so do those with shared memory", {page: text for page, text in every.items() if page in shared})
    ok(len(every) > 25, "there are enough of them", sorted(every))
else:
    skip("the programs in the manual", "no pages were made: mandoc is missing")
done()
