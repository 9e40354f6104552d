#!/usr/bin/env python3
"""soak - one system that works for long, and must stay as it was.

  soak.py [MINUTES] [--seed N] [--smp N] [--mem MB] [--record]

A debug kernel whose scheduling jitters (jitter=SEED) runs, in turn: a test suite of the guest, and then random system
calls, the Math Server with several clients, or a bomb.  When all have had their turn, the next round begins.  After
each of them the page frames in use, the totals of shared memory and the processes must be what they were at the start,
and fsck must find nothing in the disk as it is at that moment, no file without a name either.  After each round, no
more blocks of the disk may be in use than after the first one, but for the root directory's, which keeps the room that
names once took.  An open file takes memory of the kernel's, so it counts in the frames.

A line each minute says how far it has got.  Ctrl-C ends it.  Status 1: a finding, which is printed with what repeats
it; the console and the disk are then in build/soak.
"""

import os
import re
import shutil
import struct
import subprocess
import sys
import time
from math import ceil

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TESTS = os.path.join(os.path.dirname(sys.path[0]), "tests")
sys.path[1:1] = [TESTS, os.path.join(TESTS, "cli")]
import _bombs  # noqa: E402
import _shell  # noqa: E402
import suites  # noqa: E402
from measure import results  # noqa: E402
from run import progress, qemu  # noqa: E402
from run.build import alone, make  # noqa: E402
from run.options import ToolParser, positive, small  # noqa: E402
from run.paths import ROOT, clean_env  # noqa: E402
from run.statuses import INTERRUPTED  # noqa: E402

BUILD = os.path.join("build", "gcc-debug")
KEPT = os.path.join("build", "soak")
BLOCK_SIZE = 512
INODE_SIZE = 64
EXT_NDIRECT = 11
CALLS = 5000     # of sysfuzz, each time
CLIENTS = 4      # of the Math Server, with
REQUESTS = 2000  # each
PATIENCE = 900   # seconds for one piece of work; the system's own watchdogs are quicker
COMMITTED = 200  # ticks after which all changes are on the disk, by the promise of the file system
SETTLED = 30     # seconds in which init waits for orphans and the last commit ends


class Finding(Exception):
    pass


class Console(_shell.Shell):
    """A shell whose console is kept in a file, and which calls `minute` once in each minute."""

    def __init__(self, machine, minute):
        self._minute, self._next = minute, time.monotonic() + 60
        self._kept = open(os.path.join(KEPT, "console"), "wb", buffering=0)
        super().__init__(machine)

    def pump(self, seconds):
        before = self.text
        more = super().pump(min(seconds, 1))
        self._kept.write(self.text[len(before):])
        if time.monotonic() >= self._next:
            self._next += 60
            self._minute()
        return more

    def get(self, line, seconds=_shell.PATIENCE):
        """What a command printed."""
        out = self.command(line, seconds)
        if out is None:
            raise Finding("no prompt after `%s`; the last lines were\n%s" % (
                line.decode(), (self.text + self.log)[-2000:].decode("ascii", "replace")))
        return out.decode("ascii", "replace")


# The pieces of work.  Each raises Finding.


def run_suite(shell, name, seed):
    out = shell.get(b"%s -s %d" % (name.encode(), seed), PATIENCE)
    plan = re.search(r"^1\.\.(\d+)$", out, re.M)
    if not plan or len(re.findall(r"^ok ", out, re.M)) != int(plan[1]) or "not ok" in out:
        raise Finding("%s -s %d failed:\n%s" % (name, seed, out[-2000:]))


def run_calls(shell, seed):
    command = "sysfuzz -s %d -n %d -p 6" % (seed, CALLS)
    out = shell.get(command.encode(), PATIENCE)
    wrong = re.findall(r"^sysfuzz: [^0-9].*$", out, re.M)
    if wrong or not re.search(r"^sysfuzz: \d+ calls, ", out, re.M):
        raise Finding("%s: %s" % (command, "\n".join(wrong) or out[-2000:]))


