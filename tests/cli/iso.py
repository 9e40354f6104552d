"""./ksm iso: the image boots from a CD and from a disk, and by UEFI says what it needs.  Only with --all."""

import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import ROOT, WAIT, done, ok, skip, temp_directory  # noqa: E402
from run import qemu  # noqa: E402

ISO = [sys.executable, os.path.join(ROOT, "tools", "run", "iso.py")]
UEFI = "/usr/share/ovmf/OVMF.fd"


def no_room():
    """As a full disk: no file can grow beyond some bytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))


def iso(*arguments):
    p = subprocess.run(ISO + list(arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                       env=dict(os.environ, KSM_BUILT="1"))
    return p.returncode, p.stdout + p.stderr


MOVES = re.compile(rb"\x1b\[[0-9;]*H")  # of the cursor: the BIOS says now and then where it is, in the middle of words


def shows(program, arguments, words, type_then=()):
    """What QEMU's serial port showed until it showed the words; then more is typed, and other words must come."""
    ours, its = socket.socketpair()
    command = [program, "-display", "none", "-m", "256", "-no-reboot", "-chardev", "socket,id=s,fd=%d" % its.fileno(),
               "-serial", "chardev:s"] + arguments
    machine = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[its.fileno()])
    its.close()
    shown, end = b"", time.monotonic() + qemu.ANSWER
    wanted = [(words, b"")] + list(type_then)
    try:
        while wanted and time.monotonic() < end:
            if wanted[0][0] in MOVES.sub(b"", shown):
                _, keys = wanted.pop(0)
                shown = b"" if keys else shown
                ours.sendall(keys)
                continue
            ours.settimeout(max(end - time.monotonic(), 0.1))
            data = ours.recv(4096)
            if not data:
                break
            shown += data
    except socket.timeout:
        pass
    finally:
        machine.kill()
        machine.wait()
        ours.close()
    return not wanted, shown.decode(errors="replace")[-600:]


TITLE = "an image that boots from a CD, from a disk, and not by UEFI"
if not os.environ.get("KSM_TEST_ALL"):
    skip(TITLE, "only with --all")
    done()
directory = temp_directory()
image = os.path.join(directory, "ksm.iso")
status, said = iso(image)
ok(status == 0 and os.path.exists(image), "it is made", said)
HELLO = [(b"$ ", b"echo here | wc\n"), (b"1 1 5", b"halt\n")]
for how, disk in (("a CD", ["-cdrom", image]),
                  ("a disk, as a USB stick is", ["-drive", "file=%s,format=raw,if=ide,snapshot=on" % image])):
    came, shown = shows("qemu-system-i386", disk, b"init: starting sh", HELLO)
    ok(came, "it boots from " + how, shown)
came, shown = shows("qemu-system-i386", ["-m", "16", "-machine", "graphics=off", "-cdrom", image],
                    b"does not fit into this computer's memory")
ok(came, "with too little memory for the file system, it says so", shown)
program = shutil.which("qemu-system-x86_64")
if program and os.path.exists(UEFI):
    came, shown = shows(program, ["-bios", UEFI, "-cdrom", image], b"KSM needs a BIOS")
    ok(came, "by UEFI, it says what it needs", shown)
else:
    skip("by UEFI, it says what it needs", "no UEFI for QEMU is installed")

for arguments in (["--size", "3"], [image, "more"], ["-x"]):
    status, said = iso(*arguments)
    ok(status == 2 and said.startswith("ksm: usage: ./ksm iso"),
       "refused: " + " ".join(map(os.path.basename, arguments)), said)
fifo = os.path.join(temp_directory(), "fifo")
os.mkfifo(fifo)
for path in ("", directory, os.path.join(directory, "none", "ksm.iso"), "/proc/ksm.iso", fifo):
    status, said = iso(path)
    ok(status == 2 and "can't be written" in said or status == 121 and "was not made" in said,
       "refused: a file that can't be there", said)
slow = os.path.join(temp_directory(), "grub-mkrescue")
with open(slow, "w", encoding="utf-8") as f:
    f.write('#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done; mktemp -d; echo >"$2"; exec sleep 60\n')
os.chmod(slow, 0o755)
temporary = temp_directory()
two = [subprocess.Popen(ISO + [image + ".2"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                        text=True, env=dict(os.environ, KSM_BUILT="1", TMPDIR=temporary,
                                            PATH=os.path.dirname(slow) + ":" + os.environ["PATH"])) for _ in range(2)]
end = time.monotonic() + WAIT
while len(os.listdir(directory)) < 3 and time.monotonic() < end:
    time.sleep(0.05)
ok(len(os.listdir(directory)) == 3, "two that make one image do not write one file", os.listdir(directory))
for p in two:
    p.send_signal(signal.SIGINT)
    said = p.communicate()
    ok(p.returncode == 130 and said == ("", ""), "Ctrl-C ends it, without a word", p.returncode, *said)
ok(not os.listdir(temporary), "nor does it leave what grub-mkrescue would have removed", os.listdir(temporary))
p = subprocess.run(ISO + [image + ".2"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                   env=dict(os.environ, KSM_BUILT="1"), preexec_fn=no_room)
ok(p.returncode == 1 and len(p.stderr.splitlines()) == 1 and p.stderr.endswith("/boot/fs.img: File too large\n"),
   "a disk without room is reported", p)
ok(os.listdir(directory) == ["ksm.iso"], "nothing half-written is left", os.listdir(directory))
done()
