/*
 * wait.c - sleeping on words of shared memory, and waking the sleepers (§11).
 *
 * A word is an offset in a segment, whichever process has that attached wherever.  Its sleepers are in the queue
 * that the word hashes to, in order of arrival.  The queues are divided into stripes, each with one lock; all words
 * of a segment are in one stripe.  A word of private memory belongs to one process (§11.2), which can't wake itself:
 * its sleeper is in no queue.
 *
 * The end of a process finds the sleepers that it wakes in lists, so that it pays for no others (§11.7):
 *
 *     peer 0     the list of the sleeper's segment; the end of a process that has the segment attached wakes them
 *     peer > 0   the list of that process, task->watchers
 *     peer -1    none
 *
 * The lists of watchers are guarded by one lock, peers_lock, acquired before a stripe's.  A sleeper enters its
 * peer's list before it sleeps, under the lock of the tree of processes and only if the peer lives.  So the peer's
 * end finds it there; if that comes before the sleep, the sleeper is marked woken, and does not sleep.
 *
 * A struct ksm_sleeper is on the sleeper's own kernel stack.  It leaves only after it has taken itself out of all
 * lists under their locks, so whoever finds it in one under the lock may use it.  A sleeper that timed out or was
 * killed learns by `woken` whether a waker counted it all the same.  The segment needs no pin: the sleeper's own
 * attachment holds it, and only the sleeper could detach that (§11.5).
 */
#include "ksm/ksm_impl.h"

#include "base/event.h"

#define NSTRIPES   16u /* twice as many as processors: two words rarely meet */
#define QUEUE_BITS 6   /* 64 queues in a stripe: as many sleepers as there are processes make short ones */
#define WORD_SIZE  4u

/* The user library's lock is its holder's pid, with this bit while others wait. */
#define LOCK_WAITED 0x80000000u

struct stripe {
    struct spinlock lock;
    struct list queues[1 << QUEUE_BITS]; /* [W] */
};

static struct stripe stripes[NSTRIPES];
static struct spinlock peers_lock;

static struct stripe *stripe_of(const struct segment *seg)
{
    return &stripes[registry_slot(seg->handle) % NSTRIPES];
}

static struct list *queue_of(struct stripe *stripe, const struct segment *seg, uint offset)
{
    return &stripe->queues[spread(offset / WORD_SIZE + (uint)seg->handle, QUEUE_BITS)];
}

void wait_init(void)
{
    spin_init(&peers_lock, RANK_KSM_PEER, "ksm peers");
    for (uint i = 0; i < NSTRIPES; i++) {
        spin_init(&stripes[i].lock, RANK_KSM_WAIT, "ksm word");
        for (uint j = 0; j < 1u << QUEUE_BITS; j++)
            list_init(&stripes[i].queues[j]);
    }
}

int ksm_wait_prepare(struct ksm_sleeper *self, struct ksm_task *task, uint va, uint expected, int peer)
{
    struct mapping *m = aspace_mapping_at(task->as, va);

    if (!m && !word_readable(task, va))
        return KSM_EFAULT;
    if (word_read(task, va) != expected) /* also makes the page, which must not happen under a lock */
        return KSM_EAGAIN;
    self->task = task;
    self->thread = thread_self();
    self->va = va;
    self->expected = expected;
    self->peer = peer;
    self->woken = false;
    if (peer > 0) { /* which may end before the sleep */
        list_init(&self->queue);
        list_init(&self->in_segment);
    }
    if (m) {
        self->segment = attachment_of(m)->holding->segment;
        self->offset = va - m->va;
        self->stripe = stripe_of(self->segment);
    } else {
        self->segment = NULL;
        self->stripe = &stripes[(uint)task->pid % NSTRIPES];
    }
    return 0;
}

void ksm_watch(struct ksm_task *peer, struct ksm_sleeper *sleeper)
{
    spin_acquire(&peers_lock);
    list_push_back(&peer->watchers, &sleeper->watch);
    spin_release(&peers_lock);
}

static void unwatch(struct ksm_sleeper *self)
{
    spin_acquire(&peers_lock);
    list_remove(&self->watch);
    spin_release(&peers_lock);
}

/* Must it sleep?  §11.1: from here on a waker waits for the stripe's lock, and finds it. */
static bool must_sleep_locked(const struct ksm_sleeper *self)
{
    return !self->woken && (!self->segment || word_read(self->task, self->va) == self->expected);
}

