"""Jobs: what Ctrl-C ends, what it leaves alone, and what a job leaves behind."""

import os
import re
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _shell import IMAGE, KERNEL, PATIENCE, PROMPT, Shell  # noqa: E402
from _tap import done, ok, temp_directory  # noqa: E402
from run import qemu  # noqa: E402

NCPUS = int(os.environ.get("CPUS") or 2)
CTRL_C = b"\x03"


def shells(shell):
    return len(shell.processes(b"sh"))


def break_off(shell, line):
    """Starts cat, and types Ctrl-C when it has given a line back; whether the prompt comes, and nothing is left."""
    shell.type(line)
    shell.send(b"runs\n")
    if not shell.expect(b"runs\nruns\n"):
        return False
    shell.send(CTRL_C)
    return shell.expect(b"^C\n") and shell.wait_prompt() == b"" and shell.gone(b"cat")


def used(shell):
    """KB of memory in use."""
    return int(re.search(rb"used +(\d+) KB", shell.command(b"free"))[1])


def memory(shell):
    """KB of memory that are free or in use: not those that are kept for the next shell."""
    return sum(int(n) for n in re.findall(rb"(?:free|used) +(\d+) KB", shell.command(b"free")))


def hog_and_shell(text):
    """Has the hog said what it has, and the next shell given a prompt?  They do so in either order."""
    return b" pages\n" in text and PROMPT in text.partition(b"starting sh\n")[2]


