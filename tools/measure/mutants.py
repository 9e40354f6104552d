#!/usr/bin/env python3
"""mutants - makes one deliberate fault at a time in a copy of the tree, and checks that the tests notice.

  mutants.py [--record] [WORD]...   all mutants, or those whose description has one of the words
  mutants.py --list                 the descriptions
  mutants.py --table                makes docs/mistakes.md anew of what is recorded
  mutants.py --fit                  only checks, as TAP, that each fits the code, and what is recorded the tests

A mutant of the list below names the suites that should fail; they run in that order until one does.  A mistake of
the course (mistakes.py) meets several at once, so that it is known what fails beside the first test.  Status 0:
every mutant was caught, and without a fault the suites pass.

The copy is build/mutants.  It is kept with the results, so a run that was interrupted goes on where it was.
--record adds the result to the table of ./ksm reliability, and what the mistakes' tests said to docs/mistakes.tsv.
"""

import filecmp
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests"))
import suites as all_suites  # noqa: E402
from course.processes import Processes  # noqa: E402
from measure import findings, mistakes, results  # noqa: E402
from run import progress  # noqa: E402
from run.paths import ROOT, clean_env, debug_build  # noqa: E402

SECONDS = {"host": 60, "guest": 60, "cli": 300}  # for one suite, over ten times what it takes; a hang has caught it
COPY = os.path.join(ROOT, "build", "mutants")
STATE = os.path.join(COPY, "mutants.json")
LEFT_OUT = {".git", "build"}

CORE = ["host/ksm_core", "host/ksm_model"]
WAIT = ["host/ksm_wait"]
SYSTEM = ["cli/sysfuzz"]
SEGMENT, ATTACH = "kernel/ksm/segment.c", "kernel/ksm/attach.c"
HOLDING, PROCESS = "kernel/ksm/holding.c", "kernel/ksm/process.c"
TRAP = "kernel/arch/i386/trap.c"
REGISTRY, WORDS = "kernel/ksm/registry.c", "kernel/ksm/wait.c"
THREAD, QUEUE = "kernel/sched/thread.c", ["host/waitq"]

