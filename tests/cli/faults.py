"""What is said when a program dies, in words and with places in its source; and what malloc() with DEBUG=1 finds."""

import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _pty import Terminal  # noqa: E402
from _tap import BUILD, ROOT, RUN, changed_run, done, machine_ended, ok, run, temp_directory  # noqa: E402
from run import symbols  # noqa: E402

# What `die WAY` deserves; HEX is any number.
WORDS = {
    "null_read": "null pointer, read at 0x8, in null_read (",
    "null_field": "null pointer, read at 0xffc, in null_field (",
    "null_write": "null pointer, write at 0x0, in null_write (",
    "null_call": "null pointer, call of 0x0, in ",
    "bad_jump": "jump to 0x41414141, where no code is, in ",
    "bad_return": "return to 0x42424242, where no code is: the stack was overwritten",
    "data_jump": "illegal instruction at 0xHEX, where no code is",
    "recursion": "stack overflow, write at 0xHEX, in recurse (",
    "pushes": "stack overflow, write at 0xHEX, in pushes (",
    "large_frame": "stack overflow, write at 0xfHEX, in large_frame (",
    "guard": "the guard page below the stack, write at 0xHEXfff, in guard (",
    "own_code": "the program's code or constants, write at 0x1HEX, in own_code (",
    "read_only": "write to a read-only attachment of segment 0x00000d1e, at +0x10, in read_only (",
    "read_only_named":
        "write to a read-only attachment of segment 0xHEX \"die's own\", at +0x20, in read_only_named (",
    "past_end": "read past the end of segment 0x00000d1e, at +0x1004, in past_end (",
    "past_top": "write past the end of segment 0x00000d1e, at +0x1000, in past_top (",
    "detached": "write in a segment after its detach, at +0x14, in detached (",
    "attached_again": "write to a read-only attachment of segment 0x00000d1e, at +0x10, in read_only (",
    "failed_attach": "use of a failed ksmattach (KSM_EHANDLE), read at 0xfffffffd, in failed_attach (",
    "failed_attach_field": "use of a failed ksmattach (KSM_EINVAL), write at 0x26, in failed_attach_field (",
    "failed_sbrk": "use of a failed sbrk (-1), write at 0xffffffff, in failed_sbrk (",
    "shrunk_heap": "past the end of the heap, read at 0xHEX, in shrunk_heap (",
    "hole": "no memory there, read at 0x40000000, in hole (",
    "kernel": "address of the kernel, write at 0x80001000, in kernel (",
    "divide": "division by zero, or a quotient that is too large, in divide (",
    "illegal": "illegal instruction, in illegal (",
    "cli": "the kernel's own instruction cli, in cli (",
    "hlt": "the kernel's own instruction hlt, in hlt (",
    "in": "the kernel's own instruction in, in in (",
    "out": "the kernel's own instruction out, in out (",
    "wrmsr": "an instruction of the kernel's own, in wrmsr (",
    "int80": "int with a number that is no system call's (that is int 64), in int80 (",
    "int3": "breakpoint (int3) without a debugger, in int3 (",
    "step": "single step without a debugger, in step (",
    "selector": "a segment register with a bad value, in selector (",
    "misaligned": "a vector instruction with an address that is no multiple of 16, in misaligned (",
    "frame_circle": "null pointer, read at 0x0, in frame_circle (",
    "frame_kernel": "null pointer, read at 0x0, in frame_kernel (",
    "frame_kernel_code": "null pointer, read at 0x0, in frame_kernel_code (",
    "frame_end": "null pointer, read at 0x0, in frame_end (",
    "frame_hole": "null pointer, read at 0x0, in frame_hole (",
}

