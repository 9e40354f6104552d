"""What make promises: a second make does nothing, a change remakes what depends on it, a new program needs no edit."""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import ROOT, copy_tree, done, ok, run  # noqa: E402
from run.paths import clean_env  # noqa: E402

# A tree without a build, in a directory whose name has a blank.
copy = copy_tree("a copy")
ENV = clean_env("B", "V", "DEBUG", "WERROR")
PROGRAM = """\
#include "types.h"
#include "stat.h"
#include "user.h"

int
main(int argc, char *argv[])
{
  printf(1, "dropped %d\\n", argc);
  exit();
}
"""
OWN = """\
#include "types.h"
#include "stat.h"
#include "user.h"

int debug = 3, sync;
int rename(char *from, char *to) { return link(from, to) < 0 ? -1 : unlink(from); }
struct procinfo { int pid; } halt;
char program_name[] = "own";
int write_all(char *s) { return write(1, s, strlen(s)); }
void *memcpy(void *to, void *from, int n) { return memmove(to, from, n); }
int strncmp(const char *a, const char *b, int n) { return n - 2; }
int atoi(const char *s) { return 42; }
void *malloc(uint n) { return sbrk(n); }
void panic(char *s) { printf(2, "%s\\n", s); exit(); }
old(n) { if(n) return; return undeclared(); }
undeclared() { return 1; }

int
main(void)
{
  char *s = malloc(8);
  struct stat st;

  if(stat("/", &st) < 0 || debug != 3 || old(0) != 1)
    panic("stat");
  memcpy(strcpy(s, "???"), "own", 3);
  write_all(program_name);
  printf(1, " %s %d %d\\n", s, atoi("7"), strncmp("a", "b", 3));
  exit();
}
"""
OWN_PRINTF = """\
#include "types.h"
#include "stat.h"
#include "user.h"

void
printf(int fd, const char *s, ...)
{
  write(fd, "own ", 4);
  write(fd, s, strlen(s));
}

int
main(void)
{
  printf(1, "printf %d\\n", 5);
  exit();
}
"""

# A process 1 and a shell as a student may write them: they know nothing of run=.
INIT = """\
#include "types.h"
#include "fcntl.h"
#include "user.h"

char *argv[] = { "sh", 0 };

int
main(void)
{
  mknod("console", 1, 1);
  open("console", O_RDWR);
  dup(0);
  dup(0);
  for(;;){
    printf(1, "init: starting sh\\n");
    if(fork() == 0){
      exec("sh", argv);
      exit();
    }
    wait();
  }
}
"""
SHELL = """\
#include "types.h"
#include "user.h"

char line[100], *argv[10];

int
main(void)
{
  char *s;
  int n;

  for(;;){
    printf(2, "$ ");
    gets(line, sizeof(line));
    n = 0;
    for(s = line; *s && n < 9;){
      argv[n++] = s;
      while(*s && *s != ' ' && *s != '\\n')
        s++;
      while(*s == ' ' || *s == '\\n')
        *s++ = 0;
    }
    argv[n] = 0;
    if(fork() == 0){
      exec(argv[0], argv);
      exit();
    }
    wait();
  }
}
"""


def make(*arguments, env=None):
    return subprocess.run(["make", "-C", copy, "-j2"] + list(arguments), env=env or ENV, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)


def write(name, text):
    with open(os.path.join(copy, name), "w", encoding="utf-8") as f:
        f.write(text)


def touch(name):
    os.utime(os.path.join(copy, name))


first = make("all")
ok(first.returncode == 0, "the first make", first.stdout, first.stderr)
ok("warning" not in first.stderr, "no warnings", first.stderr)
ok(make("-q").returncode == 0, "a second make has nothing to do")

make("build/tests/host/fs_tools")
r = subprocess.run([os.path.join(copy, "build", "tests", "host", "fs_tools")], capture_output=True, text=True,
                   check=False)
ok(r.returncode == 0, "mkfs and fsck pass their tests there", r.stdout, r.stderr)

touch("kernel/ksm/ksm.h")
r = make("all")
ok("kernel/ksm/" in r.stdout and "kernel/fs/cache" not in r.stdout, "a header remakes what includes it", r.stdout)
touch("include/syscall.tbl")
r = make("all")
ok("syscall" in r.stdout and "fs.img" in r.stdout and "kernel.elf" in r.stdout, "so does the table of system calls",
   r.stdout)
touch("docs/man/read.2")
r = make("all")
ok("share/man/index" in r.stdout and "fs.img" in r.stdout and "kernel.elf" not in r.stdout, "so does a man page",
   r.stdout)
