"""report - results as files: JUnit's XML, Gradescope's JSON, CSV.

Each is written beside its place, and then moved there.
"""

import csv
import errno
import io
import json
import os
import re
import xml.etree.ElementTree as ET

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def place(path):
    """Where to write what is to be there: beside it, but for what is no ordinary file (a pipe, /dev/stdout)."""
    return path if os.path.exists(path) and not os.path.isfile(path) else "%s.%d.part" % (path, os.getpid())


def expect(path):
    """An error if write() could not write there: better now than after the work."""
    try:
        if place(path) != path:
            open(place(path), "w", encoding="utf-8").close()
            os.unlink(place(path))
        elif os.path.isdir(path):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    except OSError as e:
        e.filename = path
        raise


def write(path, text):
    """Nothing half-written is ever there."""
    part = place(path)
    try:
        with open(part, "w", encoding="utf-8", errors="replace") as f:
            f.write(text)
        if part != path:
            os.replace(part, path)
    except OSError as e:
        if part != path and os.path.exists(part):
            os.unlink(part)
        e.filename = path
        raise


def printable(text):
    """One line of text from somewhere else, without characters that a terminal would act on."""
    return "".join(c if c.isprintable() else "?" for c in text)


def xml_text(text):
    """XML can't hold most control characters."""
    return NOT_XML.sub("\ufffd", text)


class Case:
    """A test as reports show it: `failure` is "" for one that passed, else why it did not."""

    def __init__(self, title, failure="", text="", skipped=False):
        self.title, self.failure, self.text, self.skipped = title, failure, text, skipped


def junit(suites):
    """The XML for pairs of a suite's name and its cases, with seconds: (name, cases, seconds)."""
    root = ET.Element("testsuites")
    for name, cases, seconds in suites:
        nfailed = sum(bool(case.failure) for case in cases)
        suite = ET.SubElement(root, "testsuite", name=xml_text(name), tests=str(len(cases)), failures=str(nfailed),
                              errors="0", skipped=str(sum(case.skipped for case in cases)), time="%.1f" % seconds)
        for case in cases:
            node = ET.SubElement(suite, "testcase", classname=xml_text(name), name=xml_text(case.title))
            if case.failure:
                ET.SubElement(node, "failure", message=xml_text(case.failure)).text = xml_text(case.text)
            elif case.skipped:
                ET.SubElement(node, "skipped")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def gradescope(output, tests, seconds):
    """The JSON for tests: (name, points, of, why it failed or "", hidden)."""
    return json.dumps({
        "output": output,
        "execution_time": round(seconds),
        "stdout_visibility": "hidden",
        "tests": [{"name": name, "score": points, "max_score": of,
                   "status": "failed" if text else "passed", "output": text,
                   "visibility": "after_published" if hidden else "visible"}
                  for name, points, of, text, hidden in tests],
    }, indent=1, ensure_ascii=True) + "\n"


def cell(text):
    """A spreadsheet would compute a cell that begins so, and a submission may have chosen what it says."""
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def table(rows):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(map(cell, row) for row in rows)
    return out.getvalue()
