"""./ksm debug around gdb: its arguments, the console, the terminal, an editor's way in, and what it must not run."""

import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import termios
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _gdb import DEBUG, ENV, GDB, Session, need_gdb  # noqa: E402
from _pty import Terminal  # noqa: E402
from _tap import BUILD, ROOT, done, free_port, ok, temp_directory  # noqa: E402
from run import qemu  # noqa: E402

MOMENT = 1  # seconds in which a gdb that does not wait for the console would go on


def wrong_arguments():
    for arguments, wanted in ((["no-such-program"], "no-such-program"), (["ech"], "did you mean 'echo'"),
                              ([""], "there is no program ''"),
                              (["--port", "x"], "--port wants a number"), (["--port=99999"], "--port wants"),
                              (["--icount"], "no --icount")):
        p = subprocess.run(DEBUG + arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=ENV)
        ok(p.returncode == 2 and wanted in p.stderr, "%s is refused" % " ".join(arguments), p.stderr)


def help_text():
    p = subprocess.run(DEBUG + ["--help"], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=ENV)
    words = "ps ", "process PID", "ksm ", "locks", "pt [PID]", "type "
    ok(p.returncode == 0 and all(word in p.stdout for word in words), "--help describes the commands", p.stdout)


def feed():
    path = os.path.join(temp_directory(), "feed")
    s = Session()
    s.step("continue")
    s.run("--watch", path, "--", "true")
    with open(path, "rb") as f:
        ok(f.read().startswith(b"KSM-FEED 1 "), "--watch writes the feed", s.text)


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
import os, sys
from run import debug, port, symbols
class Machine:
    console = port.Port(sys.argv[1] + "/console")
