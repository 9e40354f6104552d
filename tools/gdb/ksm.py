"""Commands for gdb that know this system.

  ps, process PID [COMMAND], ksm, locks, pt [PID] ADDRESS, program [NAME], type TEXT

`./ksm debug' and the .gdbinit of `make qemu-gdb' load this file; by hand it is `source tools/gdb/ksm.py', after
`file build/kernel.elf'.  `help NAME' describes a command.

gdb takes the machine for one program whose threads are the processors.  Three things here make up for that:

  symbols      programs share their addresses, so the symbols of one at a time are loaded; frames of the others are
               found by frame pointers, and named by addr2line
  breakpoints  one in a program gets the condition $in_program(NAME); the kernel's stop whoever runs, unless they are
               given the condition $for_program(NAME)
  contexts     a process that does not run is looked at by lending its registers to a processor for a moment
"""

import difflib
import os
import re
import shutil
import subprocess

import gdb
from gdb.FrameDecorator import FrameDecorator
from gdb.unwinder import Unwinder, register_unwinder

KERNEL_BASE = 0x80000000
PAGE_SIZE = 4096
NAME_MAX = 15  # characters of a process's name
LIST_MAX = 100000  # longer than any list of the kernel: it must be a circle

# Bits of the entries of page directories and page tables: kernel/arch/i386/layout.h and pmap.h.
PRESENT, WRITABLE, USER, LARGE, COPIED, SHARED, PROMISED = 1, 2, 4, 0x80, 0x200, 0x400, 0x800
BITS = ((PRESENT, "present"), (WRITABLE, "writable"), (USER, "user"), (8, "write-through"), (0x10, "uncached"),
        (0x20, "accessed"), (0x40, "dirty"), (LARGE, "4 MB"), (0x100, "global"), (COPIED, "copied"), (SHARED, "shared"),
        (PROMISED, "promised"))
SLOT_TAKEN = 0x80000000  # kernel/ksm/ksm_impl.h

CONSOLE = os.environ.get("KSM_CONSOLE")  # in ./ksm debug: a file, which types at the system's console

# gdb's commands after which the machine runs.
RUNNING = ("advance", "continue", "detach", "disconnect", "finish", "jump", "kill", "next", "nexti", "queue-signal",
           "run", "signal", "start", "starti", "step", "stepi", "until")
# Functions that do not say what a sleeper waits for.
SLEEP = {"context_switch", "sched_switch_locked", "sched_yield", "thread_park", "waitq_sleep"}
# States as `ps' shows them.
STATES = {"NEW": "ready", "READY": "ready", "RUNNING": "running", "SLEEPING": "asleep", "DEAD": "zombie",
          "FORMING": "forming"}


def quoted(path):
    """As gdb takes it for one word, whatever characters it has."""
    return re.sub(r"([\\\s'\"])", r"\\\1", path)


def quietly(command):
    return gdb.execute(command, to_string=True)


def plural(n, what):
    return "%d %s%s" % (n, what, "" if n == 1 else "s")


# Memory and symbols of the kernel.

def read(address, nbytes):
    """From what the selected processor sees; what a newer gdb has for that takes the first one."""
    array = gdb.lookup_type("char").array(nbytes - 1)
    text = gdb.Value(address).cast(array.pointer()).dereference().string("latin-1", length=nbytes)
    return text.encode("latin-1")


def word(address):
    return int.from_bytes(read(address, 4), "little")


def kernel_file():
    """The kernel's symbols: gdb's main file."""
    for objfile in gdb.objfiles():
        if objfile.is_valid() and objfile.lookup_global_symbol("kernel_start"):
            return objfile
    raise gdb.GdbError("the kernel's symbols are not loaded: `file build/kernel.elf'")


def symbol(name):
    objfile = kernel_file()
    found = objfile.lookup_global_symbol(name) or objfile.lookup_static_symbol(name)
    if not found:
        raise gdb.GdbError("this kernel has no `%s'" % name)
    return found


def variable(name):
    return symbol(name).value()


def pointer(name, address):
    """A pointer to a structure of the kernel's, which may have another meaning in a program."""
    block = symbol("registry").symtab.static_block()
    return gdb.Value(address).cast(gdb.lookup_type("struct " + name, block).pointer())


def offset(pointer_to_struct, path):
    kind, total = pointer_to_struct.type.target().strip_typedefs(), 0
    for name in path.split("."):
        field = kind[name]
        total, kind = total + field.bitpos // 8, field.type.strip_typedefs()
    return total


