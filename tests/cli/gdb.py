"""gdb's commands for this system: breakpoints that stop in one program, back-traces through the trap, and tables."""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _gdb import Session, need_gdb  # noqa: E402
from _tap import BUILD, done, ok  # noqa: E402

# Tells which programs reach a breakpoint's address.
COUNT = """
python seen = set(); judge = InProgram.invoke
python InProgram.invoke = lambda self, name: (seen.add(name_of(process_here())), judge(self, name))[1]
"""


def address_of(program, function):
    for line in subprocess.run(["nm", os.path.join(BUILD, "elf", program)], capture_output=True, text=True,
                               check=True).stdout.split("\n"):
        if line.endswith(" T " + function):
            return int(line.split()[0], 16)
    return None


def before_the_boot(s):
    s.step("help ps",
           ("`help' describes the commands", "Processes, and what each is doing"))
    s.step("""
ps
pt 0x1000
process 1
""",
           ("before the kernel has booted, the commands say so", "not booted", "no page tables", "not booted"))


def in_a_program(s, others):
    s.step(COUNT + """
break main
break *main if 0
continue
info symbol $eip
print argc
print argv[1]
python print("also seen:", sorted(seen - {"echo"}))
info breakpoints
""",
           ("a breakpoint in a program stops in that program", r"main( \+ \d+)? in section", "= 3", '"one"'),
           ("and in none of two others that reach its address", "also seen: ", *["'%s'" % p for p in sorted(others)]))
    s.step("""
condition 1 argc == 2
info breakpoints
continue
print argv[1]
""",
           ("the user's condition joins that of the program", r'in_program\("echo"\) && \(argc == 2\)', '"three"'))


def in_the_kernel(s):
    s.step("""
break sys_write
info breakpoints 3
continue
bt
""",
           ("a breakpoint on sys_write is in the kernel alone", r"\s+n\s+0x0\w+ .*usys.S",
            r"\s+y\s+0x8\w+ in sys_write", r"Breakpoint 3[.\d]*, sys_write"),
           ("a back-trace goes from the kernel through the trap into the program", "^#0 +sys_write", "call_write",
            "<signal handler called>", "write", "write_all", "n=(n@entry=)?6", "main .argc=2"))
    s.step("""
frame function main
pt $esp
""",
           ("pt explains a program's page", r"process \d+ \(echo\)", "directory", "table", "physical address",
            "below the break"))
    s.step("""
program cat
info breakpoints 1
""",
           ("breakpoints of a program are disabled while another one's symbols are loaded", "symbols of cat",
            r"keep n "))


def at_a_fault(s):
    s.step("""
program echo
delete
break *main
continue
set var *(int *)($esp + 8) = 0
continue
bt
""",
           ("a program's fault stops in the kernel, with the way there", "can't go on after", "program_fault",
            "trap_page_fault", "<signal handler called>"))
    s.step("continue",
           ("then the console says what it was, and where in the source, before gdb tells of the next stop",
            "^pid .* echo: trap 14 .*--kill proc", r"^null pointer, read at .* \(user/bin/echo\.c:\d+\)$",
            r"^(Thread \d hit )?Breakpoint 4[.\d]*, main"))


def wrong_arguments(s):
    s.step("""
process 77
process x
process
pt
pt 77 0
pt no_such_variable
program no-such-program
type
""",
           ("wrong arguments are explained", "no process 77", "`x' is not a pid", "usage: process", "usage: pt",
            "no process 77", "No symbol", "no program `no-such-program'"))
    s.step("kill")


def breakpoints():
    main = address_of("echo", "main")
    others = [p for p in ("true", "false", "cat", "sleep", "ls", "kill", "mkdir") if address_of(p, "main") == main]
    ok(len(others) >= 2, "the functions main() of three programs have the same address", others)
    others = others[:2]
    s = Session()
    before_the_boot(s)
    in_a_program(s, others)
    in_the_kernel(s)
    at_a_fault(s)
    wrong_arguments(s)
    status = s.run("echo", "--", "; ".join(others + ["echo one two", "echo three", "echo four", "echo five"]))
    ok("`help ps'" in s.parts[0] and "process PID" in s.parts[0], "the first screen names the commands", s.text)
    ok(status == 0, "gdb ends", s.text)


def rows(text, pattern):
    return {tuple(row) for row in re.findall(pattern, text, re.M)}


# Whether all other processes have come to their rest: the other processor may have been slow.
QUIET = """
python
class Quiet(gdb.Function):
    def invoke(self):
        nawake = sum(state_of(proc) != "SLEEPING" for proc in processes())
        return nawake == 1 and "no lock is held" in gdb.execute("locks", to_string=True)
Quiet("quiet")
end
"""


