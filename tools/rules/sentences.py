#!/usr/bin/env python3
"""sentences - compares the contract (docs/ksm.md), the man pages, the code and the tests.  Prints TAP.

A numbered sentence of the contract is cited by its section and number, `§3.8`, and a section without numbers as `§10`.
There is no other form.  Each sentence has a test and code that cite it, and whatever is cited exists.

The ERRORS of a man page are those that the tests provoke.  A call provokes an error when a test names both in one
statement, as in `check_eq(ksmdelete(h), KSM_EHANDLE);`, or in a comment `ERRORS call: NAME NAME`.
"""

import re

from common import Report, read, sources

# Sections that define words and tables: nothing to carry out by themselves.
WORDS_ONLY = {"1"}
CALLS = ("ksmget", "ksmattach", "ksmdetach", "ksmdetachat", "ksmdelete", "ksminfo", "pgused", "ksmwait", "ksmwake",
         "ksmwaitpeer")
SUFFIXES = (".c", ".h", ".S", ".py", ".sh", ".pml")
CITATION = re.compile(r"§(\d+(?:\.\d+)?)")
# What else looks like a citation: a number after the word contract, one in parentheses, a second one after one sign.
OTHER_FORMS = re.compile(r"[Cc]ontract[, ]+§?(\d+\.\d+)|\((\d+\.\d+)\b[^()\d]*\)|§\s(\d+)"
                         r"|§\d+\.\d+(?:,| and| or| to|-) ?(\d+\.\d+)")


def contract():
    """All sentences: "3.8" for numbered ones, "10" for a section that has none."""
    sentences = []
    section = None
    for line in read("docs/ksm.md").split("\n"):
        head = re.match(r"#+\s*§?(\d+)\.?\s", line)
        item = re.match(r"(\d+)\.\s", line)
        if head:
            section = head[1]
            sentences.append(section)
        elif item and section:
            if section in sentences:
                sentences.remove(section)
            sentences.append("%s.%s" % (section, item[1]))
    return [s for s in sentences if s not in WORDS_ONLY]


def order(sentence):
    return [int(n) for n in sentence.split(".")]


def cited_in(*directories):
    found = {}
    for path in sources(*directories, suffixes=SUFFIXES):
        for sentence in CITATION.findall(read(path)):
            found.setdefault(sentence, path)
    return found


def provoked():
    """call -> the errors that tests expect of it."""
    errors = {call: set() for call in CALLS}
    for path in sources("tests/guest", "tests/host"):
        text = read(path)
        for call, names in re.findall(r"ERRORS (\w+): ((?:KSM_E\w+[ ,]*)+)", text):
            errors.setdefault(call, set()).update(re.findall(r"KSM_E\w+", names))
        code = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
        for statement in re.split(r"[;{}]", code):
            names = set(re.findall(r"\bKSM_E[A-Z]+\b", statement))
            for call in CALLS:
                if names and re.search(r"\b%s\b" % call, statement):
                    errors[call] |= names
    return errors


def documented(call):
    section = re.search(r"^\.Sh ERRORS$(.*?)(?=^\.Sh|\Z)", read("docs/man/%s.2" % call), re.M | re.S)
    return set(re.findall(r"^\.It Bq Er (KSM_\w+)", section[1] if section else "", re.M))


def other_forms(known, *directories):
    for path in sources(*directories, suffixes=SUFFIXES):
        for number, line in enumerate(read(path).split("\n"), 1):
            for match in OTHER_FORMS.finditer(line):
                if "".join(filter(None, match.groups())) in known:
                    yield "%s:%d: %s" % (path, number, match[0])


def main():
    report = Report()
    sentences = contract()
    in_tests = cited_in("tests")
    in_code = cited_in("kernel", "user", "include")
    report.check("the contract has numbered sentences",
                 [] if len(sentences) > 40 else ["only %d found" % len(sentences)])
    report.check("every sentence has a test", ["§" + s for s in sentences if s not in in_tests])
    report.check("every sentence is cited where it is carried out", ["§" + s for s in sentences if s not in in_code])
    known = set(sentences) | {s.split(".")[0] for s in sentences} | WORDS_ONLY
    for what, found in (("tests", in_tests), ("code", in_code)):
        report.check("the %s cite only sentences that exist" % what,
                     ["%s cites §%s" % (path, s) for s, path in sorted(found.items(), key=lambda i: order(i[0]))
                      if s not in known])
    report.check("citations have the one form", other_forms(known, "kernel", "user", "include", "tests"))
    tested = provoked()
    for call in CALLS:
        page = documented(call)
        report.check("ERRORS of %s(2) are those that its tests expect" % call,
                     ["%s is documented, and no test expects it" % e for e in sorted(page - tested[call])] +
                     ["a test expects %s, which is not documented" % e for e in sorted(tested[call] - page)])
    report.end()


if __name__ == "__main__":
    main()
