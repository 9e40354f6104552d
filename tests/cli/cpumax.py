"""With SMAP and SMEP programs run as without, and the kernel never touches their memory by mistake."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import BUILD, done, ok  # noqa: E402
from run import qemu  # noqa: E402

SUITES = ("t_attack", "t_machine", "t_leak", "t_mem", "t_file", "t_pipe", "t_ksm", "t_sh")

for suite in SUITES:
    with qemu.Machine(os.path.join(BUILD, "kernel.elf"), append="log=monitor run=" + suite,
                      disk=os.path.join(BUILD, "tests.img"), smp=int(os.environ.get("CPUS") or 2),
                      extra=("-cpu", "max")) as machine:
        s = qemu.Session(machine)
        while machine.age() < 3 * qemu.ANSWER and s.pump(1):
            pass
        ok(s.status == 0, suite, s.text.decode(errors="replace"), s.log.decode(errors="replace"))
done()
