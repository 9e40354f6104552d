/*
 * log.c - operations and the states of the log.
 *
 *            last operation ends             body, header                in place, empty log
 *   OPEN ----------> CLOSING ----> WRITING ----------------> DURABLE ---> SETTLING ---------> OPEN
 *     \--> DRAINING --> OPEN
 *
 * Operations begin in OPEN alone, so the cache stands still in the other states.  CLOSING waits for those
 * under way, because of a commit; DRAINING waits for them because the next one finds no room while they hold
 * reservations that they may not need.  Whoever needs a step takes it: there is no thread that others depend
 * on, but fs_flusher() sees to it that no step is late.  sync() needs DURABLE, the next operation needs OPEN.
 * Who works on a commit, or may hold one up by an operation under way, is urgent: however many programs
 * compute, a commit comes in time.
 * FAILED: the disk failed.  What was committed stays; reading goes on, changing does not.
 *
 * What goes where is the business of commit.c; how much fits is counted in cache.c.
 */
#include "fs/log.h"
#include "base/printk.h"
#include "fs/alloc.h"
#include "fs/cache.h"
#include "include/param.h"
#include "sched/thread.h"

#define LOG_DELAY  (HZ / 2) /* ticks from the end of an operation to its commit, at the most */
#define HEADER_MAX (sizeof(((struct logheader *)0)->block) / sizeof(int))

enum log_state { LOG_OPEN, LOG_DRAINING, LOG_CLOSING, LOG_WRITING, LOG_DURABLE, LOG_SETTLING, LOG_FAILED };

static struct {
    struct spinlock lock;
    enum log_state state;
    uint nactive;         /* operations under way */
    uint sequence;        /* of the running transaction */
    bool pending;         /* it has operations that ended */
    uint pending_since;   /* the tick of the first one's end */
    bool broken;          /* it holds half an operation */
    struct waitq changed; /* for another state */
    struct waitq flusher;
    uint start, capacity; /* of the log on the disk; blocks it can hold */
} log = {
    .lock = SPINLOCK_INIT(RANK_FS, "log"),
    .state = LOG_FAILED, /* until there is a disk */
    .changed = { LIST_INIT(log.changed.sleepers) },
    .flusher = { LIST_INIT(log.flusher.sleepers) },
};

const char *log_mount(uint start, uint nblocks)
{
    uint capacity = nblocks ? nblocks - 1 : 0;

    if (capacity < LOG_OP_MIN)
        return "its log is too small";
    if (capacity > HEADER_MAX)
        capacity = HEADER_MAX;
    const char *wrong = commit_recover(start, capacity);
    if (wrong)
        return wrong;
    log.start = start;
    log.capacity = capacity;
    log.state = LOG_OPEN;
    return NULL;
}

uint log_op_limit(void)
{
    uint share = log.capacity / 4;

    return share < LOG_OP_MIN ? LOG_OP_MIN : share < LOG_OP_MAX ? share : LOG_OP_MAX;
}

/* Steps between the states; all with the lock held, which they release while they wait. */

static void enter(enum log_state state)
{
    log.state = state;
    waitq_wake_all(&log.changed);
}

static void wait_for_change(void) { waitq_sleep(&log.changed, &log.lock, 0, false); }

static void fail(void)
{
    printk("disk: it failed; files can't be changed any more\n");
    enter(LOG_FAILED);
    waitq_wake_all(&log.flusher);
}

/* From OPEN or DRAINING: commits what has ended. */
static void close_transaction(void)
{
    log.state = LOG_CLOSING;
    while (log.nactive)
        wait_for_change();
    if (log.broken) {
        fail();
        return;
    }
    log.sequence++;
    log.pending = false;
    if (!cache_is_changed()) {
        enter(LOG_OPEN);
        return;
    }
    log.state = LOG_WRITING;
    spin_release(&log.lock);
    thread_self()->urgent = true;
    int error = commit_write(log.start);
    thread_self()->urgent = false;
    spin_acquire(&log.lock);
    if (error) {
        fail();
        return;
    }
    enter(LOG_DURABLE);
    waitq_wake_all(&log.flusher);
}

/* From DURABLE: makes ready for operations. */
static void settle_transaction(void)
{
    log.state = LOG_SETTLING;
    spin_release(&log.lock);
    thread_self()->urgent = true;
    int error = commit_install(log.start);
    thread_self()->urgent = false;
    spin_acquire(&log.lock);
    if (error)
        fail();
    else
        enter(LOG_OPEN);
}

/* Takes the next step on the way to a commit, or waits for who is taking one. */
static void step(void)
{
    if (log.state == LOG_OPEN || log.state == LOG_DRAINING)
        close_transaction();
    else if (log.state == LOG_DURABLE)
        settle_transaction();
    else
        wait_for_change();
}

/* Operations. */

int log_begin(struct log_op *op, uint n)
{
    spin_acquire(&log.lock);
    for (;;) {
        if (log.state == LOG_FAILED || log.broken) {
            spin_release(&log.lock);
            return -1;
        }
        if (log.state == LOG_OPEN) {
            if (alloc_has_room(log.nactive + 1) && cache_reserve(n, log.capacity))
                break;
            if (log.nactive)
                log.state = LOG_DRAINING;
        }
        if (log.state == LOG_DRAINING)
            wait_for_change();
        else
            step();
    }
    log.nactive++;
    spin_release(&log.lock);
    thread_self()->urgent = true;
    op->left = n;
    return 0;
}

void log_end(struct log_op *op)
{
    cache_unreserve(op->left);
    thread_self()->urgent = false;
    spin_acquire(&log.lock);
    if (!log.pending && cache_is_changed()) {
        log.pending = true;
        log.pending_since = ticks_now;
        waitq_wake_all(&log.flusher);
    }
    if (--log.nactive == 0) {
        if (log.state == LOG_DRAINING)
            enter(LOG_OPEN);
        else if (log.state == LOG_CLOSING)
            waitq_wake_all(&log.changed);
    }
    spin_release(&log.lock);
}

int log_renew(struct log_op *op, uint n)
{
    log_end(op);
    return log_begin(op, n);
}

void log_fail(void)
{
    spin_acquire(&log.lock);
    log.broken = true;
    spin_release(&log.lock);
}

int log_commit(void)
{
    spin_acquire(&log.lock);
    uint wanted = log.sequence;
    while (log.state != LOG_FAILED && log.sequence == wanted && log.pending)
        step();
    while (log.state == LOG_WRITING) /* somebody else is at it */
        wait_for_change();
    int result = log.state == LOG_FAILED ? -1 : 0;
    spin_release(&log.lock);
    return result;
}

int log_settle(void)
{
    int result = log_commit();

    spin_acquire(&log.lock);
    while (log.state == LOG_DURABLE || log.state == LOG_SETTLING)
        step();
    spin_release(&log.lock);
    return result;
}

static void wait_until_due(uint nticks)
{
    thread_self()->urgent = true;
    waitq_sleep(&log.flusher, &log.lock, nticks, false);
    thread_self()->urgent = false;
}

void log_flush_forever(void)
{
    spin_acquire(&log.lock);
    for (;;) {
        uint age = ticks_now - log.pending_since;
        if (log.state == LOG_DURABLE)
            settle_transaction();
        else if (log.state == LOG_FAILED || !log.pending)
            waitq_sleep(&log.flusher, &log.lock, 0, false);
        else if (age < LOG_DELAY)
            wait_until_due(LOG_DELAY - age);
        else
            step();
    }
}