static void enqueue_locked(struct ksm_sleeper *self)
{
    list_init(&self->in_segment);
    if (!self->segment) {
        list_init(&self->queue);
        return;
    }
    list_push_back(queue_of(self->stripe, self->segment, self->offset), &self->queue);
    if (self->peer == KSM_PEER_ANY)
        list_push_back(&self->segment->sleepers, &self->in_segment);
}

static void dequeue_locked(struct ksm_sleeper *self)
{
    list_remove(&self->queue);
    list_remove(&self->in_segment);
}

int ksm_wait_sleep(struct ksm_sleeper *self, uint nticks)
{
    struct spinlock *lock = &self->stripe->lock;
    int result = KSM_EAGAIN; /* the killed never see it */

    spin_acquire(lock);
    if (must_sleep_locked(self)) {
        enqueue_locked(self);
        enum park_result parked = thread_park(lock, nticks, true);
        if (self->woken) {
            result = self->result;
        } else {
            dequeue_locked(self); /* §7.4: the killed, too, leave no trace */
            if (parked == PARK_TIMEOUT)
                result = KSM_ETIMEDOUT;
        }
    }
    spin_release(lock);
    if (self->peer > 0)
        unwatch(self);
    return result;
}

/* The holder, if it waits for a lock of the user library (docs/feed.md), else 0. */
static int lock_holder(const struct ksm_sleeper *s)
{
    return s->peer > 0 && s->expected == ((uint)s->peer | LOCK_WAITED) ? s->peer : 0;
}

bool ksm_sleeping(const struct ksm_task *task, struct ksm_sleeping *copy)
{
    const struct ksm_sleeper *s = task->sleeper;

    if (s)
        *copy = (struct ksm_sleeping){ s->segment->id, s->va, s->offset, s->peer, lock_holder(s) };
    return s;
}

int ksm_wait_watched(struct ksm_sleeper *self, uint nticks)
{
    struct ksm_task *task = self->task;

    if (!self->segment)
        return ksm_wait_sleep(self, nticks);
    if (events_wanted() && event_room(true))
        event_put(lock_holder(self) ? "E lock %d %x %x %x %d" : "E wait %d %x %x %x %d", task->pid,
                  self->segment->id, self->va, self->offset, self->peer);
    task->sleeper = self;
    int result = ksm_wait_sleep(self, nticks);
    task->sleeper = NULL;
    if (events_wanted() && event_room(true))
        event_put("E woke %d %d", task->pid, result);
    return result;
}

static void wake_locked(struct ksm_sleeper *s, int result)
{
    s->woken = true;
    s->result = result;
    dequeue_locked(s);
    thread_unpark(s->thread);
}

static inline bool wakes(const struct ksm_sleeper *s, const struct segment *seg, uint offset)
{
    return s->segment == seg && s->offset == offset &&
           !thread_killed(s->thread); /* §11.5: a wake-up would be lost on the killed */
}

/* Not inline: the compiler would take the place, which is taken out again, for one that stays. */
static __attribute__((noinline)) void enter_place(struct list *at, struct list *place)
{
    list_insert(at, place);
}

/* Goes on with a long queue, from `link` on to where it ends now.  Two places in the queue, which have no segment and so
   are no sleepers, keep the way while the lock is released. */
static REACQUIRES __attribute__((noinline)) uint wake_more_locked(struct stripe *stripe, struct list *link,
                                                                  const struct segment *seg, uint offset,
                                                                  uint n)
{
    struct ksm_sleeper here = { .segment = NULL }, end = { .segment = NULL };
    uint nwoken = 0;

    enter_place(queue_of(stripe, seg, offset), &end.queue);
    for (uint nseen = 0; link != &end.queue && nwoken < n; nseen++) {
        struct ksm_sleeper *s = container_of(link, struct ksm_sleeper, queue);
        if (nseen % KSM_STEPS == 0) {
            enter_place(link, &here.queue);
            spin_release(&stripe->lock);
            sched_checkpoint();
            spin_acquire(&stripe->lock);
            s = container_of(here.queue.next, struct ksm_sleeper, queue);
            list_remove(&here.queue);
        }
        link = s->queue.next;
        if (s == &end)
            break;
        if (wakes(s, seg, offset)) {
            wake_locked(s, 0);
            nwoken++;
        }
    }
    list_remove(&end.queue);
    return nwoken;
}

