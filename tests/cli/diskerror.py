"""A disk whose reads, writes and flushes fail, by QEMU's blkdebug: the caller gets an error, the kernel lives on, and
what was not committed is never there by halves."""

import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import BUILD, done, ok, temp_directory  # noqa: E402
from measure import crash  # noqa: E402

NCPUS = int(os.environ.get("CPUS") or 2)
NOPERATIONS = 40
BSIZE = 512
LOG_HEADER = 2  # where mkfs has it
SAYS = "disk: a transfer failed; from now on files can be read but not changed"
DMA, PIO = {"cpus": NCPUS}, {"cpus": 1, "options": ("-M", "isapc", "-cpu", "max")}


def configure(name, event, skip=0, once=False, sector=None):
    """A configuration of blkdebug: transfers of this kind fail after the first `skip` ones."""
    text = ""
    for state in range(1, skip + 1):
        text += '[set-state]\nevent = "%s"\nstate = "%d"\nnew_state = "%d"\n' % (event, state, state + 1)
    text += '[inject-error]\nevent = "%s"\niotype = "%s"\nerrno = "5"\n' % (event, event.partition("_")[0])
    if skip:
        text += 'state = "%d"\n' % (skip + 1)
    if once:
        text += 'once = "on"\n'
    if sector is not None:
        text += 'sector = "%d"\n' % sector
    with open(name, "w", encoding="ascii") as f:
        f.write(text)
    return name


def command(session, line):
    session.send(line.encode() + b"\n")
    session.wait_prompt()
    return session.before.replace(b"\r", b"")


def fail_writing(title, layout, machine, **failure):
    """Work goes on until the disk fails, and after that.  Then the system is booted again, with a good disk."""
    directory = temp_directory()
    start, disk = os.path.join(directory, "start.img"), os.path.join(directory, "disk.img")
    crash.make_image(BUILD, start, layout, ["init", "sh", "fsload", "mkdir", "echo"])
    shutil.copyfile(start, disk)
    session = crash.Recorder(BUILD, disk, log=os.path.join(directory, "log"),
                             failures=configure(os.path.join(directory, "failures"), **failure), **machine)
    synced, unsynced, wrong, said = [], [], [], []

    def heard(word, worker=None, number=None):
        if word == "synced":
            if any(other == worker for other, _ in unsynced):
                wrong.append("a sync of worker %d failed, and then one did not" % worker)
            synced.append((worker, number, 0))
        elif word == "unsynced":
            unsynced.append((worker, number))
        else:
            said.append(word)

    try:
        with session.machine:
            session.wait_prompt()
            crash.let_work(session, 1, NOPERATIONS, heard)
            session.wait_prompt()
            said = "\n".join(said)
            ok(SAYS in said and unsynced and not wrong,
               title + ": the console says it, and no sync succeeds from then on", said, synced, unsynced, wrong)
            made = command(session, "mkdir new")
            echo = command(session, "echo alive")
            ok(b"cannot" in made and b"\nalive\n" in echo, title + ": files can be read but not changed", made, echo)
            session.end()
        nentries = crash.log_entries(directory)
        crash.write_marks(directory, 1, NOPERATIONS, [(w, n, nentries) for w, n, _ in synced])
        wrong = crash.look(directory, BUILD, disk)
        ok(not wrong, title + ": after the next boot, nothing is there by halves, and what was synced is there", wrong)
    except crash.Wrong as e:
        ok(False, title + ": the system lives on", e)


fail_writing("a flush fails once", "extended", DMA, event="flush_to_disk", skip=20, once=True)
fail_writing("a write fails once", "xv6", DMA, event="write_aio", skip=30, once=True)
fail_writing("all writes fail from some moment on", "extended", DMA, event="write_aio", skip=55)
fail_writing("the log's header can't be written", "extended", DMA, event="write_aio", sector=LOG_HEADER)
fail_writing("a copy in the log can't be written", "xv6", DMA, event="write_aio", sector=LOG_HEADER + 4)
fail_writing("without DMA, a flush fails", "xv6", PIO, event="flush_to_disk", skip=9, once=True)
fail_writing("without DMA, a write fails", "extended", PIO, event="write_aio", skip=21, once=True)


def find(image, text):
    """The block that a text is in."""
    with open(image, "rb") as f:
        return f.read().index(text) // BSIZE


def fail_reading(title, machine):
    """A block of a file, and one of a program, can't be read."""
    directory = temp_directory()
    image, big = os.path.join(directory, "fs.img"), os.path.join(directory, "big")
    with open(big, "w", encoding="ascii") as f:
        for i in range(20):
            f.write(("block %d" % i).ljust(BSIZE - 1) + "\n")
    crash.make_image(BUILD, image, "extended", ["init", "sh", "cat", "echo", "mkdir"], [big])
    for what, text in (("file", b"block 13 "), ("program", b"usage: mkdir")):
        failures = configure(os.path.join(directory, what), "read_aio", sector=find(image, text))
        session = crash.Recorder(BUILD, image, failures=failures, **machine)
        try:
            with session.machine:
                session.wait_prompt()
                if what == "file":
                    read = command(session, "cat big")
                    made = command(session, "mkdir new")
                    ok(b"block 12 " in read and b"block 13 " not in read and b"cat: " in read and b"cannot" not in made,
                       title + ": a file is read up to a block that can't be, and the rest of the disk is as good as "
                       "before", read[-200:], made)
                else:
                    made = command(session, "mkdir new")
                    echo = command(session, "echo alive")
                    ok(b"mkdir" in made.partition(b"\n")[2] and b"\nalive\n" in echo,
                       title + ": a program that can't be read is not started", made, echo)
                session.end()
        except crash.Wrong as e:
            ok(False, title + ": the system lives on", e)


fail_reading("reading", DMA)
fail_reading("reading without DMA", PIO)
done()
