/*
 * watch.c - the thread that writes the feed.
 *
 * At each tick it writes as much as BYTES_PER_TICK and CROWDED_US allow and the port takes at once, and never waits for
 * the port: what happens meanwhile stays in the buffers of events, or is lost there.  Events and a frame's lines take
 * turns.
 *
 * A snapshot is taken FRAME_TICKS after the one before, or later where there is much to report, and its frame is
 * written if it differs: so frames are a small part of what happens, however much there is.
 */
#include "watch/watch.h"
#include "base/kstring.h"
#include "base/min.h"
#include "base/printk.h"
#include "base/snapshot.h"
#include "include/fnv.h"
#include "mm/page.h"
#include "proc/proc.h"

#define BYTES_PER_TICK       200u
#define CROWDED_US           80u  /* when others wait for a processor: with the last bytes less than 1 % */
#define FRAME_BYTES_PER_TICK 100u /* on average */
#define FRAME_TICKS          (HZ / 10)
#define FINISH_FACTOR        16u /* faster, when the machine is to be powered off */

static struct thread watch_thread;
static char line[FEED_LINE_SIZE]; /* that is being written */
static uint length, written;      /* its bytes */
static uint nlost;                /* lost events that the feed has reported */
static volatile bool finishing, finished;

/* The frame that is being written. */
static bool under_way;
static uint number, nlines, sum;
static uint next_tick = FRAME_TICKS; /* no snapshot before */

static void add_to_sum(void)
{
    for (uint i = 0; i < length; i++)
        sum = fnv_add(sum, line[i]);
    nlines++;
}

static bool take_snapshot(uint *tick, uint *us)
{
    snapshot_begin();
    ksm_freeze();
    event_clock(tick, us);
    ksm_snapshot_totals(nlost);
    proc_snapshot();
    ksm_snapshot();
    ksm_thaw();
    return snapshot_changed();
}

/* Takes a snapshot if it is time, and makes the first line of its frame. */
static bool begin_frame(void)
{
    static bool last; /* the last one of all was begun, when no event was left */
    bool at_the_end = finishing;
    uint tick, us, cpu;

    if (at_the_end ? last || event_oldest(&cpu) : (int)(ticks_now - next_tick) < 0)
        return false;
    last = at_the_end;
    bool changed = take_snapshot(&tick, &us);
    next_tick = ticks_now + FRAME_TICKS + snapshot_size() / FRAME_BYTES_PER_TICK;
    if (!changed)
        return false;
    length = (uint)format(line, sizeof(line), "F 1 %u %u%04u\n", ++number, tick, us);
    nlines = 0;
    sum = FNV_BEGIN;
    add_to_sum();
    under_way = true;
    return true;
}

static bool frame_line(void)
{
    if (!under_way)
        return begin_frame();
    length = snapshot_line(line);
    if (length) {
        add_to_sum();
        return true;
    }
    length = (uint)format(line, sizeof(line), "Z %u %u %x\n", number, nlines, sum);
    under_way = false;
    return true;
}

static bool event_line(void)
{
    char name[FEED_NAME_SIZE];
    uint cpu;
    const struct event *e = event_oldest(&cpu);

    if (!e)
        return false;
    const uint *a = e->args.arg;
    if (*e->fmt == 'L')
        nlost += a[0];
    const char *second = strcmp(e->fmt + strlen(e->fmt) - 2, "%s") == 0 ? feed_name(name, (const char *)&a[1])
                                                                        : (const char *)a[1];
    length = (uint)format(line, sizeof(line), "%c %u%04u %u", *e->fmt, e->tick, e->us, cpu);
    length += (uint)format(line + length, sizeof(line) - length, e->fmt + 1, a[0], second, a[2], a[3], a[4]);
    line[length++] = '\n';
    event_take(cpu);
    return true;
}

static bool next_line(void)
{
    static bool turn;

    turn = !turn;
    length = written = 0;
    return turn ? frame_line() || event_line() : event_line() || frame_line();
}

/* Microseconds, modulo 2^32. */
static uint now(void)
{
    uint tick, us;

    event_clock(&tick, &us);
    return tick * (1000000 / HZ) + us;
}

/* False: there is nothing left to write. */
static bool write_some(void)
{
    uint left = finishing ? FINISH_FACTOR * BYTES_PER_TICK : BYTES_PER_TICK, n = 1, begun = now();

    while (left > 0 && n > 0 && (finishing || !sched_crowded() || now() - begun < CROWDED_US)) {
        if (written == length && !next_line())
            return false;
        n = feed_put(line + written, min_uint(length - written, left));
        written += n;
        left -= n;
    }
    return true;
}

static void serve(void *unused)
{
    (void)unused;
    length = (uint)format(line, sizeof(line), "KSM-FEED 1 " KSM_VERSION "\n");
    for (;;) {
        bool last = finishing; /* read first: all that came before the end is seen below */
        if (!finished && !write_some() && last)
            finished = true; /* and no more is written: the power may go in the middle of a line */
        thread_park(NULL, 1, false);
    }
}

void watch_start(enum event_level level)
{
    uint nbytes_most = ksm_snapshot_bytes() + NPROC * PROC_SNAPSHOT_BYTES + PAGE_SIZE;

    if (!feed_open()) {
        printk("boot parameter watch: there is no third serial port; nothing is written\n");
        return;
    }
    /* Half of the memory is left to programs, and nothing is taken in vain. */
    if (nbytes_most / PAGE_SIZE > page_free_count() / 2 || snapshot_start(nbytes_most, page_alloc) < 0 ||
        event_start(level, page_alloc) < 0 || thread_create(&watch_thread, "watch", serve, NULL) < 0) {
        printk("boot parameter watch: not enough memory; nothing is written\n");
        events_on = EVENTS_OFF;
        return;
    }
    watch_thread.pid = EVENT_FEED_PID;
    thread_start(&watch_thread);
}

void watch_finish(void)
{
    for (uint i = 0; i < HZ && feed_wanted() && !finished; i++) {
        finishing = true;
        thread_park(NULL, 1, false);
    }
}