int ksm_wake(struct ksm_task *task, uint va, uint n)
{
    struct mapping *m = aspace_mapping_at(task->as, va);

    if (!m)
        return word_readable(task, va) ? 0 : KSM_EFAULT;
    const struct segment *seg = attachment_of(m)->holding->segment;
    uint offset = va - m->va;
    struct stripe *stripe = stripe_of(seg);
    uint nwoken = 0, nleft = KSM_STEPS;
    spin_acquire(&stripe->lock);
    struct list *queue = queue_of(stripe, seg, offset);
    list_for_each_safe(link, queue) { /* §11.3: longest-waiting first */
        struct ksm_sleeper *s = container_of(link, struct ksm_sleeper, queue);
        if (nwoken == n)
            break;
        if (nleft-- == 0) {
            nwoken += wake_more_locked(stripe, link, seg, offset, n - nwoken);
            break;
        }
        if (wakes(s, seg, offset)) {
            wake_locked(s, 0);
            nwoken++;
        }
    }
    spin_release(&stripe->lock);
    return (int)nwoken;
}

int ksm_wake_watched(struct ksm_task *task, uint va, uint n)
{
    int nwoken = ksm_wake(task, va, n);

    if (nwoken > 0 && event_room(true)) {
        struct mapping *m = aspace_mapping_at(task->as, va);
        event_put("E wake %d %x %x %x %d", task->pid, attachment_of(m)->holding->segment->id, va, va - m->va,
                  nwoken);
    }
    return nwoken;
}

void wait_wake_all_locked(struct segment *seg)
{
    struct stripe *stripe = stripe_of(seg);
    struct list sleepers; /* those that sleep now */

    spin_acquire(&stripe->lock);
    list_move_all(&sleepers, &seg->sleepers);
    for (uint n = 1; !list_empty(&sleepers); n++) {
        wake_locked(container_of(sleepers.next, struct ksm_sleeper, in_segment), KSM_EAGAIN);
        if (n % KSM_STEPS == 0) {
            spin_release(&stripe->lock);
            registry_pause_locked();
            spin_acquire(&stripe->lock);
        }
    }
    spin_release(&stripe->lock);
}

/* The next of a process's watchers wakes; false: there are none. */
static bool wake_watcher_locked(struct ksm_task *task)
{
    struct list *link = list_pop(&task->watchers);

    if (!link)
        return false;
    struct ksm_sleeper *s = container_of(link, struct ksm_sleeper, watch);
    spin_acquire(&s->stripe->lock);
    if (!s->woken)
        wake_locked(s, KSM_EAGAIN);
    spin_release(&s->stripe->lock);
    return true;
}

void wait_wake_watchers(struct ksm_task *task)
{
    spin_acquire(&peers_lock);
    for (uint n = 1; wake_watcher_locked(task); n++) {
        if (n % KSM_STEPS == 0) {
            spin_release(&peers_lock);
            sched_checkpoint();
            spin_acquire(&peers_lock);
        }
    }
    spin_release(&peers_lock);
}

/* Counts the sleepers in the queues of a stripe that any end wakes.  NULL, or what is wrong with one. */
static const char *check_stripe_locked(struct stripe *stripe, uint *nqueued)
{
    for (uint i = 0; i < 1u << QUEUE_BITS; i++)
        list_for_each(link, &stripe->queues[i]) {
            const struct ksm_sleeper *s = container_of(link, struct ksm_sleeper, queue);
            if (!s->segment)
                continue; /* a waker's place */
            if (registry_find_handle_locked(s->segment->handle) != s->segment)
                return "a sleeper's segment is dead";
            if (stripe_of(s->segment) != stripe ||
                queue_of(stripe, s->segment, s->offset) != &stripe->queues[i])
                return "a sleeper stands in the wrong queue";
            if (list_linked(&s->in_segment) != (s->peer == KSM_PEER_ANY))
                return "a sleeper is not in its segment's list";
            if (s->peer > 0 && !list_linked(&s->watch))
                return "a sleeper does not watch its peer";
            *nqueued += s->peer == KSM_PEER_ANY;
        }
    return NULL;
}

static const char *check_stripes_locked(void)
{
    for (uint i = 0; i < NSTRIPES; i++) {
        struct stripe *stripe = &stripes[i];
        uint nqueued = 0, nlisted = 0;
        spin_acquire(&stripe->lock);
        const char *wrong = check_stripe_locked(stripe, &nqueued);
        struct segment *seg;
        for (uint slot = 0; (seg = registry_next_locked(&slot)) != NULL; slot++)
            if (stripe_of(seg) == stripe)
                list_for_each(link, &seg->sleepers)
                    nlisted++;
        spin_release(&stripe->lock);
        if (wrong)
            return wrong;
        if (nqueued != nlisted)
            return "sleepers in queues and in segments differ";
    }
    return NULL;
}

const char *wait_check_locked(void)
{
    spin_acquire(&peers_lock);
    const char *wrong = check_stripes_locked();
    spin_release(&peers_lock);
    return wrong;
}
