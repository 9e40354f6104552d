"""./ksm debug: breakpoints that stop in one program, back-traces through the trap, and the commands for gdb."""

import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import termios
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _pty import Terminal  # noqa: E402
from _tap import BUILD, ROOT, done, ok, skip, temp_directory  # noqa: E402
from run import qemu  # noqa: E402

DEBUG = [sys.executable, os.path.join(ROOT, "tools", "run", "debug.py")]
ENV = dict(os.environ, KSM_BUILT="1")
GDB = [shutil.which("gdb") or "gdb", "-q", "-nx"]
MOMENT = 1  # seconds in which a gdb that does not wait for the console would go on

# Tells which programs reach a breakpoint's address.
COUNT = """\
python seen = set(); judge = InProgram.invoke
python InProgram.invoke = lambda self, name: (seen.add(name_of(process_here())), judge(self, name))[1]
"""


class Session:
    """A run of ./ksm debug: the script's lines `@NAME' divide what gdb prints into parts."""

    def __init__(self, script, *arguments):
        p = subprocess.run(DEBUG + list(arguments), input=re.sub(r"(?m)^@(\w+)$", r"echo @\1@\\n", script),
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                           timeout=qemu.ANSWER, env=ENV)
        self.status, self.text = p.returncode, p.stdout.replace("(gdb) ", "")
        self.parts = dict(re.findall(r"@(\w+)@\n(.*?)(?=@\w+@\n|\Z)", self.text, re.S))

    def has(self, part, *patterns):
        """Does that part have them all, in this order?"""
        return re.search(".*?".join(patterns), self.parts.get(part, ""), re.S | re.M)

    def check(self, title, part, *patterns):
        ok(self.has(part, *patterns), title, self.parts.get(part, "the session did not get there:\n" + self.text))


def address_of(program, function):
    for line in subprocess.run(["nm", os.path.join(BUILD, "elf", program)], capture_output=True, text=True,
                               check=True).stdout.split("\n"):
        if line.endswith(" T " + function):
            return int(line.split()[0], 16)
    return None


def breakpoints():
    main = address_of("echo", "main")
    others = [p for p in ("true", "false", "cat", "sleep", "ls", "kill", "mkdir") if address_of(p, "main") == main]
    ok(len(others) >= 2, "the functions main() of three programs have the same address", others)
    others = others[:2]
    s = Session("""\
@hint
help ps
@early
ps
pt 0x1000
process 1
@main
""" + COUNT + """\
break main
break *main if 0
continue
info symbol $eip
print argc
print argv[1]
python print("also seen:", sorted(seen - {"echo"}))
info breakpoints
@condition
condition 1 argc == 2
info breakpoints
continue
print argv[1]
@kernel
break sys_write
info breakpoints 3
continue
bt
@esp
frame function main
pt $esp
@other
program cat
info breakpoints 1
@fault
program echo
delete
break *main
continue
set var *(int *)($esp + 8) = 0
continue
bt
@words
continue
@errors
process 77
process x
process
pt
pt 77 0
pt no_such_variable
program no-such-program
type
@end
kill
quit
""", "echo", "--", "; ".join(others + ["echo one two", "echo three", "echo four", "echo five"]))
    s.check("`help' describes the commands", "hint", "Processes, and what each is doing")
    ok("`help ps'" in s.text and "process PID" in s.text, "the first screen names the commands", s.text)
    s.check("before the kernel has booted, the commands say so", "early", "not booted", "no page tables", "not booted")
    s.check("a breakpoint in a program stops in that program", "main", r"main( \+ \d+)? in section", "= 3", '"one"')
    s.check("and in none of two others that reach its address", "main", "also seen: ",
            *["'%s'" % p for p in sorted(others)])
    s.check("the user's condition joins that of the program", "condition", r'in_program\("echo"\) && \(argc == 2\)',
            '"three"')
    s.check("a breakpoint on sys_write is in the kernel alone", "kernel", r"\s+n\s+0x0\w+ .*usys.S",
            r"\s+y\s+0x8\w+ in sys_write", r"Breakpoint 3[.\d]*, sys_write")
    s.check("a back-trace goes from the kernel through the trap into the program", "kernel", "^#0 +sys_write",
            "call_write", "<signal handler called>", "write", "write_all", "n=(n@entry=)?6", "main .argc=2")
    s.check("pt explains a program's page", "esp", r"process \d+ \(echo\)", "directory", "table", "physical address",
            "below the break")
    s.check("breakpoints of a program are disabled while another one's symbols are loaded", "other",
            "symbols of cat", r"keep n ")
    s.check("a program's fault stops in the kernel, with the way there", "fault", "can't go on after", "program_fault",
            "trap_page_fault", "<signal handler called>")
    s.check("then the console says what it was, and where in the source", "words",
            "^pid .* echo: trap 14 .*--kill proc", r"^null pointer, read at .* \(user/bin/echo\.c:\d+\)")
    s.check("wrong arguments are explained", "errors", "no process 77", "`x' is not a pid", "usage: process",
            "usage: pt", "no process 77", "No symbol", "no program `no-such-program'")
    ok(s.status == 0, "gdb ends", s.text)


