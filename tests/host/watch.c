/*
 * watch.c - the end of the feed: it reports all that happened before the machine was to be powered off.
 *
 * Something happens and the machine is to be powered off, as another processor could have it, at each moment in turn at
 * which the feed's thread has asked the rest of the system for something.  Each is a scene in a process of its own,
 * since a feed ends only once.
 */
#include "host.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/event.h"
#include "base/printk.h"
#include "base/snapshot.h"
#include "fakes/fiber.h"
#include "mm/page.h"
#include "proc/proc.h"
#include "watch/watch.h"

#define NMOMENTS   2000u /* several frames, and much more time without news between them */
#define STACK_SIZE (64u << 10)
#define PORT_SIZE  16u /* what the port takes at once */

static void (*serve)(void *);
static struct fiber feed, power; /* power: whose call it is to power off */
static uint nmoments;            /* until then; 0: it is under way */
static struct event news;
static uint nnews, ntaken; /* what has happened, and what of it the feed took */
static char sent[1 << 16];
static uint nsent;

uchar events_on;
volatile uint ticks_now;

static void moment(void)
{
    if (nmoments && --nmoments == 0)
        fiber_switch(&feed, &power, true);
}

static void happen(void)
{
    check_eq(nnews, ntaken);
    news = (struct event){ .fmt = "N %u", .args.arg = { ++nnews } };
}

/* What the feed asks the system for. */

const struct event *event_oldest(uint *cpu)
{
    const struct event *e = ntaken < nnews ? &news : NULL;

    *cpu = 0;
    moment();
    return e;
}

void event_take(uint cpu)
{
    (void)cpu;
    ntaken++;
    moment();
}

void event_clock(uint *tick, uint *us)
{
    *tick = ticks_now;
    *us = 0;
    moment();
}

uint feed_put(const char *text, uint n)
{
    n = n < PORT_SIZE ? n : PORT_SIZE;
    memcpy(sent + nsent, text, n);
    nsent += n;
    moment();
    return n;
}

void proc_snapshot(void)
{
    snapshot_put("P %u", nnews);
    moment();
}

/* Time passes while the feed's thread sleeps. */
enum park_result thread_park(struct spinlock *l, uint nticks, bool interruptible)
{
    static bool feed_runs;

    (void)l, (void)interruptible;
    ticks_now += nticks;
    if (nmoments) {
        moment();
        return PARK_TIMEOUT;
    }
    feed_runs = !feed_runs;
    if (feed_runs)
        fiber_switch(&power, &feed, true);
    else
        fiber_switch(&feed, &power, true);
    return PARK_TIMEOUT;
}

bool sched_crowded(void) { return false; }
void ksm_freeze(void) {}
void ksm_thaw(void) {}
void ksm_snapshot_totals(uint nlost) { (void)nlost; }
void ksm_snapshot(void) {}
uint ksm_snapshot_bytes(void) { return 0; }

/* What its start asks for. */

bool feed_open(void) { return true; }
void *page_alloc(void) { return malloc(PAGE_SIZE); }
uint page_free_count(void) { return 1000; }

int event_start(enum event_level level, void *(*alloc)(void))
{
    (void)alloc;
    events_on = (uchar)level;
    return 0;
}

static void enter(void) { serve(NULL); }

int thread_create(struct thread *t, const char *name, void (*entry)(void *), void *arg)
{
    (void)t, (void)name, (void)arg;
    serve = entry;
    return 0;
}

void thread_start(struct thread *t)
{
    (void)t;
    fiber_create(&feed, malloc(STACK_SIZE), STACK_SIZE, enter);
}

void printk(const char *fmt, ...) { tap_fail("printk: %s", fmt); }

void panic(const char *fmt, ...)
{
    tap_fail("panic: %s", fmt);
    abort();
}

/* The text of the last line that begins like this, or an empty one. */
static const char *last_line(const char *beginning)
{
    const char *found = "";

    for (const char *line = sent; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, beginning, strlen(beginning)) == 0)
            found = line;
    }
    return found;
}

static void power_off_at(uint n)
{
    uint number;

    nmoments = n;
    watch_start(EVENTS_ALL);
    happen();
    fiber_switch(&power, &feed, true);
    if (ntaken == nnews)
        happen();
    watch_finish();

    check_eq(sscanf(last_line("N "), "N %*u %*u %u\n", &number), 1);
    check_eq(number, nnews);
    check_eq(sscanf(last_line("P "), "P %u\n", &number), 1);
    check_eq(number, nnews);
    check(strncmp(last_line("Z "), "Z ", 2) == 0 && sent[nsent - 1] == '\n');

    uint nsent_before = nsent;
    happen();
    thread_park(NULL, 1, false);
    check_eq(nsent, nsent_before); /* the power may go in the middle of a line */
}

TEST("what happened before the machine is to be powered off is in the feed, whenever that is")
{
    for (uint n = 1; n <= NMOMENTS && !tap_failing(); n++) {
        pid_t child = fork();
        if (child == 0) {
            power_off_at(n);
            if (tap_failing())
                tap_note("it was moment %u; the feed was:\n%s", n, sent);
            _exit(0);
        }
        int status = -1;
        check(waitpid(child, &status, 0) == child);
        check_eq(status, 0);
    }
}

TAP_MAIN(NULL, NULL)
