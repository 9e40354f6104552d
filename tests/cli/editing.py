"""The shell's line editor, as it looks on a terminal; and the shell where no terminal answers, byte for byte."""

import os
import re
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.append("/usr/lib/python3/dist-packages")  # Debian's, for whichever Python this is
from _pty import Terminal  # noqa: E402
from _tap import BUILD, RUN, changed_run, done, ok, skip, temp_directory  # noqa: E402
from run import qemu  # noqa: E402
try:
    import pyte
    import pyte.modes
except ImportError:
    skip("the line editor", "there is no pyte, which draws what a terminal would show")
    done()

KERNEL = os.path.join(BUILD, "kernel.elf")
IMAGE = os.path.join(BUILD, "tests.img")
NCPUS = int(os.environ.get("CPUS") or 2)
WIDTH, HEIGHT = 80, 25
SCREEN_AT = 0xb8000
DIGITS = b"0123456789"
DROP = b"\x05\x15"  # the line: Ctrl-E, Ctrl-U
BELL = b"\a"

PASTE, PASTED = b"\x1b[200~", b"\x1b[201~"
UP, DOWN, RIGHT, LEFT, HOME, END, DELETE = (b"\x1b[" + key for key in (b"A", b"B", b"C", b"D", b"H", b"F", b"3~"))


class Editor(qemu.Session):
    """A machine's console, with a terminal that draws."""

    def __init__(self, machine):
        super().__init__(machine)
        self.screen = pyte.Screen(WIDTH, HEIGHT)
        self.screen.set_mode(pyte.modes.LNM)
        self.terminal = pyte.ByteStream(self.screen)
        self.screen.write_process_input = self.answer
        self.nanswers = 0  # of the terminal
        self.drawn = 0
        self.nasked = 0    # for input, by programs that read it from the test
        self._reader = qemu.LogReader(self._keep, input=self.ask)

    def ask(self):
        self.nasked += 1

    def answer(self, text):
        self.nanswers += 1
        self.send(text.encode())

    def rows(self):
        """What is on the screen, without the blanks at the ends."""
        self.terminal.feed(self.text[self.drawn:])
        self.drawn = len(self.text)
        return [row.rstrip() for row in self.screen.display]

    def line(self):
        """The cursor's row, with a | where the cursor is."""
        row, x = self.rows()[self.screen.cursor.y].ljust(self.screen.cursor.x), self.screen.cursor.x
        return row[:x] + "|" + row[x:]

    def until(self, holds):
        end = time.monotonic() + qemu.ANSWER
        while not holds():
            if time.monotonic() > end or not self.pump(end - time.monotonic()):
                return False
        return True

    def shows(self, keys, line, title):
        """Types keys, after which the cursor's row is to be this."""
        self.send(keys)
        ok(self.until(lambda: self.line() == line), title, self.line(), "\n".join(self.rows()))

    def has(self, distance, end, title):
        """The row so far below the cursor's is to end like this; negative: above."""
        ok(self.until(lambda: self.rows()[self.screen.cursor.y + distance].endswith(end)), title,
           "\n".join(self.rows()))

    def prints(self, keys, output, title):
        """Types keys with an Enter, after which these rows and a prompt are to come."""
        self.send(keys + b"\n")
        ok(self.until(lambda: "\n".join(self.rows()).rstrip().endswith("\n" + output + "\n$")
                      and self.line().startswith("$ |")), title, "\n".join(self.rows()).rstrip())

    def starts(self, command, title):
        """Types a command with an Enter, after which its row and an empty prompt below are to be there."""
        self.send(command + b"\n")
        ok(self.until(lambda: "$ " + command.decode() in self.rows() and self.line() == "$ |"), title,
           "\n".join(self.rows()))

    def closes(self, title):
        """Types a command that ends when opens() is called, and waits until it is there."""
        before = self.nasked
        self.send(DROP + b"head -n 1 >gate; echo -n part\n")
        ok(self.until(lambda: self.nasked > before), title, self.text[-300:])

    def opens(self):
        self.machine.log.write(struct.pack("<H", 1) + b"\n")


def press(e, key, line):
    """Presses a key of the machine's keyboard, which holds few, and waits for what the cursor's row is to be then."""
    e.machine.monitor(b"sendkey %s 20" % key.encode())
    return e.until(lambda: e.line() == line)


