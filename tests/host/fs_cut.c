/* fs_cut.c - see fs_cut.h. */
#include "fs_cut.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "include/fcntl.h"

#define SECOND 100u /* ticks */

/* What boots share with the test. */
static struct {
    struct history history[WORLD_PLACES];
    uint found[WORLD_PLACES];
} * shared;

static uchar *start_disk; /* with all events before `nsettled` */
static uint nsettled;

struct history *cut_history(uint i)
{
    if (!shared)
        shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        abort();
    return &shared->history[i];
}

/* What fsops.h wants. */

static struct file *held; /* may be open without a name */

int fsops_size(const char *path)
{
    uint size = world_size(path);

    return size == ~0u ? -1 : (int)size;
}

int fsops_create(const char *path)
{
    struct file *f = file_open(world_root(), path, O_CREATE | O_RDWR);

    if (!f)
        return -1;
    file_close(f);
    return 0;
}

int fsops_write(const char *path, unsigned at, unsigned n, unsigned seed)
{
    return world_write_file(path, at, n, seed);
}

int fsops_empty(const char *path)
{
    struct file *f = file_open(world_root(), path, O_WRONLY | O_TRUNC);

    if (!f)
        return -1;
    file_close(f);
    return 0;
}

int fsops_unlink(const char *path) { return fs_unlink(world_root(), path); }
int fsops_link(const char *old, const char *path) { return fs_link(world_root(), old, path); }
int fsops_rename(const char *old, const char *path) { return fs_rename(world_root(), old, path); }
int fsops_mkdir(const char *path) { return fs_mkdir(world_root(), path); }
int fsops_mknod(const char *path) { return fs_mknod(world_root(), path, 9, 0); }

int fsops_hold(const char *path)
{
    if (held)
        file_close(held);
    held = file_open(world_root(), path, O_RDONLY);
    return held ? 0 : -1;
}

/* Work. */

static void note_operation(struct history *h, struct progress *p, uint nops)
{
    h->nops = p->nops = nops;
    h->fingerprint[nops] = world_fingerprint_of(h->place);
    h->end_tick[nops] = ticks_now;
}

void cut_work(uint i, const char *prefix, uint seed, uint n)
{
    struct history *h = cut_history(i);
    struct progress *p = &world->progress[i];
    struct fsops ops = fsops_start(seed, prefix);
    uint chances = chance_start(seed, 1), ticks = chance_start(seed, 2);

    note_operation(h, p, 0);
    if (strcmp(h->place, "/") != 0) {
        check_eq(fs_mkdir(world_root(), h->place), 0);
        note_operation(h, p, 1);
    }
    while (h->nops < n) {
        fsops_next(&ops);
        note_operation(h, p, h->nops + 1);
        if (fsops_pause(&chances)) {
            check_eq(fs_sync(), 0);
            p->ndurable = p->nops;
        }
        if (chance(&ticks, 3) == 0) {
            actors_tick(chance(&ticks, 40));
            actor_yield(); /* to the flusher, if it is time */
        }
    }
    check_eq(fs_sync(), 0);
    p->ndurable = p->nops;
}

/* Cuts. */

void cut_keep_disk(void)
{
    free(start_disk);
    start_disk = malloc((size_t)world->nblocks * BSIZE);
    memcpy(start_disk, world->disk, (size_t)world->nblocks * BSIZE);
    nsettled = 0;
}

static void apply(uchar *disk, const struct event *e)
{
    if (e->blockno != EVENT_FLUSH)
        memcpy(disk + (size_t)e->blockno * BSIZE, e->bytes, BSIZE);
}

void cut_power(uint cut, uint in_256)
{
    static uint random_state = 1;
    uint flushed = nsettled;

    for (uint i = nsettled; i <= cut; i++)
        if (world->events[i].blockno == EVENT_FLUSH)
            flushed = i;
    for (; nsettled < flushed; nsettled++)
        apply(start_disk, &world->events[nsettled]);
    memcpy(world->disk, start_disk, (size_t)world->nblocks * BSIZE);
    for (uint i = nsettled; i <= cut; i++)
        if (chance(&random_state, 256) < in_256)
            apply(world->disk, &world->events[i]);
}

/* Is what was found in place i the work of a prefix? */
static bool is_prefix(uint i, const struct event *e)
{
    const struct history *h = cut_history(i);
    uint least = e->progress[i].ndurable, most = e->progress[i].nops;

    for (uint n = least; n <= most && n <= h->nops; n++)
        if (h->end_tick[n] + SECOND < e->tick)
            least = n;
    for (uint n = least; n <= most + 1 && n <= h->nops; n++) /* the one under way may be there */
        if (h->fingerprint[n] == shared->found[i])
            return true;
    tap_note("%s is not what any of the operations %u to %u has left", h->place, least, most);
    return false;
}

static void look(void *nplaces)
{
    for (uint i = 0; i < *(uint *)nplaces; i++)
        shared->found[i] = world_fingerprint_of(shared->history[i].place);
    check_eq(fs_settle(), 0);
}

bool cut_look(const struct event *e, uint nplaces)
{
    struct check_result result;
    bool good = world_boot(look, &nplaces);

    for (uint i = 0; good && i < nplaces; i++)
        good = is_prefix(i, e);
    if (world->wrong[0])
        tap_note("%s", world->wrong);
    return good && world_is_consistent(&result) && result.norphans == 0 && result.nlogged == 0;
}

bool cut_check(uint cut, uint in_256, uint nplaces)
{
    const struct event *e = &world->events[cut];

    world->recording = false;
    cut_power(cut, in_256);
    bool good = world_is_consistent(NULL);
    good = cut_look(e, nplaces) && good;
    if (!good)
        tap_note("cut after event %u of %u, chance %u: block %u", cut, world->nevents, in_256, e->blockno);
    return good;
}
