"""faults - what a programmer of the kernel may get wrong, for ./ksm mutants.

mistakes.py has what students of the course get wrong.
"""

CORE = ["host/ksm_core", "host/ksm_model"]
WAIT = ["host/ksm_wait"]
SYSTEM = ["cli/sysfuzz"]
SEGMENT, ATTACH = "kernel/ksm/segment.c", "kernel/ksm/attach.c"
HOLDING, PROCESS = "kernel/ksm/holding.c", "kernel/ksm/process.c"
TRAP = "kernel/arch/i386/trap.c"
REGISTRY, WORDS = "kernel/ksm/registry.c", "kernel/ksm/wait.c"
THREAD, QUEUE = "kernel/sched/thread.c", ["host/waitq"]

# What is wrong, the file, the right text, the wrong text, and the suites of which one must notice: they run in this
# order.
FAULTS = [
    ("pages are zeroed under the spin lock", SEGMENT,
     "    registry_release();\n\n    bool made = region_create(&seg->region, seg->npages);",
     "    bool made = region_create(&seg->region, seg->npages); registry_release();\n\n", CORE),
    ("an attach goes past the limit", ATTACH,
     "registry.nattached >= registry.limits.nattachments", "registry.nattached > registry.limits.nattachments", CORE),
    ("an attach lets others see it before it is counted", ATTACH,
     "    int error = aspace_map(task->as, &a->mapping, &seg->region, writable); /* §4.8 */\n",
     "    seg->refs++;\n    registry_release();\n"
     "    int error = aspace_map(task->as, &a->mapping, &seg->region, writable);\n"
     "    registry_acquire();\n    seg->refs--;\n", CORE),
    ("a get is refused for the sake of a birth that fails", SEGMENT,
     "error != KSM_ENOSPC || registry.nunborn == 0", "true", CORE),
    ("a get is refused memory for the sake of a birth that fails", SEGMENT,
     "result != KSM_ENOMEM || refused || registry.nunborn == 0", "true", CORE),
    ("a birth begins while others wait for earlier ones", SEGMENT,
     "waited || !registry.nahead", "true", CORE),
    ("a get that has waited for its turn is refused memory for the sake of a birth that fails", SEGMENT,
     "|| refused ||", "|| waited ||", CORE),
    ("the end of a walk is taken for the end of what a get waits for", REGISTRY,
     "while (!killed && ended", "if (!killed && ended", CORE),
    ("those that let others begin a birth first are not woken", REGISTRY,
     "what != WAIT_TURN && --registry.nahead == 0", "what != WAIT_TURN && registry.nahead-- == 0", CORE),
    ("the word is not looked at under the lock", WORDS,
     "!self->woken && (!self->word.segment || word_read(self->task, self->va) == self->expected)",
     "!self->woken", WAIT),
    ("a wake-up is lost on a killed sleeper", WORDS,
     " ||\n        thread_killed(s->thread))", ")", WAIT),
    ("a sleeper that was counted says that its time ran out", WORDS,
     "        if (self->woken) {", "        if (self->woken && parked != PARK_TIMEOUT) {", WAIT),
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
    ("whoever prints keeps others waiting while the console is busy", "kernel/sched/sched.c",
     "done < n; sched_checkpoint())", "done < n;)", ["host/turns"]),
    ("who gives way in the kernel waits as if its slice was over", "kernel/sched/sched.c",
     "yield(&ready[HOLDING])", "yield(&ready[SPENT])", ["host/turns"]),
    ("a step of the clock forgets where it was", "kernel/sched/timer.c",
     "    while (timer_is_late() && look_through_locked(&cost))\n        timer_done++;",
     "    for (; timer_done != ticks_now; timer_done++)\n        (void)!look_through_locked(&cost);", QUEUE),
    ("the feed asks whether it is to end after its last look at the events", "kernel/watch/watch.c",
     "!write_some() && last)", "!write_some() && (last || finishing))", ["host/watch"]),
    ("the feed goes on after its end", "kernel/watch/watch.c",
     "if (!finished && !write_some()", "if (!write_some()", ["host/watch"]),
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
    ("a fork that fails keeps what it was promised", "kernel/mm/aspace.c",
     "        page_unpromise(as->nwritable);\n", "        ;\n", SYSTEM),
    ("any process says what runs in the foreground", "kernel/proc/job.c",
     "return self->depth == DEPTH_SHELL && ", "return ", SYSTEM),
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
