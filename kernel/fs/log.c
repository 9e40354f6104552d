/*
 * log.c - operations and the states of the log.
 *
 *                  last operation ends      body, header                 in place, empty log
 *   OPEN ---> CLOSING -----------> WRITING ----------------> DURABLE ---> SETTLING ---------> OPEN
 *     \---> DRAINING --last operation ends--> OPEN           CLOSING --nothing is changed--> OPEN
 *
 * Operations begin only in OPEN, so the cache does not change in the other states.  CLOSING waits for those
 * under way, because of a commit; DRAINING waits for them because the next one finds no room while they hold
 * reservations that they may not need.  FAILED: the disk failed.  What was committed stays; files can be read
 * but not changed.
 *
 * Whichever thread needs the next step takes it: sync() needs DURABLE, the next operation needs OPEN.  No
 * thread depends on another one, but fs_flusher() makes sure that no step is late.  A thread that is
 * committing, or whose open operation delays a commit, runs as urgent: a commit comes in time however many
 * programs compute.
 *
 * commit.c decides what is written where; cache_change.c counts how much fits.
 */
#include "fs/log.h"
#include "base/printk.h"
#include "fs/alloc.h"
#include "fs/cache.h"
#include "fs/path.h"
#include "include/fslayout.h"
#include "include/param.h"
#include "sched/thread.h"

#define LOG_DELAY (HZ / 2) /* the most ticks from the end of an operation to its commit */

enum log_state { LOG_OPEN, LOG_DRAINING, LOG_CLOSING, LOG_WRITING, LOG_DURABLE, LOG_SETTLING, LOG_FAILED };

/* Fields:  L log.lock   I immutable after log_mount() */
static struct {
    struct spinlock lock;
    enum log_state state; /* [L] */
    uint nactive;         /* [L] operations under way */
    uint sequence;        /* [L] of the running transaction */
    bool pending;         /* [L] it has operations that ended */
    uint pending_since;   /* [L] the tick of the first one's end */
    bool broken;          /* [L] it has half an operation */
    struct waitq changed; /* [L] for another state */
    struct waitq flusher; /* [L] */
    uint start;           /* [I] of the log on the disk */
    uint capacity;        /* [I] blocks that it can hold */
} log = {
    .lock = SPINLOCK_INIT(RANK_FS, "log"),
    .state = LOG_FAILED, /* until there is a disk */
    .changed = WAITQ_INIT(log.changed),
    .flusher = WAITQ_INIT(log.flusher),
};

_Static_assert(LOG_MIN == LOG_OP_MIN + 1, "every log has room for the smallest limit of an operation");

const char *log_mount(uint start, uint nblocks)
{
    const char *wrong = commit_recover(start);

    if (wrong)
        return wrong;
    log.start = start;
    log.capacity = nblocks - 1 < LOG_COPIES ? nblocks - 1 : LOG_COPIES;
    log.state = LOG_OPEN;
    return NULL;
}

uint log_op_limit(void)
{
    uint share = log.capacity / 4;

    return share < LOG_OP_MIN ? LOG_OP_MIN : share < LOG_OP_MAX ? share : LOG_OP_MAX;
}

/* Steps between the states.  They release the lock while they wait. */

static void enter_locked(enum log_state state)
{
    log.state = state;
    waitq_wake_all(&log.changed);
}

static void wait_for_change_locked(void) { waitq_sleep(&log.changed, &log.lock, 0, false); }

static void say_failed(void)
{
    if (!log.broken) /* else it has been reported */
        printk("disk: a transfer failed; from now on files can be read but not changed\n");
}

static void fail_locked(void)
{
    say_failed();
    enter_locked(LOG_FAILED);
    waitq_wake_all(&log.flusher);
}

/* OPEN or DRAINING: commits the operations that have ended. */
static REACQUIRES void close_transaction_locked(void)
{
    log.state = LOG_CLOSING;
    while (log.nactive)
        wait_for_change_locked();
    if (log.broken) {
        fail_locked();
        return;
    }
    log.sequence++;
    log.pending = false;
    if (!cache_is_changed()) {
        enter_locked(LOG_OPEN);
        return;
    }
    log.state = LOG_WRITING;
    spin_release(&log.lock);
    thread_set_urgent(true);
    int error = commit_write(log.start);
    thread_set_urgent(false);
    spin_acquire(&log.lock);
    if (error) {
        fail_locked();
        return;
    }
    enter_locked(LOG_DURABLE);
    waitq_wake_all(&log.flusher);
}

