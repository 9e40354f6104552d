/*
 * fs_replay.c - power cuts in a run of the whole system, whose writes QEMU's blklogwrites has recorded.
 *
 *   fs_replay RUN all PART PARTS EVERY     cuts after each EVERYth event, from number PART on in steps of PARTS
 *   fs_replay RUN cut EVENT CHANCE IMAGE   stores what a cut leaves: the later blocks, with this chance in 256
 *   fs_replay RUN look EVENT IMAGE         is this what the cut may have left, after a boot?  EVENT: or `last`
 *
 * RUN is a directory with
 *
 *   start.img   the disk at the beginning
 *   log         what was written to it: a super block, then a header for each entry, followed by its blocks
 *   marks       a line `work I SEED NUMBER` for each worker of fsload, and a line `synced I NUMBER ENTRIES` whenever a
 *               sync() had returned and the disk had got that many writes and flushes
 *
 * The history of each worker's operations comes from a boot here, without a fault.  `all` prints `states N of N, N bad`
 * now and then, and as its last line; the status is 1 if a cut leaves something that it may not.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fs_cut.h"
#include "host.h"

#define LOG_MAGIC 0x6a736677736872u
#define LOG_FLUSH 1u

struct log_super {
    uint64_t magic, version, nentries;
    uint32_t sector_size;
} __attribute__((packed));

struct log_entry {
    uint64_t sector, nsectors, flags, nbytes;
};

static uint nworkers, seeds[WORLD_PLACES];
static char prefixes[WORLD_PLACES][4];
static uint *first_event; /* of each entry; one more: the end */
static uint nentries;

static void die(const char *what, const char *name)
{
    fprintf(stderr, "fs_replay: %s: %s\n", name, what);
    exit(2);
}

