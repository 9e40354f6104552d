"""The documents keep their word: each place of the tour exists, and each recipe works as written."""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import ROOT, copy_tree, done, ok  # noqa: E402


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
env = {k: v for k,
       v in os.environ.items() if k not in ("B", "CC", "DEBUG", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "KSM_BUILT")}
recipes = [part for name in ("adding.md", "first-program.md")
           for part in re.split(r"^## ", read("docs", name), flags=re.M)[1:]]
for recipe in recipes:
    title = recipe.split("\n")[0]
    for number, block in enumerate(re.findall(r"^```sh\n(.*?)^```$", recipe, re.M | re.S), 1):
        p = subprocess.run(["sh", "-eu", "-c", block], cwd=copy, env=env, stdin=subprocess.DEVNULL,
                           capture_output=True, text=True,
                           errors="replace")
        ok(p.returncode == 0, "recipe: %s, step %d" % (title, number), block, p.stdout[-1500:], p.stderr[-1500:])
done()