ok(make("-q").returncode == 0, "and then there is nothing to do")
r = make("all", "MANDOC=")
ok(r.returncode == 0, "without mandoc the images are built", r.stdout, r.stderr)
r = run("--", "man ls || echo status $?", build=os.path.join(copy, "build"))
ok("made without mandoc" in r.out + r.err and "status 1\n" in r.out, "and have no pages", r)
write("dropped.c", PROGRAM)
write("user/bin/dropped2.c", PROGRAM)
write("own.c", OWN)
write("ownprint.c", OWN_PRINTF)
write("user/bin/ownprint2.c", OWN_PRINTF.replace("void\nprintf(int fd, const", "void printf(int fd,"))
r = make("all")
ok(r.returncode == 0 and "bin/dropped\n" in r.stdout and "bin/dropped2\n" in r.stdout, "programs dropped in are built",
   r.stdout, r.stderr)
r = run("--", "dropped; dropped2 x", build=os.path.join(copy, "build"))
ok(r.out == "dropped 1\ndropped 2\n", "and are in the image", r)
r = run("--", "own", build=os.path.join(copy, "build"))
ok(r.out == "own own 42 1\n", "one may define what the library has too", r)
r = run("--", "ownprint; ownprint2", build=os.path.join(copy, "build"))
ok(r.out == "own printf %d\n" * 2, "and printf, as xv6's test of fork does", r)
for name in "riscv", "ansi":
    shutil.copy(os.path.join(ROOT, "tests", "programs", name + ".c"), copy)
r = make("all")
ok(r.returncode == 0 and "warning" not in r.stderr, "a program for RISC-V's xv6 and one in plain C build", r.stdout,
   r.stderr)
r = run("--", "riscv; echo 22 | ansi", build=os.path.join(copy, "build"))
ok(r.out == "child 1\nriscv 3 same\n22=7.333 1\n2147483647 9223372036854775807 1.797693e+308\n", "and run", r)

NULL = '#include "user.h"\nint main(int argc, char *argv[]) { printf(1, "at 0: %d\\n", *(char *)0 != 0); exit(); }\n'
write("null.c", NULL)
write("pad.c", "#include <math.h>\n")
write("lock.c", '#include "spinlock.h"\n')
write("broken.c", "int main( {\n")
write("unlinked.c", "int f(int); int main(void) { return f(1); }\n")
r = make("all")
ok(r.returncode != 0, "a program that does not build fails make")
REASONS = "broken.c:1", "unlinked", "math.h does not exist", "spinlock.h belongs to the kernel"
ok(all(reason in r.stderr for reason in REASONS), "which names it, and says why", r.stderr)
ok("argc" not in r.stderr, "nobody is warned of an unused argc", r.stderr)
r = run("--", "null || echo died; echo y | wc", build=os.path.join(copy, "build"))
ok("died\n1 1 2" in r.out, "the others are on the disk; address 0 can't be read", r)
make("system", "NULL_PAGE=1")
r = run("--", "null", build=os.path.join(copy, "build"))
ok("at 0: 1\n" in r.out, "with NULL_PAGE=1 it can", r)
for name in "riscv", "ansi", "null", "pad", "lock", "broken", "unlinked":
    os.unlink(os.path.join(copy, name + ".c"))
ok(make("all").returncode == 0, "without them, make succeeds again")

ODD = ("two words.c", "x$y.c", "a:b.c", "-x.c", "README.c", "share.c", "console.c", "fifteen_letters.c",
       "user/bin/od d.c", "user/astray.c")
for name in ODD + ("fifteen_letter_b.c",):
    write(name, PROGRAM)
os.mkdir(os.path.join(copy, "user", "bin", "none"))
os.symlink("nowhere", os.path.join(copy, "dangling.c"))
r = make("system")
LEFT_OUT = ODD + ("user/bin/none", "dangling.c")
ok(r.returncode == 0 and all(name + ": left out: " in r.stderr for name in LEFT_OUT) and make("all").returncode != 0,
   "a source in the wrong place, or with a name that make or the disk can't have, is left out", r.stderr)
r = run("--", "fifteen_letter; dropped", build=os.path.join(copy, "build"))
ok(r.out == "dropped 1\ndropped 1\n", "and keeps no other off the disk", r)
os.rmdir(os.path.join(copy, "user", "bin", "none"))
for name in ODD + ("fifteen_letter_b.c", "dangling.c"):
    os.unlink(os.path.join(copy, name))
ok(make("all").returncode == 0, "without them, make succeeds once more")

r = subprocess.run([sys.executable, "tools/build/programs.py", ".", "no/where"], cwd=copy, capture_output=True,
                   text=True, check=False)