def items(head, name, path):
    """The structures of a list: `path' leads to their links.  `head' is the list's own structure."""
    head = head.address
    link, n = head["next"], 0
    while link != head:
        if not link or n == LIST_MAX:
            raise gdb.GdbError("the list at 0x%x is broken" % int(head))
        item = pointer(name, 0)
        yield pointer(name, int(link) - offset(item, path))
        link, n = link["next"], n + 1


def table(node, height):
    """The values of a kernel/mm/table.h."""
    if not height:
        if node:
            yield node
        return
    for i in range(16):
        below = word(node + 4 * i)
        if below:
            yield from table(below, height - 1)


# Processors, which gdb calls threads.

def register(name):
    return int(gdb.parse_and_eval("(unsigned)$" + name))


def require_machine():
    """Without it, gdb would read the variables in the kernel's file."""
    if not gdb.selected_thread():
        raise gdb.GdbError("the machine has ended: `quit'" if CONSOLE else "there is no machine: `target remote'")


def require_boot():
    require_machine()
    try:
        if variable("proc_one"):
            return
    except gdb.MemoryError:
        pass
    raise gdb.GdbError("the kernel has not booted yet: there are no processes (`break proc_exec', then `continue')")


def processors():
    """The kernel's records of the processors that it runs on."""
    cpus = variable("machine_cpus")
    return [cpus[i] for i in range(int(variable("cpu_count")))]


def processor(thread=None):
    """The record of the selected thread of gdb's."""
    require_machine()
    thread = thread or gdb.selected_thread()
    for cpu in processors():
        if int(cpu["apic_id"]) == thread.ptid[1] - 1:
            return cpu
    return processors()[0]  # it has not started


thread_pointers = {}  # gdb's number of a processor -> the address of its pointer to the thread that it runs


def running_thread():
    """The address of the struct thread that the selected processor runs; quick, for conditions of breakpoints."""
    thread = gdb.selected_thread()
    number = thread and thread.ptid[1]
    if number not in thread_pointers:
        cpu = processor()
        if int(cpu["apic_id"]) != number - 1:
            return 0  # it does not run yet
        thread_pointers[number] = int(cpu["cpu"]["thread"].address)
    return word(thread_pointers[number])


def select_processor(index):
    apic_id = int(processors()[index]["apic_id"])
    for thread in gdb.selected_inferior().threads():
        if thread.ptid[1] - 1 == apic_id:
            thread.switch()


# Processes.

def processes():
    require_boot()
    procs = variable("procs")
    return [pointer("proc", p) for p in table(int(procs["root"]), int(procs["height"]))]


def state_of(proc):
    """NEW, READY, RUNNING, SLEEPING; FORMING or DEAD."""
    life = str(proc["life"])
    return life[len("PROC_"):] if life != "PROC_ALIVE" else str(proc["thread"]["state"])[len("THREAD_"):]


def name_of(proc):
    return proc["name"].string(errors="replace")


def running_on(proc):
    """The index of the processor that runs it, or None."""
    for i, cpu in enumerate(processors()):
        if int(cpu["cpu"]["thread"]) == int(proc):
            return i
    return None


def current_process():
    """Of the selected processor; None: it runs the kernel's own threads."""
    thread = running_thread()
    return next((proc for proc in processes() if int(proc) == thread), None)


def find_process(text):
    try:
        pid = int(text, 0)
    except ValueError:
        raise gdb.GdbError("`%s' is not a pid" % text) from None
    for proc in processes():
        if int(proc["pid"]) == pid:
            return proc
    raise gdb.GdbError("there is no process %d; `ps' lists those there are" % pid)


def words_for(proc):
    return "process %d%s" % (int(proc["pid"]), " (%s)" % name_of(proc) if name_of(proc) else "")


