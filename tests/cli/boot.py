"""Machines that a kernel may meet: little memory, no disk or a broken one, no ACPI, many processors."""

import os
import random
import shutil
import struct
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import BUILD, done, ok, run, temp_directory  # noqa: E402
from run import qemu, statuses  # noqa: E402

KERNEL = os.path.join(BUILD, "kernel.elf")
IMAGE = os.path.join(BUILD, "fs.img")
directory = temp_directory()


def boot(command, disk=IMAGE, extra=(), smp=2, mem=256):
    """Runs a command on a machine that ./ksm run has no option for."""
    with qemu.Machine(KERNEL, append="log=monitor run=" + command, disk=disk, smp=smp, mem=mem, extra=extra) as machine:
        s = qemu.Session(machine)
        while s.pump(30):
            pass
        return s


for mem in (16, 64, 1024, 3000):
    r = run("--mem", str(mem), "--", "echo up; ksmstat")
    ok(r.status == 0 and r.out.startswith("up\n"), "%d MB" % mem, r)
for mem in (4, 2):
    r = run("--mem", str(mem), "--", "echo up")
    ok(r.status in (statuses.CANNOT_START, 0) and ("memory" in r.err or r.out == "up\n"),
       "%d MB: a clear message, or it runs" % mem, r)

with open(IMAGE, "rb") as f:
    good = f.read()


def broken(name, data):
    path = os.path.join(directory, name + ".img")
    with open(path, "wb") as f:
        f.write(data)
    return path


def super_block(**changes):
    names = ("size", "nblocks", "ninodes", "nlog", "logstart", "inodestart", "bmapstart", "features")
    words = dict(zip(names, struct.unpack("<8I", good[512:544])))
    words.update(changes)
    return good[:512] + struct.pack("<8I", *(words[n] for n in names)) + good[544:]


noise = random.Random(1).randbytes
for name, data in (
        ("empty", bytes(4096)),
        ("noise", noise(1 << 20)),
        ("cut", good[:300 * 512]),
        ("size of 4 G", super_block(size=0xFFFFFFFF)),
        ("no inodes", super_block(ninodes=0)),
        ("4 G inodes", super_block(ninodes=0xFFFFFFFF)),
        ("log outside", super_block(logstart=0x7FFFFFFF)),
        ("no log", super_block(nlog=0)),
        ("large log", super_block(nlog=0xFFFFFFF0)),
        ("inodes outside", super_block(inodestart=0xFFFFFF00)),
        ("bitmap outside", super_block(bmapstart=0xFFFFFFFE)),
        ("unknown features", super_block(features=0x12345678))):
    image = broken(name.replace(" ", "-"), data)
    r = run("--disk", image, "--", "echo up")
    subprocess.run([os.path.join(BUILD, "host", "fsck"), "-y", image], capture_output=True, check=False)
    with open(image, "rb") as f:
        mends = f.read() != data
    ok(r.status == statuses.CANNOT_START and ("fsck -y" in r.err, "it can't be mended" in r.err) == (mends, not mends),
       "a broken disk, and whether fsck mends it: " + name, mends, r)

start, = struct.unpack("<I", good[512 + 16:512 + 20])
header = struct.pack("<I", 5) + struct.pack("<5I", 0xFFFFFFFF, 0, 1, 2, 3)
full_log = good[:start * 512] + header.ljust(512, b"\0") + good[start * 512 + 512:]
image = broken("log", full_log)
r = run("--disk", image, "--", "echo up")
ok(r.status == statuses.CANNOT_START and "fsck -y" in r.err, "a log that points nowhere", r)
mended = subprocess.run([os.path.join(BUILD, "host", "fsck"), "-y", image], capture_output=True, check=False)
r = run("--disk", image, "--", "echo up")
ok(mended.returncode == 1 and r.status == 0 and r.out == "up\n" and "fsck" not in r.err, "the same, mended by fsck",
   mended, r)
inodes, = struct.unpack("<I", good[512 + 20:512 + 24])
r = run("--disk", broken("inodes", good[:inodes * 512] + noise(64 * 512) + good[(inodes + 64) * 512:]), "--",
        "echo up")
ok(r.status == statuses.CANNOT_START and r.err.strip(), "a broken disk: inodes of noise", r)

s = boot("echo up", disk=None)
ok(s.status == "disk" and b"IDE" in s.log, "no disk, and which one it would be", s.status, s.log)
s = boot("echo up", extra=["-machine", "pc,acpi=off"])
ok(s.status == 0 and s.text == b"up\n", "no ACPI", s.status, s.text, s.log)
with subprocess.Popen([shutil.which("qemu-system-i386") or "qemu-system-x86_64", "-nodefaults", "-display", "none",
                       "-machine", "isapc", "-cpu", "max", "-m", "64", "-serial", "stdio", "-kernel", KERNEL,
                       "-initrd", IMAGE, "-append", "run=true"], stdin=subprocess.DEVNULL,
                      stdout=subprocess.PIPE, preexec_fn=qemu.dying_with_us()) as p:
    limit = threading.Timer(qemu.ANSWER, p.kill)
    limit.start()
    said = any(b"can be switched off" in line for line in p.stdout)
    limit.cancel()
    p.kill()
ok(said, "a machine that does not power itself off says that it can be switched off")
s = boot("echo up", smp=16)
ok(s.status == 0 and s.text == b"up\n", "more processors than the kernel uses", s.status, s.text, s.log)
s = boot("echo " + "x" * 1024)
ok(s.status == "machine" and b"too long" in s.log, "a command line that the kernel can't keep whole", s.status, s.log)
r = run("--param", "init=/none", "--", "echo up")
ok(r.status == statuses.CANNOT_START and r.err.strip(), "an init that does not exist", r)
path = os.path.join(directory, "console")
with open(path, "w") as f:
    f.write("a file\n")
r = run("--add", path, "--", "echo up; cat console.old")
ok(r.status == 0 and r.out == "up\na file\n", "a file that has the console's name makes way", r)
r = run("--param", "ksm.segments=0", "--param", "ksm.pages=99999999999", "--param", "nonsense=1", "--param", "=", "--",
        "echo up")
ok(r.status == statuses.USAGE_ERROR, "a parameter without a name is refused", r)
r = run("--param", "ksm.segments=0", "--param", "ksm.pages=99999999999", "--param", "nonsense=1", "--", "echo up")
ok(r.status in (0, statuses.CANNOT_START) and "panic" not in r.err, "parameters out of range", r)
r = run("--mem", "36", "--watch", os.path.join(directory, "feed"), "--param", "ksm.segments=65536", "--param",
        "ksm.attachments=1048576", "--", "echo up")
ok(r.status == 0 and r.out == "up\n" and "watch: not enough memory; nothing is written" in r.err,
   "a feed that memory does not suffice for is left out, and the system starts", r)
done()
