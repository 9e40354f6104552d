/*
 * counter.c - two processes count with one counter in shared memory.
 *
 *   counter [-l | -d] [N]
 *
 * It waits for a second one, adds 1 to the counter N times (a million), and prints where the counter stands.
 * -l: under a lock.  -d: it takes the lock, waits for the other one, and dies half a second later, still
 * holding the lock.
 */
#include "ksmlock.h"
#include "ulib.h"

struct shared {
    uint places;  /* that were taken */
    uint present; /* processes that are ready */
    volatile uint count;
    struct ksmlock lock;
};

/* Reading, computing and writing back take a moment, in which another process may do the same. */
static uint next(uint number)
{
    for (volatile uint moment = 0; moment < 10; moment++)
        ;
    return number + 1;
}

static void acquire(struct ksmlock *lock)
{
    if (ksmlock_acquire(lock, 0) == KSM_EOWNERDEAD)
        must_print("process %d: the holder died, the lock is mine\n", getpid());
}

/* Attaches the counter, after two others that still count with it. */
static struct shared *join(void)
{
    for (;;) {
        int handle = ksmget("counter", sizeof(struct shared));
        struct shared *shared = handle < 0 ? NULL : ksmattach(handle);

        if (handle > 0 && ksmerror(shared) == KSM_EHANDLE)
            continue; /* the two are done meanwhile, and it went with them */
        if (handle < 0 || ksmerror(shared) < 0)
            fail(1, "%s", ksmstrerror(handle < 0 ? handle : ksmerror(shared)));
        ksmdelete(handle); /* it goes with the second of the two */
        if (__atomic_fetch_add(&shared->places, 1, __ATOMIC_SEQ_CST) < 2)
            return shared;
        ksmdetach(handle);
        sleep(1);
    }
}

int main(int argc, char *argv[])
{
    bool locked = argc > 1 && strcmp(argv[1], "-l") == 0, dies = argc > 1 && strcmp(argv[1], "-d") == 0;
    int first = locked || dies ? 2 : 1, n = 1000000;
    struct shared *shared;

    if (!optional_number(argc - first, argv + first, 1, &n))
        fail(2, "usage: counter [-l | -d] [N]");
    shared = join();
    if (dies)
        acquire(&shared->lock);
    if (__atomic_add_fetch(&shared->present, 1, __ATOMIC_SEQ_CST) == 2)
        ksmwake(&shared->present, 1);
    else
        ksmwait(&shared->present, 1, 0);
    if (dies) {
        sleep(50); /* the other one waits for the lock meanwhile, which the live picture shows */
        kill(getpid());
    }
    for (int i = 0; i < n; i++) {
        if (locked)
            acquire(&shared->lock);
        shared->count = next(shared->count);
        if (locked)
            ksmlock_release(&shared->lock);
    }
    must_print("process %d has added %d: the counter stands at %u\n", getpid(), n, shared->count);
    return 0;
}