def video(machine, rows, title="the PC's own screen shows the same"):
    """The PC's own screen is to show these."""
    end = time.monotonic() + qemu.ANSWER
    path = os.path.join(temp_directory(), "video")
    shown = None
    while shown != rows and time.monotonic() < end:
        machine.monitor(b'pmemsave 0x%x %d "%s"' % (SCREEN_AT, 2 * WIDTH * HEIGHT, path.encode()))
        with open(path, "rb") as f:
            text = f.read()[0::2].decode("cp437")
        shown = [text[i:i + WIDTH].rstrip() for i in range(0, len(text), WIDTH)]
    ok(shown == rows, title, shown, rows)


def edits(e):
    e.shows(b"ac" + LEFT + b"b", "$ ab|c", "Left moves, and a character is put in there")
    e.shows(HOME + b"x" + END + b"y", "$ xabcy|", "Home and End go to the ends")
    e.shows(b"\x01" + DELETE + RIGHT + b"\x7f", "$ |bcy", "Delete takes the next one, backspace the one before")
    e.shows(b"\x05\x02\x02\x06\x04", "$ bc|", "Ctrl-E, Ctrl-B, Ctrl-F and Ctrl-D")
    e.shows(b" one two  \x17", "$ bc one |", "Ctrl-W erases a word")
    e.shows(LEFT + LEFT + b"\x0b", "$ bc on|", "Ctrl-K erases to the end")
    e.shows(LEFT + b"\x15", "$ |n", "Ctrl-U erases to the start")
    e.shows(b"\x05\x15\x1bOP\x1b[2~\x1b[15~\x1bb\x1b[1;5D\x1b[[Ax", "$ x|", "keys without a meaning leave nothing")
    e.shows(b"\x15" + "a\x07b\u00e4c".encode() + LEFT + LEFT + b"\x7f", "$ a^G|\u00e4c",
            "control characters are shown, and a character of UTF-8 is one")
    e.shows(DROP + b"ac" + LEFT + b"\xc3", "$ a\ufffd|c", "of which a terminal may send one byte")
    e.shows(b"\xa4", "$ a\u00e4|c", "and then the other")
    e.shows(DROP + b"echo " + DIGITS * 16 + HOME + b"x", "$ x|echo " + "0123456789" * 7 + "01",
            "a line that is wider than the screen goes on below")
    e.has(2, "23456789", "in two rows more")
    e.shows(END + LEFT + LEFT + b"\x0b", "234567|", "where it can be edited")
    e.shows(b"\x15" + b"y" * (WIDTH - 2), "|", "a line that fills its row has the cursor below")
    e.shows(b"\x7f", "$ " + "y" * (WIDTH - 3) + "|", "and one that does not has it behind")
    e.shows(b"\x03", "$ |", "Ctrl-C drops it")
    e.shows(PASTE + b"ls d\ti\x07 \x1b[A\x05" + PASTED + LEFT + b"x", "$ ls d^Iix|",
            "tabs in what is pasted do not complete, and keys do nothing")
    e.shows(DROP + PASTE + b"y" * (WIDTH - 2) + b"\nz" + PASTED, "z|", "a line's end in it runs nothing")
    e.has(-2, "y" * (WIDTH - 2), "and ends the line on the screen")
    e.shows(UP + DROP + PASTE + b"echo one\necho two\n" + PASTED, "|", "several lines are one to edit")
    e.has(-2, "$ echo one", "and are all shown")
    e.shows(b"mathse\t", "mathserver |", "a command in the second one is completed")
    e.shows(b"\x17", "|", "and Ctrl-W erases it")
    e.prints(b"", "one\ntwo", "Enter runs them")
    e.shows(PASTE + b"a\n\n", "|", "a paste whose end is lost")
    e.shows(b"\x03", "$ |", "is left by Ctrl-C")
    e.shows(b"echo 'a\n", "> |", "an open quote is continued")
    e.shows(b"b\x03", "$ |", "and Ctrl-C leaves that")


