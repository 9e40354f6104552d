"""make docs: the documents as a web site and on paper.  It takes long, so only ./ksm test --all does it."""

import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import copy_tree, done, ok, skip  # noqa: E402

TITLE = "make docs makes a site whose links all lead somewhere, and books"


def documents(tree):
    p = subprocess.run([sys.executable, os.path.join(tree, "tools/build/documents.py"), os.path.join(tree, "out")],
                       stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return p.returncode, p.stdout + p.stderr


def read(path):
    with open(path, encoding="utf-8") as f:
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
site = os.path.join(copy, "out", "html")
books = ["ksm.pdf"] + ["report.pdf"] * os.path.exists(os.path.join(copy, "docs", "report.md"))  # no student has it
for book in books:
    path = os.path.join(copy, "out", book)
    with open(path, "rb") as f:
        data = f.read()
    ok(data.startswith(b"%PDF-"), book + " is a PDF")
    ok(b"/URI (file:" not in data, "and leads to no file of the machine that made it")
teaching = read(os.path.join(site, "teaching.html"))
ok('href="ksm.html#s3.8"' in teaching, "a citation of the contract leads to its sentence")
ok(re.search(r'<li id="s3\.8">.*destroyed segment', read(os.path.join(site, "ksm.html"))), "and the sentence is there")
ok('href="ksmid.3.html"' in read(os.path.join(site, "ksmget.2.html")), "manual pages lead to each other")

with open(os.path.join(copy, "docs", "teaching.md"), "a", encoding="utf-8") as f:
    f.write("\n[nowhere](missing.md), and %s99.1\n" % chr(167))  # a sentence that no contract has
status, said = documents(copy)
ok(status == 1 and "docs/teaching.md: missing.md" in said and "ksm#s99.1" in said,
   "a link that leads nowhere is an error, and named", said)
done()
