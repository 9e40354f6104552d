"""Mistakes of the kernel's own end in a panic that says where: processors that are stuck, stacks that overflow.

Each kernel here is the real one, with other code in place of a system call, kill() mostly.
"""

import contextlib
import fcntl
import os
import re
import select
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import BUILD, done, ok, skip, temp_directory  # noqa: E402
from run import qemu  # noqa: E402

KERNEL = os.path.join(BUILD, "kernel.elf")
IMAGE = os.path.join(BUILD, "tests.img")
PANIC, HALT = 3, 1  # QEMU's exit status: 2 * code + 1
PT_LOAD = 1
SECONDS = 2  # of an impatient watchdog, for one processor
SPINNING = 6  # of one for two: while the host keeps one from running, the other may wait for its lock
LOOKS = 18    # of the watchdog in a second
ENDING = 60  # seconds that QEMU may take to end once it has closed its ports, on a busy host
PROGRAM = 0x1000  # where programs have a page of their own

with open(KERNEL, "rb") as file:
    ELF = file.read()
SYMBOLS = {name: (int(address, 16), int(size or "0", 16)) for address, size, name in re.findall(
    r"^(\w+) (?:(\w+) )?\w (\S+)$",
    subprocess.run(["nm", "-S", KERNEL], capture_output=True, text=True, check=True).stdout, re.M)}


def offset_of(address):
    """Where in the file the byte of this address is."""
    table, size, count = struct.unpack_from("<I", ELF, 28) + struct.unpack_from("<HH", ELF, 42)
    for i in range(count):
        kind, offset, va, _, nbytes = struct.unpack_from("<5I", ELF, table + i * size)
        if kind == PT_LOAD and va <= address < va + nbytes:
            return offset + address - va
    raise ValueError("no segment has the address %x" % address)


def jump_to(name, at):
    """A jump to a function of the kernel, at this many bytes from the beginning of the code."""
    return b"\xe9" + struct.pack("<i", SYMBOLS[name][0] - (SYMBOLS["sys_kill"][0] + at + 5))


def set_eax(name):
    """Code that sets the first argument of a function to this symbol's address."""
    return b"\xb8" + struct.pack("<I", SYMBOLS[name][0])