class Context:
    """While it lasts, gdb's registers and memory are those of a process."""

    lent = None  # the process, if a processor has its registers
    NAMES = ("eip", "esp", "ebp", "cr3")

    def __init__(self, proc):
        self._proc = proc
        self._state = state_of(proc)
        if self._state == "FORMING":
            raise gdb.GdbError("%s is being made by fork: it has not run yet" % words_for(proc))
        if self._state == "DEAD":
            raise gdb.GdbError("%s has ended: nothing but its status is left" % words_for(proc))

    def __enter__(self):
        self._thread = gdb.selected_thread()
        self._level = gdb.selected_frame().level()
        self._saved = None
        index = running_on(self._proc)
        if index is not None:
            select_processor(index)
        else:
            gdb.newest_frame().select()
            self._saved = [register(name) for name in self.NAMES]
            self._set(self._registers())
            self._outer = Context.lent
            self._lend(self._proc)
        adapt()
        return self

    def __exit__(self, *unused):
        if self._saved:
            self._lend(self._outer)
            gdb.newest_frame().select()
            self._set(self._saved)
        self._thread.switch()
        frame = gdb.newest_frame()
        while frame and frame.level() < self._level:
            frame = frame.older()
        if frame:
            frame.select()
        adapt()

    @staticmethod
    def _lend(proc):
        """Meanwhile the machine must not run, not even for gdb's call of a function."""
        Context.lent = proc
        quietly("set may-call-functions %s" % ("off" if proc else "on"))

    def _registers(self):
        """Where context_switch() has left it."""
        context = int(self._proc["thread"]["context"])
        eip = word(context)
        directory = int(self._proc["thread"]["aspace"]["map"]["directory"])
        if quietly("info symbol 0x%x" % eip).startswith("thread_first"):
            stack = (context + 4, 0)  # it has not run yet
        else:
            stack = (context + 12, word(context + 8))
        return (eip,) + stack + (directory - KERNEL_BASE,)

    def _set(self, values):
        for name, value in zip(self.NAMES, values):
            gdb.parse_and_eval("$%s = 0x%x" % (name, value))


def calls():
    """The kernel's functions from the newest frame on, but for those that only say that a thread sleeps."""
    frame, found = gdb.newest_frame(), []
    while frame and frame.pc() >= KERNEL_BASE:
        if frame.type() != gdb.SIGTRAMP_FRAME and frame.name() and frame.name() not in SLEEP:
            found.append(frame.name())
        frame = frame.older()
    return found


def where(proc):
    """What a process is doing, in a few words."""
    if state_of(proc) in ("FORMING", "DEAD"):
        return ""
    with Context(proc):
        frame = gdb.newest_frame()
        if calls():
            return " < ".join(calls()[:3])
        while frame.pc() >= KERNEL_BASE and frame.older():  # an interrupt
            frame = frame.older()
        return "in its program, at " + (place(frame)[0] or "0x%x" % frame.pc())


# Symbols of programs, and breakpoints in them.

class Programs:
    """At most one program's symbols are loaded: those of the program that the user has chosen."""

    def __init__(self):
        self.name = None  # of that program
        self._path = None
        self._parked = set()  # breakpoints in other programs, by number

    def path(self, name):
        return os.path.join(os.path.dirname(kernel_file().filename), "elf", name)

    def file_of(self, proc):
        """The name of a process's program, or None if there are no symbols of it."""
        name = name_of(proc)
        if proc["foreign"]:
            return None
        if len(name) == NAME_MAX and not os.path.exists(self.path(name)):
            return next((f for f in os.listdir(self.path("")) if f.startswith(name)), None)
        return name if name and os.path.exists(self.path(name)) else None

    def choose(self, name):
        if name == self.name:
            return
        if self._path:
            quietly("remove-symbol-file " + quoted(self._path))
        self.name, self._path = name, self.path(name)
        quietly("add-symbol-file " + quoted(self._path))
        self._park()
        adapt()

    def _park(self):
        """Disables the breakpoints in other programs, and enables again those in this one."""
        for breakpoint in gdb.breakpoints():
            owner = owner_of(breakpoint)
            if owner and owner != self.name and breakpoint.enabled:
                breakpoint.enabled = False
                self._parked.add(breakpoint.number)
            elif owner == self.name and breakpoint.number in self._parked:
                self._parked.remove(breakpoint.number)
                breakpoint.enabled = True


programs = Programs()


# Frames of programs whose symbols are not loaded.

def process_here():
    """Whose frames below the kernel gdb sees."""
    return Context.lent or pointer("proc", running_thread())


def stranger(pc):
    """Is it an address in a program whose symbols are not loaded?"""
    return pc < KERNEL_BASE and programs.file_of(process_here()) != programs.name


def adapt():
    """gdb ends a back-trace at the function that it takes for main()."""
    try:
        strange = stranger(0)
    except (gdb.error, gdb.GdbError):
        return
    if strange != gdb.parameter("backtrace past-main"):
        quietly("set backtrace past-main %s" % ("on" if strange else "off"))


