"""_feed - reads a feed strictly, as docs/feed.md has it: anything else is an error."""

import re

N = r"(?:0|[1-9]\d{0,9})"
I = r"(?:0|-?[1-9]\d{0,9})"  # noqa: E741
X = r"(?:0|[1-9a-f][0-9a-f]{0,7})"
TIME = r"\d{1,14}"
TEXT = r"(?:%|(?:[!-$&-~]|%[0-9a-f]{2})+)"
ACCESS = "rw?"
WORD = r"%s %s %s" % (X, X, X)
FORMS = {
    "KSM-FEED": "1 " + TEXT,
    "F": " ".join(("1", N, TIME)),
    "T": " ".join([N] * 6),
    "C": " ".join([N] * 2),
    "P": r"{N} {N} (?:run {N}|(?:new|ready|sleep|dead) -) {N} {N} (?:{N}|-) {X} {X} {X} {TEXT}".format(
        N=N, X=X, TEXT=TEXT),
    "W": r"%s (?:%s|-) %s" % (WORD, N, I),
    "S": r"{X} {N} {N} {N} {N} {N} {N} (?:live|marked) {TEXT}".format(N=N, X=X, TEXT=TEXT),
    "A": " ".join((N, X, ACCESS)),
    "Z": " ".join((N, N, X)),
    "R": r"%s %s %s (?:r|s%s|x|-)" % (TIME, N, N, N),
    "L": " ".join((TIME, N, N)),
}
EVENTS = {
    "fork": N, "exec": TEXT, "exit": I, "create": " ".join((X, N, N)), "attach": " ".join((X, X, ACCESS)),
    "detach": X + " " + X, "delete": X, "fault": r"%s %s %s (?:%s [rw]|- -)" % (N, X, X, X), "wait": WORD + " " + I,
    "lock": WORD + " " + N, "woke": I, "wake": " ".join((X, X, X, N)),
}
EVENT = re.compile(r"E (%s) (%s) (\w+) (%s) (.*)" % (TIME, N, I))
COMPILED = {kind: re.compile(form) for kind, form in FORMS.items()}
COMPILED_EVENTS = {kind: re.compile(form) for kind, form in EVENTS.items()}


def fnv(lines):
    total = 0x811c9dc5
    for byte in b"".join(line.encode() + b"\n" for line in lines):
        total = (total ^ byte) * 0x01000193 & 0xffffffff
    return total


class Frame:
    """A snapshot: fields by record, in the order of the lines."""

    def __init__(self, lines):
        self.lines = lines
        self.number, self.time = int(lines[0].split()[2]), int(lines[0].split()[3])
        self.totals = [int(n) for n in lines[1].split()[1:]]
        self.processes, self.words, self.segments, self.attachments, self.cpus = {}, {}, {}, [], {}
        pid = segment = None
        for line in lines[2:]:
            kind, *fields = line.split(" ")
            if kind == "P":
                pid = int(fields[0])
                self.processes[pid] = fields
            elif kind == "W":
                self.words[pid] = fields
            elif kind == "S":
                segment = fields[0]
                self.segments[segment] = fields
            elif kind == "A":
                self.attachments.append((segment, int(fields[0]), fields[1], fields[2]))
            elif kind == "C":
                self.cpus[int(fields[0])] = int(fields[1])

    def wrong(self):
        """What docs/feed.md promises about a frame, and does not hold."""
        nsegments, npages, nattached = self.totals[2:5]
        if len(self.segments) != nsegments or sum(int(s[3]) for s in self.segments.values()) != npages:
            return "segments"
        if len(self.attachments) != nattached or nattached != sum(int(s[4]) for s in self.segments.values()):
            return "attachments"
        if any(a[1] not in self.processes for a in self.attachments):
            return "an attachment of nobody"
        running = {int(p[3]): pid for pid, p in self.processes.items() if p[2] == "run"}
        if any(running.get(cpu, 0) != pid for cpu, pid in self.cpus.items()):
            return "processors"
        if list(self.processes) != sorted(self.processes):
            return "the order of processes"
        if any(self.processes[pid][2] != "sleep" for pid in self.words):
            return "a word of a process that does not sleep"
        return None


class Feed:
    """frames, events (lists of fields), and errors: (line number, line, what is wrong)."""

    def __init__(self, data):
        self.frames, self.events, self.errors, self.nlost = [], [], [], 0
        self._frame = None
        self._times = {}
        text, newline, rest = data.decode("latin-1").rpartition("\n")
        self.rest = rest if newline else data.decode("latin-1")
        for number, line in enumerate(text.split("\n") if newline else [], 1):
            wrong = self._line(number, line)
            if wrong:
                self.errors.append((number, line, wrong))

    def _line(self, number, line):
        kind, _, rest = line.partition(" ")
        if len(line) > 255:
            return "too long"
        if (kind == "KSM-FEED") != (number == 1):
            return "not one greeting, at the start"
        if kind == "E":
            return self._event(line)
        if kind not in COMPILED or not COMPILED[kind].fullmatch(rest):
            return "the form"
        if kind in "RL":
            return self._timed(line.split(" "))
        return self._of_frame(kind, line) if kind != "KSM-FEED" else None

    def _event(self, line):
        match = EVENT.fullmatch(line)
        if not match or match[3] not in EVENTS or not COMPILED_EVENTS[match[3]].fullmatch(match[5]):
            return "the form of an event"
        return self._timed(line.split(" "))

    def _timed(self, fields):
        time, cpu = int(fields[1]), fields[2]
        late = time < self._times.get(cpu, 0)
        self._times[cpu] = time
        self.events.append(fields)
        if fields[0] == "L":
            self.nlost += int(fields[3])
        return "back in time" if late else None

    def _of_frame(self, kind, line):
        if kind == "F":
            unfinished, self._frame = self._frame, [line]
            return "a frame in a frame" if unfinished else None
        if self._frame is None:
            return "no frame is begun"
        if kind != "Z":
            self._frame.append(line)
            return None
        lines, self._frame = self._frame, None
        if line != "Z %s %d %x" % (lines[0].split()[2], len(lines), fnv(lines)):
            return "count or sum"
        frame = Frame(lines)
        self.frames.append(frame)
        if frame.number != len(self.frames):
            return "the number"
        return frame.wrong()