# What is wrong, the file, the right text, the wrong text, the suites that must notice.
MUTANTS = [
    ("pages are zeroed under the spin lock", SEGMENT,
     "    registry_release();\n\n    bool made = region_create(&seg->region, seg->npages);",
     "    bool made = region_create(&seg->region, seg->npages); registry_release();\n\n", CORE),
    ("an attach at the limit begins all the same", ATTACH,
     "        error = registry.nattached < registry.limits.nattachments ? 0",
     "        error = registry.nattached <= registry.limits.nattachments ? 0", CORE),
    ("an attach that others were faster to the limit than is counted", ATTACH,
     "    bool room = registry.nattached < registry.limits.nattachments;",
     "    bool room = registry.nattached <= registry.limits.nattachments;", CORE),
    ("an attach that others were faster to the limit than stays mapped", ATTACH,
     "    error = KSM_ENOSPC;\n    aspace_unmap(task->as, &a->mapping);\n", "    error = KSM_ENOSPC;\n", CORE),
    ("a get is refused for the sake of a birth that fails", SEGMENT,
     "error != KSM_ENOSPC || registry.nunborn == 0", "true", CORE),
    ("the word is not looked at under the lock", WORDS,
     "!self->woken && (!self->word.segment || word_read(self->task, self->va) == self->expected)",
     "!self->woken", WAIT),
    ("a wake-up is lost on a killed sleeper", WORDS,
     " ||\n        thread_killed(s->thread))", ")", WAIT),
    ("others do not wait for a walk", "kernel/ksm/ksm_impl.h",
     "spin_acquire(&registry.lock);\n    if (registry.divided)", "spin_acquire(&registry.lock);\n    if (0)", CORE),
    ("one that was woken and killed is not woken", THREAD,
     "        result = PARK_WOKEN;\n    if", "        result = result;\n    if", QUEUE),
    ("those that were woken first wake no others", THREAD,
     "for (uint n = 2; n > 0 &&", "for (uint n = 0; n > 0 &&", QUEUE),
    ("who sleeps from now on is woken, too", THREAD,
     "n > 0 && q->sleepers.next != &q->owed;", "n > 0 && !waitq_empty(q);", QUEUE),
    ("a mark stays where it is when all are woken again", THREAD,
     "    if (waitq_empty(q))\n        return;", "    if (waitq_empty(q) || list_linked(&q->owed))\n        return;",
     QUEUE),
    ("a kill comes between the look at it and the sleep", THREAD,
     "    uint was = spin_acquire_irq(&sched_lock);\n    enum park_result result = PARK_KILLED;\n\n"
     "    if (!interruptible || !thread_killed(self)) {",
     "    bool killed = thread_killed(self);\n    uint was = spin_acquire_irq(&sched_lock);\n"
     "    enum park_result result = PARK_KILLED;\n\n    if (!interruptible || !killed) {", QUEUE),
    ("the queue's lock is released before the sleep", THREAD,
     "    uint was = spin_acquire_irq(&sched_lock);\n    enum park_result result = PARK_KILLED;\n",
     "    if (l) {\n        spin_release(l);\n        spin_acquire(l);\n    }\n"
     "    uint was = spin_acquire_irq(&sched_lock);\n    enum park_result result = PARK_KILLED;\n", QUEUE),
    ("a thread that was killed waits for its turn", THREAD,
     "        sched_hurry_locked(t);\n", "        ;\n", ["host/turns"]),
    ("who gives way in the kernel waits as if its slice was over", "kernel/sched/sched.c",
     "yield(&ready[HOLDING])", "yield(&ready[SPENT])", ["host/turns"]),
    ("a step of the clock forgets where it was", "kernel/sched/timer.c",
     "    while (timer_done != ticks_now && look_through_locked(&cost))\n        timer_done++;",
     "    for (; timer_done != ticks_now; timer_done++)\n        (void)!look_through_locked(&cost);", QUEUE),
    ("a segment that leaves its tree takes a branch with it", REGISTRY,
     "    last->child[0] = seg->child[0];", "    last->child[0] = NULL;", CORE),
    ("a waker passes over a sleeper after a pause", WORDS,
     "enter_place(next, &here);", "enter_place(next->next, &here);", CORE),
    ("a spent entry does not rest", REGISTRY,
     "        slot->nkept += table_get(", "        slot->nkept += false && table_get(", CORE),
    ("a forked child does not keep a spent entry at rest", PROCESS,
     "    registry_keep_locked(h->handle, 1);\n", "", CORE),
    ("holdings move while fork walks them", HOLDING,
     "    if (task->unlocked >= KSM_FORKS) {", "    if (false) {", CORE),
    ("a dead segment's holdings are good", SEGMENT,
     "    holding_retire_all_locked(seg);\n", "", CORE),
    ("a peer's end wakes nobody", PROCESS,
     "    if (at_exit)\n        wait_wake_watchers", "    if (false)\n        wait_wake_watchers", WAIT),
    ("a peer's end before the sleep is missed", WORDS,
     "    return !self->woken && ", "    return ", WAIT),
    ("any end wakes a sleeper that chose another", WORDS,
     "    if (seg && self->peer == KSM_PEER_ANY)\n", "    if (seg)\n", WAIT),
    ("a sleeper that leaves stays in its peer's list", WORDS,
     "    if (self->peer > 0)\n        unwatch(self);\n", "", WAIT),
    # Faults that the kernel had, and their kin.  The first two show only under an emulator with a fault of its own:
    # docs/reliability.md.
    ("a page fault's error code says whose it is", TRAP,
     "    if (from_user(tf))\n", "    if (tf->code & 4)\n", SYSTEM),
    ("a program in virtual-8086 mode goes on", TRAP,
     "    if (tf->eflags & FLAG_VM86)\n", "    if (false)\n", SYSTEM),
    ("%fs stays in the processor over a switch", "kernel/arch/i386/cpu.c",
     "1: popl %%fs; popl %%ebp", "1: addl $4, %%esp; popl %%ebp", SYSTEM),
    ("any process says what runs in the foreground", "kernel/proc/job.c",
     "return self->depth == DEPTH_SHELL &&\n           (pid", "return (pid", SYSTEM),
    ("flags return to a program as it set them", "kernel/arch/i386/entry.S",
     "    andl $FLAGS_USER, TRAPFRAME_EFLAGS(%esp)\n", "", SYSTEM),
    ("a call's arguments may lie in the kernel", "kernel/arch/i386/entry.S",
     "    js words_not_tried\n    smap_site stac\n", "    smap_site stac\n", SYSTEM),
    ("the last page of a buffer is not looked at", "kernel/mm/user.c",
     "(va % PAGE_SIZE + nbytes + PAGE_SIZE - 1) >> PAGE_SHIFT", "(va % PAGE_SIZE + nbytes) >> PAGE_SHIFT", SYSTEM),
    ("a call writes where its program may only read", "kernel/sys/sys_file.c",
     "!user_check(arg[0].user, 2 * sizeof(uint), true)", "!user_check(arg[0].user, 2 * sizeof(uint), false)", SYSTEM),
    ("new memory keeps what others left there", "kernel/mm/aspace.c",
     "        page_zero(page);\n        *slot", "        *slot", SYSTEM),
    ("a process that ends leaves its working directory open", "kernel/proc/life.c",
     "    inode_put(self->cwd);\n", "", SYSTEM),
]

