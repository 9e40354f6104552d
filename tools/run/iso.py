#!/usr/bin/env python3
"""iso - an image that boots from a CD or a USB stick: GRUB, the kernel, and the file system in memory.

GRUB for a PC's BIOS starts the kernel.  GRUB for UEFI says that a BIOS is needed: this kernel draws on a screen in text
mode, which UEFI alone does not have.
"""

import os
import shutil
import subprocess
import sys
import tempfile

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
from run import progress  # noqa: E402
from run.build import build  # noqa: E402
from run.paths import build_directory  # noqa: E402
from run.statuses import BUILD_FAILED, USAGE_ERROR, Failure, say  # noqa: E402

USAGE = """\
usage: ./ksm iso [FILE]

Makes an image for a CD or a USB stick, build/ksm.iso if no FILE is named.  The
file system is in memory: what is written there is gone when the computer is
switched off.  Write it to a stick by `dd if=FILE of=/dev/STICK bs=1M`.
"""
CONFIGURATION = """\
if [ "$grub_platform" = efi ]; then
    echo "This computer starts by UEFI.  KSM needs a BIOS: switch on legacy boot, or CSM, in the setup."
    echo "Press a key to go back."
    read
    exit
fi
multiboot /boot/kernel terminal=80x25
if module /boot/fs.img; then
    boot
fi
echo "The file system does not fit into this computer's memory."
echo "Press a key to go back."
read
exit
"""


def reason(text):
    """The line of what grub-mkrescue and xorriso have said that says why."""
    lines = [line.strip() for line in text.split("\n") if line.strip(" .")] or ["grub-mkrescue says nothing"]
    return next((line for line in lines if "FAILURE" in line or "rror:" in line), lines[-1])


def make_iso(path):
    with tempfile.TemporaryDirectory(prefix="ksm-iso-") as work:
        tree = os.path.join(work, "tree")
        boot = os.path.join(tree, "boot")
        os.makedirs(os.path.join(boot, "grub"))
        shutil.copy(os.path.join(build_directory(), "fs.img"), boot)
        shutil.copy(os.path.join(build_directory(), "kernel.elf"), os.path.join(boot, "kernel"))
        with open(os.path.join(boot, "grub", "grub.cfg"), "w", encoding="ascii") as f:
            f.write(CONFIGURATION)
        part = "%s.%d.part" % (path, os.getpid())  # another command may make the same one
        try:
            made = subprocess.run(["grub-mkrescue", "--fonts=", "--locales=", "--themes=", "-o", part, tree,
                                   "--", "-volid", "KSM"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  errors="replace", check=False,
                                  env=dict(os.environ, TMPDIR=work))  # what it leaves there if it is ended goes as well
            if made.returncode or not os.path.exists(part):
                raise Failure(BUILD_FAILED, "%s was not made: %s" % (path, reason(made.stderr)))
            os.replace(part, path)
        finally:  # after Ctrl-C as well
            if os.path.exists(part):
                os.remove(part)


def iso(arguments):
    if arguments in (["--help"], ["-h"]):
        sys.stdout.write(USAGE)
        return
    if len(arguments) > 1 or arguments and arguments[0].startswith("-"):
        raise Failure(USAGE_ERROR, USAGE.split("\n")[0])
    path = arguments[0] if arguments else os.path.join(build_directory(), "ksm.iso")
    directory = os.path.dirname(path) or "."
    other = os.path.exists(path) and not os.path.isfile(path)  # such as a stick, whose place the file would take
    if not path or other or not os.path.isdir(directory) or not os.access(directory, os.W_OK):
        raise Failure(USAGE_ERROR, "'%s': a file can't be written there" % path)
    build()
    make_iso(path)
    say("%s: %d MB" % (path, os.path.getsize(path) >> 20))


def main():
    try:
        iso(sys.argv[1:])
    except Failure as failure:
        say(failure)
        return failure.status
    return 0


if __name__ == "__main__":
    progress.run(main)
