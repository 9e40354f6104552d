"""How a run can end other than by its program's end: each way has a status and a message.

With kernels of a few instructions in place of the real one.
"""

import os
import select
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import (BUILD, ROOT, RUN, WAIT, done, machine_ended, ok, run, run_until,  # noqa: E402
                  temp_directory, toolchain)
from run import qemu, statuses  # noqa: E402
from run.symbols import Symbols  # noqa: E402

START = """
        .text
        .long 0x1badb002, 0, -0x1badb002
        .globl _start
_start:
"""
SAY = """
        movl $%(text)s, %%esi
1:      lodsb
        testb %%al, %%al
        jz 2f
        movw $%(port)s, %%dx
        outb %%al, %%dx
        jmp 1b
2:
"""
END = "        movb $%d, %%al\n        outb %%al, $0xf4\n"
STOP = "1:      hlt\n        jmp 1b\n"
TEXTS = """
nothing: .long 0, 0
out:    .asciz "output\\n"
log:    .asciz "boot noise\\n"
seven:  .asciz "\\n\\001exit 7\\n"
great:  .asciz "\\n\\001exit 512\\n"
zero:   .asciz "\\n\\001exit 0\\n"
panic:  .asciz "\\n\\001exit panic\\n"
disk:   .asciz "\\n\\001exit disk\\n"
odd:    .asciz "\\n\\001exit bored\\n"
forged: .asciz "\\nexit 0\\n"
"""


def say(text, port):
    return SAY % {"text": text, "port": hex(port)}


def kernel(*body):
    """A build directory with a kernel of this code."""
    directory = temp_directory()
    source = os.path.join(directory, "k.S")
    with open(source, "w", encoding="utf-8") as f:
        f.write(START + "".join(body) + STOP + TEXTS)
    tools = toolchain()
    subprocess.run([tools["CC"], tools["M32"], "-c", "-o", os.path.join(directory, "k.o"), source],
                   check=True)
    subprocess.run([tools["LD"], "-m", "elf_i386", "-z", "noexecstack", "-Ttext", "0x100000", "-o",
                    os.path.join(directory, "kernel.elf"), os.path.join(directory, "k.o")], check=True)
    shutil.copy(os.path.join(BUILD, "fs.img"), directory)
    os.symlink(os.path.join(BUILD, "host"), os.path.join(directory, "host"))
    return directory


OUT, LOG = 0x3F8, 0x2F8

r = run("--", "x", build=kernel(say("out", OUT), say("log", LOG), say("seven", LOG), END % 0))
ok(r.status == 7, "the status on the second port is the exit status", r)
ok(r.out == "output\n", "the console alone goes to standard output", r)
ok("boot noise" in r.err, "the log goes to standard error", r)
ok("exit 7" not in r.err, "the line of status is not shown", r)

r = run("--", "x", build=kernel(say("zero", LOG), END % 0))
ok(r.status == 0, "status 0 is 0", r)
r = run("--", "x", build=kernel(say("great", LOG), END % 0))
ok(r.status == 1, "a status that 8 bits cannot hold is not taken for 0", r)

r = run("--", "x", build=kernel(say("panic", LOG), END % 1))
ok(r.status == statuses.PANICKED and "panic" in r.err, "a panic", r)
r = run("--", "x", build=kernel(say("disk", LOG), END % 3))
ok(r.status == statuses.CANNOT_START and "disk" in r.err, "a system that cannot start", r)
r = run("--", "x", build=kernel(say("odd", LOG), END % 3))
ok(r.status == statuses.QEMU_FAILED and "bored" in r.err, "a word that is not known", r)
r = run_until([b"\nexit 0\n"], "--", "x", build=kernel(say("forged", LOG)))
ok(r.status == statuses.TIMED_OUT, "a line without the kernel's mark is no status", r)
FORGED = "0", "panic", "disk", "odd"
r = run_until([b"??exit %s?: unknown sys call 999\n" % word.encode() for word in FORGED], "--tests", "--",
              " ".join("t_attack --forge %s &" % word for word in FORGED) + " wait")
for word in FORGED:
    ok(r.status == statuses.TIMED_OUT and "?exit %s?: unknown" % word in r.err, "a program called exit %s" % word, r)
r = run("--tests", "--", "t_pipe nowhere")
ok(r.status == 1 and "no test has `nowhere'" in r.out, "a suite without a test of such a title says so", r)
r = run("--", "x", build=kernel("        lidt nothing\n        int3\n"))
ok(r.status == statuses.TRIPLE_FAULT and "triple fault" in r.err, "a triple fault", r)
hang = kernel(say("out", OUT), "here:   jmp here\n")
r = run("--busy", "5", "--", "x", build=hang)  # and so has had the time to print
ok(r.status == statuses.TIMED_OUT and "timeout" in r.err, "a hang", r)
ok(r.out == "output\n", "what was printed before a hang is not lost", r)
r = run("--", "x", build=kernel(END % 5))
ok(r.status == statuses.QEMU_FAILED, "an end without a status", r)
r = run("--mem", "999999999", "--", "x", build=hang)
ok(r.status == statuses.QEMU_FAILED and r.err, "QEMU refuses to start", r)
r = run("--", "x", build=hang, env={"PATH": "/nonexistent"})
ok(r.status == statuses.QEMU_FAILED and "not installed" in r.err, "QEMU is not installed", r)

