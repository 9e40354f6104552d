/*
 * commit.c - how a transaction gets to the disk.
 *
 * Between commits the disk is in the committed state, which is consistent.  A transaction changes two kinds
 * of blocks.  Fresh ones are free in the committed state, so they can be written home at any time before
 * the commit.  All others take the log:
 *
 *   fresh blocks home, copies of the others in the log | flush | header n = their number | flush: durable
 *   the others home | flush | header n = 0 | flush
 *
 * The header is one sector, so it is written whole or not at all.  The last flush keeps the next
 * transaction's copies from overtaking the empty header.  A freed block is not given out again before the
 * commit (alloc.c), so no write here damages what an older header promises.
 */
#include "arch.h"
#include "base/kstring.h"
#include "fs/alloc.h"
#include "fs/blockio.h"
#include "fs/cache.h"
#include "fs/log.h"
#include "fs/volume.h"
#include "sched/thread.h"

/* For the one commit that can be under way: see log.c. */
static struct group *groups[CACHE_DIRTY_MAX];
static uint ngroups;
static struct logheader header;

/* Collects neighbouring blocks for one large write.  A single run is written from the frame that holds it. */
struct gather {
    uchar *buffer;
    uint start, n;
    const uchar *first; /* where the blocks are while there is one run; NULL: in the buffer */
};

static int gather_write(struct gather *out)
{
    int error = out->n ? disk_write(out->start, out->n, out->first ? out->first : out->buffer) : 0;

    out->n = 0;
    return error;
}

static int gather_add(struct gather *out, uint blockno, uint n, const uchar *bytes)
{
    if (out->n && (out->start + out->n != blockno || out->n + n > STAGING_BLOCKS) && gather_write(out) < 0)
        return -1;
    if (out->n == 0) {
        out->start = blockno;
        out->first = bytes;
    } else {
        if (out->first)
            bytes_copy(out->buffer, out->first, out->n * BSIZE);
        out->first = NULL;
        bytes_copy(out->buffer + out->n * BSIZE, bytes, n * BSIZE);
    }
    out->n += n;
    return 0;
}

/* Writes home the blocks that are fresh, or those that are logged. */
static int write_home(bool fresh)
{
    struct gather out = { .buffer = cache_staging() };
    int error = 0;

    for (uint i = 0; i < ngroups && !error; i++, sched_checkpoint()) {
        const struct group *g = groups[i];
        uint mask = fresh ? g->fresh : g->logged;
        for (uint at = 0, n; at < GROUP_BLOCKS && !error; at += n) {
            for (n = 0; mask >> (at + n) & 1; n++)
                ;
            if (n)
                error = gather_add(&out, g->number * GROUP_BLOCKS + at, n, g->data + at * BSIZE);
            else
                n = 1;
        }
    }
    if (!error)
        error = gather_write(&out);
    cache_staging_done();
    return error;
}

/* Copies the logged blocks to the log, after the header, in one write. */
static int write_body(uint log_start)
{
    uchar *buffer = cache_staging();

    header.n = 0;
    for (uint i = 0; i < ngroups; i++) {
        for (uint at = 0; at < GROUP_BLOCKS; at++) {
            if (!(groups[i]->logged >> at & 1))
                continue;
            bytes_copy(buffer + header.n * BSIZE, groups[i]->data + at * BSIZE, BSIZE);
            header.block[header.n++] = groups[i]->number * GROUP_BLOCKS + at;
        }
    }
    int error = header.n ? disk_write(log_start + 1, header.n, buffer) : 0;
    cache_staging_done();
    return error;
}

static int write_header(uint log_start)
{
    return disk_write(log_start, 1, &header) < 0 || disk_flush() < 0 ? -1 : 0;
}

int commit_write(uint log_start)
{
    ngroups = cache_collect(groups);
    if (write_home(true) < 0 || write_body(log_start) < 0 || disk_flush() < 0)
        return -1;
    return header.n ? write_header(log_start) : 0;
}

int commit_install(uint log_start)
{
    if (header.n) {
        memset(&header, 0, sizeof(header)); /* numbers that stay would be taken for a log if n were damaged */
        if (write_home(false) < 0 || disk_flush() < 0 || write_header(log_start) < 0)
            return -1;
    }
    alloc_committed(groups, ngroups);
    for (uint i = 0; i < ngroups; i++, sched_checkpoint())
        cache_settle(groups[i]);
    return 0;
}

const char *commit_recover(uint log_start)
{
    if (disk_read(log_start, 1, &header) < 0)
        return "its log can't be read";
    if (!fs_log_is_sane(&volume, &header))
        return "its log is damaged";
    if (header.n == 0)
        return NULL;
    uchar *buffer = cache_staging();
    int error = disk_read(log_start + 1, header.n, buffer);
    for (int i = 0; i < header.n && !error; i++)
        error = disk_write(header.block[i], 1, buffer + i * BSIZE);
    cache_staging_done();
    memset(&header, 0, sizeof(header));
    if (error || disk_flush() < 0 || write_header(log_start) < 0)
        return "its log can't be copied to its place";
    return NULL;
}
