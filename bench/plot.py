"""plot - draws the figures of docs/performance.md beside those of other systems, docs/rivals.tsv, as
docs/drawings/performance.svg."""

import html
import math
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OURS = os.path.join(ROOT, "docs", "performance.md")
RIVALS = os.path.join(ROOT, "docs", "rivals.tsv")
PICTURE = os.path.join(ROOT, "docs", "drawings", "performance.svg")

NAMES, RIGHT, TOP, ROW = 310, 90, 58, 24  # pixels
WIDTH = 900
# A shape and a colour for each system: neither alone tells them apart.
MARKS = [("#0369a1", '<circle cx="{x}" cy="{y}" r="5.5" fill="{c}"/>'),
         ("#b45309", '<path d="M{x} {y}m-5 0l5 -5l5 5l-5 5z" fill="{c}"/>'),
         ("#15803d", '<path d="M{x} {y}m-5 4l5 -9l5 9z" fill="{c}"/>'),
         ("#7e22ce", '<path d="M{x} {y}m-4.5 -4.5h9v9h-9z" fill="{c}"/>')]


def read_ours():
    with open(OURS, encoding="utf-8") as f:
        rows = re.findall(r"^\| (.*?) \| ([\d,.]+) \|", f.read(), re.M)
    return {name: float(value.replace(",", "")) for name, value in rows}


def read_rivals():
    with open(RIVALS, encoding="utf-8") as f:
        lines = [line.rstrip("\n").split("\t") for line in f if not line.startswith("#")]
    return lines[0][1:], [(row[0], [None if v == "-" else float(v) for v in row[1:]]) for row in lines[1:]]


def short(value):
    for unit, letter in ((1e6, " M"), (1e3, " k")):
        if value >= unit:
            return "%.3g%s" % (value / unit, letter)
    return "%g" % value


def text(x, y, words, more=""):
    return '<text x="%.1f" y="%.1f"%s>%s</text>' % (x, y, more and " " + more, html.escape(words))


def draw(systems, rows):
    low = 10 ** math.floor(math.log10(min(v for _, values in rows for v in values if v)))
    high = 10 ** math.ceil(math.log10(max(v for _, values in rows for v in values if v)))
    decades = range(round(math.log10(low)), round(math.log10(high)) + 1)
    height = TOP + len(rows) * ROW + 30

    def x(value):
        return NAMES + math.log10(value / low) / math.log10(high / low) * (WIDTH - NAMES - RIGHT)

    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" '
           'font-family="DejaVu Sans, sans-serif" font-size="12" role="img">' % (WIDTH, height, WIDTH, height),
           "<title>Guest instructions for each operation, on a logarithmic scale</title>",
           '<rect width="100%" height="100%" fill="#ffffff"/>']
    for i, system in enumerate(systems):
        colour, mark = MARKS[i]
        out += [mark.format(x=NAMES + 10 + i * 120, y=16, c=colour), text(NAMES + 20 + i * 120, 20, system)]
    for decade in decades:
        at = x(10 ** decade)
        out += ['<path d="M%.1f %dV%d" stroke="#e2e8f0"/>' % (at, TOP - 12, height - 26),
                text(at, TOP - 18, short(10 ** decade), 'text-anchor="middle" fill="#64748b" font-size="11"')]
    for n, (name, values) in enumerate(rows):
        y = TOP + n * ROW + 4
        known = [v for v in values if v]
        out += [text(NAMES - 12, y + 4, name, 'text-anchor="end"'),
                '<path d="M%.1f %dH%.1f" stroke="#cbd5e1" stroke-width="2"/>' % (x(min(known)), y, x(max(known)))]
        for i in reversed(range(len(values))):
            if values[i]:
                out.append(MARKS[i][1].format(x="%.1f" % x(values[i]), y=y, c=MARKS[i][0]))
        out.append(text(x(max(known)) + 11, y + 4, "%s times" % short(round(max(known) / values[0])),
                        'fill="#64748b" font-size="11"'))
    note = "Guest instructions, fewer is better.  On the right, the slowest as a multiple of KSM."
    out.append(text(NAMES, height - 8, note, 'fill="#64748b" font-size="11"'))
    return "\n".join(out + ["</svg>"]) + "\n"


def picture():
    ours = read_ours()
    systems, rivals = read_rivals()
    return draw(["KSM"] + systems, [(name, [ours[name]] + values) for name, values in rivals])


def draw_figures():
    with open(PICTURE, "w", encoding="utf-8") as f:
        f.write(picture())
