"""The feed (docs/feed.md): it is well-formed whatever happens, and reports what the system's own tools report."""

import os
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _feed import Feed  # noqa: E402
from _tap import ROOT, RUN, Result, done, ok, run, temp_directory  # noqa: E402
from run import qemu  # noqa: E402

HERE = temp_directory()
NTICKS = 60  # six times as many as there are from one snapshot to the next
RACES = "t_ksmrace" if os.environ.get("KSM_ALL") else "t_ksmrace -t 1"


def read(path):
    with open(path, "rb") as f:
        return Feed(f.read())


def watched(name, command, *options):
    """A run with a feed: its result, and the feed."""
    path = os.path.join(HERE, name)
    result = run("--watch", path, "--tests", *options, "--", command)
    return result, read(path)


def watched_until(holds, name, command, *options):
    """The same of a program that waits for input: it comes once the feed has a frame for which that holds."""
    path = os.path.join(HERE, name)
    arguments = ["--timeout", str(qemu.ANSWER), "--watch", path, "--tests", *options, "--", command]
    with subprocess.Popen(RUN + arguments, env=dict(os.environ, KSM_BUILT="1"), stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace") as p:
        while p.poll() is None and not (os.path.exists(path) and any(map(holds, read(path).frames))):
            time.sleep(0.05)
        out, err = p.communicate("\n")
    return Result(p.returncode, out, err), read(path)


def well_formed(feed, title, *details):
    ok(feed.frames and feed.events and not feed.errors and not feed.rest, title, len(feed.frames), feed.errors[:5],
       feed.rest, *details)


def events_of(feed, pid):
    """What a process did: words, without time and processor."""
    return [" ".join([e[3]] + e[5:]) for e in feed.events if e[0] == "E" and e[4] == str(pid)]


# A quiet moment.
result, feed = watched_until(lambda f: f.words and len(f.attachments) == 3, "still",
                             "feed still %d; ps; ksmstat" % NTICKS)
well_formed(feed, "the feed of a run is well-formed from its first byte to its last", result)
told = re.search(r"still (\d+) (\d+): (\d+) used, (\d+) segments, (\d+) pages, (\d+) attachments, word (\S+)",
                 result.out)
numbers = [int(n) for n in told.groups()[:6]] if told else [0] * 6
parent, child = numbers[:2]
quiet = [f for f in feed.frames if parent in f.processes and f.words.get(child)]
frame = quiet[-1] if quiet else None
ok(frame and [frame.totals[0]] + frame.totals[2:5] == numbers[2:],
   "at a quiet moment a frame has the totals of ksminfo() and pgused()", numbers, frame and frame.lines)
word = "%x" % int(told[7], 16) if told else ""
ok(frame and frame.words[child] == ["feed", word, "8", "-", "0"], "and who sleeps on which word", frame and frame.lines)
named = [s for s, fields in frame.segments.items() if fields[8] == "A%201%20Z%20%25"] if frame else []
ok(len(named) == 1 and frame.segments["feed"][8] == "-", "and names of segments", frame and frame.lines)
base = "%x" % (int(word, 16) & ~0xfff) if word else ""
ok(frame and sorted(a for a in frame.attachments if a[1] == parent) ==
   sorted([("feed", parent, base, "rw")] + [a for a in frame.attachments if a[0] in named and a[3] == "r"]) and
   ("feed", child, base, "rw") in frame.attachments, "and who has what attached where", base, frame and frame.lines)
same = [f.lines for f, after in zip(quiet, quiet[1:]) if f.lines[1:] == after.lines[1:]]
ok(quiet and not same, "while nothing changes no frame comes", same)
table = {int(m[0]): m for m in re.findall(r"^ *(\d+) +(\d+) +(\d+) +(\w+) +(\d+) +(\d+)K +(\d+) (\S+)$",
                                          result.out, re.M)}
common = [pid for pid in table if frame and pid in frame.processes]
same = [pid for pid in common if (lambda p, t: (p[1], p[4], p[5], int(p[9], 16) // 1024, p[10]) ==
                                  (t[1], t[2], t[4], int(t[5]), t[7]))(frame.processes[pid], table[pid])]
ok(len(common) >= 2 and same == common, "a frame's processes are those of ps", common, same, result.out,
   frame and frame.lines)
mine = events_of(feed, parent)
ok([e.split(" ")[0] for e in mine] ==
   ["exec", "create", "attach", "fork", "create", "attach", "delete", "delete", "exit"],
   "events tell what a process did, in order", mine)

# Names and locks.
result, feed = watched_until(lambda f: any(word[3] != "-" for word in f.words.values()), "hostile",
                             "feed names; feed lock; forge 0", "--smp", "1")
well_formed(feed, "names that look like lines forge none", result)
names = {e[5] for e in feed.events if e[0] == "E" and e[3] == "exec"}
ok({"%0aZ%201%200%200", "a%0aKSM-FEED%202", "%20", "%25", "%2d", "%250a", "%c3%a9%0d%01"} <= names,
   "they are escaped", names)
told = re.search(r"lock (\d+) (\d+)", result.out)
waits = [e for e in events_of(feed, told[2]) if e.startswith("lock ")] if told else []
ok(waits and all(e.split(" ")[4] == told[1] for e in waits), "who waits for a lock of the library, and for whom", waits)
frames = [f for f in feed.frames if told and int(told[2]) in f.words]
ok(frames and all(f.words[int(told[2])][3:] == [told[1], told[1]] for f in frames), "frames tell it, too", len(frames))

# A storm.
result, feed = watched("race", RACES)
ok(result.status == 0, "the race suite passes while it is watched", result)
well_formed(feed, "and its feed is well-formed", result.err)
ok(feed.nlost > 0 and feed.frames and feed.frames[-1].totals[5] == feed.nlost, "what is lost is counted", feed.nlost,
   feed.frames and feed.frames[-1].lines)

# Without it.
result = run("--param", "watch=on", "--", "echo", "here")
ok(result.out == "here\n" and "no third serial port" in result.err, "without the port the kernel says so, and goes on",
   result)
with tempfile.NamedTemporaryFile() as most:
    result = run("--mem", "512", "--param", "ksm.segments=65536", "--param", "ksm.attachments=1048576", "--watch",
                 most.name, "--", "echo", "here")
    told = most.read()
ok(result.out == "here\n" and b"\nZ 1 " in told, "with the largest limits there are, too", result, told[-200:])
result = run("--param", "watch=perhaps", "--", "echo", "here")
ok(result.out == "here\n" and "watch=perhaps: only on and snapshots" in result.err,
   "a bad value gets a message", result)
result = run("--watch", os.path.join(HERE, "no", "feed"), "--", "true")
ok(result.status == 2 and "cannot write the feed" in result.err, "./ksm run --watch names a file that it can't write",
   result)
if os.path.exists("/dev/full"):
    result = run("--watch", "/dev/full", "--", "true")
    ok(result.status == 2 and "/dev/full: cannot write the feed: No space left" in result.err,
       "./ksm run --watch names a file that takes nothing", result)
with open(os.path.join(ROOT, "tests", "feed", "counter.feed"), "rb") as f:
    feed = Feed(f.read())
well_formed(feed, "the sample in the tree is well-formed")
done()
