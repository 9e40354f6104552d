#!/usr/bin/env python3
"""documents - the documentation as a web site and as two books.

  documents.py OUT    makes OUT/html (start at index.html), OUT/ksm.pdf, which is everything, and OUT/report.pdf, if
                      docs/report.md is there: a student's tree has none
  documents.py --draw makes docs/drawings/*.svg from the .dot beside them, by graphviz

Pandoc converts Markdown, mandoc the manual pages, and weasyprint puts both on paper.  A citation of the contract
(`§4.3`) becomes a link to its sentence.  A link that leads nowhere is an error, and each is named.
"""

import glob
import html
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from build import manpages  # noqa: E402
from run import progress  # noqa: E402
from run.paths import ROOT  # noqa: E402

# The order is the book's: what a reader wants first comes first.
BOOK = ["README.md", "docs/report.md", "docs/architecture.md", "docs/tour.md", "docs/ksm.md", "docs/*.md",
        "kernel/*/README.md", "tests/README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]
CONTRACT, REPORT, MANUAL = "ksm", "report", "manual"
STYLE = os.path.join(ROOT, "docs/drawings/style.css")
SECTIONS = {"1": "Programs", "2": "System calls", "3": "The library", "8": "Programs of the host"}
COLUMNS = 100  # of a listing on paper
CITATION = re.compile(r"§(\d+)(\.\d+)?")
OPAQUE = re.compile(r"(<pre.*?</pre>|<a .*?</a>|<[^>]*>)", re.S)  # where nothing is made a link
LAST_ROWS = re.compile(r"(?<=</tr>\n)((?:<tr\b(?:(?!<tr\b).)*</tr>\n){2}</tbody>)", re.S)
FIGURE = r"<figure>\1<figcaption>\2</figcaption></figure>"
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>%s</title>
<link rel="stylesheet" href="style.css">
</head>
<body>
%s
</body>
</html>
"""


def convert(command, text):
    done = subprocess.run(command, input=text, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit("documents: %s ended with status %d" % (command[0], done.returncode))
    return done.stdout


def markdown_sources():
    paths = [path for pattern in BOOK for path in sorted(glob.glob(pattern))]
    return list(dict.fromkeys(paths))


def page_name(path):
    """docs/ksm.md -> ksm, kernel/fs/README.md -> kernel-fs, README.md -> index, docs/man/read.2 -> read.2"""
    if path == "README.md":
        return "index"
    name = re.sub(r"^docs/(man/)?|/README\.md$|\.md$", "", path)
    return name.replace("/", "-")


class Documents:
    def __init__(self):
        self.names = {path: page_name(path) for path in markdown_sources() + sorted(glob.glob("docs/man/*.[1-9]"))}
        self.names["docs/man"] = MANUAL
        self.dead = []
        self.pages = {}  # name -> (title, body), in the book's order
        for path in markdown_sources():
            self.add_markdown(path)
        self.add_manual()

    def add_markdown(self, path):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        body = convert(["pandoc", "-f", "gfm+smart", "-t", "html", "--no-highlight", "--wrap=none"], text)
        body = re.sub(r'(href|src)="([^"]*)"', lambda m: self.link(path, m), body)
        body = re.sub(r'<p>(<img [^>]*\balt="([^"]+)"[^>]*>)</p>', FIGURE, body)
        body = re.sub(r"<pre\b.*?>(<code>.*?)</pre>", keep_lines, body, flags=re.S)
        body = LAST_ROWS.sub(r'</tbody>\n<tbody class="last">\n\1', body)  # no last row alone on a page
        name = self.names[path]
        if name == CONTRACT:
            body = number_sentences(body)
        self.pages[name] = (re.search(r"^# (.*)$", text, re.M)[1], cite(body))

    def link(self, path, m):
        """A link in a source as one between pages.  What exists but has no page stays text."""
        target, mark, anchor = m[2].partition("#")
        if not target or re.match(r"[a-z]+:", target):
            return m[0]
        full = os.path.normpath(os.path.join(os.path.dirname(path), target))
        if not os.path.exists(full):
            self.dead.append("%s: %s" % (path, m[2]))
        if full.endswith((".svg", ".png")):
            return '%s="%s"' % (m[1], os.path.basename(full))
        return 'href="%s.html%s"' % (self.names[full], mark + anchor) if full in self.names else ""

    def add_manual(self):
        with open("include/syscall.tbl", encoding="utf-8", errors="replace") as f:
            pages = manpages.read_pages(sorted(glob.glob("docs/man/*.[1-9]")), f.read())
        home = {"%s.%s" % (other, section): "%s.%s" % (name, section)  # a page may describe several
                for (name, section), text in pages.items() for other in manpages.names(text)}
        index = ["<h1>The manual</h1>"]
        self.pages[MANUAL] = None  # before its pages
        for section, title in SECTIONS.items():
            index.append("<h2>%s</h2>\n<table class=\"index\">" % title)
            for (name, _), text in sorted(item for item in pages.items() if item[0][1] == section):
                page = "%s.%s" % (name, section)
                index.append('<tr><td><a href="%s.html">%s</a></td><td>%s</td>'
                             '<td><a class="leaf" href="%s.html"></a></td></tr>'
                             % (page, name, manpages.description(text), page))
                body = convert(["mandoc", "-Thtml", "-Ofragment,man=%N.%S.html", "-Ios=KSM"], text)
                body = re.sub(r'href="([^"#]+)\.html"', lambda m: 'href="%s.html"' % home.get(m[1], m[1]), body)
                self.pages[page] = ("%s(%s)" % (name, section), cite(body))
            index.append("</table>")
        self.pages[MANUAL] = ("The manual", "\n".join(index))

    def check(self):
        """Each link between pages leads to a page, and to a place on it."""
        places = {name: set(re.findall(r'\bid="([^"]+)"', body)) for name, (_, body) in self.pages.items()}
        for name, (_, body) in self.pages.items():
            for page, anchor in re.findall(r'href="(?:([^"#:]+)\.html)?(?:#([^"]+))?"', body):
                if page and page not in places:
                    self.dead.append("%s: %s.html" % (name, page))
                elif anchor and anchor not in places[page or name]:
                    self.dead.append("%s: %s#%s" % (name, page, anchor))
        return sorted(set(self.dead))

    def title_page(self):
        rows = ['<li><a href="#%s">%s</a></li>' % (name, title)
                for name, (title, _) in self.pages.items() if "." not in name]
        return '<div class="title"><p>KSM</p><p>An operating system with shared memory</p></div>\n' \
               '<nav class="contents"><h1>Contents</h1><ul>%s</ul></nav>' % "\n".join(rows)

    def book(self):
        """All pages as one: the anchors of each get its name in front."""
        parts = [self.title_page()]
        for name, (_, body) in self.pages.items():
            body = re.sub(r'\bid="([^"]+)"', r'id="%s--\1"' % name, body)
            body = re.sub(r'href="#([^"]+)"', r'href="#%s--\1"' % name, body)
            body = re.sub(r'href="([^"#:]+)\.html#([^"]+)"', r'href="#\1--\2"', body)
            body = re.sub(r'href="([^"#:]+)\.html"', r'href="#\1"', body)
            kind = "page manual" if "." in name else "page"
            parts.append('<section class="%s" id="%s">\n%s\n</section>' % (kind, name, body))
        return PAGE % ("KSM", "\n".join(parts))


def keep_lines(pre):
    """A listing whose lines are too long for paper is printed in smaller type."""
    longest = max(len(html.unescape(line)) for line in pre[1].split("\n"))
    return '<pre class="wide">%s</pre>' % pre[1] if longest > COLUMNS else pre[0]


def number_sentences(body):
    """Gives the contract's sections and sentences the anchors s4 and s4.3."""
    out, section = [], ""
    for part in re.split(r"(<h2.*?</h2>|<ol.*?</ol>)", body, flags=re.S):
        head = re.match(r'<h2 id="[^"]*">(\d+)\.', part)
        if head:
            section = head[1]
            part = re.sub(r'id="[^"]*"', 'id="s%s"' % section, part, count=1)
        elif part.startswith("<ol"):
            items = part.split("<li>")
            part = items[0] + "".join('<li id="s%s.%d">%s' % (section, n, item) for n, item in enumerate(items[1:], 1))
        out.append(part)
    return "".join(out)


def cite(body):
    parts = OPAQUE.split(body)
    link = r'<a class="cite" href="%s.html#s\1\2">\g<0></a>' % CONTRACT
    parts[::2] = [CITATION.sub(link, text) for text in parts[::2]]
    return "".join(parts)


def print_book(text, directory, path):
    """weasyprint reads style, drawings and pictures beside the text."""
    source = os.path.join(directory, ".book.html")
    with open(source, "w", encoding="utf-8") as f:
        f.write(text)
    subprocess.run(["weasyprint", "-q", source, path], check=True)
    os.remove(source)


def draw():
    for path in glob.glob("docs/drawings/*.dot"):
        subprocess.run(["dot", "-Tsvg", path, "-o", path[:-len("dot")] + "svg"], check=True)


def write_site(documents, site):
    shutil.rmtree(site, ignore_errors=True)
    os.makedirs(site)
    for path in [STYLE] + glob.glob("docs/drawings/*.svg") + glob.glob("docs/pictures/*.png"):
        shutil.copy(path, site)
    menu = " ".join('<a href="%s.html">%s</a>' % (name, title) for name, title in (
        ("index", "KSM"), ("README", "Documents"), (CONTRACT, "Contract"), (REPORT, "Report"), (MANUAL, "Manual"))
        if name in documents.pages)
    for name, (title, body) in documents.pages.items():
        with open(os.path.join(site, name + ".html"), "w", encoding="utf-8") as f:
            f.write(PAGE % (title, "<header>%s</header>\n<main>\n%s\n</main>" % (menu, body)))


def main():
    os.chdir(ROOT)
    if sys.argv[1:] == ["--draw"]:
        return draw()
    if len(sys.argv) != 2:
        sys.exit("usage: documents.py OUT | documents.py --draw")
    missing = [tool for tool in ("pandoc", "mandoc", "weasyprint") if not shutil.which(tool)]
    if missing:
        sys.exit("documents: %s: not installed" % ", ".join(missing))
    out, site = sys.argv[1], os.path.join(sys.argv[1], "html")
    documents = Documents()
    dead = documents.check()
    if dead:
        sys.exit("documents: these links lead nowhere:\n  " + "\n  ".join(dead))
    write_site(documents, site)
    books = {"ksm.pdf": documents.book()}
    if REPORT in documents.pages:
        title, body = documents.pages[REPORT]
        books["report.pdf"] = PAGE % (title, re.sub(r' href="(?!#|\w+:)[^"]*"', "", body))  # it stands alone
    for name, text in books.items():
        print_book(text, site, os.path.join(out, name))
    print(", ".join([os.path.join(site, "index.html")] + [os.path.join(out, name) for name in books]))
    return None


if __name__ == "__main__":
    progress.run(main)