def asks(e):
    e.shows(b"abc" + LEFT + b"\x10", "$ ab|c", "Ctrl-P keeps the line")
    e.has(-1, "  sh", "below its table")
    e.shows(b"\x05\x0b", "$ abc|", "Ctrl-K at the end of a line shows the segments")
    e.has(-1, "0 segments, 0 pages, 0 attachments", "above it")
    e.shows(b"\x0cd", "$ abcd|", "Ctrl-L keeps the line")
    ok(e.screen.cursor.y == 0, "and clears the screen", e.rows())
    e.prints(b"\x15echo " + DIGITS * 8, "0123456789" * 8, "a wide line runs")
    e.shows(DIGITS * 16 + b"\x01abc" + DELETE * 90 + RIGHT, "$ abc0|" + "123456789" + "0123456789" * 6,
            "and another is made shorter")
    video(e.machine, e.rows())
    digits = "0123456789" * 6
    edited = (("end", "$ abc0123456789" + digits + "|"), ("left", "$ abc0123456789" + digits[:-1] + "|9"),
              ("left", "$ abc0123456789" + digits[:-2] + "|89"), ("delete", "$ abc0123456789" + digits[:-2] + "|9"),
              ("home", "$ |abc0123456789" + digits[:-2] + "9"), ("delete", "$ |bc0123456789" + digits[:-2] + "9"),
              ("up", "3456789|"), ("down", "$ bc0123456789" + digits[:-2] + "9|"),
              ("x", "$ bc0123456789" + digits[:-2] + "9x|"))
    ok(all(press(e, key, line) for key, line in edited), "its keyboard edits", e.line())
    e.shows(b"\x03", "$ |", "and Ctrl-C drops that")


def scrolls(e):
    rows = ["%03d" % i for i in range(300)]
    e.prints(b"for i in " + " ".join(rows).encode() + b"; do echo $i; done", rows[-1], "more lines than the screen has")
    prompt = e.line()
    for keys, first, title in ((1, 252, "Shift-PageUp shows the lines before"), (1, 228, "and those before them"),
                               (12, 45, "as far back as 256 lines")):
        for _ in range(keys):
            press(e, "shift-pgup", prompt)
        video(e.machine, rows[first:first + HEIGHT], title)
    e.prints(b"echo more", "more", "what is written meanwhile")
    video(e.machine, rows[47:47 + HEIGHT], "leaves them, but for the oldest")
    press(e, "shift-pgdn", e.line())
    video(e.machine, rows[71:71 + HEIGHT], "Shift-PageDown shows the next ones")
    press(e, "x", "$ x|")
    video(e.machine, e.rows(), "and another key the last ones")
    e.shows(b"\x03", "$ |", "which it is for")


def remembers(e):
    e.send(b"".join(b"n=%d\n" % i for i in range(101)))
    e.prints(b"echo $n", "100", "101 lines are typed ahead, and all run")
    e.shows(UP + UP, "$ n=100|", "Up shows an earlier line")
    e.shows(b"7" + UP + DOWN, "$ n=100|", "lines stay what they were")
    e.shows(DOWN + DOWN, "$ |", "Down goes back to the one being typed")
    e.shows(UP * 101, "$ n=2|", "100 lines are kept")
    e.shows(b"\x15\x12=5", "search `=5': n=59|", "Ctrl-R searches while its text is typed")
    e.shows(b"\x12", "search `=5': n=58|", "and goes on to older lines")
    e.shows(b"\x07", "$ |", "Ctrl-G gives it up")
    e.shows(b"\x12" + "\u00e4".encode() + b"\x7f=59", "search `=59': n=59|", "a backspace takes a character of UTF-8")
    e.shows(b"\x07", "$ |", "of what it looks for")
    e.shows(b"\x12=4x\x7f" + b"2" + LEFT, "$ n=4|2", "another key takes the line")
    e.shows(b"\x03", "$ |", "or Ctrl-C, which drops it")