class Place:
    """Names a frame for gdb."""

    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class ByFramePointer(Unwinder):
    def __init__(self):
        super().__init__("ksm")

    def __call__(self, frame):
        registers = [frame.read_register(name) for name in ("eip", "esp", "ebp")]
        try:
            pc, sp, bp = (int(value) & 0xFFFFFFFF for value in registers)
            if not sp or (pc and not stranger(pc)):
                return None
            caller = self.caller(pc, sp, bp)
        except (gdb.error, gdb.GdbError, OverflowError):  # registers that point nowhere
            return None
        info = frame.create_unwind_info(Place(registers[1], registers[0]))
        for name, value, now in zip(("eip", "esp", "ebp"), caller, registers):
            info.add_saved_register(name, gdb.Value(value).cast(now.type))
        return info

    @staticmethod
    def caller(pc, sp, bp):
        """Its registers; without a stack pointer there is none."""
        if not pc:  # a call of a null pointer
            return word(sp), sp + 4, bp
        if read(pc - 2, 2) == b"\xcd\x40" or read(pc, 1) == b"\x55":  # after int $64, or at push %ebp: no frame
            return word(sp), sp + 4, bp
        if not bp:
            return 0, 0, 0
        return word(bp + 4), bp + 8, word(bp)


places = {}  # (file, address) -> function, file, line


def place(frame):
    """The function, the file and the line of a frame, as gdb or addr2line know them; each may be None."""
    pc = frame.pc()
    name = programs.file_of(process_here()) if stranger(pc) else None
    if not name:
        line = frame.find_sal()
        return frame.name(), line.symtab and line.symtab.filename, line.line
    called = frame.newer() is not None and frame.newer().type() == gdb.NORMAL_FRAME
    key = (programs.path(name), pc - called)
    if key not in places:
        places[key] = look_up(*key)
    return places[key]


def look_up(path, address):
    addr2line = shutil.which("addr2line")
    if not addr2line:
        return None, None, None
    words = subprocess.run([addr2line, "-f", "-e", path, hex(address)], capture_output=True, text=True,
                           check=False).stdout.split("\n")
    source, _, line = words[1].partition(" ")[0].rpartition(":") if len(words) > 1 else ("", "", "")
    if not line.isdecimal():
        return None, None, None
    return words[0], os.path.relpath(source) if source.startswith(os.getcwd() + "/") else source, int(line)


class Stranger(FrameDecorator):
    """A frame of such a program, in a back-trace."""

    def __init__(self, frame):
        super().__init__(frame)
        self._place = place(frame)

    def function(self):
        return self._place[0] or "??"

    def filename(self):
        return self._place[1]

    def line(self):
        return self._place[2]

    def frame_args(self):
        return None

    def frame_locals(self):
        return None


class Strangers:
    """gdb's filter of frames that finds them."""

    def __init__(self):
        self.name, self.priority, self.enabled = "ksm", 100, True
        gdb.frame_filters[self.name] = self

    def filter(self, frames):
        for frame in frames:
            base = frame.inferior_frame()
            if not stranger(base.pc()):
                yield frame
            # Neither a frame that gdb inlines from another program, nor the end.
            elif base.type() != gdb.INLINE_FRAME and (base.pc() or base.older()):
                yield Stranger(base)


class ForProgram(gdb.Function):
    """$for_program(NAME): the processor runs a process of that program, or the kernel for it."""

    def __init__(self, name="for_program"):
        super().__init__(name)
        self._offset = None

    def invoke(self, name):  # pylint: disable=arguments-differ
        thread = running_thread()
        if not thread:
            return False
        self._offset = self._offset or offset(pointer("proc", 0), "name")
        wanted = name.string()[:NAME_MAX].encode() + b"\0"
        return read(thread + self._offset, len(wanted)) == wanted


class InProgram(ForProgram):
    """$in_program(NAME): the same, or the processor is in the kernel."""

    def __init__(self):
        super().__init__("in_program")

    def invoke(self, name):
        return gdb.selected_frame().pc() >= KERNEL_BASE or super().invoke(name)


class MayRun(gdb.Function):
    """$may_run(): fails where a processor has a process's registers; for each command of RUNNING."""

    def __init__(self):
        super().__init__("may_run")

    def invoke(self):
        if Context.lent:
            raise gdb.GdbError("%s is on no processor: it can be looked at, but it can't run" % words_for(Context.lent))
        return True


def owner_of(breakpoint):
    found = re.match(r'\$in_program\("([^"]*)"\)', breakpoint.condition or "")
    return found and found[1]


