#!/usr/bin/env python3
"""sentences - holds the contract (docs/ksm.md), the man pages, the code and the tests against each other.  Prints TAP.

  A numbered sentence of the contract is cited as its section and number, `§3.8`; one of a section without numbers as `§10`.
  Each has a test that cites it, and code that cites it; no citation is of a sentence that does not exist.
  The ERRORS of a man page are those that the tests provoke: an error counts as provoked by a call when a test names both in one
  statement, as in  check_eq(ksmdelete(h), KSM_EHANDLE);  or in a comment  ERRORS call: NAME NAME
"""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Sections that define words and tables: nothing to carry out by themselves.
WORDS_ONLY = {"1"}
CALLS = ("ksmget", "ksmattach", "ksmdetach", "ksmdetachat", "ksmdelete", "ksminfo", "pgused", "ksmwait", "ksmwake")
CITATION = re.compile(r"§\s?(\d+(?:\.\d+)?)((?:\s*(?:,|and|or|to|-)\s*\d+\.\d+)*)")

results = []


def report(name, faults):
    results.append(bool(faults))
    print("%sok %d - %s" % ("not " if faults else "", len(results), name))
    for fault in faults:
        print("# " + fault)


def sources(*folders):
    for folder in folders:
        for where, _, names in os.walk(os.path.join(ROOT, folder)):
            for name in sorted(names):
                if name.endswith((".c", ".h", ".S", ".py", ".sh")):
                    path = os.path.join(where, name)
                    with open(path, encoding="utf-8") as f:
                        yield os.path.relpath(path, ROOT), f.read()


def contract():
    """All sentences: "3.8" for numbered ones, "10" for a section that has none."""
    sentences = []
    section = None
    with open(os.path.join(ROOT, "docs", "ksm.md"), encoding="utf-8") as f:
        for line in f:
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


def citations(text):
    """Every sentence that a text cites; `§3.6 to 3.8` cites three."""
    for match in CITATION.finditer(text):
        yield match[1]
        last = match[1]
        for joint, number in re.findall(r"(,|and|or|to|-)\s*(\d+\.\d+)", match[2]):
            first, end = order(last), order(number)
            if joint in ("to", "-") and first[0] == end[0]:
                for n in range(first[1] + 1, end[1]):
                    yield "%d.%d" % (first[0], n)
            yield number
            last = number


def cited_in(*folders):
    found = {}
    for path, text in sources(*folders):
        for sentence in citations(text):
            found.setdefault(sentence, path)
    return found


def provoked():
    """call -> the errors that tests expect of it."""
    errors = {call: set() for call in CALLS}
    for _, text in sources("tests/guest", "tests/host"):
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
    path = os.path.join(ROOT, "docs", "man", call + ".2")
    with open(path, encoding="utf-8") as f:
        page = f.read()
    section = re.search(r"^\.Sh ERRORS$(.*?)(?=^\.Sh|\Z)", page, re.M | re.S)
    return set(re.findall(r"^\.It Bq Er (KSM_\w+)", section[1] if section else "", re.M))


def main():
    sentences = contract()
    in_tests = cited_in("tests")
    in_code = cited_in("kernel", "user", "include")
    report("the contract has numbered sentences", [] if len(sentences) > 40 else ["only %d found" % len(sentences)])
    report("every sentence has a test", ["§" + s for s in sentences if s not in in_tests])
    report("every sentence is cited where it is carried out", ["§" + s for s in sentences if s not in in_code])
    known = set(sentences) | {s.split(".")[0] for s in sentences} | WORDS_ONLY
    for what, found in (("tests", in_tests), ("code", in_code)):
        report("the %s cite only sentences that exist" % what,
               ["%s cites §%s" % (path, s) for s, path in sorted(found.items(), key=lambda i: order(i[0])) if s not in known])
    tested = provoked()
    for call in CALLS:
        page = documented(call)
        report("ERRORS of %s(2) are those that its tests expect" % call,
               ["%s is documented, and no test expects it" % e for e in sorted(page - tested[call])] +
               ["a test expects %s, which is not documented" % e for e in sorted(tested[call] - page)])
    print("1..%d" % len(results))
    return 1 if any(results) else 0


if __name__ == "__main__":
    sys.exit(main())
