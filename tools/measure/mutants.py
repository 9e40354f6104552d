#!/usr/bin/env python3
"""mutants - makes one deliberate fault at a time in a copy of the tree, and checks that the tests notice.

  mutants.py [--list | --record] [WORD]...   all mutants, or those whose description has one of the words
  mutants.py --fit                           only checks, as TAP, that each still fits the code

Each mutant names the suites that should fail.  Status 0: every mutant was caught, and without a fault the suites pass.
--record adds the result to the table of ./ksm reliability.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from measure import results  # noqa: E402
from run import progress  # noqa: E402
from run.paths import ROOT  # noqa: E402
from run.statuses import BUILD_FAILED  # noqa: E402

TIMEOUT = 300  # seconds to build and run the suites of one mutant; one that makes them hang is caught, too

CORE = ["host/ksm_core", "host/ksm_model"]
WAIT = ["host/ksm_wait"]
GUEST = ["guest/t_ksmmap"]
SYSTEM = ["cli/sysfuzz"]
SEGMENT, ATTACH = "kernel/ksm/segment.c", "kernel/ksm/attach.c"
HOLDING = "kernel/ksm/holding.c"
TRAP = "kernel/arch/i386/trap.c"
REGISTRY, WORDS = "kernel/ksm/registry.c", "kernel/ksm/wait.c"

# What is wrong, the file, the right text, the wrong text, the suites that must notice.
MUTANTS = [
    ("pages are zeroed under the spin lock", SEGMENT,
     "    registry_release();\n\n    struct region *region = region_create(seg->npages);",
     "    struct region *region = region_create(seg->npages); registry_release();\n\n", CORE),
    ("a dead handle names a new segment", REGISTRY,
     "(spent ? registry.nslots : 0)", "(spent ? 0u : 0u)", CORE),
    ("read-only turns writable across fork", "kernel/mm/aspace.c",
     "from->region, from->writable", "from->region, true", ["guest/t_ksmproc"]),
    ("exec loses a count", ATTACH,
     "    count_detach_locked(seg, h->nattached, h->task->pid); /* §8.3 */",
     "    if (at_exit)\n        count_detach_locked(seg, h->nattached, h->task->pid);", CORE),
    ("a failed attach leaks its record", ATTACH,
     "    attachment_free(a);\n    if (result == ASPACE_ENOVA)", "    if (result == ASPACE_ENOVA)", CORE),
    ("a failed attach leaks a reference", ATTACH,
     "    task->pinned = NULL;\n    segment_put_locked(seg, 1, &dead);\n", "    task->pinned = NULL;\n", CORE),
    ("a fork over the limit leaves its mappings", ATTACH,
     "    aspace_unmap_all(child->as);\n", "", CORE),
    ("an inherited attachment is not the child's operation", ATTACH,
     "count_attach_locked(seg, h->nattached, h->task->pid)", "count_attach_locked(seg, h->nattached, seg->mpid)", CORE),
    ("one attachment more than the limit", ATTACH,
     "        error = registry.nattached < registry.limits.nattachments ? 0",
     "        error = registry.nattached <= registry.limits.nattachments ? 0", CORE),
    ("detach takes the oldest attachment", ATTACH,
     "attachment_at(h->attachments.next)", "attachment_at(h->attachments.prev)", CORE),
    ("detach by address takes any address inside", ATTACH,
     "if (!m || m->va != va)", "if (!m)", CORE),
    ("sizes are rounded down", SEGMENT,
     " + (nbytes % PAGE_SIZE != 0)", "", CORE),
    ("a size up to the last page's end is found", SEGMENT,
     "nbytes > seg->nbytes", "nbytes > seg->npages * PAGE_SIZE", CORE),
    ("a marked segment does not exist for KSM_MUSTNOTEXIST", SEGMENT,
     "    if (flags & KSM_MUSTNOTEXIST)\n", "    if (flags & KSM_MUSTNOTEXIST && seg->state == SEGMENT_LIVE)\n", CORE),
    ("the second marking drops a reference, too", SEGMENT,
     "    if (seg->state == SEGMENT_LIVE) {", "    if (seg->refs) {", CORE),
    ("a get is refused for the sake of a birth that fails", SEGMENT,
     "error != KSM_ENOSPC || registry.nunborn == 0", "true", CORE),
    ("the word is not looked at under the lock", WORDS,
     "!self->woken && (!self->segment || word_read(self->task, self->va) == self->expected)",
     "!self->woken", WAIT),
    ("the newest sleeper is woken first", WORDS,
     "list_push_back(queue_of(self->stripe, self->segment, self->offset), &self->queue)",
     "list_push_front(queue_of(self->stripe, self->segment, self->offset), &self->queue)", WAIT),
    ("one sleeper too many is woken", WORDS,
     "        if (nwoken == n)\n", "        if (nwoken > n)\n", WAIT),
    ("a wake-up is lost on a killed sleeper", WORDS,
     " &&\n           !thread_killed(s->thread);", ";", WAIT),
    ("a process's end wakes nobody", ATTACH,
     "    if (at_exit)\n        wait_wake_all", "    if (!at_exit)\n        wait_wake_all", WAIT),
    ("others do not wait for a walk", "kernel/ksm/ksm_impl.h",
     "spin_acquire(&registry.lock);\n    if (registry.divided)", "spin_acquire(&registry.lock);\n    if (0)", CORE),
    ("a segment that leaves its tree takes a branch with it", REGISTRY,
     "    last->child[0] = seg->child[0];", "    last->child[0] = NULL;", CORE),
    ("a waker passes over a sleeper after a pause", WORDS,
     "enter_place(link, &here.queue);", "enter_place(link->next, &here.queue);", CORE),
    ("a spent entry does not rest", REGISTRY,
     "    slot->nkept = count_kept_locked(i, true);\n", "    slot->nkept = 0;\n", CORE),
    ("a forked child does not keep a spent entry at rest", ATTACH,
     "    registry_keep_locked(h->handle, 1);\n", "", CORE),
    ("what is kept of dead segments has no bound", HOLDING,
     "    if (++task->ndead <= MAX_DEAD)\n", "    if (++task->ndead)\n", CORE),
    ("holdings move while fork walks them", HOLDING,
     "    if (task->forking) {", "    if (false) {", CORE),
    ("a dead segment's holdings are good", SEGMENT,
     "    holding_retire_all_locked(seg);\n", "", CORE),
    ("a peer's end wakes nobody", ATTACH,
     "    if (at_exit)\n        wait_wake_watchers", "    if (false)\n        wait_wake_watchers", WAIT),
    ("a peer's end before the sleep is missed", WORDS,
     "    return !self->woken && ", "    return ", WAIT),
    ("any end wakes a sleeper that chose another", WORDS,
     "    if (self->peer == KSM_PEER_ANY)\n", "", WAIT),
    ("a sleeper that leaves stays in its peer's list", WORDS,
     "    if (self->peer > 0)\n        unwatch(self);\n", "", WAIT),
    ("system calls refuse pointers into segments", "kernel/mm/user.c",
     "    /* Most ranges lie in one page. */",
     "    if (va >= aspace_brk(thread_self()->aspace))\n        return false;", GUEST),
    ("system calls write through read-only attachments", "kernel/arch/i386/pmap.h",
     "return write ? PTE_WRITE_OK : PTE_READ_OK;", "return write ? PTE_WRITE_OK | PTE_PRESENT : PTE_READ_OK;", GUEST),
    ("a detached range is still in the TLB", "kernel/mm/aspace.c",
     "    flush(as, m->va, m->npages); /* §5.3", "    /* §5.3", GUEST),
    # Faults that the kernel had, and their kin.  The first two show only under an emulator with a fault of its own:
    # docs/reliability.md.
    ("a page fault's error code says whose it is", TRAP,
     "    if (from_user(tf))\n", "    if (tf->code & 4)\n", SYSTEM),
    ("a program in virtual-8086 mode goes on", TRAP,
     "    if (tf->eflags & FLAG_VM86)\n", "    if (false)\n", SYSTEM),
    ("%fs stays in the processor over a switch", "kernel/arch/i386/cpu.c",
     "1: popl %%fs; popl %%ebp", "1: addl $4, %%esp; popl %%ebp", SYSTEM),
    ("any process says what runs in the foreground", "kernel/proc/tree.c",
     "allowed = self->depth == DEPTH_SHELL && (pid", "allowed = (pid", SYSTEM),
    ("flags return to a program as it set them", "kernel/arch/i386/entry.S",
     "    andl $FLAGS_USER, TRAPFRAME_EFLAGS(%esp)\n", "", SYSTEM),
    ("the last page of a buffer is not looked at", "kernel/mm/user.c",
     "(va % PAGE_SIZE + nbytes + PAGE_SIZE - 1) >> PAGE_SHIFT", "(va % PAGE_SIZE + nbytes) >> PAGE_SHIFT", SYSTEM),
    ("a call writes where its program may only read", "kernel/sys/sys_file.c",
     "!user_check(arg[0].user, 2 * sizeof(uint), true)", "!user_check(arg[0].user, 2 * sizeof(uint), false)", SYSTEM),
    ("new memory keeps what others left there", "kernel/mm/aspace.c",
     "        page_zero(page);\n        *slot", "        *slot", SYSTEM),
    ("a process that ends leaves its working directory open", "kernel/proc/life.c",
     "    inode_put(self->cwd);\n", "", SYSTEM),
]


def passes(copy, suites):
    """Whether the suites pass.  A mutant that does not compile proves nothing, and is a fault of this list."""
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "B", "DEBUG", "CPUS")}
    with tempfile.TemporaryFile("w+") as said:
        with subprocess.Popen([sys.executable, "tests/run"] + suites, cwd=copy, env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=said) as tests:
            try:
                status = tests.wait(TIMEOUT)
            except subprocess.TimeoutExpired:
                status = 1
            finally:  # after Ctrl-C as well: the copy is removed then
                tests.send_signal(signal.SIGINT)
                tests.wait()
        said.seek(0)
        if status == BUILD_FAILED:
            sys.exit("mutants: the copy does not compile\n" + said.read())
    return status == 0


def apply(copy, path, right, wrong):
    name = os.path.join(copy, path)
    with open(name, encoding="utf-8") as f:
        text = f.read()
    if text.count(right) != 1:
        sys.exit("mutants: %s has this %d times:\n%s" % (path, text.count(right), right))
    with open(name, "w", encoding="utf-8") as f:
        f.write(text.replace(right, wrong))
    return name, text


def choose(words):
    chosen = [m for m in MUTANTS if not words or any(w in m[0] for w in words)]
    if not chosen:
        sys.stderr.write("ksm: no mutant has such a description; ./ksm mutants --list prints all\n")
        sys.exit(2)
    return chosen


def fit():
    print("1..%d" % len(MUTANTS))
    misfits = 0
    for n, (what, path, right, _, _) in enumerate(MUTANTS, 1):
        with open(os.path.join(ROOT, path), encoding="utf-8") as f:
            fits = f.read().count(right) == 1
        misfits += not fits
        print("%sok %d - mutant fits %s: %s" % ("" if fits else "not ", n, path, what))
    return 1 if misfits else 0


def main():
    words = [word for word in sys.argv[1:] if word != "--record"]
    if words == ["--fit"]:
        return fit()
    if words == ["--list"]:
        print("\n".join(m[0] for m in MUTANTS))
        return 0
    if any(word.startswith("-") for word in words):
        sys.stderr.write("usage: ./ksm mutants [--list | --fit | WORD...]\n")
        return 2
    chosen = choose(words)
    work = tempfile.mkdtemp(prefix="ksm-mutants-")
    try:
        copy = os.path.join(work, "tree")
        shutil.copytree(ROOT, copy, symlinks=True, ignore=lambda where,
                        names: {".git", "build"} if where == ROOT else set())
        progress.show("the suites without a fault")
        if not passes(copy, sorted({s for m in chosen for s in m[4]})):
            sys.exit("mutants: the suites fail without any fault")
        progress.say("1..%d" % len(chosen))
        ncaught = 0
        for n, (what, path, right, wrong, suites) in enumerate(chosen, 1):
            progress.show("%d of %d caught, %d left: %s" % (ncaught, n - 1, len(chosen) - n + 1, what))
            name, text = apply(copy, path, right, wrong)
            caught = not passes(copy, suites)
            ncaught += caught
            progress.say("%sok %d - caught: %s" % ("" if caught else "not ", n, what))
            with open(name, "w", encoding="utf-8") as f:
                f.write(text)
        progress.say("# %d of %d mutants were caught" % (ncaught, len(chosen)))
        if "--record" in sys.argv:
            results.add("mutants", "mistakes put into the code, which the tests must notice", len(chosen), "mistakes",
                        len(chosen) - ncaught)
        return 0 if ncaught == len(chosen) else 1
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    progress.run(main)