def in_program_memory(breakpoint):
    """Is it in the program's memory, or a part of it?"""
    if breakpoint.type not in (gdb.BP_BREAKPOINT, gdb.BP_HARDWARE_BREAKPOINT):  # of data
        try:
            return int(gdb.parse_and_eval("&(%s)" % breakpoint.expression)) & 0xFFFFFFFF < KERNEL_BASE
        except (gdb.error, TypeError):
            return False
    places = [location for location in breakpoint.locations if location.address is not None]
    ours = [location for location in places if location.address < KERNEL_BASE]
    if (breakpoint.location or "").startswith("sys_") and len(ours) < len(places):
        for location in ours:  # the library has functions of these names too: the kernel's are meant
            if location.enabled:
                location.enabled = False
        return False
    return bool(ours)


def confine(breakpoint):
    """A breakpoint in a program stops in that program alone, whatever condition the user gives it."""
    if not programs.name or not breakpoint.visible or owner_of(breakpoint) or not in_program_memory(breakpoint):
        return
    condition = '$in_program("%s")' % programs.name
    if breakpoint.condition:
        condition += " && (%s)" % breakpoint.condition
    breakpoint.condition = condition


class Internal(gdb.Breakpoint):
    """A place in the kernel where a user of the debugger always wants to stop."""

    def __init__(self, function, when, words):
        super().__init__(function, internal=True)
        self.silent = True
        self._when, self._words = when, words

    def stop(self):
        if not self._when():
            return False
        Internal.said = self._words
        return True

    said = None


def in_chosen_program():
    return not programs.name or programs.file_of(process_here()) == programs.name


last_seen = None


def stopped(event):
    """Says which process the machine stopped in, if that is another than before."""
    global last_seen
    if Internal.said:
        print(Internal.said)
        Internal.said = None
        gdb.execute("frame")
    try:
        proc = current_process()
    except (gdb.error, gdb.GdbError):  # too early, or no kernel's memory
        return
    adapt()
    seen = words_for(proc) if proc else "the kernel's own threads"
    if programs.name and proc and programs.file_of(proc) != programs.name:
        seen += "; the symbols that are loaded are those of " + programs.name
    if seen != last_seen:
        print("[%s]" % seen)
    last_seen = seen


# Commands.

class Command(gdb.Command):
    """Its document string is what `help' prints."""

    def __init__(self, complete=gdb.COMPLETE_NONE):
        super().__init__(self.__class__.__name__.lower(), gdb.COMMAND_STATUS, complete)

    def invoke(self, argument, from_tty):
        self.dont_repeat()
        try:
            self.run(argument.strip())
        except gdb.MemoryError as e:
            name = self.__class__.__name__.lower()
            raise gdb.GdbError("%s: %s; the kernel's structures are not made yet, or damaged" % (name, e)) from None
        except gdb.error as e:
            raise gdb.GdbError(str(e)) from None

    def run(self, argument):
        raise NotImplementedError


class Ps(Command):
    """Processes, and what each is doing.

usage: ps

WHERE is the chain of the kernel's functions that a process sleeps in, the innermost first, or the function of its
program that it is in."""

    def run(self, argument):
        rows = processes()
        print("  PID PARENT   JOB STATE    CPU NAME             WHERE")
        for proc in rows:
            parent = int(proc["parent"]["pid"]) if proc["parent"] else 0
            cpu = running_on(proc)
            print("%5d %6d %5d %-8s %3s %-16s %s" % (proc["pid"], parent, proc["job"], STATES[state_of(proc)],
                                                     "" if cpu is None else cpu, name_of(proc), where(proc)))


class Process(Command):
    """A command of gdb's in the place of a process: its back-trace, unless another is given.

usage: process PID [COMMAND]

  process 5                 its calls, through the kernel into its program
  process 5 bt full         with local variables
  process 5 x/4x $esp       its memory
`ps' lists the pids.  COMMAND looks at the process; only if a processor runs it can it be `next', `finish' and so on."""

    def __init__(self):
        super().__init__(gdb.COMPLETE_COMMAND)

    def run(self, argument):
        pid, _, command = argument.partition(" ")
        if not pid:
            raise gdb.GdbError("usage: process PID [COMMAND]")
        with Context(find_process(pid)):
            gdb.execute(command.strip() or "backtrace")


