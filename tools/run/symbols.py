"""symbols - says functions and lines of the source where the kernel or malloc() says addresses of a program.

When a program dies, the kernel prints a second line, with addresses:

    null pointer, read at 0x0, in 0x10a2, called from 0x10c8, 0x1101

Here it becomes

    null pointer, read at 0x0, in sum (die.c:5)
        called from total (die.c:12), main (die.c:20)

A program is known by its name: the file that --add put there, or what was built under that name.  An address that can't
be found stays a number.
"""

import functools
import os
import re
import shutil
import subprocess

from .paths import ROOT, build_directory

TOOLS = [os.environ.get("TOOLPREFIX", "") + "addr2line", "addr2line", "i686-linux-gnu-addr2line", "i386-elf-addr2line",
         "i686-elf-addr2line", "x86_64-elf-addr2line", "llvm-addr2line"]
DEATH = re.compile(rb"pid \d+ (.{1,15}): trap \d+ err \d+ on cpu \d+ eip 0x[0-9a-f]+ addr 0x[0-9a-f]+--kill proc")
WORDS = re.compile(r"(.*?)(?:, in (0x[0-9a-f]+))?(?:, called from (0x[0-9a-f]+(?:, 0x[0-9a-f]+)*))?(\r?\n)")
HEAP_ERROR = re.compile(rb"(\S{1,15}): heap error: .*0x")
LINE_MAX = 400  # bytes kept of a line that the console shows
LOOK_UPS_MAX = 500  # of one run: programs may die without end, and each look takes some milliseconds
AS_IN_XV6 = ("null pointer, read", "the program's code or constants")
NULL_PAGE = "    xv6 links programs so that they can do this; `make NULL_PAGE=1' does so, too\n"


def readable(path):
    """A path as the user knows it: from the project's directory, which may have moved since the build."""
    relative = os.path.relpath(os.path.join(ROOT, path), ROOT)
    if not relative.startswith(".."):
        return relative
    parts = path.split("/")
    ends = ["/".join(parts[i:]) for i in range(1, len(parts))]
    return next((end for end in ends if os.path.isfile(os.path.join(ROOT, end))), parts[-1])


def parse(text, addresses):
    """What addr2line prints with -a -f -i: for each address its number, then two lines for each function, the innermost
    first."""
    found, here = {}, None
    lines = iter(text.splitlines())
    for line in lines:
        if re.fullmatch("0x[0-9a-f]+", line):
            here = found.setdefault("0x%x" % int(line, 16), [])
            continue
        place = re.sub(r" \(discriminator.*", "", next(lines, "??:0"))
        path, _, number = place.rpartition(":")
        if here is not None and line != "??":
            known = number.isdecimal() and int(number) and path != "??"
            here.append("%s (%s:%s)" % (line, readable(path), number) if known else line)
    return {a: found[a] for a in addresses if found.get(a)}


@functools.lru_cache(256)
def look_up(program, *addresses):
    """The functions at each address, by address: the innermost first, those it is inlined into after it."""
    if look_up.cache_info().misses > LOOK_UPS_MAX:
        return {}
    for tool in dict.fromkeys(filter(shutil.which, TOOLS)):
        r = subprocess.run([tool, "-a", "-f", "-i", "-e", program, *addresses], capture_output=True, text=True,
                           errors="replace", check=False)
        found = parse(r.stdout, addresses) if r.returncode == 0 else {}
        if found:
            return found
    return {}


def chain(frames):
    """Frames in one line: up to where the program starts, and repetitions counted."""
    groups = []
    for frame in frames:
        if frame.startswith("_start"):
            break
        if groups and groups[-1][0] == frame:
            groups[-1][1] += 1
        else:
            groups.append([frame, 1])
    return ", ".join(frame if n == 1 else "%s %d times" % (frame, n) for frame, n in groups)


def with_symbols(path):
    """The file that has the symbols of a program on the disk: of one that was built, another than the disk's."""
    built = os.path.abspath(build_directory())
    directory, name = os.path.split(os.path.abspath(path))
    return os.path.join(built, "elf", name) if directory == os.path.join(built, "bin") else path


class Symbols:
    """Follows the console, or the log, of one machine."""

    def __init__(self, built=True, added=()):
        """built: the disk has the programs that were built.  added: files that were put there by their own names."""
        self._built = built
        self._added = {os.path.basename(path)[:15]: with_symbols(path) for path in added}
        self._line = b""  # the end of the line that the console is in
        self._held = b""  # what follows the line about a death, up to its end
        self._dead = None  # the program whose death the last line reports
        self._later = b""  # what to say after the line that comes then

    def _program(self, name):
        path = self._added.get(name) or (os.path.join(build_directory(), "elf", name) if self._built else "")
        return path if "/" not in name and os.path.isfile(path) else None  # a program can print any name

    def _words(self, line):
        match = WORDS.fullmatch(line)
        program = self._program(self._dead)
        if not match or not program:
            return line
        what, where, callers, end = match.groups()
        addresses = ([where] if where else []) + (callers.split(", ") if callers else [])
        found = look_up(program, *addresses) if addresses else {}
        if found:
            frames = [frame for a in addresses for frame in found.get(a, [a])]
            what += ", in " + frames.pop(0) if where else ""
            rest = chain(frames)
            line = what + end + ("    called from " + rest + end if rest else "")
        if what.startswith(AS_IN_XV6) and os.path.isfile(
                os.path.join(build_directory(), "top", self._dead + ".o")):
            line += NULL_PAGE
        return line

    def line(self, line):
        """A line of the log, as it is to be shown."""
        if self._dead is not None:
            # A program may print any bytes after such a line.
            line = self._words(line.decode(errors="surrogateescape")).encode(errors="surrogateescape") + self._later
            self._dead, self._later = None, b""
            return line
        match = DEATH.search(line)
        if match:
            self._dead = match[1].decode(errors="replace")
        return line

    def feed(self, data):
        """A piece of what the console shows, as it is to be shown.  Words about a death are held until they end."""
        out = b""
        for piece in re.findall(rb"[^\n]*\n|[^\n]+", data):
            if self._dead is not None and self._program(self._dead) and (self._held or piece[:1].islower()):
                self._held += piece
                if piece.endswith(b"\n") or len(self._held) > LINE_MAX:
                    out += self.line(self._held)
                    self._held = b""
                continue
            self._dead = None
            out += piece
            self._line = (self._line + piece)[-LINE_MAX:]
            if piece.endswith(b"\n"):
                out += self._note(self._line)
                self.line(self._line)
                self._line = b""
        return out

    def rest(self):
        """What is still held, when nothing more comes."""
        held, self._held = self._held, b""
        return held

    def notes(self, data):
        """What to say beside the log, now, about a piece of a program's output, which stays as it is."""
        out = b""
        for piece in re.findall(rb"[^\n]*\n|[^\n]+", data):
            self._line = (self._line + piece)[-LINE_MAX:]
            if piece.endswith(b"\n"):
                out += self._note(self._line)
                self._line = b""
        if self._dead is not None:
            self._later, out = self._later + out, b""
        return out

    def _note(self, line):
        """The places of the addresses in what malloc() found wrong; b"": it is something else."""
        match = HEAP_ERROR.search(line)
        program = self._program(match[1].decode(errors="replace")) if match else None
        if not program:
            return b""
        addresses = re.findall("0x[0-9a-f]+", line.decode(errors="replace").lower())
        found = look_up(program, *dict.fromkeys(addresses))
        places = ["%s is in %s" % (a, frames[0]) for a, frames in found.items()]
        return ("    " + ", ".join(places) + "\n").encode() if places else b""
