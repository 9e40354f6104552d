#!/usr/bin/env python3
"""bootdisk - makes a disk that boots: GRUB, and the kernel.

usage: bootdisk.py KERNEL OBJCOPY IMAGE

    sector 0   GRUB's boot sector, which loads what follows it
    sector 1   GRUB's core: drivers, two lines of configuration, and an archive that holds the kernel
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from run import progress  # noqa: E402

GRUB = "/usr/lib/grub/i386-pc"
MODULES = ["biosdisk", "memdisk", "multiboot", "tar"]
CONFIGURATION = "multiboot (memdisk)/kernel\nboot\n"
IMAGE_SIZE = 10000 * 512  # as large as xv6's


def core(kernel, objcopy, directory):
    stripped, archive, configuration, image = (os.path.join(directory, name)
                                               for name in ("kernel", "archive", "configuration", "core"))
    subprocess.run([objcopy, "-S", kernel, stripped], check=True)
    with tarfile.open(archive, "w") as tar:
        tar.add(stripped, "kernel")
    with open(configuration, "w", encoding="ascii") as f:
        f.write(CONFIGURATION)
    subprocess.run(["grub-mkimage", "-O", "i386-pc", "-d", GRUB, "-p", "/", "-c", configuration, "-m", archive,
                    "-o", image] + MODULES, check=True)
    with open(image, "rb") as f:
        return f.read()


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__.strip())
    kernel, objcopy, image = sys.argv[1:]
    boot = os.path.join(GRUB, "boot.img")
    if not shutil.which("grub-mkimage") or not os.path.exists(boot):
        sys.exit("bootdisk: GRUB is missing: install the packages grub-common and grub-pc-bin")
    with tempfile.TemporaryDirectory() as directory, open(boot, "rb") as f:
        data = f.read() + core(kernel, objcopy, directory)
    with open(image, "wb") as f:
        f.write(data)
        f.truncate(max(IMAGE_SIZE, len(data)))


if __name__ == "__main__":
    progress.run(main)