def completes(e):
    e.prints(b"mkdir d; mkdir d/in; echo >'d/a b'; echo >'d/a c'; echo >d/z; echo made", "made", "files for Tab")
    e.shows(b"mathse\t", "$ mathserver |", "Tab completes a program")
    e.shows(b"\x15true & math\t", "$ true & math|", "as far as it is clear")
    ok(e.until(lambda: any("mathclient" in row for row in e.rows())), "and lists the others", e.rows())
    e.shows(b"\x15ls -l d/i\t", "$ ls -l d/in/|", "a directory gets a slash")
    e.shows(b"\x15ls d/\t", "$ ls d/|", "whose files are listed")
    e.has(-1, "a b  a c  in   z", "in columns")
    e.shows(b"\x15ls 'd/a\t", "$ ls d/a\\ |", "a blank in a name is quoted")
    e.shows(b"b\t", "$ ls d/a\\ b |", "so that it stays one word")
    e.prints("\x15mkdir u; echo >u/\u00e4; echo >u/\u00f6; echo made".encode(), "made",
             "two characters with the same first byte")
    e.shows(b"ls u/\t", "$ ls u/|", "are no common start of two names")
    e.shows(b"\x15echo none\t", "$ echo none|", "where nothing fits, nothing happens")
    e.prints(DROP + PASTE + b"echo >'q\ndate'; echo made" + PASTED, "made", "a file with the end of a line in its name")
    e.shows(b"echo q\t", "$ echo q|", "puts no command into the line")
    e.shows(b"\x03", "$ |", "and the line goes on")


def pages(e):
    more = "--More-- (Space: page, Enter: line, b: back, q: end) |"
    rows = " ".join("%03d" % i for i in range(1, 61)).encode()
    e.send(b"for i in " + rows + b"; do echo $i; done >list; more list\n")
    for key, last, title in ((b"", "024", "more stops after a screen"), (b" ", "048", "Space shows the next one"),
                             (b"\n", "049", "Enter a line"), (b"b", "025", "b goes back"),
                             (b"x ", "049", "x does nothing")):
        e.shows(key, more, title)
        e.has(-1, last, "which ends with its last line")
    video(e.machine, e.rows(), "nothing of an answered question is left on the PC's own screen")
    e.shows(b"\x10", more, "Ctrl-P in more")
    e.has(-1, "more", "lists it, and its question comes again")
    e.shows(b"qecho mine", "$ echo mine|", "q ends it at once, and what follows is for the shell")
    # The keys have one byte each: the first may be echoed, and pyte takes no ESC within a sequence that was begun.
    for _ in range(5):  # more may be dead when the next key comes
        e.shows(DROP + b"cat list | more\n", more.replace(", b: back", ""), "more asks for keys though it reads a pipe")
        e.shows(b"\x03bc\x01a", "$ a|bc", "Ctrl-C ends it, and the keys after that are the shell's")
    e.send(DROP + b"top\n")
    ok(e.until(lambda: any("(q ends)" in row for row in e.rows())), "top", e.rows())
    e.shows(b"zq", "$ |", "ends by q")
    e.starts(b"( sleep 50; die null_read ) &", "a program that is going to die")
    e.send(b"ac" + LEFT + b"b")
    e.has(-2, "--kill proc", "when the kernel says why")
    e.shows(b"", "$ ab|c", "the line being typed stands below that")
    e.has(-3, "&", "and no longer above it")
    e.shows(DROP, "$ |", "to be dropped")


def lasts(e):
    words = b"".join(b"%04d " % i for i in range(1000))
    e.send(b"wc\n" + words + b"\n\x04")
    e.has(-1, "1 1000 5001", "5,000 characters pasted for a program arrive")
    e.text, e.drawn = b"", 0
    e.prints(b"for i in " + words + b"; do n=$i; done; echo $n", "0999", "and so they do in a line")
    ok(words in e.text.replace(b" \b", b""), "all of them", e.text)
    e.send(b"while x=1; do y=2; done\n")
    e.has(-1, "y=2; done", "a loop that starts no program")
    e.shows(b"\x03", "$ |", "is ended by Ctrl-C")
    e.prints(b"sh\necho c", "c", "a shell within the shell")
    e.shows(b"ac" + LEFT + b"b", "$ ab|c", "edits")
    e.shows(DROP + b"exit\n", "$ |", "and ends")
    e.shows(b"ac" + LEFT + b"b", "$ ab|c", "and the first one edits again")
    e.prints(DROP + b"cat & echo a", "a", "a reader in the background")
    e.prints(b"echo b", "b", "does not get what is typed to the shell")
    e.starts(b"( sleep 50; echo -n li; echo ne ) &", "a program in the background")
    e.send(b"ab" + b"c" * WIDTH + LEFT * WIDTH)
    e.has(-1, "line", "whose text")
    e.shows(DELETE * WIDTH, "$ ab|", "has the line being typed below it")
    e.has(-2, "&", "and no longer above it")
    e.shows(DROP, "$ |", "to be dropped")
    e.send(b"( sleep 50; kill 2 ) &\nabc")
    e.has(-1, "init: starting sh", "a killed shell")
    e.until(lambda: e.line().startswith("$ "))
    e.shows(DROP + b"ac" + LEFT + b"b", "$ ab|c", "gives the keys to the next")
    e.send(DROP + b"sh -c '(more list; echo knows) & sleep 200'\n")
    e.shows(b"", "$ |", "a job that ends before its more")
    # It and the shell learn of that at the same time: either prints first.
    ok(e.until(lambda: any(row.endswith("knows") for row in e.rows())), "tells it at once", e.rows())
    e.shows(b"ac" + LEFT + b"b", "$ ab|c", "leaves the keys to the shell")


