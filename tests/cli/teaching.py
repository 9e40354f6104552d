"""docs/teaching.md, the exercises' data and the tree agree; so do the report and what was measured."""

import os
import re
import shlex
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import ROOT, done, ok, temp_directory  # noqa: E402

sys.path[:0] = [os.path.join(ROOT, *part) for part in (("tools", "course"), ("tools", "rules"), ("tests",))]
import document  # noqa: E402
import exercises  # noqa: E402
import handout  # noqa: E402
import sentences  # noqa: E402
import suites  # noqa: E402

FIELDS = ("To learn.", "The contract.", "To build.", "To hand in.", "Hours.", "Try it.", "Mistakes", "Hint.",
          "Playground.")


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def exists(path):
    return os.path.exists(os.path.join(ROOT, path))


def fault_of_test(suite, title):
    """What is wrong with the name of a test, or None."""
    kind, _, name = suite.partition("/")
    if kind in ("host", "web"):
        known = read("tests/host/host.mk").split() if kind == "host" else suites.WEB
        return None if name.removesuffix("_tsan") in known else "there is no suite " + suite
    paths = [path for path in ("tests/%s/%s%s" % (kind, name, suffix) for suffix in (".c", ".py")) if exists(path)]
    if not paths:
        return "there is no suite %s" % suite
    source = read(paths[0])
    # tests/cli/documents.py makes titles of the recipes' own.
    recipe = re.fullmatch(r"recipe: (.*), step \d+", title or "")
    if recipe:
        return None if "\n## %s\n" % recipe[1] in read("docs/first-program.md") else "there is no recipe " + recipe[1]
    # tests/cli/faults.py makes titles of a way to die and the words that it deserves.
    words = title and re.sub(r"^die \w+: ", "", title)
    if title and '"%s' % words not in source:
        return "%s has no test '%s'" % (suite, title)
    return None


def faults(tests):
    return [fault for fault in (fault_of_test(suite, title) for suite, title in tests) if fault]


text = read(document.DOCUMENT)
data = exercises.load()
for name, lines in document.blocks(data, text):
    ok(document.stands(name, text) == "\n".join(lines),
       "block '%s' is what the data says: tools/course/document.py --write" % name, document.stands(name, text), *lines)
ok(re.findall(r"^## (\d+\. .*)$", text, re.M) == ["%d. %s" % (e.number, e.title) for e in data],
   "each exercise has its section, and there are no others")
ok([e.number for e in data] == list(range(1, len(data) + 1)) and sum(e.points for e in data) == 100,
   "the exercises are counted from 1 on, and are worth 100 points in all", data)

typed = re.findall(r"--tests -- '(t_\w+) (\w+)'", text)
nothing = [(name, word) for name, word in typed if not any(word in t for t in suites.titles("guest/" + name))]
ok(typed and not nothing, "the tests that one is to see by a word are there", typed, nothing)

made_of = {path: source for path, source in handout.sources().items() if path.startswith(("kernel/", "user/"))}
for e in data:
    written = [path for path in made_of
               if handout.contents(path, made_of, e.number - 1, e) != handout.contents(path, made_of, e.number, e)]
    ok(sorted(written) == sorted(e.files), "%s: a student is told of all files to write in" % e.name, written, e.files)

contract = set(sentences.WORDS_ONLY).union(*({s, s.split(".")[0]} for s in sentences.contract()))
scenes = re.findall(r'^        name: "(\w+)"', read("web/steps.mjs"), re.M)
for e in data:
    part = document.section(e, text)
    missing = [field for field in FIELDS if "\n**%s**" % field not in part]
    ok(not missing, "%s: no field is missing" % e.name, *missing)
    wrong = [path for path in e.files if not exists(path)] + faults(e.tests + e.wanted_by)
    wrong += faults(re.findall(r"`(\w+/\w+)`: \*(.*?)\*", part))
    wrong += faults([(suite, None) for suite in re.findall(r"`((?:guest|host|cli)/\w+)`", part)])
    ok(not wrong, "%s: the files and tests exist" % e.name, *wrong)
    shown = re.findall(r"`#(\w+)`", part.partition("**Playground.**")[2])
    ok(shown and all(scene in scenes for scene in shown), "%s: the playground has its scenes" % e.name, shown, scenes)

# What is counted again and again changes there first.
FIGURE = re.compile(r"(?<![\w.,])(?:\d{1,3}(?:,\d{3})+|\d{3,})\b")
measured = {n for page in ("performance", "reliability", "ksm") for n in FIGURE.findall(read("docs/%s.md" % page))}
stale = [n for n in FIGURE.findall(re.sub("`[^`]*`", "", read("docs/report.md"))) if n not in measured]
ok(not stale, "each figure of three digits and more in the report is one of those that were measured last", *stale)

report = read("docs/report.md")
sys.path.insert(0, os.path.join(ROOT, "tools"))
from measure import mistakes, mutant_results, mutants  # noqa: E402
known = [m.what for m in mutants.all_mutants()]
words = re.findall(r"`([^`]+)`", " ".join(re.findall(r"\[mutants?: ([^]]*)\]", report)))
unknown = [word for word in words if not any(word in what for what in known)]
ok(words and not unknown, "each mutant that the report cites can be tried by its word", *unknown)
ok(" %d of which are mistakes that students make" % len(mistakes.MISTAKES) in report.replace("\n", " "),
   "and it counts the mistakes of students right")
mutant_results.ROOT = temp_directory()
with open(os.path.join(mutant_results.ROOT, os.fsdecode(b"\xff")), "w", encoding="ascii"):
    os.symlink("nobody", os.path.join(mutant_results.ROOT, ".#an-editor's-lock"))
ok(list(mutant_results.digests()) == [""], "mutants are tried in a tree with files of any names")

# The page about grading: what it has one type is accepted, and its container has what ./ksm needs.
from course import grade  # noqa: E402
blocks = re.findall(r"^```\n(.*?)^```$", read("docs/grading.md"), re.M | re.S)
lines = re.findall(r"ksm grade (.*)$", "".join(blocks).replace("'", "").replace("\\\n", ""), re.M)
refused = []
for line in lines:
    try:
        grade.parse(shlex.split(line))
    except SystemExit:
        refused.append(line)
ok(len(lines) > 5 and not refused, "each command in docs/grading.md has options that ./ksm grade knows", *refused)
needed = set(re.findall(r"^all[^ ]* +(\S+)", read("packages.txt"), re.M))
container = "".join(block for block in blocks if "setup.sh" in block)
installed = [set(found.split()) for found in re.findall(r"install -y --no-install-recommends (.*)$", container, re.M)]
ok(installed == [needed], "the container for Gradescope has what all subcommands need", installed, needed)

unknown = sorted({s for s in sentences.CITATION.findall(text) if s not in contract})
ok(not unknown, "each sentence that is cited stands in the contract", unknown)
done()