console = debug.Console(Machine, symbols.Symbols(), sys.argv[1]).start()
os.write(Machine.console.theirs[0], b"pid 3 echo: trap 14 err 4 on cpu 0 eip 0x10a2 addr 0x0--kill proc\\nnull p")
Machine.console.close_theirs()
console.join()
Machine.console.close()
debug.drain(Machine.console)
"""


def cut_off():
    p = subprocess.run([sys.executable, "-c", CUT_OFF, temp_directory()], stdin=subprocess.DEVNULL, text=True,
                       capture_output=True, check=False, env=dict(ENV, PYTHONPATH=os.path.join(ROOT, "tools")))
    ok(p.stdout.endswith("proc\nnull p"), "what the machine said last is shown, whole or not", p)
    ok(not p.returncode and not p.stderr, "a port that is closed while a thread reads it is no error", p)


class Editor:
    """VS Code with .vscode, for the program echo: what it reads there, and what it does by gdb's machine interface."""

    def __init__(self):
        def read(name):
            with open(os.path.join(ROOT, ".vscode", name + ".json"), encoding="utf-8") as f:
                return json.load(f)

        read("settings")
        self.config, = read("launch")["configurations"]
        self.tasks = {task["label"]: task for task in read("tasks")["tasks"]}
        self.task = self.tasks[self.config["preLaunchTask"]]
        self.matcher = self.task["problemMatcher"]
        self.address, _, self.port = self.config["miDebuggerServerAddress"].rpartition(":")

    def value(self, key):
        return self.filled(self.config[key])

    @staticmethod
    def filled(text):
        """What the editor makes of the names in a text."""
        text = text.replace("${input:program}", "echo")
        return text.replace("${workspaceFolder}/build", BUILD).replace("${workspaceFolder}", ROOT)

    def setup(self):
        return [self.filled(command["text"]) for command in self.config["setupCommands"]]

    def stop_in_main(self, port):
        """Starts gdb as the editor does, stops in main(), and returns what gdb printed until its end."""
        with subprocess.Popen(GDB + ["-i=mi"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              cwd="/") as gdb:  # the extension starts it in the directory of gdb
            for command in self.setup():
                gdb.stdin.write('-interpreter-exec console "%s"\n' % command.replace('"', '\\"'))
            gdb.stdin.write('-file-exec-and-symbols "%s"\n-target-select remote %s:%s\n'
                            "-break-insert echo.c:main\n-exec-continue\n" %
                            (self.value("program"), self.address, port))
            gdb.stdin.flush()
            text = ""
            for line in gdb.stdout:
                text += line
                if line.startswith('*stopped,reason="breakpoint-hit"'):
                    gdb.stdin.write('-stack-list-frames\n-interpreter-exec console "ps"\nkill\n-gdb-exit\n')
                    gdb.stdin.flush()
                elif line.startswith("^error"):
                    break
            gdb.kill()
        return text


def editor_tasks(editor):
    ok(editor.task["command"] == "./ksm debug --port " + editor.port and editor.task["dependsOn"] in editor.tasks,
       "the tasks that .vscode names exist", editor.task)
    ok(editor.address == "127.0.0.1", "nothing is asked where localhost is", editor.address)
    pattern = editor.matcher["pattern"]
    found = re.match(pattern["regexp"], "ksm: port %s: address already in use" % editor.port)
    ok(found and os.path.isfile(os.path.join(ROOT, found[pattern["file"]])) and found[pattern["message"]] and
       (pattern.get("kind") == "file" or "line" in pattern), "their pattern is one that VS Code takes", pattern)


def editor_session(editor):
    port = str(free_port())  # the one that .vscode names may be in use
    with subprocess.Popen(DEBUG + ["--port", port, "--", "echo one"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=ENV) as machine:
        ready = machine.stderr.readline()
        ok(re.match(editor.matcher["background"]["endsPattern"], ready), "the machine's task says when it is ready",
           ready)
        text = editor.stop_in_main(port)
        machine.kill()
    ok(re.search(r'frame=\{level="0",addr="0x\w+",func="main",file="user/bin/echo.c"', text) and
       re.search(r"running .* echo", text), "with what .vscode says, gdb stops in a program", text)


WAITING = """
import sys
sys.path.insert(0, "tools")
from run import qemu
qemu.PATIENCE = 0.001
from run import debug
debug.progress.run(debug.main)
"""


def waiting():
    """It says that it waits; that nothing comes from the system is then no sign of trouble."""
    port = str(free_port())
    t = Terminal([sys.executable, "-c", WAITING, "--port", port])
    waits = t.expect(rb"the machine waits for gdb on port " + port.encode())
    t.type(b"\x01x")
    status = t.status()
    ok(waits and status == 0 and b"nothing has come" not in t.text, "nobody is warned while the machine waits for gdb",
       status, t.text)


def terminal():
    t = Terminal(DEBUG)
    before = termios.tcgetattr(t.fd)
    t.expect(rb"\(gdb\) ")
    during = termios.tcgetattr(t.fd)
    t.process.terminate()
    status = t.status()
    after = termios.tcgetattr(t.fd)
    ok(status == 130 and during != before and after == before, "a kill leaves the terminal as it was",
       status, before, during, after)


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def built_in(directory):
    """Puts what `./ksm debug echo' needs of the build into that directory; what runs gdb with it there."""
    for name in "kernel.elf", "fs.img", "elf/echo", "host/mkfs":
        os.makedirs(os.path.dirname(os.path.join(directory, name)), exist_ok=True)
        shutil.copy(os.path.join(BUILD, name), os.path.join(directory, name))

    def debug(script, *command, **more):
        env = dict(ENV, B=directory, TMPDIR=directory, **more.pop("env"))
        return subprocess.run([sys.executable, *command], input=script, stdout=subprocess.PIPE, env=env,
                              stderr=subprocess.STDOUT, text=True, errors="replace", timeout=qemu.ANSWER, check=False,
                              **more).stdout

    return debug


def odd_directory():
    odd = os.path.join(temp_directory(), "o'd \"d\" $x #y \\z é")
    debug = built_in(odd)
    os.symlink(ROOT, os.path.join(odd, "tree"))
    text = debug("info symbol ksm_attach\ninfo line main\nkill\n",
                 os.path.join(odd, "tree", "tools", "run", "debug.py"), "echo", env={"LC_ALL": "C"})
    ok("ksm_attach in section .text" in text and "echo.c" in text,
       "directories may have any characters in their names", text)


def others_scripts():
    """A kernel can bring a script for gdb, and its user may have allowed all scripts."""
    home = temp_directory()
    debug = built_in(os.path.join(home, "build"))
    script = os.path.join(home, "script")
    write(script, "\4name\nprint('the kernel ' 'speaks')\n\0")
    write(os.path.join(home, ".gdbinit"), "set auto-load safe-path /\n")
    write(os.path.join(home, "start", ".gdbinit"), "echo the directory speaks\\n\n")
    subprocess.run(["objcopy", "--add-section", ".debug_gdb_scripts=" + script,
                    os.path.join(home, "build", "kernel.elf")], check=True)
    text = debug("info symbol ksm_attach\nkill\n", DEBUG[1], cwd=os.path.join(home, "start"), env={"HOME": home})
    ok("ksm_attach in section .text" in text and "speaks" not in text,
       "what a kernel or a directory brings for gdb to run is not run", text)


def others_settings():
    home = temp_directory()
    debug = built_in(os.path.join(home, "build"))
    write(os.path.join(home, ".gdbinit"), "set non-stop on\n")
    text = debug("info registers eip\nkill\n", DEBUG[1], env={"HOME": home})
    ok(re.search(r"eip +0xfff0", text), "a user may have gdb stop threads alone, which QEMU cannot", text)


def in_gdb(directory, *script):
    """What gdb alone prints, in a directory, at these commands and with ours loaded."""
    words = [word for command in script for word in ("-ex", command)]
    load = ["-ex", "source " + os.path.join(ROOT, "tools", "gdb", "ksm.py")]
    return subprocess.run(GDB + ["-batch", *load, *words], cwd=directory, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout


def computed_name():
    """Names of files in a kernel are not gdb's to compute: the second one here is an expression."""
    work = temp_directory()
    write(os.path.join(work, "names.c"), """\
#line 1 "kernel/a.c"
static int first;
int f(void) { return first++; }
#line 1 "kernel/a.c'::first / 0 + 'kernel/a.c"
static int second;
int g(void) { return second++; }
""")
    subprocess.run(["gcc", "-g", "-c", "-o", "names.o", "names.c"], cwd=work, check=True)
    text = in_gdb(work, "file names.o", "python print('locks:', list(find_static_locks()))")
    ok("locks: []" in text and "Error" not in text, "a file's name in a kernel is not computed", text)


def blank_in_directory():
    blank = os.path.join(temp_directory(), "a blank")
    write(os.path.join(blank, "f.c"), "int f(void) { return 1; }\n")
    subprocess.run(["gcc", "-g", "-c", "f.c"], cwd=blank, check=True)
    text = in_gdb(blank, "python from ksmgdb import stacks; print(stacks.look_up('f.o', 0))")
    ok("('f', 'f.c', 1)" in text, "a source below a directory whose name has a blank is found", text)


need_gdb()
wrong_arguments()
help_text()
feed()
console()
cut_off()
editor_tasks(Editor())
editor_session(Editor())
waiting()
terminal()
odd_directory()
others_scripts()
others_settings()
computed_name()
blank_in_directory()
done()
