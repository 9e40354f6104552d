/*
 * t_ksmlarge.c - shared memory: attachments of 4 MB and more, which have whole page tables, §4.
 */
#include "ksmtest.h"

TEST("§4.2 from 4 MB on, attachments start at multiples of 4 MB")
{
    int one = fresh(PAGE), four = fresh(4 * MB), five = fresh(4 * MB + 1), less = fresh(4 * MB - PAGE);
    char *a = attach(one);

    check_eq(attach(four), KERNBASE - 8 * MB);
    check_eq(attach(five), KERNBASE - 16 * MB);
    check_eq(attach(less), a - (4 * MB - PAGE));
    check_eq(attach(one), KERNBASE - 8 * MB - PAGE); /* below the one of five */
    check_eq(attach(four), KERNBASE - 20 * MB);
    ksmdelete(one);
    ksmdelete(four);
    ksmdelete(five);
    ksmdelete(less);
}

TEST("§4.4 read-only holds for 4 MB and more, and across fork")
{
    int handle = fresh(5 * MB);
    char *ro = attach_flags(handle, KSM_READ), *rw = attach(handle);

    for (uint i = 0; i < 5 * MB; i += 41 * PAGE + 1) /* in a child: inherited as it is */
        check(tap_write_dies(ro + i));
    check(tap_write_dies(ro + 4 * MB));
    check(tap_write_dies(ro + 5 * MB - 1));
    check(!tap_write_dies(rw + 4 * MB + 3));
    check_eq(ro[4 * MB + 3], 1);
    check(tap_write_dies(ro + 4 * MB + 3));
    ksmdetachat(rw);
    check(tap_write_dies(ro));
    rw = attach(handle);
    check(!tap_write_dies(rw));
    ksmdetachat(ro);
    ksmdetachat(rw);
    ksmdelete(handle);
}

TEST("§4.2 an attachment of whole 4 MB needs no page tables of its own")
{
    int handle = fresh(16 * MB), frames = pgused();

    attach(handle)[16 * MB - 1] = 1;
    check(pgused() <= frames + 1); /* the kernel's notes of it */
    check_eq(ksmdetach(handle), 0);
    ksmdelete(handle);
}

/* What a system call may do there for this process itself, without a child that maps everything anew. */
static int ends[2]; /* of a pipe */

static bool may_read(const char *p)
{
    char c;

    return write(ends[1], p, 1) == 1 && read(ends[0], &c, 1) == 1;
}

static bool may_write(char *p)
{
    char c = 1;

    check_eq(write(ends[1], &c, 1), 1);

    bool done = read(ends[0], p, 1) == 1;

    if (!done)
        check_eq(read(ends[0], &c, 1), 1); /* nothing was taken */
    return done;
}

TEST("§4.2 §5.3 whole 4 MB and a rest need a page table for the rest, and are gone with their detach")
{
    static const uint at[] = { 0, 4 * MB - 1, 4 * MB, 12 * MB - 1, 12 * MB, 12 * MB + PAGE - 1 };
    int handle = fresh(12 * MB + PAGE), frames;
    char *p = attach(handle);

    check_eq(pipe(ends), 0);
    ksmdetach(handle);
    frames = pgused();
    for (uint i = 0; i < COUNT(at); i++)
        check(!may_read(p + at[i]));
    check(attach(handle) == p);
    check(pgused() <= frames + 2); /* and the kernel's notes of it */
    for (uint i = 0; i < COUNT(at); i++)
        p[at[i]] = i + 1;
    check_eq(ksmdetach(handle), 0);
    check_eq(pgused(), frames);
    for (uint i = 0; i < COUNT(at); i++)
        check(!may_read(p + at[i]));
    check(attach(handle) == p);
    for (uint i = 0; i < COUNT(at); i++)
        check_eq(p[at[i]], i + 1);
    ksmdetach(handle);
    ksmdelete(handle);
}

TEST("§4.2 §4.4 §4.5 read-only and writable attachments of whole 4 MB need no page tables of their own")
{
    int handle = fresh(8 * MB), frames = pgused();
    char *before = attach(handle), *ro = attach_flags(handle, KSM_READ), *after = attach(handle);

    check(pgused() <= frames + 1);
    check_eq(pipe(ends), 0);
    for (uint i = 0; i < 8 * MB; i += 4 * MB - 1) {
        check(may_write(before + i));
        check(may_read(ro + i) && ro[i] == 1);
        check(!may_write(ro + i));
        check(may_write(after + i));
    }
    ksmdetachat(before);
    check(!may_write(ro) && may_write(after));
    ksmdetachat(after);
    check(!may_write(ro) && may_read(ro));
    ksmdetachat(ro);
    ksmdelete(handle);
}

static struct gate started, looked_at;

static void wait_in_between(void *arg)
{
    gate_open(&started);
    gate_pass(&looked_at);
    if (arg)
        *(char *)arg = 7;
}

/* The frames that a child takes which does nothing but start; then it writes to p. */
static int cost_of_child(char *p)
{
    int frames = pgused(), pid = tap_start(wait_in_between, p), cost;

    gate_pass(&started);
    cost = pgused() - frames;
    gate_open(&looked_at);
    tap_join(pid);
    return cost;
}

TEST("§4.2 §7.1 a child that inherits an attachment of whole 4 MB needs no page tables for it")
{
    int handle = fresh(16 * MB), cost;
    char *p;

    gate_create(&started);
    gate_create(&looked_at);
    cost_of_child(NULL);
    cost = cost_of_child(NULL);
    p = attach(handle);
    check(cost_of_child(p + 16 * MB - 1) <= cost + 2);
    check_eq(p[16 * MB - 1], 7);
    ksmdetach(handle);
    ksmdelete(handle);
}

TAP_MAIN(drop_fresh)