# The same of `heap WAY`; A is any address.
HEAP = {
    "overrun": "write past the end of a block of 10 bytes, to its byte 12; allocated in A, found in A",
    "overrun_kept": "write past the end of a block of 10 bytes, to its byte 10; allocated in A, found in A",
    "overrun_later": "write past the end of a block of 10 bytes, to its byte 10; allocated in A, found in A",
    "underrun": "write before the start of a block of 30 bytes; allocated in A, found in A",
    "double_free": "double free of a block of 6 bytes, in A; allocated in A, freed in A",
    "after_free":
        "write into a block of 10 bytes after its free, to its byte 4; allocated in A, freed in A, found in A",
    "after_realloc":
        "write into a block of 10 bytes after its free, to its byte 0; allocated in A, freed in A, found in A",
    "middle": "free of byte 4 of a block of 10 bytes, in A; allocated in A",
    "stack": "free of A, which is no block of malloc's, or not any more, in A",
    "wild": "free of A, which is no block of malloc's, or not any more, in A",
    "zeroed": "the start of a block was overwritten; found in A",
}

DEATH = r"pid \d+ %s: trap \d+ err \d+ on cpu \d+ eip 0x[0-9a-f]+ addr 0x[0-9a-f]+--kill proc\n"


def pattern(words):
    return re.escape(words).replace("HEX", "[0-9a-f]+")


def deaths(text, name="die"):
    """What follows each line about a death, up to the next one."""
    return re.split(DEATH % name, text)[1:]


r = first = run("--tests", "--", "; ".join(
    ["heap %s; echo $?" % way for way in list(HEAP) + ["right"]] + ["die " + way for way in WORDS]))
found = deaths(r.err)
ok(len(found) == len(WORDS), "each death has xv6's line, whole", r)
for words, (way, wanted) in zip(found, WORDS.items()):
    ok(re.match(pattern(wanted), words), "die %s: %s" % (way, wanted), words)
by_way = dict.fromkeys(WORDS, "") | dict(zip(WORDS, found))
ok(re.search(r"\n    called from recurse \(tests/hostile/die\.c:\d+\) \d+ times\n", by_way["recursion"]),
   "calls that are the same are counted", by_way["recursion"])
ok(re.search(r"\n    called from main \(tests/hostile/die\.c:\d+\)\n$", by_way["read_only"]),
   "the calls end with main", by_way["read_only"])
ok(all(len(by_way[way].splitlines()) <= 2 and len(by_way[way]) < 300 for way in by_way if way.startswith("frame")),
   "frames in a circle end", by_way["frame_circle"])
ok(all("called from" not in by_way[way] for way in ("frame_kernel", "frame_kernel_code", "frame_end", "frame_hole")),
   "frames outside of the program, and the kernel's addresses in them, show nothing", found)

r = run("--disk", os.path.join(BUILD, "tests.img"), "--", "die null_read; die read_only")
found = [text.partition("\n")[0] for text in deaths(r.err)]
ADDRESSES = r", in 0x1\w{3}, called from 0x1\w{3}(, 0x1\w{3})*"
ok(len(found) == 2 and re.fullmatch("null pointer, read at 0x8" + ADDRESSES, found[0]) and
   re.fullmatch(r"write to a read-only attachment of segment 0x00000d1e, at \+0x10" + ADDRESSES, found[1]),
   "without symbols there are words and addresses", r)

faults = os.path.join(BUILD, "foreign", "faults")
r = run("--add", faults, "--", "faults k; faults g; faults x")
ok([words.split(",")[0] for words in deaths(r.err, "faults")] ==
   ["address of the kernel", "the guard page below the stack", "illegal instruction"],
   "a program of xv6's has words", r)
# ./ksm run has no word on a busy host, either, which takes some seconds to boot.
SILENT = changed_run("from run import qemu; qemu.PATIENCE = qemu.ANSWER")
r = run("--disk", os.path.join(BUILD, "foreign.img"), "--", "faults k", tool=SILENT)
ok(re.fullmatch(r"(KSM .*\n)?" + DEATH % "faults" + r"(kernel stacks: .*\n)?", r.err),
   "a system of xv6's shows xv6's line and no other", r)