def rows(text, pattern):
    return {tuple(row) for row in re.findall(pattern, text, re.M)}


def commands():
    s = Session("""\
break sys_sleep if $for_program("sleep")
continue
@ps
ps
@ksm
ksm
@locks
locks
@each
thread apply all -q process 3
@trace
process 3
program mathserver
process 3 backtrace -6
process 3 print $cr3 == $cr3
@still
process 3 finish
process 3 process 1 print $cr3 == $cr3
process 3 with print pretty on -- c
process 3 print arch_idle_halt()
ps
@walk
pt 3 0x7ffff000
pt 3 0x0
pt 3 &program_name
pt 0x80100000
@restored
info symbol $eip
@held
delete
break mutex_release if $for_program("echo")
continue
ps
locks
@panic
delete
set var $eip = 0
continue
bt
continue
@ended
ps
pt 0x1000
type ls
@end
quit
""", "--smp", "2", "--", "mathserver & mathclient -e 1+2; ps; ksmstat; sleep 1; echo end")
    pids = r"^ *(\d+) +(\d+) +(\d+) +\w+ .*?\b(init|sh|mathserver)\b"
    guest, here = rows(s.text.partition("@ps@")[0], pids), rows(s.parts.get("ps", ""), pids)
    ok(len(guest) == 3 and guest == here, "ps shows what the system's own ps shows", guest, here, s.text)
    s.check("and where each process is", "ps", "asleep .*init .*proc_wait < sys_wait",
            "asleep .*mathserver .*ksm_wait_sleep", r"running .*\d sleep .*sys_sleep")
    found = re.search(r"segments (\d+)  pages (\d+)  attachments (\d+)", s.text.partition("@ps@")[0])
    s.check("a breakpoint in the kernel can be confined to a program", "ps", r"running +\d sleep")
    s.check("ksm shows the totals of ksmstat, and who sleeps", "ksm", r"^[0-9a-f]{8} .*(live|marked)",
            r"process 3 \(mathserver\): 0x7\w+$", r"process 3 \(mathserver\) sleeps on the word at \+0x",
            "^%s segments?, %s pages?, %s attachments?" % found.groups() if found else "totals of ksmstat")
    s.check("locks shows that none is held", "locks", "^no lock is held")
    s.check("process shows the calls of a sleeper, into its program", "trace", "context_switch", "ksm_wait_sleep",
            "<signal handler called>", "sys_ksmwait", r"at user/bin/mathserver.c", "_start")
    s.check("whichever processor is selected", "each", *["sys_ksmwait", "at user/bin/mathserver.c", "_start"] * 2)
    s.check("and with its symbols the arguments", "trace", "symbols of mathserver", r"serve .server=",
            r"main .argc=", "= 1")
    refused = r"process 3 \(mathserver\) is on no processor"
    s.check("what would let the machine run with a sleeper's registers is refused", "still", refused, "= 1", refused,
            "may-call-functions is off", "asleep .*mathserver .*ksm_wait_sleep")
    s.check("pt explains attachments, addresses without a page, and the kernel's", "walk",
            r"nothing is mapped|no access|a segment's page", "process 3", "no access: a touch faults",
            "may be read and written|a write copies", "the kernel reaches at 0x80100000")
    s.check("afterwards the processor is where it was", "restored", r"^sys_sleep( \+ \d+)? in section")
    held = s.has("held", r"running +(\d) (\w+)", r"held by process \d+ \(\2\)")
    ok(held, "locks says which process holds a sleeping lock", s.parts.get("held"))
    s.check("a panic stops before the machine ends, and its trace goes through the kernel's own trap", "panic",
            "The kernel panics", "^#0 +panic", "trap_page_fault", "<signal handler called>", "0x0+ in",
            "<signal handler called>")
    ok("panic: exception 14 in the kernel" in s.text, "then the kernel says why, and ends", s.text)
    s.check("the commands say that the machine has ended", "ended", *["the machine has ended"] * 3)