def run_math(shell, seed):
    shell.get(b"mathserver -i soak -n %d &" % CLIENTS)
    client = b"mathclient -i soak -b %d -e '%d*sqrt(2)' " % (REQUESTS, seed % 1000)
    shell.get(b"".join(client + b">soak.%d & " % i for i in range(CLIENTS - 1)) + client, PATIENCE)
    if not shell.gone(b"mathclient", PATIENCE):
        raise Finding("clients of the Math Server hang")
    files = b" ".join(b"soak.%d" % i for i in range(CLIENTS - 1))
    out = shell.get(b"cat %s; rm %s; mathclient -i soak -q" % (files, files))
    if not shell.gone(b"mathserver"):
        raise Finding("the Math Server does not end")
    if len(re.findall(r"^%d requests" % REQUESTS, out, re.M)) != CLIENTS - 1 or "math" in out:
        raise Finding("the Math Server: " + out[-2000:])


def run_bomb(shell, kind, way, ncpus, before):
    wrong = _bombs.play(shell, ncpus, kind, way, before)
    if wrong:
        raise Finding("bomb %s: %s" % (kind.decode(), wrong))


def guest_suites():
    """Those that run in any system: they ask for no boot parameters of their own."""
    names = [n.split("/")[1] for n in suites.names() if n.startswith("guest/")]
    return [n for n in names if "--param" not in suites.guest_command(n)]


