"""The build interface of xv6, as its graders' scripts use it: they edit, build and drive a copy of the tree."""

import os
import re
import shutil
import socket
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _pty import PATIENCE, Terminal  # noqa: E402
from _tap import copy_tree, done, free_port, ok, skip  # noqa: E402
from run.paths import clean_env  # noqa: E402

GREETING = """\
#include "types.h"
#include "stat.h"
#include "user.h"
#include "fcntl.h"
#include "param.h"
#include "fs.h"
#include "syscall.h"
#include "traps.h"
#include "mmu.h"
#include "memlayout.h"
#include "date.h"
#include "x86.h"

int
main(int argc, char *argv[])
{
  struct rtcdate r = { 0 };
  uint lock = 0;

  if(PGROUNDUP(1) != PGSIZE || KERNBASE != 0x80000000 || T_SYSCALL != 64 || SYS_sleep != 13 || r.year)
    printf(1, "wrong numbers\\n");
  if(xchg(&lock, 1) != 0 || lock != 1)
    printf(1, "wrong exchange\\n");
  printf(1, "%s %d of %d\\n", argv[0], argc, MAXARG > 8 && BSIZE == 512);
  sleep(3);
  exit();
}
"""

FLUSH = '#include "ulib.h"\nint main(void) { return sync(); }\n'

copy = copy_tree(built=True)
ENV = clean_env("B", "V", "DEBUG", "WERROR", "CC", "CPUS", "KSM_BUILT", TERM="dumb")
makefile = os.path.join(copy, "Makefile")


def reachable(address, port):
    with socket.socket() as s:
        s.settimeout(10)
        return s.connect_ex((address, port)) == 0


def read(name):
    with open(os.path.join(copy, name), encoding="utf-8") as f:
        return f.read()


def write(name, text):
    with open(os.path.join(copy, name), "w", encoding="utf-8") as f:
        f.write(text)


def make(*arguments):
    return subprocess.run(["make", "-C", copy, "-j2"] + list(arguments), env=ENV, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)


def start(*arguments):
    return Terminal(["make"] + list(arguments), cwd=copy, env=ENV)


# Style 1: a program is added by awk, another one by Python; each is built once.
write("first.c", GREETING)
write("second.c", GREETING)
write("flush.c", FLUSH)
awk = subprocess.run(["awk", r'{ print } /^\t_mkdir\\$/ { print "\t_first\\" }', makefile],
                     capture_output=True, text=True)
write("Makefile", awk.stdout)
text = read("Makefile")
write("Makefile", text.replace("\t_mkdir\\\n", "\t_mkdir\\\n\t_second\\\n"))
ok(text.count("\t_first\\\n") == 1 and read("Makefile").count("\t_second\\\n") == 1, "UPROGS has one program a line")
r = make("fs.img", "xv6.img", "kernel")
ok(r.returncode == 0, "make fs.img xv6.img kernel", r.stdout[-2000:], r.stderr)
ok("warning" not in r.stderr, "without a warning: no program has two rules", r.stderr)
ok(r.stdout.count("elf/first\n") == 1, "a program that is named and found is built once", r.stdout)
for name in "fs.img", "xv6.img", "kernel.sym", "kernel.asm", "_first", "_second", "_sh":
    ok(os.path.exists(os.path.join(copy, name)), name + " is in the root directory")
ok(re.search(r"^[0-9a-f]{8} sys_sleep$", read("kernel.sym"), re.M), "kernel.sym names sys_sleep")
r = make("kernelmemfs")
ok(r.returncode != 0 and "qemu-memfs" in r.stderr, "kernelmemfs says what to use", r.stderr)

