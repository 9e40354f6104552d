"""Programs that take all that there is of one thing, and how the user at the console gets rid of them."""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _bombs import KINDS, in_background, in_foreground, play, warm_up  # noqa: E402
from _shell import IMAGE, KERNEL, Shell  # noqa: E402
from _tap import BUILD, done, ok, temp_directory  # noqa: E402
from run import qemu  # noqa: E402

FSCK = os.path.join(BUILD, "host", "fsck")
DISK = os.path.join(temp_directory(), "bombs.img")
NCPUS = max(int(os.environ.get("CPUS") or 2), 2)

# All of these on many processors, which not every run has.
MACHINES = [(1, 64), (NCPUS, 256)] + ([(1, 256), (NCPUS, 64)] if NCPUS > 2 else [])

for ncpus, mem in MACHINES:
    shutil.copyfile(IMAGE, DISK)
    with qemu.Machine(KERNEL, disk=DISK, write=True, smp=ncpus, mem=mem) as machine:
        s = Shell(machine)
        s.command(b"ps")
        warm_up(s)
        before = s.command(b"ksmstat")
        for name, way in (("in the foreground, until Ctrl-C", in_foreground),
                          ("in the background, until kill -j", in_background)):
            for bomb in KINDS:
                wrong = play(s, ncpus, bomb, way, before)
                ok(not wrong, "bomb %s %s, with %d MB and %d processors"
                   % (bomb.decode(), name, mem, ncpus), wrong, s.text[-1000:])
        s.send(b"halt\n")
        machine.wait(qemu.ANSWER)
    r = subprocess.run([FSCK, DISK], capture_output=True, text=True, check=False)
    ok(r.returncode == 0, "the disk is good afterwards", r.stdout, r.stderr)
done()