def kernel_with(code, call="sys_kill", seconds=None):
    """The path of a kernel that has this code in place of the call, and a watchdog of so many seconds."""
    address, size = SYMBOLS[call]
    assert len(code) <= -(-size // 16) * 16  # functions start at multiples of 16
    elf = bytearray(ELF)
    elf[offset_of(address):offset_of(address) + len(code)] = code
    return kernel_of(elf, seconds)


def kernel_of(elf, seconds):
    """The path of such a kernel."""
    if seconds:
        struct.pack_into("<I", elf, offset_of(SYMBOLS["watchdog_seconds"][0]), seconds)
    kernel = os.path.join(temp_directory(), "kernel.elf")
    with open(kernel, "wb") as f:
        f.write(elf)
    return kernel


def outcome(code, call="sys_kill", program="kill 99", smp=2, extra=(), seconds=None):
    """QEMU's status, None while it still runs, and what the machine printed that has this code for the call."""
    with qemu.Machine(kernel_with(code, call, seconds), append="run=" + program, disk=IMAGE, smp=smp, mem=32,
                      extra=extra) as machine:
        s = qemu.Session(machine)
        while machine.age() < qemu.ANSWER and s.pump(1):
            pass
        return machine.wait(ENDING), s.text.decode(errors="replace")


def traces(text):
    """The back-traces in a panic's text: a list of (thread, lines)."""
    parts = re.split(r"^panic: processor \d+, thread (.*)\r?$", text, flags=re.M)
    return list(zip(parts[1::2], parts[2::2]))


def reported(result, message, thread="kill", others=1):
    """Did the machine panic with this message, with the back-traces of the guilty thread and of the others?"""
    status, text = result
    found = traces(text)
    return (status == PANIC and re.search("^panic: " + message, text, re.M) and len(found) == 1 + others
            and found[0][0] == thread and all(re.search(r"^  (\w+ \w+\+\d+|in its program)", lines, re.M)
                                              for _, lines in found))


def nmis(log):
    """How many interrupts that can't be turned off QEMU's log has: with each, the watchdog looks."""
    with open(log, "rb") as f:
        return f.read().count(b": v=02 ")


CLI_AND_LOOP = b"\xfa\xeb\xfe"
LOOP = b"\xeb\xfe"
RETURN = b"\xc3"
RECURSE = b"\xe8" + struct.pack("<i", -5)

r = outcome(CLI_AND_LOOP, seconds=SPINNING)
ok(reported(r, r"processor \d has kept interrupts off for 6 seconds") and "sys_kill" in traces(r[1])[0][1],
   "a processor that is stuck with interrupts off is a panic, with the back-traces of all processors", *r)
r = outcome(CLI_AND_LOOP, smp=1, seconds=SECONDS)
ok(reported(r, r"processor 0 has kept interrupts off for 2 seconds", others=0), "with one processor, too", *r)
r = outcome(LOOP, seconds=SPINNING)
ok(reported(r, r"thread kill has been in the kernel for 6 seconds") and "sys_kill" in traces(r[1])[0][1],
   "a thread that does not leave the kernel is a panic", *r)
r = outcome(LOOP, smp=1, extra=("-machine", "pc,acpi=off"), seconds=SECONDS)
ok(reported(r, r"thread kill has been in the kernel for 2 seconds", others=0), "without APICs, too", *r)
with qemu.Machine(kernel_with(LOOP, seconds=SECONDS), disk=IMAGE, smp=1, mem=32) as machine:
    s = qemu.Session(machine)
    up = s.expect(b"$ ")
    machine.control.sendall(b"stop\n")
    time.sleep(SECONDS + 1)  # not for a condition: so long has to pass for the host
    machine.control.sendall(b"cont\n")
    s.send(b"echo go''on\n")
    ok(up and s.expect(b"goon"), "a machine that is paused for longer goes on", s.text)

# A computer that goes on when it is told to power off: other ports are told.
first, nbytes = SYMBOLS["arch_power_off"]
code = ELF[offset_of(first):offset_of(first) + nbytes]
for port in b"\xe6\xf4", b"\xba\x04\x06", b"\xba\x04\xb0":
    assert code.count(port) == 1
    code = code.replace(port, port[:1] + b"\x80\0"[:len(port) - 1])
elf = bytearray(ELF.replace(b"FACP\0", b"none\0"))
elf[offset_of(first):offset_of(first) + nbytes] = code
with qemu.Machine(kernel_of(elf, SECONDS), append="run=true", disk=IMAGE, smp=1, mem=32) as machine:
    s = qemu.Session(machine)
    off, looks = s.expect(b"this computer can be switched off"), os.path.join(temp_directory(), "looks")
    for line in b"logfile " + os.fsencode(looks), b"log int":
        machine.monitor(line)
    while nmis(looks) <= SECONDS * LOOKS and b"panic" not in s.text and machine.age() < qemu.ANSWER:
        s.pump(0.2)
    ok(off and nmis(looks) > SECONDS * LOOKS and b"panic" not in s.text,
       "a computer that does not power itself off is not taken for one that is stuck", nmis(looks), s.text)

r = outcome(RECURSE)
ok(reported(r, r"kernel stack overflow"), "a kernel stack that overflows is a panic that names the process", *r)
ELSEWHERE = struct.pack("<i", 200 * 12288)  # to the same place in the stack of no thread
for code, what in ((b"\x8b\x84\x24" + ELSEWHERE + RETURN, "read"), (b"\x81\xc4" + ELSEWHERE + b"\x50", "run on")):
    r = outcome(code)
    ok(reported(r, r"use of a freed kernel stack"), "a kernel stack that is %s after its thread's end is named" % what,
       *r)
r = outcome(b"\xa3" + struct.pack("<I", SYMBOLS["sys_kill"][0]) + RETURN)
ok(reported(r, r"exception 14 in the kernel: code 3"), "the kernel can't write over its code", *r)

CPU_MAX = ("-cpu", "max")
TOUCH = b"\xb8" + struct.pack("<I", PROGRAM) + b"\x8b\x00" + RETURN
CALL = b"\xb8" + struct.pack("<I", PROGRAM) + b"\xff\xe0"
r = outcome(TOUCH, program="kill 99; echo go''on; halt")
ok("goon" in r[1], "without SMAP, the kernel's touch of user memory by mistake is not seen", *r)
r = outcome(TOUCH, extra=CPU_MAX)
ok(reported(r, r"the kernel touches user memory at"), "with SMAP, it is a panic", *r)
r = outcome(TOUCH, call="sys_sync", program="t_attack --sync", extra=CPU_MAX)
ok(reported(r, r"the kernel touches user memory at", thread="t_attack"), "with SMAP, whatever flags a program set", *r)
for cpu in "max", "max,smap=off":
    r = outcome(CALL, extra=("-cpu", cpu))
    ok(reported(r, r"the kernel touches user memory at %x, from %x" % (PROGRAM, PROGRAM)),
       "with SMEP, a jump of the kernel into a program is a panic (-cpu %s)" % cpu, *r)

with qemu.Machine(KERNEL, append="log=monitor", disk=IMAGE, smp=1, mem=32,
                  extra=("-icount", "shift=8,sleep=off")) as machine:  # 4 million instructions a second
    log = b""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        fcntl.fcntl(machine.console.fileno(), fcntl.F_SETPIPE_SZ, 1)  # a page
    while (b"prompt" not in log and machine.age() < qemu.ANSWER and
           select.select([machine.log], [], [], qemu.ANSWER - machine.age())[0]):
        log += machine.log.read(4096)
    machine.type(b"x" * 8000 + b"\x15halt\n")
    status = machine.wait(qemu.ANSWER)
    with contextlib.suppress(BlockingIOError):
        log += machine.log.read(65536)
    ok(status == HALT and b"panic" not in log, "a slow machine whose console nobody reads loses what it echoes", status,
       log)

if "lock_debug_none_held" in SYMBOLS:
    r = outcome(set_eax("proc_lock") + jump_to("lock_debug_acquired", 5))
    ok(reported(r, r"lock proc: still held"), "a spin lock that is held when a call returns is named in a panic", *r)
    r = outcome(set_eax("output") + jump_to("mutex_acquire", 5))  # its first member
    ok(reported(r, r"mutex console write: still held"), "a mutex, too", *r)
    used = re.search(r"kernel stacks: (\d+) of 8192 bytes were used at most", r[1])
    ok(used and 1000 < int(used[1]) < 7000, "a debug kernel reports how deep its stacks were", r[1])
else:
    skip("locks that are held when a call returns", "only debug kernels check it")
done()
