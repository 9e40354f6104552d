/*
 * ksm.h - shared memory, for programs: docs/ksm.md is its contract.
 *
 *      int h = ksmget("chat", 4096);            find or create; an identifier may be a number or a name
 *      struct room *room = ksmattach(h);
 *      if (ksmerror(room)) ...
 *      ksmdetach(room);                         or by handle: ksmdetach(h)
 *      ksmdelete(h);
 *
 * The macros below only fill in what was left out and choose by type.  In parentheses, as in (ksmget)(7, 4096,
 * 0), a name is the kernel's call itself.
 */
#ifndef KSM_H
#define KSM_H

#include "ksmabi.h"

/* The calls (§2).  0 or a positive result, or an error of ksmabi.h.  Sleeps: may. */
MUST_CHECK int ksmget(int id, uint size, int flags);
MUST_CHECK void *ksmattach(int handle, int flags); /* an error is cast to a pointer: ksmerror() */
int ksmdetach(int handle);                         /* the newest attachment of it */
int ksmdetachat(void *addr);                       /* the one that starts there */
int ksmdelete(int handle);
MUST_CHECK int ksminfo(int handle, struct ksminfo_t *info);
/* Tells the operator by which name the segment was asked for; ksmget_named() does it by itself. */
int ksmname(int handle, const char *name);
int pgused(void);                                                 /* page frames in use */
int ksmwait(const volatile uint *word, uint expected, int ticks); /* 0 ticks: no limit */
int ksmwake(const volatile uint *word, int n);                    /* how many it woke */
/* peer: the process whose end ends the sleep; 0: any that has the segment attached; -1: none. */
int ksmwaitpeer(const volatile uint *word, uint expected, int ticks, int peer);

/* A name's identifier: positive, the same in every program and release.  Sleeps: no. */
int ksmid(const char *name);
/* The identifier in a user's words: a number, or else a name's.  Sleeps: no. */
int ksmid_parse(const char *text);
/* The error in a result of ksmattach(), or 0.  Sleeps: no. */
int ksmerror(const volatile void *result);
/* "no such handle", ...; for 0 "no error".  Sleeps: no. */
const char *ksmstrerror(int error);

/* ksmget() with a name, as the macro calls it.  Sleeps: may. */
MUST_CHECK int ksmget_named(const char *name, uint size, int flags);
/* ksmget() with an identifier in a user's words, as ksmid_parse() has it.  Sleeps: may. */
MUST_CHECK int ksmget_parse(const char *text, uint size, int flags);

/* A user's words for an identifier, as all programs print it: 0x0000004d, or 0x224bf9ab "chat" for a name.  The result
   is valid until the next call.  Sleeps: no. */
const char *ksmid_show(const char *text);

/* What may be left out (§2). */

#define KSM_PICK_3RD(a, b, c, ...)    c
#define KSM_PICK_4TH(a, b, c, d, ...) d

#define ksmget(...)        KSM_PICK_4TH(__VA_ARGS__, KSM_GET3, KSM_GET2, 0, 0)(__VA_ARGS__)
#define KSM_GET2(id, size) KSM_GET3(id, size, 0)
#define KSM_GET3(id, size, flags) \
    _Generic((id), char *: ksmget_named, const char *: ksmget_named, default: (ksmget))((id), (size), (flags))

#define ksmattach(...)             KSM_PICK_3RD(__VA_ARGS__, KSM_ATTACH2, KSM_ATTACH1, 0)(__VA_ARGS__)
#define KSM_ATTACH1(handle)        KSM_ATTACH2(handle, 0)
#define KSM_ATTACH2(handle, flags) (ksmattach)((handle), (flags))

/* By the type: an integer is a handle, anything else an address. */
/* clang-format off */
#define ksmdetach(what)                                  \
    _Generic((what),                                     \
        char: KSM_DETACH_HANDLE(what),                   \
        signed char: KSM_DETACH_HANDLE(what),            \
        unsigned char: KSM_DETACH_HANDLE(what),          \
        short: KSM_DETACH_HANDLE(what),                  \
        unsigned short: KSM_DETACH_HANDLE(what),         \
        int: KSM_DETACH_HANDLE(what),                    \
        unsigned int: KSM_DETACH_HANDLE(what),           \
        long: KSM_DETACH_HANDLE(what),                   \
        unsigned long: KSM_DETACH_HANDLE(what),          \
        long long: KSM_DETACH_HANDLE(what),              \
        unsigned long long: KSM_DETACH_HANDLE(what),     \
        default: ksmdetachat((void *)(unsigned long)(what)))
/* clang-format on */
#define KSM_DETACH_HANDLE(what) (ksmdetach)((int)(unsigned long)(what))

#endif
