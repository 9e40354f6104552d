/*
 * ksmtest.h - what the tests of shared memory have in common.
 */
#ifndef KSMTEST_H
#define KSMTEST_H

#include "guest.h"
#include "ksm.h"
#include "memlayout.h"

#define PAGE 4096u
#define MB   (1024u * 1024u)

/* An identifier that no other test, process or run uses. */
int fresh_id(void);
/* A new segment under such an identifier; its handle. */
int fresh(uint size);
/* Deletes all segments that this process made under a fresh_id(): the cleanup of failed tests. */
void drop_fresh(void);

/* Attach, which must succeed. */
char *attach(int handle);
char *attach_flags(int handle, int flags);
/* The whole record, which there must be; of 0 the totals. */
struct ksminfo_t info_of(int handle);
/* Gone: no call takes it. */
void check_dead(int handle);
/* A fresh segment's whole life still works. */
void check_alive(void);

/* Attaches `handle` until that is refused with KSM_ENOVA; how often it worked. */
uint attach_until_full(int handle);

#endif
