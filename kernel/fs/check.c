/*
 * check.c - proves the invariants of the block cache that cache*.c state, or panics.
 *
 * It walks both lists of groups under the cache's lock, and compares what it finds with the counts.  That takes time
 * linear in all there is: for debug builds and tests.
 */
#ifdef DEBUG
#include "base/printk.h"
#include "fs/cache_impl.h"
#include "fs/path.h"

/* What the lists hold. */
struct tally {
    uint nclean, nchanged, nlogged, ncounted;
};

static void check_clean_locked(struct tally *found)
{
    list_for_each(l, &cache.clean) {
        const struct group *g = container_of(l, struct group, link);
        bool spare = g->number == GROUP_NONE;
        if (g->pins || group_is_changed(g) || g->loading || g->counted || (spare && g->valid))
            panic("block cache: group %u is not clean", g->number);
        if (!spare && cache_find_locked(g->number) != g)
            panic("block cache: group %u can't be found", g->number);
        found->nclean++;
    }
}

static void check_changed_locked(struct tally *found)
{
    list_for_each(l, &cache.changed) {
        const struct group *g = container_of(l, struct group, link);
        uchar changed = g->logged | g->fresh;
        if (!changed || (g->logged & g->fresh) || (changed & ~g->valid) || cache_find_locked(g->number) != g)
            panic("block cache: group %u: logged %x, fresh %x, valid %x", g->number, g->logged, g->fresh,
                  g->valid);
        found->nchanged++;
        found->nlogged += cache_count(g->logged);
        found->ncounted += g->counted;
    }
}

void fs_check(void)
{
    struct tally t = { 0 };

    spin_acquire(&cache.lock);
    check_clean_locked(&t);
    check_changed_locked(&t);
    uint ncounted = t.nchanged > CACHE_POOL ? t.nchanged - CACHE_POOL : 0;
    if (t.nchanged != cache.nchanged || t.nlogged != cache.nlogged || t.ncounted != ncounted ||
        t.nclean + t.nchanged > cache.nframes)
        panic("block cache: %u clean, %u of %u changed, %u of %u logged, %u counted, %u frames", t.nclean,
              t.nchanged, cache.nchanged, t.nlogged, cache.nlogged, t.ncounted, cache.nframes);
    spin_release(&cache.lock);
}

#else
typedef int fs_check_is_empty; /* a file must declare something */
#endif