# turns: the suites that run first, those that run if none of these fails, and so on.
Mutant = namedtuple("Mutant", "what path right wrong turns mistake")


def all_mutants():
    return ([Mutant(*fields, [[suite] for suite in suites], False) for *fields, suites in MUTANTS] +
            [Mutant(m.what, m.path, m.right, m.wrong, mistakes.TURNS, True) for m in mistakes.MISTAKES])


def suites_of(mutant):
    return sum(mutant.turns, [])


def sources(where):
    """The files below a tree, by their paths in it, but not what does not matter here."""
    for directory, names, files in os.walk(where):
        if directory == where:
            names[:], files[:] = set(names) - LEFT_OUT, set(files) - LEFT_OUT
        names[:] = [name for name in names if name != "__pycache__"]
        for name in files:
            path = os.path.relpath(os.path.join(directory, name), where)
            if path != os.path.basename(STATE):
                yield path


def synchronize():
    """Makes the copy as this tree is."""
    os.makedirs(COPY, exist_ok=True)
    here = set(sources(ROOT))
    for path in set(sources(COPY)) - here:
        os.remove(os.path.join(COPY, path))
    for path in here:
        source, target = os.path.join(ROOT, path), os.path.join(COPY, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not os.path.exists(target) or not filecmp.cmp(source, target, shallow=False):
            shutil.copy(source, target)


def kind_of(path):
    """For which suites a file matters: for all ("system"), none (""), one, or those of a kind."""
    where, _, name = path.rpartition("/")
    if where == "tests/guest" and name.startswith("t_"):
        return "guest/" + os.path.splitext(name)[0]
    if where.startswith(("tests/cli", "tests/hostile")):
        return "cli"
    if where.startswith(("tests/host", "tests/guest")):
        return where.split("/")[1]
    whole = where.startswith(("kernel", "include", "user", "host", "share")) or path == "Makefile" or (
        where == "tests" and path.endswith(".h"))
    return "system" if whole else ""


def digests():
    """A hash of each kind's files."""
    found = {}
    for path in sorted(sources(ROOT)):
        with open(os.path.join(ROOT, path), "rb") as f:
            found.setdefault(kind_of(path), hashlib.sha1()).update(path.encode() + hashlib.sha1(f.read()).digest())
    return {kind: digest.hexdigest() for kind, digest in found.items()}


def environment(debug=False):
    env = {name: value for name, value in clean_env().items() if name not in ("B", "DEBUG", "CPUS")}
    if debug:
        env.update(B=debug_build(env), DEBUG="1")
    return env


def build(suites):
    """A mutant that does not compile proves nothing, and is a fault of this list."""
    env = environment(findings.is_debug(suites[0]))
    for targets, more in all_suites.builds([findings.plain(suite) for suite in suites], env):
        made = subprocess.run(["make", "-s", "-C", COPY, "-j%d" % (os.cpu_count() or 1)] + targets,
                              env=dict(env, **more), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, errors="replace", check=False)
        if made.returncode:
            sys.exit("mutants: the copy does not compile\n" + made.stderr)


def failures(suite, processes):
    """What a suite says: pairs of how it fails, and the test's title; none if it passes."""
    env = environment(findings.is_debug(suite))
    command = all_suites.command(findings.plain(suite), env)
    process = processes.start("ulimit -c 0", command, cwd=COPY, env=dict(env, KSM_BUILT="1"), stdin=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, errors="replace")
    how = "stops"
    try:
        said, _ = process.communicate(timeout=SECONDS[suite.partition("/")[0]])
    except subprocess.TimeoutExpired:
        how = "hangs"
        process.terminate()
        said, _ = process.communicate()
    finally:
        processes.finish(process)
    found = [("fails", title) for title in re.findall(r"^not ok \d+ - (.*)$", said, re.M)]
    plan = re.search(r"^1\.\.(\d+)", said, re.M)
    ndone = len(re.findall(r"^(?:not )?ok\b", said, re.M))
    if how == "hangs" or not plan or int(plan[1]) != ndone:
        titles = findings.titles(suite)
        found.append((how, titles[ndone] if ndone < len(titles) else ""))
    elif process.returncode and not found:
        found.append(("fails", ""))
    return found


def run_suites(suites, processes):
    """What fails in them, in order: a list of suite, how, title.  It ends early when there is enough to say."""
    found, together = [], os.cpu_count() or 1
    build(suites)
    for at in range(0, len(suites), together):
        some = suites[at:at + together]
        with ThreadPoolExecutor(together) as pool:
            try:
                for suite, said in zip(some, pool.map(failures, some, [processes] * together)):
                    found += [(suite,) + f for f in said]
            except KeyboardInterrupt:
                processes.stop()
                raise
        if len(found) >= findings.SHOWN or any(how == "hangs" for _, how, _ in found):
            break
    return found


def try_mutant(mutant, processes):
    """What fails with a mutant: a list of suite, how, title."""
    name = os.path.join(COPY, mutant.path)
    with open(name, encoding="utf-8") as f:
        text = f.read()
    if text.count(mutant.right) != 1:
        sys.exit("mutants: %s has this %d times, and not once:\n%s" % (
            mutant.path, text.count(mutant.right), mutant.right))
    with open(name, "w", encoding="utf-8") as f:
        f.write(text.replace(mutant.right, mutant.wrong))
    try:
        for suites in mutant.turns:
            found = run_suites(suites, processes)
            if found:
                return found
        return []
    finally:
        with open(name, "w", encoding="utf-8") as f:
            f.write(text)


class State:
    """The results, which a run leaves for the next one.

    A result holds while nothing has changed but tests that it does not rest on: those that caught the mutant, or, where
    none did, all that tried.
    """

    def __init__(self):
        self._digests = digests()
        self._known = {}
        try:
            with open(STATE, encoding="utf-8") as f:
                self._known = json.load(f)
        except (OSError, ValueError):
            pass

    def _basis(self, suites):
        plain = {findings.plain(suite) for suite in suites}
        kinds = {"system"} | plain | {suite.partition("/")[0] for suite in plain}
        return {kind: self._digests.get(kind) for kind in sorted(kinds)}

    def get(self, key, suites):
        kept = self._known.get(json.dumps(key))
        if kept and kept["basis"] == self._basis([f[0] for f in kept["found"]] or suites):
            return [tuple(f) for f in kept["found"]]
        return None

    def put(self, key, suites, found):
        self._known[json.dumps(key)] = {"basis": self._basis([f[0] for f in found] or suites), "found": found}
        with open(STATE + ".new", "w", encoding="utf-8") as f:
            json.dump(self._known, f)
        os.replace(STATE + ".new", STATE)


def choose(words):
    chosen = [m for m in all_mutants() if not words or any(w in m.what for w in words)]
    if not chosen:
        sys.stderr.write("ksm: no mutant has such a description; ./ksm mutants --list prints all\n")
        sys.exit(2)
    return chosen


def fit():
    checks = []
    for m in all_mutants():
        with open(os.path.join(ROOT, m.path), encoding="utf-8") as f:
            checks.append((f.read().count(m.right) == 1, "mutant fits %s: %s" % (m.path, m.what)))
    checks += findings.checks()
    print("1..%d" % len(checks))
    for n, (holds, title) in enumerate(checks, 1):
        print("%sok %d - %s" % ("" if holds else "not ", n, title))
    return 0 if all(holds for holds, _ in checks) else 1


def check_without(state, chosen, processes):
    """Without a fault the suites have to pass."""
    suites = sorted({s for m in chosen for s in suites_of(m)})
    for n, suite in enumerate(suites):
        if state.get(suite, [suite]) == []:
            continue
        progress.show("without a fault: %d of %d suites passed; %s" % (n, len(suites), suite))
        build([suite])
        found = failures(suite, processes)
        if found:
            sys.exit("mutants: %s fails without any fault: %s" % (suite, found))
        state.put(suite, [suite], found)


def run(chosen, processes):
    """What failed, by the mutant's description."""
    progress.show("copying the tree")
    synchronize()
    state = State()
    check_without(state, chosen, processes)
    progress.say("1..%d" % len(chosen))
    said = {}
    for n, mutant in enumerate(chosen, 1):
        progress.show("%d of %d caught, %d left: %s" % (
            sum(bool(found) for found in said.values()), n - 1, len(chosen) - n + 1, mutant.what))
        key = mutant[:4]
        found = state.get(key, suites_of(mutant))
        if found is None:
            found = try_mutant(mutant, processes)
            state.put(key, suites_of(mutant), found)
        said[mutant.what] = found
        progress.say("%sok %d - caught: %s" % ("" if found else "not ", n, mutant.what))
        if found:
            progress.say("# %s %s: %s" % tuple(found[0]))
    return said


def main():
    words = [word for word in sys.argv[1:] if word != "--record"]
    if words == ["--fit"]:
        return fit()
    if words == ["--table"]:
        return findings.make_page()
    if words == ["--list"]:
        print("\n".join(m.what for m in all_mutants()))
        return 0
    if any(not word or word.startswith("-") for word in words):  # an empty one would mean all
        sys.stderr.write("usage: ./ksm mutants [--record] [WORD]... | --list | --table | --fit\n")
        return 2
    chosen = choose(words)
    with Processes() as processes:
        said = run(chosen, processes)
    ncaught = sum(bool(found) for found in said.values())
    progress.say("# %d of %d mutants were caught" % (ncaught, len(chosen)))
    if "--record" in sys.argv:
        results.add("mutants", "mistakes put into the code, which the tests must notice", len(chosen), "mistakes",
                    len(chosen) - ncaught)
        findings.record({m.what: said[m.what] for m in chosen if m.mistake})
    return 0 if ncaught == len(chosen) else 1


if __name__ == "__main__":
    progress.run(main)