def waits_for_the_shell(e):
    e.closes("a program that runs while more is typed")
    e.shows(b"ahead", "ahead|", "what is typed ahead is shown")
    e.opens()
    e.shows(b"", "$ ahead|", "and edited")
    e.has(-1, "aheadpart", "below what stood in the cursor's line")
    e.shows(b"y" * (WIDTH - 7), "|", "and the shell knows its place")
    e.shows(DROP, "$ |", "to the start")
    e.closes("another one")
    e.text, e.drawn = b"", 0
    e.send((b"true " + b"x" * 1000 + b"\n") * 8 + b"echo la''st\ntrue " + b"y" * 200)
    ok(e.until(lambda: BELL in e.text), "more is typed than is kept", e.text[-300:])
    e.opens()
    e.has(-1, "last", "the lines that fit run")
    e.shows(b"", "$ |", "and the shell edits again")
    e.prints(b" no\necho on", "on", "what follows")
    ok(b"not found" not in e.text, "but the rest of the refused line", e.text[-300:])


def narrows(e):
    e.screen.resize(HEIGHT, WIDTH - 20)
    e.shows(DROP + b"\x0cd\x7f", "$ |", "when the terminal has become narrower")
    e.shows(b"y" * (WIDTH - 22), "|", "Ctrl-L tells the shell")
    e.prints(DROP + b"echo above", "above", "where the row is full")
    e.shows(b"\x12" + b"~" * (WIDTH - 31), "|", "of what Ctrl-R looks for, the cursor is below")
    e.shows(b"~", " |", "and when it becomes longer")
    e.has(-2, "above", "nothing above it is erased")
    e.shows(b"\x07", "$ |", "Ctrl-G ends that")
    e.shows(b"\x12" + "\u00e4".encode() * 14 + b"~" * (WIDTH - 45), "|", "also with characters of UTF-8")
    e.shows(b"\x07", "$ |", "and that")


def resizes(e):
    """A line that is longer than one of the two widths."""
    line = "$ " + "y" * (WIDTH - 10) + "z"
    for width in WIDTH, WIDTH - 20:
        e.send(DROP + b"y" * (WIDTH - 10))
        e.screen.resize(HEIGHT, width)
        before = e.nanswers
        e.send(b"\x0c")
        e.until(lambda: e.rows() and e.nanswers > before)
        e.send(b"z")
        rows = [line[i:i + width] for i in range(0, len(line), width)]
        ok(e.until(lambda: [row for row in e.rows() if row] == rows and e.line().endswith("yz|")),
           "Ctrl-L shows a long line in %d columns" % width, "\n".join(e.rows()))


TERMINAL = "terminal=%dx%d" % (WIDTH, HEIGHT)
for append, parts in ((TERMINAL, (edits, asks, scrolls, remembers, completes, pages, lasts, narrows, resizes)),
                      (TERMINAL + " stdin=programs", (waits_for_the_shell,))):
    with qemu.Machine(KERNEL, disk=IMAGE, smp=NCPUS, append=append) as pc:
        editor = Editor(pc)
        ok(editor.until(lambda e=editor: e.line() == "$ |"), "the prompt comes", editor.text)
        for part in parts:
            part(editor)

