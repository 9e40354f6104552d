/*
 * fnv.h - the hash FNV-1a: of names, which makes identifiers (docs/ksm.md, §2), and of the feed's lines.
 *
 * It never changes: programs of all releases must agree on it.
 */
#ifndef FNV_H
#define FNV_H

#include "types.h"

#define FNV_BEGIN 2166136261u

/* The hash of a text that is longer by one byte. */
static inline uint fnv_add(uint hash, char c) { return (hash ^ (uchar)c) * 16777619u; }

/* The identifier that a name stands for (§2): cut to 31 bits, and never 0. */
static inline int fnv_id(const char *name)
{
    uint hash = FNV_BEGIN;

    for (; *name; name++)
        hash = fnv_add(hash, *name);
    hash &= 0x7FFFFFFF;
    return hash ? (int)hash : 1;
}

#endif
