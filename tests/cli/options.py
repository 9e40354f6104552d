"""The options of ./ksm run, and what a run leaves behind."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import BUILD, ROOT, RUN, done, machine_ended, ok, run, skip, temp_directory  # noqa: E402
from run import disk as disks, qemu, statuses  # noqa: E402
from run.options import MAX_PROCESSORS  # noqa: E402

IMAGE = os.path.join(BUILD, "fs.img")

# Refusals.
for arguments in (["--bogus"], ["--smp"], ["--smp", "0"], ["--smp", "x"],
                  ["--smp", "9", "--", "true"], ["--mem", "-1"], ["extra"], ["--"],
                  ["--icount", "--smp", "2", "--", "true"], ["--param", "novalue", "--", "true"],
                  ["--param", "a=b c", "--", "true"], ["--param", "run=x", "--", "true"],
                  ["--ramdisk", "--write", "--", "true"], ["--", "two\nlines"], ["--disk", "", "--write", "--", "true"],
                  ["--add=", "--", "true"]):
    r = run(*arguments)
    ok(r.status == statuses.USAGE_ERROR and "usage: ./ksm run" in r.err and not r.out, "refused: %r" % arguments, r)
for arguments, hint in ((["--timout=5", "--", "true"], "did you mean '--timeout'?"),
                        (["--param", "ksm.segment=10", "--", "true"], "did you mean 'ksm.segments'?"),
                        (["ksm.segments=10"], "comes after --param"), (["mathclient"], "a command comes after --")):
    r = run(*arguments)
    ok(r.status == statuses.USAGE_ERROR and hint in r.err.splitlines()[-1], "a hint: %r" % arguments, r)
with open(os.path.join(ROOT, "include", "param.h"), encoding="ascii") as f:
    ok("#define NCPU    %d " % MAX_PROCESSORS in f.read(), "the limit of --smp is the kernel's")
for cpus, words in ("abc", "'abc' is not a positive number"), ("0", "'0' is not"), ("9", "at most 8 processors"):
    for command in RUN + ["--", "true"], [sys.executable, os.path.join(ROOT, "tests", "run"), "--list"]:
        p = subprocess.run(command, env=dict(os.environ, CPUS=cpus, KSM_BUILT="1"), stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, check=False)
        ok(p.returncode == statuses.USAGE_ERROR and words in p.stderr.splitlines()[-1],
           "CPUS=%s is refused by %s" % (cpus, os.path.relpath(command[1], ROOT)), p)
r = run("--", "echo " + "x" * 1000)
ok(r.status == statuses.USAGE_ERROR and "too long" in r.err, "a command that the kernel's line cannot hold is refused",
   r)
r = run("--disk", "/nonexistent.img", "--", "true")
ok(r.status == statuses.BUILD_FAILED and r.err == "ksm: /nonexistent.img: No such file or directory\n",
   "an image that does not exist is refused", r)
r = run("--add", "/nonexistent", "--", "true")
ok(r.status == statuses.BUILD_FAILED and r.err == "ksm: /nonexistent: No such file or directory\n",
   "an added file that does not exist is refused", r)

cut = os.path.join(temp_directory(), "cut.img")
with open(os.path.join(BUILD, "fs.img"), "rb") as whole, open(cut, "wb") as f:
    f.write(whole.read()[:-100])
r = run("--disk", cut, "--", "true")
ok(r.status == statuses.BUILD_FAILED and "cut short" in r.err and not r.out,
   "an image that ends within a block is refused", r)

fifo = os.path.join(temp_directory(), "fifo")
os.mkfifo(fifo)
for option in "--disk", "--add":
    r = run(option, fifo, "--", "true")
    ok(r.status == statuses.BUILD_FAILED and "regular file" in r.err, "%s: a pipe is refused, not waited for" % option,
       r)
r = run("--mem", "1", "--", "true")
ok(r.status == statuses.CANNOT_START and "memory" in r.err, "1 MB, in which the kernel does not fit", r)


def no_room():
    """As a full disk: no file can grow beyond some bytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))