ok(r.returncode == 0 and "dropped.c\n" in r.stdout and not r.stderr, "a directory of programs can be missing", r)
for name in os.path.join("include", "syscall.tbl"), os.path.join("docs", "man", "cat.1"):
    with open(os.path.join(copy, name), "ab") as f:
        f.write(b"# \xc3\xbc, and \xfc in an old encoding\n")
with open(os.path.join(copy, "include", "syscall.tbl"), "r+b") as f:
    text = f.read()
    f.seek(0)
    f.write(b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"))  # as an editor of Windows has it
write("docs/man/bare.1", ".Dd Today\n.Dt BARE 1\n.Os\n.Sh NAME\nbare\n")
r = make("boot")
ok(r.returncode == 0 and not r.stderr,
   "the list of system calls and man pages may have letters of any language, and come from Windows", r.stderr)

os.unlink(os.path.join(copy, "dropped.c"))
make("all")
r = run("--", "dropped || echo gone", build=os.path.join(copy, "build"))
ok(r.out.endswith("gone\n"), "a program that is taken away is not", r)

shutil.copy(os.path.join(copy, "user", "bin", "echo.c"), copy)
with open(os.path.join(copy, "echo.c"), "a", encoding="utf-8") as f:
    f.write("\n#error this one is in force\n")
r = make("all")
ok(r.returncode != 0 and "in force" in r.stderr, "a source in the root goes before one of the same name", r.stderr)
os.unlink(os.path.join(copy, "echo.c"))
make("all")
r = run("--", "echo ours", build=os.path.join(copy, "build"))
ok(r.out == "ours\n", "and is forgotten when it is removed", r)
for name, text in ("init.c", INIT), ("sh.c", SHELL):
    write(name, text)
    r = make("all")
    r2 = run("--", "echo typed", build=os.path.join(copy, "build"))
    ok(r.returncode == 0 and r2.out == "typed\n" and r2.status == 0, "with another %s, a command is typed" % name, r,
       r2)
    os.unlink(os.path.join(copy, name))
make("all")
r = run("--", "exit 3", build=os.path.join(copy, "build"))
ok(r.status == 3, "and without it our own is back", r)

r = make("-n", "--no-print-directory", "clean", "B=")
ok(r.stdout.startswith("rm -rf build "), "an empty B is the usual build, and not the root directory", r.stdout)
taken = []
for name in ["-a", "~a"] + ["a%sb" % c for c in " :;#$%'\"`=,*?[]{}()<>|\\&!"]:
    r = make("-n", "clean", env=dict(ENV, B=name))
    if r.returncode == 0 or "B=%s: make can't work with such a name" % name not in r.stderr:
        taken.append(r)
ok(not taken, "a B with a blank, or with what else make or the shell would misread, is refused", taken)
os.makedirs(os.path.join(copy, "elsewhere", ".git"))
for goal in "clean", "system":
    r = make("-n", goal, "B=elsewhere")
    ok(r.returncode != 0 and "there is something else in that directory" in r.stderr and
       os.listdir(os.path.join(copy, "elsewhere")) == [".git"], "so is one with anything but a build: " + goal, r)
for words in (["manpages.py", "mandoc", "include/syscall.tbl", "/dev/null", "docs/man/cat.1"],
              ["syscalls.py", "include/syscall.tbl", "/dev/null"], ["ksyms.py", "build/kernel.first"],
              ["bootdisk.py", "build/kernel.elf", "false", "/dev/null"],
              ["compile_commands.py", "false"]):
    with open("/dev/full", "wb") as full:
        p = subprocess.run([sys.executable, os.path.join("tools", "build", words[0]), *words[1:]], cwd=copy, env=ENV,
                           stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    ok(p.returncode == 1 and len(p.stderr.splitlines()) == 1, "what " + words[0] + " can't do it says in one line", p)
r = make("clean")
ok(r.returncode == 0 and not os.path.exists(os.path.join(copy, "build")), "make clean leaves no build")
whole = os.path.exists(os.path.join(copy, "tools", "measure", "mutants.py"))  # a student's tree has no mutants
unknown = [["ksm", "nonsense"]] + [["ksm", "mutants", "--nonsense"], ["ksm", "mutants", ""]] * whole
for words in unknown + [["tools/measure/coverage.py", "--nonsense"], ["tools/measure/coverage.py", "docs"]]:
    p = subprocess.run([sys.executable] * (words[0] != "ksm") + [os.path.join(copy, words[0])] + words[1:],
                       stdin=subprocess.DEVNULL, capture_output=True, text=True, env=ENV)
    ok(p.returncode == 2 and "usage" in p.stderr, "what is not known is refused: %s" % words, p.stderr)
done()
