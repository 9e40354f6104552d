/*
 * memory.c - loads of bulk: segments, attachments, heap.
 */
#include "bulk.h"

#define COLLIDING \
    0x144cbc89u /* identifiers at this distance have the same hash: see spread() in kernel/ksm */

static void attach_all(uint n)
{
    int handle = ksmget(ID, PAGE);

    for (uint i = 0; i < n; i++)
        need(!ksmerror(ksmattach(handle)), "attach");
    run_program("true");
    fork_once();
    for (uint i = 0; i < 100; i++)
        need(ksmdetach(handle) == 0, "detach");
    need(ksmdelete(handle) == 0, "delete");
    exec("true", (char *[]){ "true", NULL });
}

void load_attachments(uint n) { run_apart(attach_all, n); }

static void touch(char *p, uint nbytes)
{
    for (uint at = 0; at < nbytes; at += PAGE)
        p[at] = 1;
}

void load_large(uint nmb)
{
    int handle = ksmget(ID, nmb * MB);
    char *p = ksmattach(handle);

    need(!ksmerror(p), "attach");
    touch(p, nmb * MB);
    fork_once();
    need(ksmdetach(handle) == 0, "detach");
    need(ksmdelete(handle) == 0, "delete");
}

static void grow_and_exit(uint nmb)
{
    char *p = sbrk((int)(nmb * MB));

    need(p != (char *)-1, "sbrk");
    touch(p, nmb * MB);
    fork_once();
    need(sbrk(-(int)(nmb / 2 * MB)) != (char *)-1, "sbrk");
}

void load_heap(uint nmb) { run_apart(grow_and_exit, nmb); }

static void get_all(uint n)
{
    for (uint i = 0; i < n; i++) {
        int handle = ksmget((int)(i * COLLIDING), 1);

        need(handle > 0, "get");
        need(!ksmerror(ksmattach(handle)), "attach");
    }
    fork_once();
    for (uint i = 0; i < n; i++)
        need(ksmdelete(ksmget((int)(i * COLLIDING), 0)) == 0, "delete");
}

static void get_handles(uint n)
{
    for (uint i = 0; i < n; i++)
        need(ksmget((int)i, 1) > 0, "get");
    fork_once();
    for (uint i = 0; i < n; i++)
        need(ksmdelete(ksmget((int)i, 0)) == 0, "delete");
}

void load_segments(uint n) { run_apart(get_all, n); }

void load_handles(uint n) { run_apart(get_handles, n); }

void load_keep(uint n)
{
    for (uint i = 0; i < n; i++)
        need(ksmget((int)(i * COLLIDING), 1) > 0, "get");
}
