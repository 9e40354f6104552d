/*
 * t_ksmhandle.c - handles of shared memory: who has one, and how long it lives, §3.6 to §3.9.
 */
#include "ksmtest.h"

static struct {
    struct gate done;
    int numbers[2]; /* a pipe */
} exchange;

static void get_and_report(void *arg)
{
    int handle = ksmget(*(int *)arg, PAGE);

    attach(handle);
    check_eq(write(exchange.numbers[1], &handle, sizeof(handle)), sizeof(handle));
    gate_pass(&exchange.done);
    check_eq(info_of(handle).attached_nr, 1);
}

TEST("§3.6 a number from another process is no handle")
{
    int id = fresh_id(), handle;
    int other;

    gate_create(&exchange.done);
    check_eq(pipe(exchange.numbers), 0);
    other = tap_start(get_and_report, &id);
    close(exchange.numbers[1]); /* a child that gets no segment ends the pipe, and no read waits for it */
    check_eq(read(exchange.numbers[0], &handle, sizeof(handle)), sizeof(handle));
    check_dead(handle);
    gate_open(&exchange.done);
    tap_join(other);
    check_dead(handle);
    handle = ksmget(id, 0, KSM_OPEN);
    check_eq(ksmdelete(handle), 0);
}

static void use_inherited(void *arg)
{
    int handle = *(int *)arg;
    char *p = attach(handle);

    check_eq(ksmget(fresh_id(), 0, KSM_OPEN), KSM_ENOENT);
    p[0] = 3;
    check_eq(ksmdetach(handle), 0);
}

TEST("§3.6 children that are forked afterwards have the handle")
{
    int handle = fresh(PAGE);

    tap_join(tap_start(use_inherited, &handle));
    check_eq(attach(handle)[0], 3);
    ksmdetach(handle);
    ksmdelete(handle);
}

TEST("§3.8 a dead handle stays dead, whatever comes under its identifier")
{
    int id = fresh_id(), first = ksmget(id, PAGE);

    check_eq(ksmdelete(first), 0);
    check_dead(first);
    for (int i = 0; i < 33000; i++) { /* 15 bits are too few to tell them apart */
        int handle = ksmget(id, PAGE, KSM_MUSTNOTEXIST);

        check_positive(handle);
        check(handle != first);
        if (i % 5000 == 0)
            check_dead(first);
        check_eq(ksmdelete(handle), 0);
    }
    check_dead(first);
}

TEST("§3.8 what is kept of a dead segment is used again")
{
    int frames = 0;

    for (int i = 0; i < 3000; i++) {
        int handle = fresh(PAGE);

        attach(handle);
        ksmdetach(handle);
        check_eq(ksmdelete(handle), 0);
        if (i == 200)
            frames = pgused();
        if (i > 200)
            check_eq(pgused(), frames);
    }
}

#define NMADE 1000

static struct gate made, found;

static void make_and_delete(void *arg)
{
    for (int i = 0; i < NMADE; i++) {
        int handle = ksmget(*(int *)arg, PAGE, KSM_MUSTNOTEXIST);

        check_positive(handle);
        gate_open(&made);
        gate_pass(&found);
        check_eq(ksmdelete(handle), 0);
    }
}

TEST("§3.8 what is kept of a segment that another process deleted is used again")
{
    int id = fresh_id(), frames = 0, other;

    gate_create(&made);
    gate_create(&found);
    other = tap_start(make_and_delete, &id);
    for (int i = 0; i < NMADE; i++) {
        gate_pass(&made);
        check_positive(ksmget(id, 0, KSM_OPEN));
        if (i == 200)
            frames = pgused();
        if (i > 200)
            check_eq(pgused(), frames);
        gate_open(&found);
    }
    tap_join(other);
}

TEST("§8.4 as many frames are in use after each round of gets and deletes")
{
    static const int counts[] = { 1, 2, 17, 57, 260, 900 };
    static int handles[900];
    int frames = 0;

    for (uint c = 0; c < COUNT(counts); c++)
        for (int round = 0; round < 8; round++) {
            for (int i = 0; i < counts[c]; i++)
                handles[i] = fresh(PAGE);
            for (int i = 0; i < counts[c]; i++)
                check_eq(ksmdelete(handles[round % 2 ? counts[c] - 1 - i : i]), 0);
            if (round == 1)
                frames = pgused();
            if (round > 1)
                check_eq(pgused(), frames);
        }
}

#define NENDED 300 /* what is kept of each is small */

static void get(void *arg) { check_positive(ksmget(*(int *)arg, PAGE)); }

TEST("§8.4 nothing stays of the handles of processes that ended")
{
    int id = fresh_id(), handle = ksmget(id, PAGE);

    for (int i = 0; i < NENDED; i++)
        tap_join(tap_start(get, &id));
    check_eq(ksmdelete(handle), 0);
}

TEST("§3.6 §9 every single bit of a handle matters")
{
    static const int wild[] = { 0, -1, 1, 2, 4096, 65536, 0x7FFFFFFF, (int)0x80000000, -4096 };
    int handle = fresh(PAGE);
    struct ksminfo_t info;

    attach(handle);
    for (int bit = 0; bit < 32; bit++) {
        int other = handle ^ (int)(1u << bit);

        if (other)
            check_dead(other);
    }
    for (uint i = 0; i < COUNT(wild); i++) {
        if (wild[i] == handle)
            continue;
        check_eq((int)ksmattach(wild[i]), KSM_EHANDLE);
        check_eq(ksmdetach(wild[i]), KSM_EHANDLE);
        check_eq(ksmdelete(wild[i]), KSM_EHANDLE);
        if (wild[i])
            check_eq(ksminfo(wild[i], &info), KSM_EHANDLE);
    }
    check_eq(info_of(handle).attached_nr, 1);
    ksmdetach(handle);
    ksmdelete(handle);
    check_alive();
}

TEST("§3.9 a marked segment is still found")
{
    int id = fresh_id(), handle = ksmget(id, 100);
    char *p = attach(handle);

    check_eq(ksmdelete(handle), 0);
    check_eq(ksmget(id, 0, KSM_OPEN), handle);
    check_eq(ksmget(id, 100), handle);
    check_eq(ksmget(id, 101), KSM_ESIZE);
    check_eq(ksmget(id, 100, KSM_MUSTNOTEXIST), KSM_EEXIST);
    p[0] = 1;
    check_eq(ksmdetach(handle), 0);
    check_eq(ksmget(id, 0, KSM_OPEN), KSM_ENOENT);
}

TAP_MAIN(drop_fresh)
