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
        self.npages = npages
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

    def __str__(self):
        return "%s\n%s" % (self.run, self.at)


alone = Pages("alone", 3)
if alone.run.status == 3 and not os.environ.get("DEBUG"):
    skip("page tables", "only a debug kernel prints them")
    done()
child, written, parent = Pages("child", 4), Pages("written", 2), Pages("parent", 7)
every = (alone, child, written, parent)
ok(all(p.run.status == 0 and p.at for p in every), "the program runs to its end", *every)
ok(all(p.ordered() for p in every), "a line is a run of whole pages of one kind, and they ascend", *every)
ok(all(p.kind("code") == "read-only" for p in every), "code is read-only", *every)
ok(all(p.ranges and p.ranges[0][0] == PAGE for p in every), "nothing is at address 0", *every)
guards = [[b for (_, b, _), (c, _, _) in zip(p.ranges, p.ranges[1:]) if b < c] for p in every]
ok(all(len(g) == 1 and p.at.get("variable", 0) < g[0] < p.at.get("stack", 0) for g, p in zip(guards, every)),
   "there is one gap, the guard page between variables and stack", *every)
ok(all(p.ranges and p.ranges[-1][1] == -(-p.at.get("break", 0) // PAGE) * PAGE for p in every),
   "the last line ends at the break", *every)
ok(all(p.kind("heap", n) == "promised" for p in every for n in range(1, p.npages)),
   "memory that was never touched is promised", *every)
ok([alone.kind(name) for name in ("variable", "heap", "stack")] == ["writable"] * 3,
   "what a program that never forked has written is writable", alone)
ok((child.kind("heap"), child.kind("stack")) == ("copied", "writable"),
   "after a fork a page is copied until it is written", child)
ok(written.kind("heap") == "writable", "and then it is writable", written)
ok(parent.kind("heap") == "copied", "the parent's page is copied, too, though its child has ended", parent)
done()
