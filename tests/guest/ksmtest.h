/*
 * ksmtest.h - what the tests of shared memory share.
 */
#ifndef KSMTEST_H
#define KSMTEST_H

#include "guest.h"
#include "ksm.h"
#include "memlayout.h"

#define PAGE 4096u
#define MB   (1024u * 1024u)

/* An identifier that no other test or process uses. */
int fresh_id(void);
/* A new segment under such an identifier; its handle. */
int fresh(uint size);
/* Deletes all segments that this process made under a fresh_id(), or, if it made none, those that its parent had made
   before: the cleanup of failed tests. */
void drop_fresh(void);

/* Attach, which must succeed. */
char *attach(int handle);
char *attach_flags(int handle, int flags);
/* The whole record, which must exist; for 0 the totals. */
struct ksminfo_t info_of(int handle);
/* The handle is dead: no call takes it. */
void check_dead(int handle);
/* A fresh segment still goes through its whole life. */
void check_alive(void);

/* Attaches `handle` until that fails with KSM_ENOVA.  The number of attachments made. */
uint attach_until_full(int handle);

#endif
