#!/usr/bin/env python3
"""crash - power cuts: QEMU records each write of work on files, and each state that a cut could leave is looked at.

  crash.py [--every N] [--seed N] [--operations N] [--record]

Programs work on files in the system (tests/hostile/fsload.c), on both layouts and with both kernels, while QEMU's
blklogwrites records what is written to the disk.  Then, for each block of the record, the disk is rebuilt as a power
cut after it would leave it, once with all that was written, and once with some of what came after the last flush
missing.  tests/host/fs_replay.c mounts each by the kernel's own code: fsck must find nothing, and the files must be
what some operation had left, after the last one that a sync had promised.  Some states are booted as well.  Finally,
transfers fail: in the system (tests/cli/diskerror.py), and each one in turn in a host test (tests/host/fs_error.c).

With --every N, one block in N is enough.  --record adds the result to the table of ./ksm reliability.  Status 1:
something was lost or damaged; the records are then kept.
"""

import contextlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from measure import results  # noqa: E402
from run import children, progress, qemu  # noqa: E402
from run.build import make  # noqa: E402
from run.options import ToolParser, natural, positive  # noqa: E402
from run.paths import ROOT, build_directory, clean_env  # noqa: E402

PROMPT = b"$ "
WORKERS = 3
NPARTS = os.cpu_count() or 1
BOOTED = 3  # states of each record


class Wrong(Exception):
    pass


def unflushed(path):
    """A file, as QEMU wants it described, for which the host's disk need not be waited for."""
    return {"driver": "file", "filename": path, "cache": {"no-flush": True}}


class Recorder(qemu.Session):
    """The system with a disk whose writes are recorded, or that fails as a configuration of blkdebug says."""

    def __init__(self, build, image, log=None, failures=None, cpus=2, options=()):
        node = unflushed(image)
        if log:
            open(log, "wb").close()
            node = {"driver": "blklogwrites", "log-sector-size": 512, "log-super-update-interval": 1, "file": node,
                    "log": unflushed(log)}
        if failures:
            node = {"driver": "blkdebug", "config": failures, "image": node}
        extra = ["-blockdev", json.dumps({"driver": "raw", "node-name": "disk", "file": node}),
                 "-device", "ide-hd,drive=disk,bus=ide.0,unit=1"]
        super().__init__(qemu.Machine(os.path.join(build, "kernel.elf"), smp=cpus, mem=64,
                                      extra=extra + list(options)))

    def transfers(self):
        """Writes and flushes that the disk has got."""
        text = self.machine.monitor(b"info blockstats")
        return sum(int(n) for n in re.findall(rb"(?:wr|flush)_operations=(\d+)", text))

    def wait_prompt(self):
        if not self.expect(PROMPT):
            raise Wrong("no prompt: %r, %r" % (self.text[-300:], self.log[-300:]))

    def end(self):
        """Ends QEMU properly: a record would lose its end otherwise.  Returns transfers() as it was then."""
        self.machine.monitor(b"stop")
        n = self.transfers()
        self.machine.monitor(b"quit")
        if self.machine.wait(qemu.ANSWER) != 0:
            raise Wrong("QEMU did not quit")
        return n


def make_image(build, name, layout, programs, files=()):
    """An image with these programs and files, and room to work."""
    command = [os.path.join(build, "host", "mkfs")] + (["--xv6"] if layout == "xv6" else []) + [name]
    if layout != "xv6":
        command += ["-s", "3000"]
    command += [os.path.join(build, "bin", program) for program in programs] + list(files)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def let_work(session, seed, noperations, heard):
    """Runs fsload, and passes each line of its workers to heard(WORD, WORKER, NUMBER), and others to heard(LINE)."""
    session.send(b"fsload %d %d %d\n" % (seed, noperations, WORKERS))
    if not session.expect(b"\n"):
        raise Wrong("the system does not listen")
    while True:
        if not session.expect(b"\n"):
            raise Wrong("the work hangs: %r" % session.text[-300:])
        line = session.before.decode("ascii", "replace").strip()
        synced = re.search(r"((?:un)?synced) (\d+) (\d+)$", line)
        if synced:
            heard(synced[1], int(synced[2]), int(synced[3]))
            session.send(b"\n")
        elif line == "work done":
            return
        elif line:
            heard(line)


def write_marks(directory, seed, noperations, synced):
    """synced: triples of a worker, the number of its operation, and the entries of the log by then."""
    with open(os.path.join(directory, "marks"), "w", encoding="ascii") as f:
        for i in range(WORKERS):
            f.write("work %d %d %d\n" % (i, seed + i, noperations))
        for triple in synced:
            f.write("synced %d %d %d\n" % triple)


def log_entries(directory):
    with open(os.path.join(directory, "log"), "rb") as f:
        return int.from_bytes(f.read(24)[16:], "little")


def record(directory, build, layout, seed, noperations, cpus=2):
    """Lets the programs work, and leaves start.img, log and marks in the directory."""
    start, disk = os.path.join(directory, "start.img"), os.path.join(directory, "disk.img")
    make_image(build, start, layout, ["init", "sh", "fsload"])
    shutil.copyfile(start, disk)
    session = Recorder(build, disk, log=os.path.join(directory, "log"), cpus=cpus)
    synced = []

    def heard(word, worker=None, number=None):
        if word != "synced":
            raise Wrong("fsload says: %s" % word)
        synced.append((worker, number, session.transfers()))

    with session.machine:
        session.wait_prompt()
        let_work(session, seed, noperations, heard)
        ntransfers = session.end()
    nentries = log_entries(directory)
    if nentries not in (ntransfers, ntransfers + 1):  # QEMU itself may flush at its end
        raise Wrong("the record has %d entries, but the disk got %d writes and flushes" % (nentries, ntransfers))
    write_marks(directory, seed, noperations, synced)
    return nentries


