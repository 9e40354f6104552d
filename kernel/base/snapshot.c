/*
 * snapshot.c - the text of a snapshot: lines one after the other, in pages.
 */
#include "base/snapshot.h"
#include "arch.h"
#include "base/kstring.h"
#include "base/printk.h"
#include "include/fnv.h"

#define MAX_PAGES 9216u /* above what the largest limits of shared memory need: 37.3 MB */

static char *pages[MAX_PAGES];
static uint size, capacity, at; /* it is written up to `at` */
static uint hash, last_hash;

static char *byte_at(uint i) { return &pages[i / PAGE_SIZE][i % PAGE_SIZE]; }

int snapshot_start(uint nbytes, void *(*alloc)(void))
{
    for (; capacity < nbytes; capacity += PAGE_SIZE)
        if (capacity / PAGE_SIZE == MAX_PAGES || !(pages[capacity / PAGE_SIZE] = alloc()))
            return -1;
    return 0;
}

void snapshot_begin(void)
{
    size = at = 0;
    hash = FNV_BEGIN;
}

void snapshot_put(const char *fmt, ...)
{
    char line[FEED_LINE_SIZE];
    va_list ap;

    va_start(ap, fmt);
    uint n = (uint)format_va(line, sizeof(line), fmt, ap);
    va_end(ap);
    line[n++] = '\n';
    assert(n < sizeof(line) && size + n <= capacity);
    for (uint i = 0; i < n; i++) {
        *byte_at(size++) = line[i];
        hash = fnv_add(hash, line[i]);
    }
}

uint snapshot_size(void) { return size; }

bool snapshot_changed(void)
{
    bool changed = hash != last_hash;

    last_hash = hash;
    return changed;
}

uint snapshot_line(char line[FEED_LINE_SIZE])
{
    uint n = 0;

    while (at < size && (n == 0 || line[n - 1] != '\n'))
        line[n++] = *byte_at(at++);
    return n;
}

char *feed_name(char text[FEED_NAME_SIZE], const char *name)
{
    struct text t = { text, FEED_NAME_SIZE, 0 };
    bool plain = strcmp(name, "-") != 0; /* which stands for no name */

    string_copy(text, "%", FEED_NAME_SIZE);
    for (; *name; name++)
        text_add(&t, *name > ' ' && *name <= '~' && *name != '%' && plain ? "%c" : "%%%02x", (uchar)*name);
    return text;
}
