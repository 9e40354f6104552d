/*
 * fsops.h - random operations on files, the same ones for the same seed: in the system (tests/hostile/fsload.c) and
 * over the file system's code on the host.
 *
 * Each is one operation to the file system too, so a power cut or a failing disk leaves it as a whole or not at all.
 * They stay in one directory, whose name is a prefix of all paths.  Whoever includes this defines the fsops_ functions
 * below, which return 0 or more, or a negative number if the call failed.
 */
#ifndef FSOPS_H
#define FSOPS_H

#include <stdbool.h>

#include "chance.h"

#define FSOPS_NAMES 16u    /* of files: f0 to f15, every fourth one in a directory */
#define FSOPS_CROWD 80u    /* more names, l0 to l79, for a directory of several blocks */
#define FSOPS_RUN   24u    /* the longest series of operations that do the same */
#define FSOPS_MAX   70000u /* bytes of a file: less than the most that xv6's layout takes */
#define FSOPS_WRITE 2000u /* bytes of a write: fits one operation of either layout, wherever the blocks are */

struct fsops {
    unsigned state;     /* of the random numbers */
    const char *prefix; /* of at most 8 characters: "", or "w1/" */
    unsigned nth;       /* operations so far */
    unsigned nleft;     /* of a series: each makes the same file longer, or gives it one more name */
    unsigned file;      /* the number of that file */
    bool names;         /* is it about names? */
};

int fsops_size(const char *path); /* in bytes */
int fsops_create(const char *path);
/* n bytes from `at` on, which is at most the size. */
int fsops_write(const char *path, unsigned at, unsigned n, unsigned seed);
int fsops_empty(const char *path); /* a file that is there, by opening it */
int fsops_unlink(const char *path);
int fsops_link(const char *old, const char *path);
int fsops_rename(const char *old, const char *path);
int fsops_mkdir(const char *path);
int fsops_mknod(const char *path); /* of a device without a driver */
/* Opens a file and keeps it, though it may lose its name; one that was kept before is closed. */
int fsops_hold(const char *path);

static inline struct fsops fsops_start(unsigned seed, const char *prefix)
{
    return (struct fsops){ .state = chance_start(seed, 0), .prefix = prefix };
}

static inline unsigned fsops_pick(struct fsops *o, unsigned n) { return chance(&o->state, n); }

/* The byte at this place of what a write with this seed writes. */
static inline unsigned char fsops_byte(unsigned seed, unsigned at) { return seed * 37 + at * 7 + at / 251; }

static inline char *fsops_put(char *to, const char *text)
{
    while (*text)
        *to++ = *text++;
    *to = 0;
    return to;
}

static inline char *fsops_put_name(char *to, char letter, unsigned n)
{
    const char name[] = { letter, (char)('0' + (n < 10 ? n : n / 10)), n < 10 ? 0 : (char)('0' + n % 10), 0 };

    return fsops_put(to, name);
}

static inline void fsops_file(const struct fsops *o, char path[24], unsigned i)
{
    char *end = fsops_put(path, o->prefix);

    if (i % 4 == 3)
        end = fsops_put(fsops_put_name(end, 'd', i % 3), "/");
    fsops_put_name(end, 'f', i);
}

static inline void fsops_directory(const struct fsops *o, char path[24], unsigned i)
{
    fsops_put_name(fsops_put(path, o->prefix), 'd', i);
}

static inline void fsops_crowd(const struct fsops *o, char path[24], unsigned i)
{
    fsops_put_name(fsops_put(path, o->prefix), 'l', i % FSOPS_CROWD);
}

static inline int fsops_append(const char *path, unsigned seed)
{
    int size = fsops_size(path);

    return size < 0 || size + FSOPS_WRITE > FSOPS_MAX ? 0
                                                      : fsops_write(path, (unsigned)size, FSOPS_WRITE, seed);
}

/* The next one of a series. */
static inline int fsops_go_on(struct fsops *o)
{
    char path[24], other[24];

    o->nleft--;
    fsops_file(o, path, o->file);
    fsops_crowd(o, other, o->nth);
    return o->names ? fsops_link(path, other) : fsops_append(path, o->nth);
}

static inline int fsops_begin_series(struct fsops *o, unsigned file, bool names, unsigned random)
{
    o->nleft = 1 + random % FSOPS_RUN;
    o->file = file;
    o->names = names;
    return fsops_go_on(o);
}

static inline int fsops_write_somewhere(const char *path, unsigned seed, const unsigned r[3])
{
    int size = fsops_size(path);

    if (size < 0)
        return fsops_create(path);
    int append = size == 0 || r[0] % 3;
    unsigned at = append ? (unsigned)size : r[1] % (unsigned)size;
    unsigned n = 1 + r[2] % (append ? FSOPS_WRITE : FSOPS_WRITE / 3);
    return at + n > FSOPS_MAX ? 0 : fsops_write(path, at, n, seed);
}

/* A file or a directory gets the name of a file, maybe in another directory, or one of another directory. */
static inline int fsops_move(const struct fsops *o, unsigned i, unsigned j, bool dir, bool both)
{
    char path[24], other[24];

    fsops_file(o, path, i);
    fsops_file(o, other, j);
    if (dir)
        fsops_directory(o, path, i % 4);
    if (dir && both)
        fsops_directory(o, other, j % 4);
    return fsops_rename(path, other);
}

/* A name of the crowd goes, or becomes that of a file. */
static inline int fsops_thin_out(const struct fsops *o, const char *path, const unsigned r[3])
{
    char other[24];

    fsops_crowd(o, other, r[0]);
    return r[1] % 3 ? fsops_unlink(other) : fsops_rename(other, path);
}

/* Does the next one.  Draws as many numbers whatever happens, so that the ones to come are the same after a failure. */
static inline int fsops_next(struct fsops *o)
{
    char path[24], other[24];
    unsigned what = fsops_pick(o, 26), i = fsops_pick(o, FSOPS_NAMES), j = fsops_pick(o, FSOPS_NAMES);
    unsigned r[3];

    for (unsigned k = 0; k < 3; k++)
        r[k] = chance_next(&o->state);
    o->nth++;
    if (o->nleft)
        return fsops_go_on(o);
    fsops_file(o, path, i);
    fsops_file(o, other, j);
    if (what < 12)
        return fsops_write_somewhere(path, i + o->nth, r);
    if (what < 15)
        return fsops_unlink(path);
    if (what < 17)
        return fsops_link(path, other);
    if (what == 18)
        return fsops_hold(path);
    if (what == 19)
        return fsops_mknod(path);
    if (what == 20 || what == 21)
        return fsops_move(o, i, j, what == 21, r[0] % 2);
    if (what == 22 || what == 23)
        return fsops_begin_series(o, i, what == 23, r[0]);
    if (what == 24)
        return fsops_empty(path);
    if (what == 25)
        return fsops_thin_out(o, path, r);
    fsops_directory(o, path, j % 4);
    return fsops_mkdir(path) < 0 ? fsops_unlink(path) : 0;
}

/* Is it time for a sync()?  From numbers of their own, so that all who have the seed know when they were. */
static inline int fsops_pause(unsigned *chances) { return chance(chances, 8) == 0; }

#endif