def replay_command(build, directory, *arguments):
    return [os.path.join(build, "tests", "host", "fs_replay"), directory] + [str(a) for a in arguments]


def replay(directory, build, every, show=lambda nstates, total: None):
    """Looks at all states.  Returns how many there were, and what was wrong, as text."""
    nstates, wrong = 0, ""
    with contextlib.ExitStack() as running:
        parts = [running.enter_context(children.child(
            replay_command(build, directory, "all", i, NPARTS, every), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace")) for i in range(NPARTS)]
        for part in parts:
            done, last = 0, ""
            for line in part.stdout:
                last = line
                state = re.match(r"states (\d+) of (\d+), (\d+) bad$", line)
                if state:
                    done = int(state[1])
                    show(nstates + done * (NPARTS if part is parts[0] else 1), int(state[2]) * NPARTS)
                else:
                    wrong += line
            if part.wait() != 0 or not last.startswith("states"):
                wrong += "fs_replay ended with status %d\n" % part.returncode
            nstates += done
    return nstates, wrong


def boot_state(directory, build, event, chance):
    """Boots what a cut leaves, and looks at it.  What was wrong, as text."""
    image = os.path.join(directory, "cut.img")
    subprocess.run(replay_command(build, directory, "cut", event, chance, image), check=True)
    return look(directory, build, image, event)


def look(directory, build, image, event="last"):
    """Boots an image, and looks at what that boot leaves: may it be after this event?  What was wrong, as text."""
    session = Recorder(build, image)
    with session.machine:
        session.wait_prompt()
        session.end()
    looked = subprocess.run(replay_command(build, directory, "look", event, image), stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    return looked.stdout if looked.returncode else ""


def parse(argv):
    parser = ToolParser("crash", "Cuts the power at each moment of work on files, and lets each transfer fail: nothing "
                                 "may be lost that a sync had promised.")
    parser.add_argument("--every", type=positive, default=1, metavar="N", help="look at one block in N (1: all)")
    parser.add_argument("--seed", type=natural, default=1, metavar="N", help="of the work (1)")
    parser.add_argument("--operations", type=positive, default=300, metavar="N",
                        help="of each of %d programs (300)" % WORKERS)
    results.add_option(parser)
    options = parser.parse_args(argv)
    if options.seed >= 1000000 or not 10 <= options.operations <= 1500:
        parser.error("--seed is below 1000000, --operations 10 to 1500")
    return options


def try_record(build, name, layout, options):
    """False: something is wrong, and the record was kept."""
    started = time.monotonic()
    directory = tempfile.mkdtemp(prefix="ksm-crash-")
    progress.show("%s: the programs work" % name)
    try:
        nentries = record(directory, build, layout, options.seed, options.operations)
        nstates, wrong = replay(directory, build, options.every,
                                lambda n, total: progress.show("%s: state %d of %d" % (name, n, total)))
        chances = random.Random(options.seed)
        for i in range(BOOTED):
            progress.show("%s: boot %d of %d" % (name, i + 1, BOOTED))
            wrong += boot_state(directory, build, chances.randrange(nentries), 128)
    except Wrong as e:
        nentries, nstates, wrong = 0, 0, "%s\n" % e
    progress.say("%s: %d writes and flushes, %d states, %d booted: %s, in %.0f s" % (
        name, nentries, nstates, BOOTED, "NOT ALL GOOD" if wrong else "all good", time.monotonic() - started))
    if wrong:
        progress.say(wrong[-4000:] + "the record is in %s" % directory)
    else:
        shutil.rmtree(directory)
    if options.record:
        results.add("crash", "power cuts: states that one could leave", nstates, "states", int(bool(wrong)),
                    int(bool(wrong)))
    return not wrong


def try_failures(name, command, record, **env):
    """Runs a test of failing transfers; false: something is wrong."""
    started = time.monotonic()
    progress.show("%s, transfers fail" % name)
    test = children.run(command, env=dict(os.environ, **env), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    tried = re.search(r"^# (\d+ faults.*)$", test.stdout, re.M)
    progress.say("%s, transfers fail%s: %s, in %.0f s" % (
        name, ", " + tried[1] if tried else "", "NOT ALL GOOD" if test.returncode else "all good",
        time.monotonic() - started))
    if test.returncode:
        progress.say(test.stdout[-4000:])
    if record and tried:
        results.add("crash", "reads, writes and flushes that fail", int(tried[1].split()[0]), "faults",
                    int(test.returncode != 0), int(test.returncode != 0))
    return test.returncode == 0


def main():
    options = parse(sys.argv[1:])
    os.chdir(ROOT)
    good = True
    for kernel, build in (("kernel", build_directory()), ("debug kernel", build_directory() + "/debug")):
        debug = ["DEBUG=1"] if kernel != "kernel" else []
        if not make(["B=" + build, "all", "programs", "host-tests"] + debug, clean_env()):
            return 2
        for layout in ("xv6", "extended"):
            good = try_record(build, "%s, %s layout" % (kernel, layout), layout, options) and good
        good = try_failures(kernel, [sys.executable, "tests/cli/diskerror.py"], options.record,
                            B=build) and good
    command = [os.path.join(build_directory(), "tests", "host", "fs_error")]
    return 0 if try_failures("host", command, options.record, FS_ERROR_ALL="1") and good else 1


if __name__ == "__main__":
    progress.run(main)