# The tool does not run while the machine does.
with subprocess.Popen(RUN + ["--tests", "--", "echo ready; sleep 30; die divide; echo after"], stdin=subprocess.DEVNULL,
                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as p:
    for line in p.stdout:
        if line == "ready\n":
            break
    p.send_signal(signal.SIGSTOP)
    ended = machine_ended(p.pid)
    p.send_signal(signal.SIGCONT)
    out = p.communicate()[0]
ok(ended and
   re.fullmatch(DEATH % "die" + r".*, in divide \(.*\n(    called from .*\n)?after\n(kernel stacks: .*\n)?", out),
   "where both go to one place, what is printed after a death stands below the words about it", out)

r = run("--add", os.path.join(BUILD, "bin", "die"), "--", "die divide")
ok(", in divide (" in r.err, "of a test that was added, places are known as well: elf has the symbols", r)

t = Terminal(RUN + ["--disk", os.path.join(BUILD, "tests.img"), "--add", os.path.join(BUILD, "elf", "die")])
t.expect(rb"\$ ")
t.type(b"die divide\n")  # whose words each tree of the course has
ok(t.expect(DEATH.replace("\\n", "\r\n").encode() % b"die" +
            rb"division by zero, or a quotient that is too large, in divide \("),
   "on a terminal too", t.text)
t.type(b"heap double_free\n")
ok(t.expect(rb"double free") and not t.text.count(b" is in "), "a program whose symbols are not known has none", t.text)
t.type(b"halt\n")
ok(t.status() == 0, "and the terminal goes on", t.text)

LINES = ("before\nhey: pid 3 die: trap 14 err 4 on cpu 0 eip 0x%x addr 0x0--kill proc\n"
         "null pointer, read at 0x0, in 0x%x\nafter\npid 4 die: trap 6 err 0 on cpu 0 eip 0x1 addr 0x0--kill proc\n$ ")
PLACES = (r"before\nhey: " + DEATH % "die" + r"null pointer, read at 0x0, in main \(tests/hostile/die\.c:\d+\)\n"
          r"    xv6 links .*`make NULL_PAGE=1'.*\nafter\n" + DEATH % "die" + r"\$ ")
nm = subprocess.run(["nm", os.path.join(BUILD, "elf", "die")], capture_output=True, text=True, check=True).stdout
main = int(re.search(r"(\w+) T main\n", nm)[1], 16)
top = temp_directory()
for directory in ("elf", "top"):
    os.mkdir(os.path.join(top, directory))
os.symlink(os.path.abspath(os.path.join(BUILD, "elf", "die")), os.path.join(top, "elf", "die"))
with open(os.path.join(top, "top", "die.o"), "wb"):
    pass
WRITER = "import os, sys\nfor c in sys.argv[1]:\n    os.write(1, c.encode())\n"
r = subprocess.run([sys.executable, os.path.join(ROOT, "tools", "run", "piped.py"), sys.executable, "-c", WRITER,
                    LINES % (main, main)], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                   env=dict(os.environ, B=top))
ok(re.fullmatch(PLACES, r.stdout),
   "make qemu's output has the names, however it comes, and what to do about a program that reads address 0", r)

lines = first.out.splitlines()
for i, (way, wanted) in enumerate(HEAP.items()):
    text, status = lines[2 * i:2 * i + 2] if len(lines) > 2 * i + 1 else ("", "")
    ok(re.sub("0x[0-9A-F]+", "A", text) == "heap: heap error: " + wanted and status == "255",
       "malloc with DEBUG=1: heap %s: %s" % (way, wanted), text, status)
ok(lines[2 * len(HEAP):] == ["0"], "and nothing to say about a program that is right", lines)
ok(re.search(r"0x\w+ is in double_free \(tests/hostile/heap\.c:\d+\), 0x\w+ is in double_free", first.err),
   "the places in the source are said apart from the output", first.err)
ok(symbols.readable("/elsewhere/ksm/tests/hostile/die.c") == "tests/hostile/die.c" and
   symbols.readable("/elsewhere/include/stdio.h") == "stdio.h", "a tree that was built elsewhere has the same places")
BYTES = b"pid 3 die: trap 0 err 0 on cpu 0 eip 0x1 addr 0x0--kill proc\nnone of these \xff\xc3 bytes\nis changed\n"
console = symbols.Symbols()
found = console.feed(BYTES) + console.rest()
ok(found == BYTES, "what a program prints after such a line keeps its bytes", found)
done()
