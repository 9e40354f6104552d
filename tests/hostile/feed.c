/*
 * feed.c - what the feed (docs/feed.md) must report truthfully, whatever a program does.
 *
 *   feed names     runs itself under names that look like lines of the feed
 *   feed still N   attaches, and waits for input; then sleeps for N ticks, in which nothing changes; and prints the
 *                  totals
 *   feed lock      two processes and one lock, for which one has to wait, until there is input
 */
#include "ksm.h"
#include "ksmlock.h"
#include "stdio.h"
#include "stdlib.h"
#include "string.h"
#include "ulib.h"

#define IDENTIFIER 0xfeed
#define READ_ONLY  "A 1 Z %" /* a name */

static char *const names[] = { "\nZ 1 0 0", "a\nKSM-FEED 2", " ", "%", "-", "%0a", "\xc3\xa9\r\x01" };

static void run_as(char *name)
{
    char *argv[] = { name, NULL };

    unlink(name);
    if (link("/feed", name) < 0)
        fail(9, "no link");
    if (fork() == 0) {
        exec(name, argv);
        exits(9);
    }
    wait();
    unlink(name);
}

static void *attach(int handle, int flags)
{
    void *where = ksmattach(handle, flags);

    if (ksmerror(where))
        fail(9, "no segment");
    return where;
}

/* Until the test has seen in the feed what it waits for. */
static void wait_for_input(void)
{
    char c;

    read(0, &c, 1);
}

/* A child sleeps on a word, and nobody wakes it. */
static void still(int nticks)
{
    uint *word = attach(ksmget(IDENTIFIER, 5000), 0);
    int child = fork();
    struct ksminfo_t info;

    if (child == 0) {
        ksmwait(&word[2], 0, 0);
        exits(0);
    }
    attach(ksmget(READ_ONLY, 5000), KSM_READ);
    wait_for_input();
    sleep(nticks);
    if (ksminfo(0, &info) < 0)
        fail(9, "no totals");
    printf("still %d %d: %d used, %u segments, %u pages, %u attachments, word %p\n", getpid(), child,
           pgused(), info.total_shrg_nr, info.total_shpg_nr, info.total_attached_nr, (void *)&word[2]);
    kill(child);
    wait();
    ksmdelete(ksmget(IDENTIFIER, 0, KSM_OPEN));
    ksmdelete(ksmget(READ_ONLY, 0, KSM_OPEN));
}

static void lock(void)
{
    struct ksmlock *l = attach(ksmget(IDENTIFIER, 5000), 0);
    int child;

    if (ksmlock_acquire(l, 0))
        fail(9, "no lock");
    child = fork();
    if (child == 0)
        exits(ksmlock_acquire(l, 0) || ksmlock_release(l));
    wait_for_input();
    printf("lock %d %d\n", getpid(), child);
    ksmlock_release(l);
    wait();
    ksmdelete(ksmget(IDENTIFIER, 0, KSM_OPEN));
}

int main(int argc, char *argv[])
{
    if (argc == 1)
        return 0; /* under a name */
    if (strcmp(argv[1], "names") == 0)
        for (uint i = 0; i < sizeof(names) / sizeof(names[0]); i++)
            run_as(names[i]);
    else if (strcmp(argv[1], "still") == 0)
        still(atoi(argv[2]));
    else
        lock();
    return 0;
}
