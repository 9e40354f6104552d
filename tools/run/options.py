"""options - the command line of ./ksm run and ./ksm debug."""

import argparse
import difflib
import os
import sys

from .statuses import (BUILD_FAILED, CANNOT_START, PANICKED, QEMU_FAILED, TIMED_OUT, TRIPLE_FAULT, USAGE_ERROR,
                       Failure)

# Of the kernel's own; programs can have others.
PARAMETERS = ("log", "stdin", "watch", "terminal", "init", "jitter", "latency", "ksm.segments", "ksm.attachments",
              "ksm.pages")
NUMBER_DIGITS = 12  # of numbers in options
SMALL_DIGITS = 9    # of those that a program in the system takes, too
LINE_MAX = 1010     # the kernel keeps 1,023 characters of its command line
MAX_PROCESSORS = 8  # NCPU of include/param.h
MAX_PORT = 65535
DEFAULT_TIMEOUT = 600

USAGE = """\
usage: ./ksm run [OPTION]... [-- COMMAND]

  --smp N          processors (2), at most 8
  --mem MB         memory (256)
  --disk FS.IMG    boot from this image instead of the built one
  --tests          boot from the image that has the tests and benchmarks as well
  --write          write to the disk image, until a build makes another one;
                   without it, changes are forgotten
  --add HOSTFILE   put a file into the disk's root directory; may be repeated
  --ramdisk        load the image into memory instead of attaching a disk
  --icount         count instructions: one processor, time by instructions
  --timeout S      give up after S seconds (%d with a COMMAND, else never)
  --busy S         give up after S seconds of processor time, which a busy host
                   does not stretch (Linux)
  --param K=V      a boot parameter of the kernel; may be repeated
  --watch FILE     write the feed to a file: what processes and shared memory
                   did (docs/feed.md)
  -- COMMAND       one line for the system's shell; it reads standard input, its
                   output goes to standard output, its status becomes the exit
                   status.  Without it: the Math Server demonstration, and on a
                   terminal then the shell (`halt` or Ctrl-A x leaves it)

Statuses of its own: %d usage, %d cannot build or prepare, %d kernel panic,
%d triple fault, %d timeout, %d QEMU failed, %d the system cannot start.
""" % (DEFAULT_TIMEOUT, USAGE_ERROR, BUILD_FAILED, PANICKED, TRIPLE_FAULT, TIMED_OUT, QEMU_FAILED, CANNOT_START)


class Parser(argparse.ArgumentParser):
    def error(self, message):
        sys.stderr.write(USAGE)
        raise Failure(USAGE_ERROR, message)


def suggestion(word, known):
    """The end of a sentence about an unknown word."""
    close = difflib.get_close_matches(word, known, 1, 0.7)
    return "; did you mean '%s'?" % close[0] if close else ""


class ToolParser(argparse.ArgumentParser):
    """The command line of another tool: `./ksm NAME`."""

    def __init__(self, name, description=None):
        super().__init__(prog="./ksm " + name, allow_abbrev=False, description=description)

    def print_help(self, file=None):
        print(self.format_help(), end="", file=file)  # argparse would keep it to itself if that fails

    def error(self, message):
        self.print_usage(sys.stderr)
        sys.stderr.write("ksm: %s\n" % message)
        sys.exit(USAGE_ERROR)

    def parse_args(self, args=None, namespace=None):
        options, unknown = self.parse_known_args(args, namespace)
        if unknown:
            self.error("there is no option '%s'%s" % (
                unknown[0], suggestion(unknown[0].partition("=")[0], self._option_string_actions)))
        for name, value in vars(options).items():
            if value == "":
                self.error("--%s wants a value, and this one is empty" % name)
        return options


def positive(text):
    if not text.isdecimal() or len(text) > NUMBER_DIGITS or int(text) == 0:
        raise argparse.ArgumentTypeError("'%s' is not a positive number" % text)
    return int(text)


def small(text):
    if len(text) > SMALL_DIGITS:
        raise argparse.ArgumentTypeError("'%s' has more than %d digits" % (text, SMALL_DIGITS))
    return positive(text)


def natural(text):
    """For an option whose value may be 0."""
    if not text.isdecimal() or len(text) > SMALL_DIGITS:
        raise argparse.ArgumentTypeError("'%s' is not a number" % text)
    return int(text)


def take_option(arguments, name):
    """Takes --NAME VALUE or --NAME=VALUE out of the arguments before `--`.  Returns the value, or None."""
    for i, word in enumerate(arguments):
        if word == "--":
            return None
        if word.startswith(name + "="):
            return arguments.pop(i)[len(name) + 1:]
        if word == name:
            if i + 1 == len(arguments):
                raise Failure(USAGE_ERROR, "%s wants a value" % name)
            arguments.pop(i)
            return arguments.pop(i)
    return None


