"""make docs: the documents as a web site and on paper.  It takes long, so only ./ksm test --all does it."""

import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import copy_tree, done, ok, skip, temp_directory  # noqa: E402

TITLE = "make docs makes a site whose links all lead somewhere, and books"


def documents(tree, **env):
    p = subprocess.run([sys.executable, os.path.join(tree, "tools/build/documents.py"), os.path.join(tree, "out")],
                       env=dict(os.environ, **env), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                       check=False)
    return p.returncode, p.stdout + p.stderr


def read(*names):
    """The bytes of a file that make docs is to have made; none if it has not."""
    path = os.path.join(copy, "out", *names)
    if not os.path.exists(path):
        return b""
    with open(path, "rb") as f:
        return f.read()


if not os.environ.get("KSM_TEST_ALL"):
    skip(TITLE, "only with --all")
    done()
if not all(map(shutil.which, ("pandoc", "mandoc", "weasyprint"))):
    skip(TITLE, "pandoc, mandoc or weasyprint is missing")
    done()

copy = copy_tree()
status, said = documents(copy)
ok(status == 0, TITLE, said)
books = ["ksm.pdf"] + ["report.pdf"] * os.path.exists(os.path.join(copy, "docs", "report.md"))  # no student has it
for book in books:
    data = read(book)
    ok(data.startswith(b"%PDF-"), book + " is a PDF")
    ok(b"/URI (file:" not in data, "and leads to no file of the machine that made it")
ok(b'href="ksm.html#s3.8"' in read("html", "teaching.html"), "a citation of the contract leads to its sentence")
ok(re.search(rb'<li id="s3\.8">.*destroyed segment', read("html", "ksm.html")), "and the sentence is there")
ok(b'href="ksmid.3.html"' in read("html", "ksmget.2.html"), "manual pages lead to each other")

tools = temp_directory()
os.symlink(shutil.which("false"), os.path.join(tools, "weasyprint"))
status, said = documents(copy, PATH=tools + ":" + os.environ["PATH"])
ok(status == 1 and "weasyprint" in said and len(said.splitlines()) == 1,
   "a book that can't be printed is an error, in one line", said)

with open(os.path.join(copy, "docs", "teaching.md"), "a", encoding="utf-8") as f:
    f.write("\n[nowhere](missing.md), and %s99.1\n" % chr(167))  # a sentence that no contract has
status, said = documents(copy)
ok(status == 1 and "docs/teaching.md: missing.md" in said and "ksm#s99.1" in said,
   "a link that leads nowhere is an error, and named", said)
done()