static FILE *open_in(const char *run, const char *name)
{
    char path[1000];

    snprintf(path, sizeof(path), "%s/%s", run, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        die("cannot be read", path);
    return f;
}

static void read_image(FILE *f)
{
    size_t n = fread(world->disk, BSIZE, WORLD_BLOCKS_MAX, f);

    if (n == 0 || n == WORLD_BLOCKS_MAX || ferror(f))
        die("cannot be read, or is too large", "image");
    world->nblocks = (uint)n;
    fclose(f);
}

static void read_block(FILE *f, void *block)
{
    if (fread(block, BSIZE, 1, f) != 1)
        die("is too short", "log");
}

static struct event *add_event(uint blockno)
{
    if (world->nevents == WORLD_EVENTS_MAX)
        die("is too long", "log");
    struct event *e = &world->events[world->nevents++];
    e->blockno = blockno;
    return e;
}

static void read_entry(FILE *f)
{
    uchar block[BSIZE];
    struct log_entry entry;

    read_block(f, block);
    memcpy(&entry, block, sizeof(entry));
    if (entry.flags & ~(uint64_t)LOG_FLUSH || entry.sector > world->nblocks ||
        entry.nsectors > world->nblocks - entry.sector || (entry.flags & LOG_FLUSH && entry.nsectors))
        die("has an entry that is neither a write nor a flush", "log");
    if (entry.flags & LOG_FLUSH)
        add_event(EVENT_FLUSH);
    for (uint i = 0; i < entry.nsectors; i++)
        read_block(f, add_event((uint)entry.sector + i)->bytes);
}

static void read_log(FILE *f)
{
    uchar block[BSIZE];
    struct log_super super;

    read_block(f, block);
    memcpy(&super, block, sizeof(super));
    if (super.magic != LOG_MAGIC || super.sector_size != BSIZE || super.nentries > WORLD_EVENTS_MAX)
        die("is not a log of blklogwrites, or too long", "log");
    nentries = (uint)super.nentries;
    first_event = calloc(nentries + 1, sizeof(*first_event));
    for (uint i = 0; i < nentries; i++) {
        first_event[i] = world->nevents;
        read_entry(f);
    }
    first_event[nentries] = world->nevents;
    fclose(f);
}

/* From the entry on that comes after so many, the worker's operations up to this one are durable. */
static void promise(uint worker, uint nops, uint entries)
{
    if (worker >= nworkers || entries > nentries)
        die("names a worker or an entry that is not there", "marks");
    for (uint i = first_event[entries] ? first_event[entries] - 1 : 0; i < world->nevents; i++)
        world->events[i].progress[worker].ndurable = nops;
}

static void read_marks(FILE *f)
{
    char line[100];
    uint i, a, b;

    while (fgets(line, sizeof(line), f)) {
        if (sscanf(line, "work %u %u %u", &i, &a, &b) == 3 && i == nworkers && i < WORLD_PLACES &&
            b <= CUT_NOPS_MAX) {
            seeds[i] = a;
            cut_history(i)->nops = b;
            sprintf(cut_history(i)->place, "w%u", i);
            sprintf(prefixes[i], "w%u/", i);
            nworkers++;
        } else if (sscanf(line, "synced %u %u %u", &i, &a, &b) == 3) {
            promise(i, a, b);
        } else {
            die("has a line that is not understood", "marks");
        }
    }
    fclose(f);
}

/* Carries out what all workers do; what they left after each operation becomes their histories. */
static void work(void *unused)
{
    (void)unused;
    for (uint i = 0; i < nworkers; i++) {
        uint nops = cut_history(i)->nops;
        cut_work(i, prefixes[i], seeds[i], nops);
        memset(cut_history(i)->end_tick, 0, sizeof(cut_history(i)->end_tick));
    }
}

static void load(const char *run)
{
    world_init();
    (void)cut_history(0);
    read_image(open_in(run, "start.img"));
    read_log(open_in(run, "log"));
    read_marks(open_in(run, "marks"));
    cut_keep_disk();
    if (nworkers == 0 || !world_boot(work, NULL))
        die("the work can't be done over", run);
    for (uint i = 0; i < world->nevents; i++)
        for (uint w = 0; w < nworkers; w++)
            world->events[i].progress[w].nops = cut_history(w)->nops;
}

static int cut_all(uint part, uint nparts, uint every)
{
    static const uint chances[] = { 128, 230, 25, 0 };
    uint nstates = 0, nbad = 0, total = world->nevents / every;

    for (uint n = part; n < total; n += nparts) {
        uint cut = n * every;
        nbad += !cut_check(cut, 256, nworkers); /* all that was written: each prefix */
        nbad += !cut_check(cut, chances[n / nparts % 4], nworkers);
        nstates += 2;
        if (nstates % 100 == 0)
            printf("states %u of %u, %u bad\n", nstates, (total - part) / nparts * 2, nbad);
        fflush(stdout);
    }
    printf("states %u of %u, %u bad\n", nstates, nstates, nbad);
    return nbad != 0;
}

static int store_cut(uint event, uint in_256, const char *name)
{
    cut_power(event, in_256);
    FILE *f = fopen(name, "wb");
    if (!f || fwrite(world->disk, BSIZE, world->nblocks, f) != world->nblocks || fclose(f))
        die("cannot be written", name);
    return 0;
}

static int look_at(uint event, const char *name)
{
    FILE *f = fopen(name, "rb");

    if (!f)
        die("cannot be read", name);
    read_image(f);
    return !(world_is_consistent(NULL) && cut_look(&world->events[event], nworkers));
}

static uint number(const char *text, uint limit)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (*end || !*text || n >= limit)
        die("is not a number, or too large", text);
    return (uint)n;
}

int main(int argc, char *argv[])
{
    if (argc < 5)
        die("wants RUN and all, cut or look", "usage");
    load(argv[1]);
    if (argc == 6 && strcmp(argv[2], "all") == 0)
        return cut_all(number(argv[3], ~0u), number(argv[4], 1000), number(argv[5], ~0u));
    if (argc == 6 && strcmp(argv[2], "cut") == 0)
        return store_cut(number(argv[3], world->nevents), number(argv[4], 257), argv[5]);
    if (argc == 5 && strcmp(argv[2], "look") == 0)
        return look_at(strcmp(argv[3], "last") ? number(argv[3], world->nevents) : world->nevents - 1,
                       argv[4]);
    die("wants RUN and all, cut or look", "usage");
    return 2;
}