class Program(Command):
    """Loads the symbols of a program.

usage: program [NAME]

One program's symbols are loaded at a time, as programs share their addresses.  Breakpoints in others are disabled
until their program is named again.  Without NAME: the program that the selected processor runs.  Back-traces name the
functions of all programs, but know no more of them."""

    def run(self, argument):
        name = argument
        if not name:
            proc = current_process()
            if not proc:
                raise gdb.GdbError("this processor runs no process: program NAME")
            name = programs.file_of(proc)
            if not name:
                raise gdb.GdbError("there are no symbols of %s" % words_for(proc))
        elif not os.path.isfile(programs.path(name)):
            close = difflib.get_close_matches(name, os.listdir(programs.path("")), 1)
            hint = "; did you mean `%s'?" % close[0] if close else ""
            raise gdb.GdbError("there is no program `%s'%s" % (name, hint))
        programs.choose(name)
        print("the symbols of %s are loaded" % name)
        if any(breakpoint.hit_count for breakpoint in gdb.breakpoints()):
            print("(should gdb warn of a `location number', that means nothing, and ends with the next `continue')")


class Type(Command):
    """Types a line at the system's console.

usage: type TEXT

The system reads it when it runs: `continue'."""

    def run(self, argument):
        if not CONSOLE:
            raise gdb.GdbError("the console is another terminal's: type there")
        require_machine()
        with open(CONSOLE, "w", encoding="utf-8") as f:
            f.write(argument + "\n")