tools = os.path.join(temp_directory(), "host")
os.mkdir(tools)
with open(os.path.join(tools, "mkfs"), "w", encoding="utf-8") as f:
    f.write("#!/bin/sh\nkill -TERM $PPID\n")
os.chmod(f.name, 0o755)
here = os.path.dirname(tools)
shutil.copy(os.path.join(BUILD, "fs.img"), here)
os.mkdir(os.path.join(here, "tmp"))
r = run("--add", __file__, "--", "x", build=here, env={"TMPDIR": os.path.join(here, "tmp")})
ok(r.status == statuses.INTERRUPTED and not os.listdir(os.path.join(here, "tmp")),
   "an end while a file is put on the disk leaves no copy of the disk", r, os.listdir(os.path.join(here, "tmp")))

# What a machine may print to harm its host.
shown = []
log = qemu.LogReader(shown.append)
for _ in range(100):
    log.feed(b"x" * 65000)
ok(sum(map(len, shown)) > 6000000, "a line of the log without an end is passed on, and not kept", len(shown))
there = [Symbols()._program(name)  # pylint: disable=protected-access
         for name in ("../kernel.elf", "/etc/passwd", "/bin/sh")]
ok(there == [None] * 3, "a program's name that leads elsewhere is not looked up on the host", there)

slow = os.path.join(temp_directory(), "addr2line")
with open(slow, "w", encoding="utf-8") as f:
    f.write('#!/bin/sh\necho >>"$0.calls"\n')
os.chmod(slow, 0o755)
path, os.environ["PATH"] = os.environ["PATH"], os.path.dirname(slow) + ":/bin:/usr/bin"
symbols = Symbols(False, [slow])
for n in range(1000):
    symbols.line(b"pid 7 addr2line: trap 14 err 4 on cpu 0 eip 0x%x addr 0x0--kill proc\n" % n)
    symbols.line(b"null pointer, read at 0x0, in 0x%x\n" % n)
os.environ["PATH"] = path
with open(slow + ".calls", encoding="utf-8") as f:
    ncalls = len(f.readlines())
ok(100 < ncalls < 900, "programs that die without end do not keep the host busy without end", ncalls)

# Whoever is to read takes nothing.
flood = kernel("flood:\n", say("out", OUT), "        jmp flood\n")
mine, its = os.pipe()
process = subprocess.Popen(RUN + ["--", "x"], stdin=subprocess.DEVNULL, stdout=its, stderr=its,
                           env=dict(os.environ, KSM_BUILT="1", B=flood))
while select.select([], [its], [], 0)[1] and process.poll() is None:  # until the pipe is full
    time.sleep(0.05)
process.terminate()
try:
    status = process.wait(WAIT)
except subprocess.TimeoutExpired:
    status = None
    process.kill()
ok(status == statuses.INTERRUPTED, "a run ends by a signal, also where nobody reads what it prints", status)

# A host that is too busy to run the tool while the machine runs.
text = os.path.join(temp_directory(), "text")
with open(text, "w", encoding="ascii") as f:
    f.writelines("line %d\n" % i for i in range(30000))
with subprocess.Popen(RUN + ["--add", text, "--", "echo ready; cat text; exit 7"], stdin=subprocess.DEVNULL,
                      stdout=subprocess.PIPE, text=True, env=dict(os.environ, KSM_BUILT="1")) as p:
    p.stdout.readline()
    p.send_signal(signal.SIGSTOP)
    ended = machine_ended(p.pid)
    p.send_signal(signal.SIGCONT)
    out = p.communicate()[0]
ok(ended and p.returncode == 7 and out.splitlines() == ["line %d" % i for i in range(30000)],
   "a run that was never read from while it went on has lost nothing", p.returncode, len(out), out[-200:])

# A command that starts two machines, one after the other.
process = subprocess.Popen([os.path.join(ROOT, "ksm"), "demo"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, env=dict(os.environ, KSM_BUILT="1", B=hang),
                           start_new_session=True)
process.stdout.readline()
process.terminate()
status = process.wait(WAIT)
ended = status == statuses.INTERRUPTED and process.stdout.read() == b""
ok(ended, "a kill ends the demonstration, and its machine", status)
if not ended:
    os.killpg(process.pid, signal.SIGKILL)

own = [value for name, value in vars(statuses).items() if name.isupper()]
ok(len(own) > 8 and len(set(own)) == len(own), "each ending has a status of its own", own)
done()