with qemu.Machine(KERNEL, disk=IMAGE, smp=NCPUS, mem=32) as machine:
    s = Shell(machine)

    s.send(b"echo no" + CTRL_C)
    ok(s.wait_prompt() == b"echo no^C\n", "Ctrl-C at the prompt drops the line, and gives a new prompt", s.text)
    ok(s.command(b"echo yes") == b"yes\n", "and the next line is a line by itself", s.text)
    ok(s.command(b"for i in 1 2; do echo $i; sh -c 'exit 255'; done; echo $?") == b"1\n2\n255\n",
       "a loop goes on after a program that ends with the status of a killed one", s.text)
    s.type(b"echo 'one")
    ok(s.expect(b"> "), "a line with an open quote goes on", s.text)
    s.send(b"two" + CTRL_C)
    ok(s.wait_prompt() is not None and s.command(b"echo yes") == b"yes\n", "Ctrl-C leaves a continued line", s.text)
    # What is typed may be echoed before the prompt or after it: only the command's output is looked at.
    s.send(CTRL_C + CTRL_C + b"echo a" + CTRL_C + b"echo x''y\n")
    ok(s.expect(b"xy\n" + PROMPT) and not s.text, "several Ctrl-C one after the other do no harm", s.text)

    for start in (b"sh", b"/sh", b"cd share; sh"):
        ok(s.command(start) == b"" and shells(s) == 2, start.decode() + " gives a shell within the shell", s.text)
        ok(break_off(s, b"cat") and shells(s) == 2, "Ctrl-C ends its command, not itself", s.text)
        s.send(b"echo no" + CTRL_C)
        ok(s.wait_prompt() is not None and shells(s) == 2, "nor does Ctrl-C at its prompt end it", s.text)
        ok(s.command(b"sh") == b"" and break_off(s, b"cat | cat") and shells(s) == 3, "so does one within it")
        ok(s.command(b"exit") == b"" and s.command(b"exit") == b"" and shells(s) == 1, "they end by exit", s.text)
        ok(break_off(s, b"cat") and shells(s) == 1, "then Ctrl-C ends the first one's commands")
    s.command(b"cd")

    s.command(b"sh")
    inner = [p[0] for p in s.processes(b"sh")][1]
    s.type(b"kill " + inner)
    ok(s.wait_prompt() is not None and shells(s) == 1, "a shell that is killed gives the console back", s.text)
    ok(break_off(s, b"cat"), "to the one that started it", s.text)

    memory(s)
    before = memory(s)  # now that all programs that are used here have been read once
    s.command(b"sh")
    s.command(b"sh")
    middle = s.processes(b"sh")[1][0]
    s.type(b"kill " + middle + b"; cat")  # so that the inner one gives no prompt before it ends
    ok(s.wait_prompt() is not None and break_off(s, b"cat"), "a shell that is killed gives back what it had handed on",
       s.text)
    ok(s.until(lambda: shells(s) == 1), "and takes along those within it", s.listed)
    ok(memory(s) >= before, "no memory is kept for a shell that nobody will start", memory(s))

    s.command(b"sh")
    s.command(b"sh")
    outer = s.processes(b"sh")[0][0]
    s.type(b"kill " + outer + b"; cat")
    ok(s.expect(b"init: starting sh\n") and s.wait_prompt() is not None and break_off(s, b"cat"),
       "when the outermost one is killed, init starts another, which alone has the console", s.text)
    ok(s.until(lambda: shells(s) == 1), "those within it are gone", s.listed)
    ok(memory(s) >= before, "nor is memory kept for another one, which runs already", memory(s))

    for line in (b"cat; echo never", b"cat || echo never", b"for i in 1 2; do cat; done; echo never"):
        ok(break_off(s, line), "Ctrl-C ends " + line.decode(), s.text)

    s.type(b"echo begun; sleep 100000")
    ok(s.expect(b"begun\n"), "a command runs, and others are typed meanwhile", s.text)
    s.send(b"echo never\nmore never\necho n" + CTRL_C)
    ok(s.wait_prompt() == b"echo never\nmore never\necho n^C\n", "Ctrl-C ends it, and drops what was typed", s.text)
    ok(s.command(b"echo yes") == b"yes\n", "what is typed then is run", s.text)

    s.command(b"sleep 100000 &")
    ok(s.until(lambda: len(s.processes(b"sleep")) == 1 and shells(s) == 1), "a command runs in the background", s.text)
    s.type(b"echo begun; wait")
    ok(s.expect(b"begun\n"), "wait begins", s.text)
    s.send(CTRL_C)
    ok(s.expect(b"^C\n") and s.wait_prompt() is not None, "Ctrl-C ends wait", s.text)
    pid = (s.processes(b"sleep") or [[b"0"]])[0][0]
    ok(shells(s) == 1 and s.command(b"kill " + pid + b"; wait") == b"" and not s.processes(b"sleep"),
       "the command runs on, and wait returns when it has ended", s.text)

    s.command(b"mkdir d; cd d; ln /cat sh")
    s.type(b"sh")
    s.send(b"cat has it\n")
    ok(s.expect(b"cat has it\ncat has it\n"), "another program of that name is started as it is", s.text)
    s.send(CTRL_C)
    ok(s.wait_prompt() is not None and shells(s) == 1, "and does not get the console: Ctrl-C ends it", s.text)
    s.command(b"rm sh; cd; rm d")

    s.type(b"hog -o")
    ok(s.expect(b"hog has"), "a job's second process takes all memory that it can have", s.text)
    ok(s.expect(PROMPT), "the first one ends before it", s.text)
    for _ in range(3):
        ok(len(s.processes(b"hog")) == 1, "the shell can start ps", s.listed)
    hog = (s.processes(b"hog") or [[b"", b"", b""]])[0]
    ok(hog[0] != hog[2], "its job has the number of the first process", hog)
    ok(s.command(b"kill -j " + hog[2]) == b"" and s.gone(b"hog"), "kill -j ends what is left of the job", s.text)
    ok(s.command(b"kill -j " + hog[2]) == b"kill: " + hog[2] + b": no such job\n", "which is gone then", s.text)

    # A process that is ending is no longer listed; its memory comes back a moment later.
    ok(s.until(lambda: used(s) < 4096), "and its memory comes back", s.text)
    s.type(b"hog &")
    ok(s.expect(b"hog has") and s.in_step(), "a job in the background takes all memory that it can have", s.text)
    for option, what in ((b"-c", "children"), (b"-s", "segments")):
        s.command(b"hog " + option)
        ok(s.processes(b"hog"), "the shell can start ps after a job that left %s behind" % what, s.listed)
    for _, _, job, *_ in s.processes(b"hog"):
        s.command(b"kill -j " + job)
    ok(s.gone(b"hog") and s.until(lambda: used(s) < 4096), "and kill -j, which brings the memory back", s.text)

    for line, nleft in (b"hog -k", 0), (b"hog -k &", 1), (b"hog -k", 1):
        s.type(line)
        ok(s.until(lambda: s.pump(1) is not None and hog_and_shell(s.text)),
           line.decode() + ": a job takes all memory that it can have, and kills its shell", s.text)
        s.text = b""
        ok(s.until(lambda: len(s.processes(b"hog")) == nleft), "the next shell can start ps", s.listed)
        for _ in range(3 * nleft):
            ok(len(s.processes(b"hog")) == 1, "again and again", s.listed)
    hog = (s.processes(b"hog") or [[b"", b"", b""]])[0]
    ok(s.command(b"kill " + hog[0]) == b"" and s.gone(b"hog"), "and kill", s.text)
    ok(s.until(lambda: used(s) < 4096), "all memory comes back", s.text)

disk = os.path.join(temp_directory(), "jobsh.img")
shutil.copy(IMAGE, disk)
with qemu.Machine(KERNEL, disk=disk, write=True, smp=NCPUS, mem=32) as machine:
    Shell(machine).type(b"mv sh oldsh; ln jobsh sh; halt")
    machine.wait(PATIENCE)
with qemu.Machine(KERNEL, disk=disk, smp=NCPUS, mem=32) as machine:
    s = qemu.Session(machine)
    ok(s.expect(b"in the foreground: 0\n"), "another shell names its first job after the fork", s.text)
    s.send(CTRL_C)
    ok(s.expect(b"ended: 1\n"), "and Ctrl-C ends it", s.text)
    ok(s.expect(b" pages are left\n") and int(s.before) > 48,
       "a job that it had started before leaves it the last pages", s.before)
    s.expect(b"key?\n")
    s.send(b"a")
    ok(s.expect(b"key a\n") and s.expect(b"line?\n"), "it reads a key, and starts a job and asks for no lines",
       s.text)
    s.send(b"one line\n")
    ok(s.expect(b"one line\none line\n"), "the job gets a line", s.text)
    s.expect(b"key?\n")
    s.send(b"b")
    ok(s.expect(b"key b\n"), "and the shell the next key", s.text)
    ok(s.expect(b"a shell in the foreground: -1\n"), "a shell in its turn is no job", s.text)
done()