/* DURABLE: makes room for the next operations. */
static REACQUIRES void settle_transaction_locked(void)
{
    log.state = LOG_SETTLING;
    spin_release(&log.lock);
    thread_set_urgent(true);
    int error = commit_install(log.start);
    thread_set_urgent(false);
    spin_acquire(&log.lock);
    if (error)
        fail_locked();
    else
        enter_locked(LOG_OPEN);
}

/* Takes the next step, or waits for the thread that is taking it. */
static void step_locked(void)
{
    if (log.state == LOG_OPEN || log.state == LOG_DRAINING)
        close_transaction_locked();
    else if (log.state == LOG_DURABLE)
        settle_transaction_locked();
    else
        wait_for_change_locked();
}

/* Operations. */

int log_begin(struct log_op *op, uint n)
{
    op->left = 0;
    op->running = false;
    lock_debug_enter(RANK_OPERATION, "operation");
    spin_acquire(&log.lock);
    for (;;) {
        if (log.state == LOG_FAILED || log.broken) {
            spin_release(&log.lock);
            lock_debug_leave(RANK_OPERATION);
            return -1;
        }
        if (log.state == LOG_OPEN) {
            if (alloc_has_room(log.nactive + 1) && cache_reserve(n, log.capacity))
                break;
            if (log.nactive)
                log.state = LOG_DRAINING;
        }
        if (log.state == LOG_DRAINING)
            wait_for_change_locked();
        else
            step_locked();
    }
    log.nactive++;
    spin_release(&log.lock);
    thread_set_urgent(true);
    op->left = n;
    op->running = true;
    return 0;
}

void log_end(struct log_op *op)
{
    if (!op->running)
        return;
    op->running = false;
    cache_unreserve(op->left);
    lock_debug_leave(RANK_OPERATION);
    thread_set_urgent(false);
    spin_acquire(&log.lock);
    if (!log.pending && cache_is_changed()) {
        log.pending = true;
        log.pending_since = ticks_now;
        waitq_wake_all(&log.flusher);
    }
    if (--log.nactive == 0) {
        if (log.state == LOG_DRAINING)
            enter_locked(LOG_OPEN);
        else if (log.state == LOG_CLOSING)
            waitq_wake_all(&log.changed);
    }
    spin_release(&log.lock);
}

void log_fail(void)
{
    spin_acquire(&log.lock);
    say_failed();
    log.broken = true;
    spin_release(&log.lock);
}

int log_commit(void)
{
    lock_debug_may_enter(RANK_OPERATION, "commit");
    spin_acquire(&log.lock);
    uint wanted = log.sequence;
    while (log.state != LOG_FAILED && log.sequence == wanted && log.pending)
        step_locked();
    while (log.state == LOG_WRITING) /* another thread is committing */
        wait_for_change_locked();
    int result = log.state == LOG_FAILED || log.broken ? -1 : 0;
    spin_release(&log.lock);
    return result;
}

int log_settle(void)
{
    if (log_commit() < 0)
        return -1;
    spin_acquire(&log.lock);
    while (log.state == LOG_DURABLE || log.state == LOG_SETTLING)
        step_locked();
    int result = log.state == LOG_FAILED ? -1 : 0;
    spin_release(&log.lock);
    return result;
}

static void wait_until_due_locked(uint nticks)
{
    thread_set_urgent(true);
    waitq_sleep(&log.flusher, &log.lock, nticks, false);
    thread_set_urgent(false);
}

void fs_flusher(void *unused)
{
    (void)unused;
    spin_acquire(&log.lock);
    for (;;) {
        uint age = ticks_now - log.pending_since;
        if (log.state == LOG_DURABLE)
            settle_transaction_locked();
        else if (log.state == LOG_FAILED || !log.pending)
            waitq_sleep(&log.flusher, &log.lock, 0, false);
        else if (age < LOG_DELAY)
            wait_until_due_locked(LOG_DELAY - age);
        else
            step_locked();
    }
}
