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
 * A waker may meet more sleepers than it may look at while it holds the lock.  Then it enters a place of its own into
 * the queue, an entry of no segment, which others pass over, and goes on from there when it has the lock again.
 *
 * A struct ksm_sleeper is on the sleeper's own kernel stack.  The sleeper returns only when it is out of all lists: a
 * waker, or the sleeper itself, takes it out under their locks.  So whoever finds it in one under the lock may use it.
 * One that timed out or was killed learns by `woken` whether a waker counted it all the same.  The sleeper's own
 * attachment keeps the segment alive, and only the sleeper could detach that (§11.5).
 */
#include "ksm/ksm_impl.h"

#include "base/event.h"

struct stripe stripes[NSTRIPES];
struct spinlock peers_lock;

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
    if (!m && word_read(task, va) != expected)
        return KSM_EAGAIN; /* a word of a segment is looked at under the lock */
    self->task = task;
    self->thread = thread_self();
    self->va = va;
    self->expected = expected;
    self->peer = peer;
    self->woken = false;
    if (peer > 0) { /* which may end before the sleep */
        list_init(&self->word.queue);
        list_init(&self->in_segment);
    }
    if (m) {
        self->word.segment = attachment_of(m)->holding->segment;
        self->word.offset = va - m->va;
        self->stripe = stripe_of(self->word.segment);
    } else {
        self->word.segment = NULL;
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

/* Must it sleep?  §11.1: holds as long as the stripe's lock is held, which a waker needs; without it, a guess. */
static bool must_sleep(const struct ksm_sleeper *self)
{
    return !self->woken && (!self->word.segment || word_read(self->task, self->va) == self->expected);
}

static void enqueue_locked(struct ksm_sleeper *self)
{
    struct segment *seg = self->word.segment;

    if (seg)
        list_push_back(queue_of(self->stripe, seg, self->word.offset), &self->word.queue);
    else
        list_init(&self->word.queue);
    if (seg && self->peer == KSM_PEER_ANY)
        list_push_back(&seg->sleepers, &self->in_segment);
    else
        list_init(&self->in_segment);
}

int ksm_wait_sleep(struct ksm_sleeper *self, uint nticks)
{
    struct spinlock *lock = &self->stripe->lock;
    int result = KSM_EAGAIN; /* the killed never see it */

    spin_acquire(lock);
    if (must_sleep(self)) {
        enqueue_locked(self);
        self->task->sleeper = self;
        enum park_result parked = thread_park(lock, nticks, true);
        self->task->sleeper = NULL;
        if (self->woken) {
            result = self->result;
        } else {
            list_remove(&self->word.queue); /* §7.4: the killed, too, leave no trace */
            list_remove(&self->in_segment);
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
    return s->peer > 0 && s->expected == ((uint)s->peer | KSMLOCK_WAITED) ? s->peer : 0;
}

bool ksm_sleeping(const struct ksm_task *task, struct ksm_sleeping *copy)
{
    const struct ksm_sleeper *s = task->sleeper;

    if (!s || !s->word.segment)
        return false;
    *copy = (struct ksm_sleeping){ s->word.segment->id, s->va, s->word.offset, s->peer, lock_holder(s) };
    return true;
}

int ksm_wait_watched(struct ksm_sleeper *self, uint nticks)
{
    bool told = must_sleep(self);

    if (told)
        event_put(lock_holder(self) ? "E lock %d %x %x %x %d" : "E wait %d %x %x %x %d", self->task->pid,
                  self->word.segment->id, self->va, self->word.offset, self->peer);
    int result = ksm_wait_sleep(self, nticks);
    if (told)
        event_put("E woke %d %d", self->task->pid, result);
    return result;
}

static void wake_locked(struct ksm_sleeper *s, int result)
{
    s->woken = true;
    s->result = result;
    list_unlink(&s->word.queue); /* woken only once */
    list_unlink(&s->in_segment);
    thread_unpark(s->thread);
}

/* Wakes the sleeper whose entry this is, if it sleeps on that word. */
static inline bool wake_entry_locked(struct list *entry, const struct segment *seg, uint offset)
{
    struct ksm_sleeper *s = container_of(entry, struct ksm_sleeper, word.queue);

    if (s->word.segment != seg || s->word.offset != offset ||
        thread_killed(s->thread)) /* §11.5: a wake-up would be lost on the killed */
        return false;
    wake_locked(s, 0);
    return true;
}

/* Not inline: the compiler would take the place, which is taken out again, for one that stays. */
static __attribute__((noinline)) void enter_place(struct list *at, struct ksm_word *place)
{
    place->segment = NULL;
    list_insert(at, &place->queue);
}

/* Lets others have the lock and the processor.  Returns what comes in the queue where `next` came before. */
static struct list *REACQUIRES pause_locked(struct stripe *stripe, struct list *next)
{
    struct ksm_word here;

    enter_place(next, &here);
    spin_pause(&stripe->lock);
    next = here.queue.next;
    list_remove(&here.queue);
    return next;
}

/* Goes on with a long queue, from `next` on to where it ends now. */
static REACQUIRES __attribute__((noinline)) uint wake_more_locked(struct stripe *stripe, struct list *next,
                                                                  const struct segment *seg, uint offset,
                                                                  uint n)
{
    struct ksm_word end;
    uint nwoken = 0;

    enter_place(queue_of(stripe, seg, offset), &end);
    for (uint nseen = 0; nwoken < n; nseen++) {
        if (nseen % KSM_STEPS == 0)
            next = pause_locked(stripe, next);
        if (next == &end.queue)
            break;
        struct list *entry = next;
        next = next->next;
        nwoken += wake_entry_locked(entry, seg, offset);
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
    list_for_each_safe(entry, queue) { /* §11.3: longest-waiting first */
        if (nwoken == n)
            break;
        if (nleft-- == 0) {
            nwoken += wake_more_locked(stripe, entry, seg, offset, n - nwoken);
            break;
        }
        nwoken += wake_entry_locked(entry, seg, offset);
    }
    spin_release(&stripe->lock);
    if (events_wanted() && nwoken > 0 && event_room(EVENT_OFTEN, 1))
        event_put("E wake %d %x %x %x %u", attachment_of(m)->holding->task->pid, seg->id, m->va + offset,
                  offset, nwoken);
    return (int)nwoken;
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
        if (n % KSM_STEPS == 0)
            spin_pause(&peers_lock);
    }
    spin_release(&peers_lock);
}