def take_port(arguments):
    """The same for --port N."""
    text = take_option(arguments, "--port")
    if text is None:
        return None
    number = int(text) if text.isdecimal() and len(text) <= NUMBER_DIGITS else 0
    if not 0 < number <= MAX_PORT:
        raise Failure(USAGE_ERROR, "--port wants a number from 1 to %d: '%s'" % (MAX_PORT, text))
    return number


def default_processors(parser):
    """As many as CPUS says: 2 if it says nothing."""
    try:
        return positive(os.environ.get("CPUS") or "2")
    except argparse.ArgumentTypeError as e:
        return parser.error("CPUS: %s" % e)


def parse(argv):
    parser = Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("--smp", type=positive)
    parser.add_argument("--mem", type=positive, default=256)
    parser.add_argument("--disk")
    parser.add_argument("--tests", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--add", action="append", default=[])
    parser.add_argument("--ramdisk", action="store_true")
    parser.add_argument("--icount", action="store_true")
    parser.add_argument("--timeout", type=positive)
    parser.add_argument("--busy", type=positive)
    parser.add_argument("--param", action="append", default=[])
    parser.add_argument("--watch")
    parser.add_argument("--help", "-h", action="store_true")
    command = None
    if "--" in argv:
        at = argv.index("--")
        command = " ".join(argv[at + 1:]).strip()
        argv = argv[:at]
        if not command:
            parser.error("there is no command after --")
    options, unknown = parser.parse_known_args(argv)
    if unknown:
        refuse(parser, unknown[0])
    options.command = command
    if options.help:
        sys.stdout.write(USAGE)
        sys.exit(0)
    check(parser, options)
    return options


def refuse(parser, word):
    """A word that is no option: perhaps misspelt, or something that must not be alone."""
    if word.startswith("-"):
        known = parser._option_string_actions  # pylint: disable=protected-access
        parser.error("there is no option '%s'%s" % (word, suggestion(word.partition("=")[0], known)))
    if "=" in word:
        parser.error("'%s' is no option: a boot parameter comes after --param" % word)
    parser.error("'%s' is no option: a command comes after --" % word)


def check(parser, options):
    if options.smp is None:
        options.smp = 1 if options.icount else default_processors(parser)
    if options.icount and options.smp != 1:
        parser.error("--icount counts on one processor: it needs --smp 1")
    if options.smp > MAX_PROCESSORS:
        parser.error("the system uses at most %d processors" % MAX_PROCESSORS)
    if options.ramdisk and options.write:
        parser.error("--write and --ramdisk exclude each other")
    for param in options.param:
        key, equals, _ = param.partition("=")
        if not key or not equals or any(c.isspace() for c in param) or key == "run":
            parser.error("--param wants KEY=VALUE without blanks, and no run=: '%s'" % param)
        if key not in PARAMETERS and (key.startswith("ksm.") or suggestion(key, PARAMETERS)):
            parser.error("there is no boot parameter '%s'%s" % (key, suggestion(key, PARAMETERS)))
    if "" in [options.disk, *options.add]:
        parser.error("--disk and --add want the name of a file, and this one is empty")
    if options.watch is not None:
        watch_file(parser, options)
    if options.command and any(ord(c) < 32 for c in options.command):
        parser.error("the command must be one line")


def watch_file(parser, options):
    """Makes the file for the feed, and the boot parameter that switches it on."""
    if not options.watch:
        parser.error("--watch wants a file")
    if os.path.exists(options.watch):
        for read in [options.disk, *options.add]:
            if read and os.path.exists(read) and os.path.samefile(read, options.watch):
                parser.error("the feed would take the place of %s, which the system is to read" % read)
    try:
        with open(options.watch, "wb", buffering=0) as f:
            f.write(b"")  # a device may take nothing at all
    except OSError as e:
        raise Failure(USAGE_ERROR, "%s: cannot write the feed: %s" % (options.watch, os.strerror(e.errno))) from e
    options.watch = os.path.abspath(options.watch)
    if not any(param.startswith("watch=") for param in options.param):
        options.param.append("watch=on")


def kernel_line(options, command, ports=(), typed=False):
    """What the kernel is told: its parameters, which ports it is to use, and the command, unless that is to be typed at
    the shell's prompt."""
    words = list(options.param)
    if command:
        words += ports
        words += [] if typed else ["run=" + command]
    line = " ".join(words)
    nbytes = len(os.fsencode(line))  # a command may be any bytes
    if nbytes > LINE_MAX:
        fit = LINE_MAX - nbytes + len(os.fsencode(command or ""))
        raise Failure(USAGE_ERROR, "the command is too long: %d characters fit" % fit)
    return line