class Ksm(Command):
    """Shared memory: segments, where each process has them attached, and who sleeps on their words.

usage: ksm"""

    def run(self, argument):
        require_boot()
        registry = variable("registry")
        per_page = PAGE_SIZE // registry["slot_pages"].dereference().dereference().type.sizeof
        print("IDENTIFIER     HANDLE      BYTES  PAGES ATTACHED CREATOR  LAST STATE")
        sleepers = self.sleepers()
        for i in range(int(registry["nfresh"])):
            slot = registry["slot_pages"][i // per_page][i % per_page]
            if int(slot["state"]) & SLOT_TAKEN:
                self.show(slot["segment"], sleepers)
        print("%s, %s, %s" % (plural(registry["nsegments"], "segment"), plural(registry["npages"], "page"),
                              plural(registry["nattached"], "attachment")))

    def show(self, segment, sleepers):
        print("%08x %12d %10d %6d %8d %7d %5d %s" % tuple(
            [int(segment[k]) for k in ("id", "handle", "nbytes", "npages", "nattached", "cpid", "mpid")] +
            [str(segment["state"])[len("SEGMENT_"):].lower()]))
        for holding in items(segment["holdings"], "holding", "in_segment"):
            if holding["task"]:
                self.show_holding(holding)
        for sleeper in sleepers.get(int(segment), ()):
            print("    %s sleeps on the word at +0x%x, as long as it is %d%s" % (
                task_name(sleeper["task"]), sleeper["word"]["offset"], sleeper["expected"],
                ", and process %d lives" % sleeper["peer"] if sleeper["peer"] > 0 else ""))

    @staticmethod
    def show_holding(holding):
        at = ["0x%x%s" % (a["mapping"]["va"], "" if a["mapping"]["writable"] else " read-only")
              for a in items(holding["attachments"], "attachment", "link")]
        print("    %s: %s" % (task_name(holding["task"]), ", ".join(at) or "not attached"))

    @staticmethod
    def sleepers():
        """Those of each segment, by the segment's address."""
        found, stripes = {}, variable("stripes")
        for i in range(stripes.type.range()[1] + 1):
            queues = stripes[i]["queues"]
            for j in range(queues.type.range()[1] + 1):
                for sleeper in items(queues[j], "ksm_sleeper", "word.queue"):
                    if sleeper["word"]["segment"]:  # else a waker's place
                        found.setdefault(int(sleeper["word"]["segment"]), []).append(sleeper)
        return found


def task_name(task):
    return words_for(pointer("proc", int(task) - offset(pointer("proc", 0), "ksm")))


class Pt(Command):
    """The walk through the page tables to an address, in words.

usage: pt [PID] ADDRESS

ADDRESS is an expression without blanks: pt &counter, pt 5 0x7fffe000.  Without PID, it is looked up in what the
selected processor runs."""

    def run(self, argument):
        words = argument.split()
        if len(words) not in (1, 2):
            raise gdb.GdbError("usage: pt [PID] ADDRESS")
        require_machine()
        if len(words) == 2:
            proc = find_process(words[0])
            if not proc["thread"]["aspace"]:
                raise gdb.GdbError("%s has no memory any more" % words_for(proc))
            directory, what = int(proc["thread"]["aspace"]["map"]["directory"]), words_for(proc)
        else:
            if not register("cr0") >> 31:
                raise gdb.GdbError("there are no page tables yet: the kernel has not switched paging on")
            directory = KERNEL_BASE + register("cr3")
            proc = current_process() if variable("proc_one") else None
            what = words_for(proc) if proc else "the kernel"
        address = self.number(words[-1])
        print("%s, address 0x%x" % (what, address))
        if self.walk(directory, address) and proc and address < KERNEL_BASE:
            self.explain(proc["thread"]["aspace"], address)

    @staticmethod
    def number(text):
        value = gdb.parse_and_eval(text)
        if value.type.strip_typedefs().code in (gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_FUNC, gdb.TYPE_CODE_STRUCT):
            value = value.address
        return int(value) & 0xFFFFFFFF

    def walk(self, directory, address):
        """Prints the walk; true if the last entry is not 0."""
        index = address >> 22
        entry = word(directory + 4 * index)
        self.print_entry("directory", directory, index, entry)
        if not entry & PRESENT:
            print("  nothing is mapped in these 4 MB: a touch faults")
            return False
        if entry & LARGE:
            self.print_end((entry & 0xFFC00000) + (address & 0x3FFFFF))
            return True
        base, index, above = KERNEL_BASE + (entry & 0xFFFFF000), address >> 12 & 1023, entry
        entry = word(base + 4 * index)
        self.print_entry("table", base, index, entry)
        if address < KERNEL_BASE:
            print("  " + self.meaning(entry, above))
        elif not entry & PRESENT:
            print("  not mapped: a touch faults")
        if entry & PRESENT:
            self.print_end((entry & 0xFFFFF000) + (address & 0xFFF))
        return entry != 0

    @staticmethod
    def print_entry(what, base, index, entry):
        bits = ", ".join(name for bit, name in BITS if entry & bit)
        text = "0x%08x (frame 0x%x: %s)" % (entry, entry & 0xFFFFF000, bits) if entry else "0 (empty)"
        print("  %-9s 0x%x, entry %d: %s" % (what, base, index, text))

    @staticmethod
    def meaning(entry, above):
        """What an entry of a program's page table allows."""
        if not entry:
            return "no access: a touch faults"
        if entry & PROMISED and not entry & PRESENT:
            return "promised: the first touch makes a page of zeroes"
        if entry & SHARED:
            return "a segment's page, which may be read" + (" and written" if above & WRITABLE else "; a write faults")
        if entry & COPIED:
            frame = variable("frame_table")[(entry & 0xFFFFF000) // PAGE_SIZE]
            return "may be read; a write copies it first, if it has other owners still (%s)" % \
                plural(int(frame["refs"]) & 0xFFFF, "owner")
        return "may be read and written" if entry & WRITABLE else "may be read; a write faults"

    @staticmethod
    def print_end(pa):
        print("  physical address 0x%x, which the kernel reaches at 0x%x" % (pa, pa + KERNEL_BASE))

    @staticmethod
    def explain(aspace, address):
        """What of the address space is there."""
        if address < int(aspace["brk"]):
            print("  below the break (0x%x): image, stack or heap" % aspace["brk"])
            return
        mapping = aspace["mappings"]
        while mapping:
            start = int(mapping["va"])
            if start <= address < start + int(mapping["npages"]) * PAGE_SIZE:
                attachment = pointer("attachment", int(mapping) - offset(pointer("attachment", 0), "mapping"))
                print("  in the attachment of segment %08x at 0x%x, +0x%x" %
                      (attachment["holding"]["segment"]["id"], start, address - start))
                return
            mapping = mapping["left"] if address < start else mapping["right"]


class Locks(Command):
    """The locks that are held: spin locks, by which processor; sleeping locks, by which process, and who waits.

usage: locks"""

    def run(self, argument):
        require_boot()
        found = 0
        for name, lock in all_locks():
            if lock.type.strip_typedefs().tag == "mutex":
                text = self.mutex(lock)
            else:
                text = self.spinlock(lock)
            if text:
                found += 1
                print("%-24s %s" % (name, text))
        print("%s held" % plural(found, "lock") if found else "no lock is held")

    @staticmethod
    def spinlock(lock):
        holder = int(lock["locked"])
        if not holder:
            return None
        for i, cpu in enumerate(processors()):
            if int(cpu["cpu"].address) == holder:
                return "spin lock, held by processor %d" % i
        return "spin lock, held"

    @staticmethod
    def mutex(lock):
        if not lock["holder"]:
            return None
        waiters = [thread_name(t) for t in items(lock["waiters"], "thread", "wait_link")]
        return "held by %s%s" % (thread_name(lock["holder"]), "; waiting: " + ", ".join(waiters) if waiters else "")


def thread_name(thread):
    for proc in processes():
        if int(proc) == int(thread):
            return words_for(proc)
    return "the kernel's thread `%s'" % thread["name"].string()


def holds_locks(kind):
    kind = kind.strip_typedefs()
    if kind.code == gdb.TYPE_CODE_ARRAY:
        return holds_locks(kind.target())
    if kind.code != gdb.TYPE_CODE_STRUCT:
        return False
    return kind.tag in ("spinlock", "mutex") or any(holds_locks(field.type) for field in kind.fields())


def locks_in(name, value):
    kind = value.type.strip_typedefs()
    if kind.code == gdb.TYPE_CODE_ARRAY:
        for i in range(kind.range()[1] + 1):
            yield from locks_in("%s[%d]" % (name, i), value[i])
    elif kind.tag in ("spinlock", "mutex"):
        yield name, value
        if kind.tag == "mutex":
            yield name + "'s own", value["lock"]
    else:
        for field in kind.fields():
            if holds_locks(field.type):
                yield from locks_in("%s.%s" % (name, field.name), value[field.name])


static_locks = None


def all_locks():
    """(name, lock) of the kernel's variables, of the inodes in memory, and of the pipes that processes have open."""
    global static_locks
    if static_locks is None:
        static_locks = [(name, lock.address) for name, lock in find_static_locks()]
    for name, lock in static_locks:
        yield name, lock.dereference()
    buckets = symbol_in("kernel/fs/inode.c", "buckets")
    for i in range(buckets.type.range()[1] + 1):
        inode = buckets[i]
        while inode:
            yield "inode %d" % inode["inum"], inode["lock"]
            inode = inode["next"]
    pipes = {}
    for proc in processes():
        for i in range(int(proc["nfiles"])):
            file = proc["files"][i]
            if file and file["pipe"]:
                pipes.setdefault(int(file["pipe"]), (int(proc["pid"]), i, file["pipe"]))
    for pid, fd, pipe in pipes.values():
        yield "pipe (process %d, fd %d)" % (pid, fd), pipe["lock"]


def symbol_in(path, name):
    return gdb.parse_and_eval("'%s'::%s" % (path, name))


def find_static_locks():
    path = None
    for line in quietly("info variables -q").split("\n"):
        if line.startswith("File "):
            path = line[5:].rstrip(":")
        found = path and re.fullmatch(r"kernel/[\w/.+-]*", path) and re.match(r"\d+:\s.*?(\w+)(\[[^;]*\])?;$", line)
        if found:
            value = symbol_in(path, found[1])
            if holds_locks(value.type):
                name = found[1] if found[1] not in ("lock", "names") else "%s of %s" % (found[1], path)
                yield from locks_in(name, value)


HINT = """\
ps            processes, and what each is doing
process PID   the back-trace of a process
ksm           segments, attachments, sleepers
locks         the locks that are held, and by whom
pt ADDRESS    the walk through the page tables
program NAME  the symbols of another program
type TEXT     types a line at the console
Ctrl-C        stops the machine; `continue' lets it run
`help ps' and so on say more; docs/debugging.md is a page for beginners."""


def leaving(event):
    """gdb would let the machine run on, for the moment until ./ksm debug ends it."""
    if gdb.selected_inferior().pid:
        try:
            quietly("kill")
        except gdb.error:  # QEMU may end before it answers
            pass


def start():
    # Each processor, and each process, has another memory at the same address.
    for setting in ("set stack-cache off", "set code-cache off"):
        quietly(setting)
    for command in RUNNING:
        quietly("define hook-%s\nif $may_run()\nend\nend" % command)
    InProgram()
    ForProgram()
    MayRun()
    Strangers()
    register_unwinder(None, ByFramePointer(), replace=True)
    for command in (Ps, Process, Program, Type, Ksm, Pt, Locks):
        command()
    gdb.events.breakpoint_created.connect(confine)
    gdb.events.breakpoint_modified.connect(confine)
    gdb.events.stop.connect(stopped)
    if CONSOLE:
        gdb.events.gdb_exiting.connect(leaving)
    Internal("panic", lambda: True, "The kernel panics: `bt' shows where, `continue' lets it say why and end.")
    Internal("program_fault", in_chosen_program,
             "The program did what it can't go on after: `bt' shows where, `continue' lets the kernel end it.")
    print(HINT)


if "ksm" not in gdb.frame_filters:  # else this file was loaded before
    start()