ENV = dict(os.environ, KSM_BUILT="1", TERM="xterm")
# ./ksm run, which waits longer for a terminal's answer: here the test is the terminal, and the host may be busy.
ANSWERED = changed_run("from run import terminal; terminal.PATIENCE = %d" % qemu.ANSWER)
QUERY, ANSWER, PROMPT = rb"\x1b\[6n", b"\x1b[1;1R", rb"init: starting sh\r\n\$ "
MARKS = rb"\x1b\[\?2004h"  # are wanted around what is pasted
EDITED = PROMPT.replace(rb"\$", MARKS + rb"\$")

t = Terminal(ANSWERED + ["--disk", IMAGE], env=ENV, columns=40, rows=10)
ok(t.expect(QUERY), "./ksm run asks the terminal where the cursor is", t.text)
t.type(ANSWER)
ok(t.expect(EDITED), "and when it answers", t.text)
t.type(b"echo ac" + LEFT + b"b\r")
ok(t.expect(rb"\nabc\r\n" + MARKS + rb"\$ "), "lines are edited", t.text)
t.type(b"for i in 1 2 3 4 5 6 7 8 9 10; do echo $i; done | more\r")
ok(t.expect(rb"\n9\r\n--More-- $"), "more follows the terminal's height, and its question the width", t.text)
t.type(b"q")
ok(t.expect(rb"\$ "), "q ends it", t.text)
t.type(b"for i in 1 2 3 4; do echo '   a line that has more words than the screen has columns'; done >l\r"
       b"cat l l l l l >m; more m\r")
ok(t.expect(rb"\r\n   a line that has more words than the\r\n   screen has columns\r\n"),
   "more breaks a line between two words, and goes on below its first one", t.text)
t.expect(rb"--More-- $")
for key in b" ", b" ":
    t.type(key)
    t.expect(rb"--More-- $")
t.type(b"b")
ok(t.expect(rb"\x1b\[2J   screen has columns\r\n"), "also where b goes back to", t.text)
t.expect(rb"--More-- $")
t.type(b"q")
t.expect(rb"\$ ")
for i in range(8):
    t.type(b"sleep 100000 &\r")
    t.expect(rb"(?s)&.*?\n.*?\$ ")
t.type(b"top\r")
t.expect(rb"\x1b\[J")
picture = re.match(rb"(?s)\x1b\[H(.*?)\x1b\[J", t.text) if t.expect(rb"(?=\x1b\[H[^J]*\x1b\[J)") else None
rows = picture.group(1).replace(b"\x1b[K", b"").split(b"\r\n") if picture else []
ok(3 < len(rows) <= 10 and all(len(row) < 40 for row in rows), "top draws no more than the terminal has room for", rows)
ok(rows and b"(q ends)" in rows[0], "and says how it ends", rows)
t.type(b"q")
ok(t.expect(rb"\$ "), "which it does", t.text)
t.type(b"halt\r")
status = t.status()
ok(status == 0, "halt ends it", status, t.text)

TYPED = (
    (b"echo one\n", b"echo one\r\none\r\n$ "),
    (b"ecx\x7fho t\btwo\n", b"ecx\b \bho t\b \btwo\r\ntwo\r\n$ "),
    (b"junk\x15echo a\tb\n", b"junk" + 4 * b"\b \b" + b"echo a\tb\r\na b\r\n$ "),
    (b"echo \xc3\xa4\n", b"echo \xc3\xa4\r\n\xc3\xa4\r\n$ "),
    (b"\x1b[Aecho\x1bOB up\x1b[3~\n", b"\x1b[Aecho\x1bOB up\x1b[3~\r\nup\r\n$ "),
    (b"no\x1b[D\x1b[Cne\n", b"no\x1b[D\x1b[Cne\r\nsh: none: not found\r\n$ "),
    (b"echo 'a\n", b"echo 'a\r\n> "),
    (b"b'\n", b"b'\r\na\r\nb\r\n$ "),
    (b"cat\n", b"cat\r\n"),
    (b"line\n", b"line\r\nline\r\n"),
    (b"\x04", b"$ "),
)
t = Terminal(RUN + ["--disk", IMAGE], env=ENV)
ok(t.expect(PROMPT), "where no answer comes, the prompt does", t.text)
for typed, printed in TYPED:
    t.type(typed)
    ok(t.expect(b"(?s)^" + re.escape(printed) + b"$"), "%r gives what it gives on xv6" % typed, t.text)
    t.text = b""
t.kill()
done()