# Style 2: commands are typed at make qemu-nox, by patterns.
t = start("qemu-nox", "CPUS=1", "QEMUEXTRA=-name grader")
ok(t.expect(rb"init: starting sh\r?\n\$ "), "make qemu-nox: the boot ends with xv6's line and the prompt", t.text)
t.type(b"\x01cinfo name\n")
ok(t.expect(rb"\ngrader\r*\n\(qemu\) "), "QEMUEXTRA reaches QEMU", t.text)
t.type(b"info cpus\n")
ok(t.expect(rb"\* CPU #0:[^#]*\(qemu\) "), "and so does CPUS", t.text)
t.type(b"\x01c\n")
t.expect(rb"\$ ")
t.type(b"first a b\n")
ok(t.expect(rb"first 3 of 1\r?\n\$ "), "the added program runs, with xv6's headers", t.text)
t.type(b"second\n")
ok(t.expect(rb"second 1 of 1\r?\n\$ "), "and so does the other", t.text)
t.type(b"echo kept > kept; flush\n")
t.expect(rb"\$ ")
t.type(b"cat kept\n")
t.expect(rb"\nkept\r?\n\$ ")
t.type(b"\x01c")
ok(t.expect(rb"\(qemu\)"), "Ctrl-A c is QEMU's monitor", t.text)
t.type(b"quit\n")
ok(t.status() == 0, "which can end it")
t = start("qemu-nox")
t.expect(rb"starting sh\r?\n\$ ")
t.type(b"cat kept\n")
ok(t.expect(rb"\nkept\r?\n\$ "), "changes stay in fs.img", t.text)
t.type(b"\x01x")
ok(t.status() is not None, "Ctrl-A x ends it")

# Style 3: QEMU is started by hand with the two disks.
QEMU = shutil.which("qemu-system-i386") or shutil.which("qemu-system-x86_64")
t = Terminal([QEMU, "-nographic", "-drive", "file=fs.img,index=1,media=disk,format=raw", "-drive",
              "file=xv6.img,index=0,media=disk,format=raw", "-smp", "2", "-m", "512"], cwd=copy, env=ENV)
ok(t.expect(rb"init: starting sh\r?\n\$ "), "xv6.img boots", t.text[-2000:])
t.type(b"first\n")
ok(t.expect(rb"first 1 of 1\r?\n"), "and finds the disk with the programs", t.text)
t.type(b"halt\n")
ok(t.status() == 0, "halt ends QEMU")

# Style 4: a breakpoint of gdb's.
if shutil.which("gdb"):
    port = free_port()
    r = make("-s", "print-gdbport", "GDBPORT=%d" % port)
    ok(r.stdout.strip() == str(port), "print-gdbport", r.stdout)
    t = start("qemu-nox-gdb", "CPUS=1", "GDBPORT=%d" % port)
    ok(t.expect(rb"Now run 'gdb'"), "make qemu-nox-gdb waits", t.text)
    with open(os.path.join(copy, ".gdbinit"), encoding="utf-8") as f:
        ok("target remote 127.0.0.1:%d\n" % port in f.read(), "and gdb need not ask where localhost is")
    patient = ["-ex", "set tcp connect-timeout %d" % PATIENCE]  # QEMU may not listen yet
    gdb = Terminal(["gdb", "-q", "-nx"] + patient + ["-x", ".gdbinit"], cwd=copy, env=ENV)
    gdb.expect(rb"\(gdb\) ")
    ok(not reachable("127.0.0.2", port), "gdb's port is for this computer alone")
    gdb.type(b"break sys_sleep\ncontinue\n")
    ok(t.expect(rb"starting sh\r?\n\$ "), "the system starts under gdb", t.text, gdb.text)
    t.type(b"first\n")
    ok(gdb.expect(rb"Breakpoint 1, .*sys_sleep"), "a breakpoint on sys_sleep stops", gdb.text)
    gdb.type(b"ps\n")
    ok(gdb.expect(rb"running .*sys_sleep"), "and the commands for gdb are there", gdb.text)
    gdb.type(b"kill\ny\nquit\n")
    gdb.status()
    ok(t.status() is not None, "kill ends QEMU")
else:
    skip("gdb", "it is not installed")

r = make("clean")
left = [name for name in os.listdir(copy) if name in ("fs.img", "xv6.img", "build", ".gdbinit") or name.startswith("_")]
ok(r.returncode == 0 and not left, "make clean leaves nothing", left)
done()