p = subprocess.run(RUN + ["--add", __file__, "--", "true"], env=dict(os.environ, KSM_BUILT="1"), capture_output=True,
                   stdin=subprocess.DEVNULL, text=True, check=False, preexec_fn=no_room)
ok(p.returncode == statuses.BUILD_FAILED and p.stderr.startswith("ksm: " + tempfile.gettempdir()) and
   p.stderr.endswith(".img: File too large\n"), "where there was no room for an image with added files is named", p)
p = subprocess.run(RUN + ["--help"], capture_output=True, text=True, check=False)
ok(p.returncode == 0 and all(len(line) <= 80 for line in p.stdout.splitlines()),
   "help fits a terminal of 80 columns", p)
if os.path.exists("/dev/full"):
    with open("/dev/full", "wb") as full:
        p = subprocess.run(RUN + ["--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    ok(p.returncode == statuses.BUILD_FAILED and p.stderr == "ksm: No space left on device\n",
       "help that is printed to a full disk says so", p)
room = temp_directory()
SMALL = ["unshare", "-rm", "sh", "-c", "mount -t tmpfs -o size=1m none %s && exec \"$@\"" % room, "sh"]
if not shutil.which("unshare") or subprocess.run(SMALL + ["true"], stderr=subprocess.DEVNULL, check=False).returncode:
    skip("where a disk's changes find no room", "this user may not mount a small file system")
else:
    p = subprocess.run(SMALL + RUN + ["--timeout", str(qemu.ANSWER), "--",
                                      "while cat sh >>big; do true; done; echo it goes on"],
                       env=dict(os.environ, KSM_BUILT="1", TMPDIR=room), stdin=subprocess.DEVNULL,
                       capture_output=True, text=True, check=False)
    ok(p.returncode == 0 and "disk: a transfer failed" in p.stderr and p.stdout.endswith("it goes on\n"),
       "where a disk's changes find no room, the system is told, and does not stand still", p)

# Commands.
r = run("--", "echo hello")
ok(r.status == 0 and r.out == "hello\n", "a command's output, and nothing else", r)
r = run("--", "echo", "a", "b")
ok(r.out == "a b\n", "a command in several words", r)
r = run("--", "exit 42")
ok(r.status == 42 and r.out == "", "its status", r)
r = run("--", "false || exit 9")
ok(r.status == 9, "a line of the shell's", r)
r = run("--", "no-such-program")
ok(r.status == 127, "a command that does not exist", r)
r = run("--", "echo one; echo two | cat; echo three >x; cat x")
ok(r.out == "one\ntwo\nthree\n", "pipes and redirection", r)
if os.path.exists("/dev/full"):
    with open("/dev/full", "wb") as full:
        p = subprocess.run(RUN + ["--", "echo hello"], env=dict(os.environ, KSM_BUILT="1"), stdin=subprocess.DEVNULL,
                           stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    ok(p.returncode == statuses.BROKEN_PIPE and "ksm: standard output cannot be written: No space left" in p.stderr,
       "an output that is full is reported", p)
    with open("/dev/full", "wb") as full:
        p = subprocess.run(RUN + ["--", "echo hello; exit 3"], env=dict(os.environ, KSM_BUILT="1"), text=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=full, check=False)
    ok(p.returncode == 3 and p.stdout == "hello\n", "where only messages find no room, they are lost alone", p)
r = run("--smp", "1", "--", "echo one")
ok(r.out == "one\n", "1 processor", r)
r = run("--smp", "8", "--", "echo eight")
ok(r.out == "eight\n", "8 processors", r)
r = run("--icount", "--", "echo counted")
ok(r.out == "counted\n", "instructions counted", r)
r = run("--ramdisk", "--", "echo memory >x; cat x")
ok(r.out == "memory\n", "the disk in memory", r)
r = run("--param", "ksm.segments=5", "--", "ksmstat")
ok(r.status == 0 and "segments" in r.out, "a parameter", r)
r = run("--param", "ksm.bytes=5", "--", "true")
ok(r.status == statuses.USAGE_ERROR and "there is no boot parameter 'ksm.bytes'" in r.err,
   "no limit of shared memory is believed to hold that there is not", r)
r = run("--", "echo caf\udce9")  # a byte that is not UTF-8
ok(r.status == 0 and r.out.startswith("caf"), "a command of any bytes", r)
r = run("--timeout", "999999999999", "--", "echo patient")
ok(r.out == "patient\n", "a timeout of thousands of years", r)
r = run("--timeout", "9" * 5000, "--", "true")
ok(r.status == statuses.USAGE_ERROR and "usage: ./ksm run" in r.err, "a number of 5,000 digits is refused", r)
r = run("--timeout", "3", "--", "sleep 100000")
ok(r.status == statuses.TIMED_OUT, "a command that does not end", r)

p = subprocess.Popen(RUN + ["--tests", "--", "cat t_ksm t_ksm t_ksm t_ksm"],
                     stdin=subprocess.DEVNULL,
                     stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=dict(os.environ, KSM_BUILT="1"))
ended = machine_ended(p.pid)
with open(os.path.join(BUILD, "bin", "t_ksm"), "rb") as f:
    ok(p.stdout.read() == f.read() * 4 and p.wait() == 0 and ended, "a slow reader loses nothing, and holds up nobody",
       ended)

# The disk.
directory = temp_directory()
disk = os.path.join(directory, "my, disk.img")
shutil.copy(IMAGE, disk)
with open(disk, "rb") as f:
    before = f.read()
r = run("--disk", disk, "--", "echo kept >kept; cat kept")
with open(disk, "rb") as f:
    ok(r.out == "kept\n" and f.read() == before, "an image is not written to", r)
r = run("--disk", disk, "--write", "--", "echo kept >kept")
r2 = run("--disk", disk, "--", "cat kept")
ok(r.status == 0 and r2.out == "kept\n", "an image is written to with --write", r, r2)
os.chmod(disk, 0o444)
r = run("--disk", disk, "--", "cat kept")
ok(r.out == "kept\n", "a read-only image is booted from", r)

# Added files.
small, large = os.path.join(directory, "small"), os.path.join(directory, "large.bin")
with open(small, "w", encoding="utf-8") as f:
    f.write("small file\n")
with open(large, "wb") as f:
    f.write(bytes(range(250)) * 8000)
script = os.path.join(temp_directory(), "control")
with open(script, "wb") as f:
    f.write(b'touch "a\x1e\x1bb"; ls a*\n')
r = run("--add", script, "--", "sh control")
ok(r.status == 0 and r.out.startswith("a??b "), "ls on the console shows no control characters of names", r)
r = run("--add", small, "--add", large, "--", "cat small; wc large.bin")
ok(r.out.startswith("small file\n") and " 2000000 " in r.out, "files are added", r)
r = run("--add", "small", "--", "cat small", cwd=directory)
ok(r.out == "small file\n", "paths are the caller's", r)
long_name = os.path.join(directory, "a-name-too-long")
shutil.copy(small, long_name)
r = run("--add", long_name, "--", "true")
ok(r.status == statuses.BUILD_FAILED and "14" in r.err, "a name that the image cannot hold is refused", r)
fifo = os.path.join(directory, "fifo")
os.mkfifo(fifo)
for option in ("--add", "--disk"):
    r = run(option, fifo, "--", "true")
    ok(r.status == statuses.BUILD_FAILED and "regular file" in r.err, "a FIFO is refused: %s" % option, r)

# Numbers of other tools.
for tool, *words in (("fuzz", "disk", "x"), ("fuzz", "disk", "0"), ("fuzz", "sys", "--calls", "1.5"),
                     ("crash", "--every", "0"), ("crash", "--seed", "x"), ("soak", "x"), ("soak", "--mem", "1e3")):
    p = subprocess.run([sys.executable, os.path.join(ROOT, "tools", "measure", tool + ".py"), *words],
                       stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    ok(p.returncode == statuses.USAGE_ERROR and ": '%s' is not a " % words[-1] in p.stderr,
       "no number: %s %s" % (tool, " ".join(words)), p)
ok(disks.layout(IMAGE) == "extended", "the built image has the extended layout")
done()