def tables(s):
    """ps, ksm and locks, beside what the system's own ps and ksmstat have shown."""
    s.step(QUIET + """
break sys_sleep if $for_program("sleep") && $quiet()
continue
""")
    ps = s.step("ps",
                ("ps says where each process is", "asleep .*init .*proc_wait < sys_wait",
                 "asleep .*mathserver .*ksm_wait_sleep", r"running .*\d sleep .*sys_sleep"),
                ("a breakpoint in the kernel can be confined to a program", r"running +\d sleep"))
    ksm = s.step("ksm")
    s.step("locks",
           ("locks shows that none is held", "^no lock is held"))
    return ps, ksm


def check_tables(s, ps, ksm):
    before = "".join(s.parts[:ps])
    pids = r"^ *(\d+) +(\d+) +(\d+) +\w+ .*?\b(init|sh|mathserver)\b"
    guest, here = rows(before, pids), rows(s.printed(ps), pids)
    ok(len(guest) == 3 and guest == here, "ps shows what the system's own ps shows", guest, here, s.text)
    totals = re.search(r"segments (\d+)  pages (\d+)  attachments (\d+)", before)
    s.check("ksm shows the totals of ksmstat, and who sleeps", ksm, r"^[0-9a-f]{8} .*(live|marked)",
            r"process 3 \(mathserver\): 0x7\w+$", r"process 3 \(mathserver\) sleeps on the word at \+0x",
            "^%s segments?, %s pages?, %s attachments?" % totals.groups() if totals else "totals of ksmstat")


def sleepers(s):
    s.step("thread apply all -q process 3",
           ("process shows a sleeper's calls, whichever processor is selected",
            *["sys_ksmwait", "at user/bin/mathserver.c", "_start"] * 2))
    s.step("""
process 3
program mathserver
process 3 backtrace -6
process 3 print $cr3 == $cr3
""",
           ("process shows the calls of a sleeper, into its program", "context_switch", "ksm_wait_sleep",
            "<signal handler called>", "sys_ksmwait", r"at user/bin/mathserver.c", "_start"),
           ("and with its symbols the arguments", "symbols of mathserver", r"serve .server=", r"main .argc=", "= 1"))
    refused = r"process 3 \(mathserver\) is on no processor"
    s.step("""
process 3 finish
process 3 process 1 print $cr3 == $cr3
process 3 with print pretty on -- c
process 3 print arch_idle_halt()
ps
""",
           ("what would let the machine run with a sleeper's registers is refused", refused, "= 1", refused,
            "may-call-functions is off", "asleep .*mathserver .*ksm_wait_sleep"))
    s.step("""
pt 3 0x7ffff000
pt 3 0x0
pt 3 &program_name
pt 0x80100000
""",
           ("pt explains attachments, addresses without a page, and the kernel's",
            r"nothing is mapped|no access|a segment's page", "process 3", "no access: a touch faults",
            "may be read and written|a write copies", "the kernel reaches at 0x80100000"))
    s.step("info symbol $eip",
           ("afterwards the processor is where it was", r"^sys_sleep( \+ \d+)? in section"))


def held_lock(s):
    s.step("""
delete
break mutex_release if $for_program("echo")
continue
ps
locks
""",
           ("locks says which process holds a sleeping lock", r"running +(\d) (\w+)", r"held by process \d+ \(\2\)"))


def at_a_panic(s):
    s.step("""
delete
set var $eip = 0
continue
bt
continue
""",
           ("a panic stops before the machine ends, and its trace goes through the kernel's own trap",
            "The kernel panics", "^#0 +panic", "trap_page_fault", "<signal handler called>", "0x0+ in",
            "<signal handler called>"),
           ("then the kernel says why, and ends", "panic: exception 14 in the kernel"))
    s.step("""
ps
pt 0x1000
type ls
""",
           ("the commands say that the machine has ended", *["the machine has ended"] * 3))


def commands():
    s = Session()
    ps, ksm = tables(s)
    sleepers(s)
    held_lock(s)
    at_a_panic(s)
    s.run("--smp", "2", "--", "mathserver & mathclient -e 1+2; ps; ksmstat; "
          "for i in %s; do sleep 1; done; echo end" % " ".join(map(str, range(50))))
    check_tables(s, ps, ksm)


def spin_lock():
    s = Session()
    s.step("""
break segment_put_locked
type mathserver & mathclient -e 1+2
continue
""")
    held = s.step("""
ps
locks
""",
                  ("locks says which processor holds a spin lock", r"running +(\d) \w+ +segment_put_locked",
                   r"^registry.lock .*held by processor \1$"))
    cpus = s.step("""
thread apply all -q python p = current_process(); print("here:", processor()["cpu"]["index"], p and name_of(p))
""")
    s.step("kill")
    s.run("--smp", "2")
    running = rows(s.printed(held), r"running +(\d) (\w+)")
    here = {row for row in rows(s.printed(cpus), r"here: (\d) (\w+)") if row[1] != "None"}
    ok(running and running == here, "each of gdb's threads is a processor", running, here, s.text)


def typing():
    s = Session()
    s.step("""
type one two
continue
""",
           ("a COMMAND reads what is typed", r"^1 2 8 $"))
    s.run("--", "head -n 1 | wc")


need_gdb()
breakpoints()
commands()
spin_lock()
typing()
done()
