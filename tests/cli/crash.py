"""Power cuts in the whole system: a sample of what ./ksm crash looks at, on both layouts."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import BUILD, done, ok, temp_directory  # noqa: E402
from measure import crash  # noqa: E402

NCPUS = int(os.environ.get("CPUS") or 2)
NOPERATIONS = 60
EVERY = 5

for seed, layout in enumerate(("xv6", "extended")):
    directory = os.path.join(temp_directory(), 'a "directory" \\ of any name')
    os.mkdir(directory)
    try:
        nentries = crash.record(directory, BUILD, layout, seed + 1, NOPERATIONS, cpus=NCPUS)
        nstates, wrong = crash.replay(directory, BUILD, EVERY)
        ok(nstates > 100 and not wrong, "%s layout: after a power cut, fsck finds nothing, and what was synced is there"
           % layout, nstates, wrong)
        wrong = crash.boot_state(directory, BUILD, nentries // 2, 128)
        ok(not wrong, "%s layout: so it is after a boot" % layout, wrong)
    except crash.Wrong as e:
        ok(False, "%s layout: work is recorded, and the system starts after a cut" % layout, e)
done()
