"""curves - draws docs/curves.tsv, how costs grow, as docs/drawings/curves.svg; other systems' points where
docs/rivals.tsv has them."""

import math
import os
import re

import plot
from plot import ROOT, short, text

DATA = os.path.join(ROOT, "docs", "curves.tsv")
PICTURE = os.path.join(ROOT, "docs", "drawings", "curves.svg")
HEAD = "# Guest instructions: ./ksm bench curves makes this file.  x: bytes in the panel size, elsewhere a number.\n" \
       "panel\tcurve\tx\tinstructions\n"

# Name, words, colour, dashes: neither colour nor dashes alone tell two curves apart.
CURVES = {"life": ("get … delete", "#0369a1", ""), "again": ("attach, detach", "#15803d", "6 3"),
          "fork": ("fork, exit, wait", "#b45309", "2 3"), "touch": ("first touch, a page", "#7e22ce", "8 3 2 3"),
          "death": ("… all told of it", "#b91c1c", "1 3"), "wake": ("a wake-up", "#475569", "4 2")}
# Name, title, the lowest and the highest power of ten.
PANELS = [("size", "Size of the segment", 0, 8), ("segments", "Segments whose handles the process has", 2, 7),
          ("attachments", "Attachments of the process", 2, 7),
          ("processes", "Processes that have the segment attached, and sleep", 2, 6)]
# What rivals.tsv has of the curves in the first panel: the curve, the size, the rows whose sum it is.
KNOWN = [("life", 1 << 12, ["segment's whole life, 4 KB"]),
         ("again", 1 << 20, ["attach 1 MB, page table there", "detach, not the last: 1 MB"]),
         ("again", 1 << 26, ["attach a populated segment of 64 MB", "detach, not the last: 64 MB"]),
         ("fork", 1 << 26, ["fork + exit + wait, small process", "fork + exit + wait with 64 MB attached, more"])]
# A letter for each other system.
LETTERS = {"KSM on xv6": "s", "Linux 6.1": "L"}

WIDE, HIGH = 450, 310                        # of a panel, in pixels
LEFT, RIGHT, ABOVE, BELOW = 52, 112, 40, 36  # around its axes
TOP = 8


def read_data():
    """(panel, curve) -> [(x, instructions)], in the order of x."""
    curves = {}
    with open(DATA, encoding="utf-8") as f:
        for line in f.read().split("\n")[2:-1]:
            panel, curve, x, cost = line.split("\t")
            curves.setdefault((panel, curve), []).append((int(x), int(cost)))
    return curves


def write_data(output):
    """From what ksmcurves prints; the number of points."""
    points = re.findall(r"^C (\w+) (\w+) (\d+) (\d+)$", output, re.M)
    with open(DATA, "w", encoding="utf-8") as f:
        f.write(HEAD + "".join("\t".join(point) + "\n" for point in points))
    return len(points)


def rivals():
    """[(curve, x, instructions, letter)]"""
    systems, rows = plot.read_rivals()
    cost = dict(rows)
    points = []
    for i, system in enumerate(systems):
        for curve, x, names in KNOWN:
            costs = [cost[name][i] for name in names]
            if None not in costs:
                points.append((curve, x, sum(costs), LETTERS[system]))
    return points


def nbytes(x):
    for unit, letters in ((1 << 20, "MB"), (1 << 10, "KB")):
        if x >= unit:
            return "%d %s" % (x // unit, letters)
    return str(x)


def spread(wanted, least):
    """Heights, from above to below, moved so far apart that labels don't cover each other."""
    placed = []
    for y in wanted:
        placed.append(max(y, placed[-1] + least) if placed else y)
    return placed


def circled(x, y, letter, colour):
    return ['<circle cx="%.1f" cy="%.1f" r="7.5" fill="#ffffff" stroke="%s"/>' % (x, y, colour),
            text(x, y + 4, letter, 'text-anchor="middle" font-size="11" font-weight="600" fill="%s"' % colour)]


def panel(name, title, decades, curves, more, left, top):
    mine = {curve: points for (where, curve), points in curves.items() if where == name}
    xs = sorted({x for points in mine.values() for x, _ in points})
    low, high = decades
    width, height = WIDE - LEFT - RIGHT, HIGH - ABOVE - BELOW

    def at_x(x):
        return left + LEFT + math.log(x / xs[0]) / math.log(xs[-1] / xs[0]) * width

    def at_y(cost):
        return top + ABOVE + height - (math.log10(cost) - low) / (high - low) * height

    out = [text(left + LEFT, top + 18, title, 'font-weight="600"')]
    for decade in range(low, high + 1):
        y = at_y(10 ** decade)
        out += ['<path d="M%.1f %.1fh%d" stroke="#e2e8f0"/>' % (left + LEFT, y, width),
                text(left + LEFT - 6, y + 4, short(10 ** decade), 'text-anchor="end" fill="#64748b" font-size="11"')]
    for x in xs[::2] if len(xs) % 2 else xs:
        out.append(text(at_x(x), top + HIGH - BELOW + 16, nbytes(x) if name == "size" else "%d" % x,
                        'text-anchor="middle" fill="#64748b" font-size="11"'))
    for curve, points in mine.items():
        _, colour, dashes = CURVES[curve]
        path = "M" + "L".join("%.1f %.1f" % (at_x(x), at_y(cost)) for x, cost in points)
        out.append('<path d="%s" fill="none" stroke="%s" stroke-width="2"%s/>'
                   % (path, colour, dashes and ' stroke-dasharray="%s"' % dashes))
    ends = sorted((at_y(points[-1][1]), curve) for curve, points in mine.items())
    for (_, curve), y in zip(ends, spread([y for y, _ in ends], 14)):
        words, colour, _ = CURVES[curve]
        out.append(text(left + LEFT + width + 6, y + 4, words, 'fill="%s" font-size="11.5"' % colour))
    for i, (curve, x, cost, letter) in enumerate(more):
        colour = CURVES[curve][1]
        near = any(x == u and abs(at_y(cost) - at_y(other)) < 15 for _, u, other, _ in more[:i])
        out += circled(at_x(x) + 16 * near, at_y(cost), letter, colour)
    return out


def picture():
    curves = read_data()
    width, height = 2 * WIDE, TOP + 2 * HIGH + 34
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" '
           'font-family="DejaVu Sans, sans-serif" font-size="12" role="img">' % (width, height, width, height),
           "<title>How guest instructions grow with size, segments, attachments and processes; both scales are "
           "logarithmic</title>", '<rect width="100%" height="100%" fill="#ffffff"/>']
    for i, (name, title, *decades) in enumerate(PANELS):
        more = rivals() if name == "size" else []
        out += panel(name, title, decades, curves, more, i % 2 * WIDE, TOP + i // 2 * HIGH)
    note = "Guest instructions.  In circles: %s." % ", ".join("%s %s" % (l, s) for s, l in LETTERS.items())
    out.append(text(LEFT, height - 12, note, 'fill="#64748b" font-size="11"'))
    return "\n".join(out + ["</svg>"]) + "\n"


def draw():
    with open(PICTURE, "w", encoding="utf-8") as f:
        f.write(picture())