class Soak:
    def __init__(self, options):
        self._options = options
        self._started = time.monotonic()
        self._end = self._started + 60 * options.minutes
        self._image = os.path.join(KEPT, "disk.img")
        self._seed = options.seed
        self._now = "starting"
        self._npieces = {}
        self._nrounds = 0
        self._totals = self._start = self._figures = None  # of memory and processes, as text
        self._nblocks = self._first_nblocks = None

    @property
    def minutes(self):
        return int(time.monotonic() - self._started) // 60

    def _say(self):
        progress.say("%3d min: round %d, %s; %s, %s blocks; %s" % (
            self.minutes, self._nrounds + 1, self._now, self._figures or "no figures yet", self._nblocks,
            self.summary()))

    def _begin(self, what):
        self._now = what
        progress.show("%d of %d minutes, round %d: %s" % (self.minutes, self._options.minutes, self._nrounds + 1, what))

    def summary(self):
        return ", ".join("%d %s" % (n, what) for what, n in self._npieces.items()) or "nothing yet"

    def _pieces(self):
        """One round: what it is called, its kind, and what does it."""
        others = [("sysfuzz", "of sysfuzz", run_calls, ()), ("the Math Server", "of the Math Server", run_math, ())]
        for kind in _bombs.KINDS:
            for way in (_bombs.in_foreground, _bombs.in_background):
                others.append(("bomb " + kind.decode(), "bombs", run_bomb, (kind, way)))
        names = guest_suites()
        for i in range(max(len(names), len(others))):
            yield names[i % len(names)], "suites", run_suite, (names[i % len(names)],)
            yield others[i % len(others)]

    def _run_piece(self, shell, what, kind, work, arguments):
        self._begin(what)
        self._seed += 1
        if work is run_bomb:
            work(shell, *arguments, self._options.smp, self._totals)
        else:
            work(shell, *arguments, self._seed)
        self._npieces[kind] = self._npieces.get(kind, 0) + 1
        self._look(shell)

    def _take_figures(self, shell):
        self._figures = "%s, %d processes" % (shell.get(b"ksmstat").strip(), shell.get(b"ps").count("\n") - 1)
        return self._figures

    def _look(self, shell):
        if not shell.until(lambda: self._take_figures(shell) == self._start, SETTLED):
            raise Finding("after %s: %s\nat the start: %s" % (self._now, self._figures, self._start))
        if not shell.until(lambda: self._disk_is_settled(shell), SETTLED):
            raise Finding("after %s, the disk has a file without a name" % self._now)

    def _disk_is_settled(self, shell):
        """False: it is good, but what was changed is not on it yet."""
        shell.machine.monitor(b"stop")  # as if the power were cut now
        wrong, said = self._fsck()
        self._nblocks = self._count_blocks()
        shell.machine.monitor(b"cont")
        if wrong:
            raise Finding("after %s, fsck says: %s" % (self._now, said))
        shell.pump(0.1)
        return "without a name" not in said

    def _fsck(self):
        """Whether the disk is bad, and what fsck says."""
        run = subprocess.run([os.path.join(BUILD, "host", "fsck"), "-n", self._image], capture_output=True, text=True,
                             check=False)
        return run.returncode != 0, run.stdout + run.stderr

    def _count_blocks(self):
        """Of the disk, in use, by its bitmap, without those of the root directory, which is inode 1."""
        with open(self._image, "rb") as f:
            f.seek(BLOCK_SIZE)
            size, _, _, _, _, inodes, bitmap = struct.unpack("<7I", f.read(28))
            f.seek(inodes * BLOCK_SIZE + INODE_SIZE + 8)
            root = ceil(struct.unpack("<I", f.read(4))[0] / BLOCK_SIZE)
            f.seek(bitmap * BLOCK_SIZE)
            in_use = bin(int.from_bytes(f.read((size + 7) // 8), "little")).count("1")
            return in_use - root - (root > EXT_NDIRECT)  # and a block of addresses

    def _compare_rounds(self, shell):
        self._nrounds += 1
        shell.get(b"sleep %d" % COMMITTED)
        self._disk_is_settled(shell)
        if self._first_nblocks is None:
            self._first_nblocks = self._nblocks
        elif self._nblocks > self._first_nblocks:
            raise Finding("%d blocks in use after round %d, %d after the first" % (
                self._nblocks, self._nrounds, self._first_nblocks))

    def _work(self, shell):
        self._take_figures(shell)  # the first time takes memory of its own
        _bombs.warm_up(shell)
        self._totals, self._start = shell.command(b"ksmstat"), self._take_figures(shell)
        while True:
            for piece in self._pieces():
                if time.monotonic() >= self._end:
                    return
                self._run_piece(shell, *piece)
            self._compare_rounds(shell)

    def run(self):
        """Raises Finding, or returns when the time is over."""
        o = self._options
        shutil.copyfile(os.path.join(BUILD, "tests.img"), self._image)
        self._begin("starting")
        with qemu.Machine(os.path.join(BUILD, "kernel.elf"), append="jitter=%d" % o.seed, disk=self._image, write=True,
                          smp=o.smp, mem=o.mem) as machine:
            shell = Console(machine, self._say)
            self._work(shell)
            self._begin("power off")
            shell.send(b"halt\n")
            if machine.wait(60) is None:
                raise Finding("halt does not power off")
        wrong, said = self._fsck()
        if wrong or "note" in said:  # it was shut down properly: nothing is left to the next mount
            raise Finding("at the end, fsck says: " + said)


def parse(argv):
    parser = ToolParser("soak", "Keeps one system working, and looks after each piece of work whether all is as it "
                                "was.  Ctrl-C ends it.")
    parser.add_argument("minutes", nargs="?", type=positive, default=60, metavar="MINUTES", help="how long (60)")
    parser.add_argument("--seed", type=small, default=1, metavar="N", help="of the jitter and all random work (1)")
    parser.add_argument("--smp", type=positive, default=4, metavar="N", help="processors (4)")
    parser.add_argument("--mem", type=positive, default=256, metavar="MB", help="memory (256)")
    results.add_option(parser)
    options = parser.parse_args(argv)
    if options.minutes > 100000 or options.seed >= 1000000 or options.smp > 8 or not 64 <= options.mem <= 2048:
        parser.error("MINUTES are at most 100000, --seed is below 1000000, --smp at most 8, --mem 64 to 2048")
    return options


def soak(options):
    os.makedirs(KEPT, exist_ok=True)
    work = Soak(options)
    status, end = 0, "nothing was found"
    try:
        work.run()
        shutil.rmtree(KEPT)
    except Finding as finding:
        status = 1
        end = "FINDING: %s\nsoak: repeat: ./ksm soak %d --seed %d --smp %d --mem %d; console and disk are in %s" % (
            finding, options.minutes, options.seed, options.smp, options.mem, KEPT)
    except KeyboardInterrupt:
        status, end = INTERRUPTED, "interrupted; nothing was found until then"
        shutil.rmtree(KEPT)
    progress.say("soak: %d minutes, %s: %s" % (work.minutes, work.summary(), end))
    if options.record and status != INTERRUPTED:
        results.add("soak", "a debug kernel with jitter, %d processors" % options.smp, work.minutes, "minutes", status)
    return status


def main():
    options = parse(sys.argv[1:])
    os.chdir(ROOT)
    if not make(["all"], clean_env(B=BUILD, DEBUG="1")):
        return 2
    with alone(BUILD, "soak"):
        return soak(options)


if __name__ == "__main__":
    progress.run(main)
