"""What a debug kernel prints of a program's page tables: each kind of page, and how fork and writing change it."""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import done, ok, run, skip  # noqa: E402

PAGE = 4096
LINE = re.compile(r"^0x([0-9a-f]{8})-0x([0-9a-f]{8}) (.*)$", re.M)


class Pages:
    """What `pages WHEN N` said: ranges, as (start, end, kind), and where the program has things."""

    def __init__(self, when, npages):
        self.when, self.npages = when, npages
        self.run = run("--tests", "--", "pages %s %d" % (when, npages))
        self.ranges = [(int(a, 16), int(b, 16), kind) for a, b, kind in LINE.findall(self.run.err)]
        self.at = {name: int(va, 16) for name, va in re.findall(r"^(\w+) 0x([0-9A-F]+)$", self.run.out, re.M)}

    def kind(self, name, npages=0):
        """Of the page at this distance after the thing; None: no access."""
        va = self.at.get(name, 0) // PAGE * PAGE + npages * PAGE
        found = [kind for start, end, kind in self.ranges if start <= va < end]
        return found[0] if len(found) == 1 else found or None

    def ordered(self):
        """Whole pages, in order, and two ranges that meet differ in kind."""
        pairs = list(zip(self.ranges, self.ranges[1:]))
        return (self.ranges and all(a % PAGE == b % PAGE == 0 and a < b for a, b, _ in self.ranges) and
                all(b <= c and (b < c or kind != other) for (_, b, kind), (c, _, other) in pairs))

    def one_gap(self):
        gaps = [b for (_, b, _), (c, _, _) in zip(self.ranges, self.ranges[1:]) if b < c]
        return len(gaps) == 1 and self.at.get("variable", 0) < gaps[0] < self.at.get("stack", 0)

    def __str__(self):
        """First what a report shows of it: its ranges."""
        ranges = ", ".join("0x%x-0x%x %s" % found for found in self.ranges)
        return "pages %s: %s\n%s\n%s" % (self.when, ranges or "no line", self.run, self.at)


def all_have(title, right, *pages):
    wrong = [p for p in pages if not right(p)]
    ok(not wrong, title, *wrong)


alone = Pages("alone", 3)
if alone.run.status == 3 and not os.environ.get("DEBUG"):
    skip("page tables", "only a debug kernel prints them")
    done()
child, written, parent = Pages("child", 4), Pages("written", 2), Pages("parent", 7)
every = (alone, child, written, parent)
all_have("the program runs to its end", lambda p: p.run.status == 0 and p.at, *every)
all_have("a line is a run of whole pages of one kind, and they ascend", Pages.ordered, *every)
all_have("code is read-only", lambda p: p.kind("code") == "read-only", *every)
all_have("nothing is at address 0", lambda p: p.ranges and p.ranges[0][0] == PAGE, *every)
all_have("there is one gap, the guard page between variables and stack", Pages.one_gap, *every)
all_have("the last line ends at the break",
         lambda p: p.ranges and p.ranges[-1][1] == -(-p.at.get("break", 0) // PAGE) * PAGE, *every)
all_have("memory that was never touched is promised",
         lambda p: all(p.kind("heap", n) == "promised" for n in range(1, p.npages)), *every)
all_have("what a program that never forked has written is writable",
         lambda p: all(p.kind(name) == "writable" for name in ("variable", "heap", "stack")), alone)
all_have("after a fork a page is copied until it is written",
         lambda p: (p.kind("heap"), p.kind("stack")) == ("copied", "writable"), child)
all_have("and then it is writable", lambda p: p.kind("heap") == "writable", written)
all_have("the parent's page is copied, too, though its child has ended", lambda p: p.kind("heap") == "copied", parent)
done()
