"""The processors, which gdb calls threads, and the processes: which there are, and who runs which."""

import gdb

from .command import CONSOLE
from .memory import pointer, table, variable, word

NAME_MAX = 15  # characters of a process's name


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