def locks():
    s = Session("""\
break segment_put_locked
type mathserver & mathclient -e 1+2
continue
@held
ps
locks
@cpus
thread apply all -q python p = current_process(); print("here:", processor()["cpu"]["index"], p and name_of(p))
@end
kill
quit
""", "--smp", "2")
    held = s.has("held", r"running +(\d) \w+ +segment_put_locked", r"^registry.lock .*held by processor \1$")
    ok(held, "locks says which processor holds a spin lock", s.text)
    running = rows(s.parts.get("held", ""), r"running +(\d) (\w+)")
    here = {row for row in rows(s.parts.get("cpus", ""), r"here: (\d) (\w+)") if row[1] != "None"}
    ok(running and running == here, "each of gdb's threads is a processor", running, here, s.text)


def typing():
    s = Session("type one two\ncontinue\nquit\n", "--", "head -n 1 | wc")
    ok(re.search(r"^1 2 8 $", s.text, re.M), "a COMMAND reads what is typed", s.text)


def console():
    """At a stop gdb waits for ./ksm debug, which shows what the system has written: here, one that has been stopped."""
    fifo = os.path.join(temp_directory(), "fifo")
    os.mkfifo(fifo)
    script = """\
python
import os, signal
def judge(self, name, really=ForProgram.invoke):
    if not really(self, name):
        return False
    os.kill(os.getppid(), signal.SIGSTOP)
    open(%r).read()
    return True
ForProgram.invoke = judge
end
break sys_sleep if $for_program("sleep")
continue
echo @here@\\n
kill
quit
""" % fifo
    with subprocess.Popen(DEBUG + ["--", "echo written; sleep 1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env=ENV) as p:
        p.stdin.write(script.encode())
        p.stdin.flush()
        if os.WIFSTOPPED(os.waitpid(p.pid, os.WUNTRACED)[1]):
            os.close(os.open(fifo, os.O_WRONLY))  # now the breakpoint stops
        early, end = b"", time.monotonic() + MOMENT
        while b"@here@" not in early and time.monotonic() < end:
            if select.select([p.stdout], [], [], MOMENT)[0]:
                early += os.read(p.stdout.fileno(), 65536)
        p.send_signal(signal.SIGCONT)
        late = p.communicate(timeout=qemu.ANSWER)[0]
    ok(b"@here@" not in early and re.search(b"written\n.*@here@", early + late, re.S),
       "after a stop gdb goes on when all is shown that the system wrote before it", early, late)


# The machine ends in the middle of the words about a death.
CUT_OFF = """
import socket, sys
from run import debug, symbols
class Machine:
    console, its = socket.socketpair()
console = debug.Console(Machine, symbols.Symbols(), sys.argv[1]).start()
Machine.its.sendall(b"pid 3 echo: trap 14 err 4 on cpu 0 eip 0x10a2 addr 0x0--kill proc\\nnull p")
Machine.its.close()
console.join()
"""


def feed():
    path = os.path.join(temp_directory(), "feed")
    s = Session("continue\n", "--watch", path, "--", "true")
    with open(path, "rb") as f:
        ok(f.read().startswith(b"KSM-FEED 1 "), "--watch writes the feed", s.text)


def cut_off():
    p = subprocess.run([sys.executable, "-c", CUT_OFF, temp_directory()], stdin=subprocess.DEVNULL, text=True,
                       capture_output=True, check=False, env=dict(ENV, PYTHONPATH=os.path.join(ROOT, "tools")))
    ok(p.stdout.endswith("proc\nnull p"), "what the machine said last is shown, whole or not", p)


def editor():
    """What VS Code does with .vscode, by gdb's machine interface."""
    files = {}
    for name in ("launch", "tasks", "settings"):
        with open(os.path.join(ROOT, ".vscode", name + ".json"), encoding="utf-8") as f:
            files[name] = json.load(f)
    config, = files["launch"]["configurations"]
    tasks = {task["label"]: task for task in files["tasks"]["tasks"]}
    task = tasks[config["preLaunchTask"]]
    address, _, port = config["miDebuggerServerAddress"].rpartition(":")
    ok(task["command"] == "./ksm debug --port " + port and task["dependsOn"] in tasks,
       "the tasks that .vscode names exist", task)
    ok(address == "127.0.0.1", "nothing is asked where localhost is", address)
    matcher = task["problemMatcher"]
    pattern = matcher["pattern"]
    found = re.match(pattern["regexp"], "ksm: port %s: address already in use" % port)
    ok(found and os.path.isfile(os.path.join(ROOT, found[pattern["file"]])) and found[pattern["message"]] and
       (pattern.get("kind") == "file" or "line" in pattern), "their pattern is one that VS Code takes", pattern)
    with socket.socket() as s:  # theirs may be in use
        s.bind(("127.0.0.1", 0))
        port = str(s.getsockname()[1])
    machine = subprocess.Popen(DEBUG + ["--port", port, "--", "echo one"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=ENV)
    ready = machine.stderr.readline()
    ok(re.match(matcher["background"]["endsPattern"], ready), "the machine's task says when it is ready",
       ready)

    def value(text):
        return text.replace("${input:program}", "echo").replace("${workspaceFolder}/build", BUILD).replace(
            "${workspaceFolder}", ROOT)

    kernel = value(config["program"])
    words = [value(setup["text"]).replace('"', '\\"') for setup in config["setupCommands"]]
    gdb = subprocess.Popen(GDB + ["-i=mi"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                           cwd="/")  # the extension starts it in the directory of gdb
    gdb.stdin.write("".join("-interpreter-exec console \"%s\"\n" % word for word in words) + """\
-file-exec-and-symbols "%s"
-target-select remote %s:%s
-break-insert echo.c:main
-exec-continue
""" % (kernel, address, port))
    gdb.stdin.flush()
    text = ""
    for line in gdb.stdout:
        text += line
        if line.startswith('*stopped,reason="breakpoint-hit"'):
            gdb.stdin.write("-stack-list-frames\n-interpreter-exec console \"ps\"\nkill\n-gdb-exit\n")
            gdb.stdin.flush()
        elif line.startswith("^error"):
            break
    gdb.stdin.close()
    ok(re.search(r'frame=\{level="0",addr="0x\w+",func="main",file="user/bin/echo.c"', text) and
       re.search(r"running .* echo", text), "with what .vscode says, gdb stops in a program", text)
    gdb.kill()
    gdb.wait()
    machine.kill()
    machine.wait()


if not shutil.which("gdb"):
    skip("sessions of gdb", "gdb is not installed")
    done()
breakpoints()
commands()
locks()
typing()
console()
feed()
cut_off()
editor()
for arguments, wanted in ((["no-such-program"], "no-such-program"), (["ech"], "did you mean 'echo'"),
                          ([""], "there is no program ''"),
                          (["--port", "x"], "--port wants a number"), (["--port=99999"], "--port wants"),
                          (["--icount"], "no --icount")):
    p = subprocess.run(DEBUG + arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=ENV)
    ok(p.returncode == 2 and wanted in p.stderr, "%s is refused" % " ".join(arguments), p.stderr)
p = subprocess.run(DEBUG + ["--help"], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=ENV)
ok(p.returncode == 0 and all(word in p.stdout for word in ("ps ", "process PID", "ksm ", "locks", "pt [PID]", "type ")),
   "--help describes the commands", p.stdout)

t = Terminal(DEBUG)
before = termios.tcgetattr(t.fd)
t.expect(rb"\(gdb\) ")
during = termios.tcgetattr(t.fd)
t.process.terminate()
status = t.status()
after = termios.tcgetattr(t.fd)
ok(status == 130 and during != before and after == before, "a kill leaves the terminal as it was",
   status, before, during, after)

WORK = temp_directory()
odd = os.path.join(WORK, "o'd \"d\" $x #y \\z é")
for name in "kernel.elf", "fs.img", "elf/echo", "host/mkfs":
    os.makedirs(os.path.dirname(os.path.join(odd, name)), exist_ok=True)
    shutil.copy(os.path.join(BUILD, name), os.path.join(odd, name))
os.symlink(ROOT, os.path.join(odd, "tree"))
p = subprocess.run([sys.executable, os.path.join(odd, "tree", "tools", "run", "debug.py"), "echo"],
                   input="info symbol ksm_attach\ninfo line main\nkill\n", stdout=subprocess.PIPE,
                   stderr=subprocess.STDOUT, text=True, errors="replace", timeout=qemu.ANSWER,
                   env=dict(ENV, B=odd, TMPDIR=odd, LC_ALL="C"), check=False)
ok("ksm_attach in section .text" in p.stdout and "echo.c" in p.stdout,
   "directories may have any characters in their names", p.stdout)
# A kernel can bring a script for gdb, and its user may have allowed all scripts.
for name, text in ("script", "\4name\nprint('the kernel ' 'speaks')\n\0"), \
                  (".gdbinit", "set auto-load safe-path /\n"), ("start/.gdbinit", "echo the directory speaks\\n\n"):
    os.makedirs(os.path.dirname(os.path.join(WORK, name)), exist_ok=True)
    with open(os.path.join(WORK, name), "w", encoding="ascii") as f:
        f.write(text)
subprocess.run(["objcopy", "--add-section", ".debug_gdb_scripts=" + os.path.join(WORK, "script"),
                os.path.join(odd, "kernel.elf")], check=True)
p = subprocess.run([sys.executable, DEBUG[1]], input="info symbol ksm_attach\nkill\n", stdout=subprocess.PIPE,
                   stderr=subprocess.STDOUT, text=True, errors="replace", timeout=qemu.ANSWER, check=False,
                   cwd=os.path.join(WORK, "start"), env=dict(ENV, B=odd, TMPDIR=odd, HOME=WORK))
ok("ksm_attach in section .text" in p.stdout and "speaks" not in p.stdout,
   "what a kernel or a directory brings for gdb to run is not run", p.stdout)
# Names of files in a kernel are not gdb's to compute: the second one here is an expression.
with open(os.path.join(WORK, "names.c"), "w", encoding="utf-8") as f:
    f.write("""\
#line 1 "kernel/a.c"
static int first;
int f(void) { return first++; }
#line 1 "kernel/a.c'::first / 0 + 'kernel/a.c"
static int second;
int g(void) { return second++; }
""")
subprocess.run(["gcc", "-g", "-c", "-o", "names.o", "names.c"], cwd=WORK, check=True)
script = ["file names.o", "source " + os.path.join(ROOT, "tools", "gdb", "ksm.py"),
          "python print('locks:', list(find_static_locks()))"]
p = subprocess.run(GDB + ["-batch"] + [word for command in script for word in ("-ex", command)], cwd=WORK,
                   stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
ok("locks: []" in p.stdout and "Error" not in p.stderr, "a file's name in a kernel is not computed", p)
blank = os.path.join(WORK, "a blank")
os.mkdir(blank)
with open(os.path.join(blank, "f.c"), "w", encoding="ascii") as f:
    f.write("int f(void) { return 1; }\n")
subprocess.run(["gcc", "-g", "-c", "f.c"], cwd=blank, check=True)
script[2] = "python from ksmgdb import stacks; print(stacks.look_up('f.o', 0))"
p = subprocess.run(GDB + ["-batch"] + [word for command in script[1:] for word in ("-ex", command)], cwd=blank,
                   stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
ok("('f', 'f.c', 1)" in p.stdout, "a source below a directory whose name has a blank is found", p)
done()
