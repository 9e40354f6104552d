/*
 * wait.c - sleeping on words of shared memory, and waking the sleepers (§11).
 *
 * A word is an offset in a segment, whichever process has that attached wherever.  Its sleepers are in the queue
 * that the word hashes to, in order of arrival, and in their segment's list.  The queues are divided into
 * stripes, each with one lock; all words of a segment are in one stripe, so the end of a process, which wakes
 * the sleepers of a whole segment, needs one lock for each.
 *
 * A word of private memory belongs to one process (§11.2), which can't wake itself: it has no queue.
 *
 * A struct sleeper is on the sleeper's own kernel stack.  A waker takes it out of both lists first, so linked
 * means not woken.  That is how a sleeper that timed out or was killed learns, under the lock, whether a waker
 * counted it all the same.  The segment needs no pin: the sleeper's own attachment holds it, and only the
 * sleeper could detach that (§11.5).
 */
#include "ksm/ksm_impl.h"

#define NSTRIPES   16u /* twice as many as processors: two words rarely meet */
#define QUEUE_BITS 6   /* 64 queues in a stripe: as many sleepers as there are processes make short ones */
#define WORD_SIZE  4u

/* Fields:  I immutable while asleep   W lock of the stripe */
struct sleeper {
    struct thread *thread;   /* [I] */
    struct segment *segment; /* [I] */
    uint offset;             /* [I] */
    int result;              /* [W] once it is woken */
    struct list queue;       /* [W] in its word's queue */
    struct list in_segment;  /* [W] in its segment's list */
};

struct stripe {
    struct spinlock lock;
    struct list queues[1 << QUEUE_BITS]; /* [W] */
};

static struct stripe stripes[NSTRIPES];

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
    for (uint i = 0; i < NSTRIPES; i++) {
        spin_init(&stripes[i].lock, RANK_KSM_WAIT, "ksm word");
        for (uint j = 0; j < 1u << QUEUE_BITS; j++)
            list_init(&stripes[i].queues[j]);
    }
}

static int result_of(enum park_result parked)
{
    return parked == PARK_TIMEOUT ? KSM_ETIMEDOUT : KSM_EAGAIN; /* the killed never see it */
}

/* Only time or a kill ends this; there is a lock because parking takes one. */
static int wait_private(const struct ksm_task *task, uint nticks)
{
    struct spinlock *lock = &stripes[(uint)task->pid % NSTRIPES].lock;

    spin_acquire(lock);
    enum park_result parked = thread_park(lock, nticks, true);
    spin_release(lock);
    return result_of(parked);
}

int ksm_wait(struct ksm_task *task, uint va, uint expected, uint nticks)
{
    if (word_read(task, va) != expected) /* also makes the page, which must not happen under the lock */
        return KSM_EAGAIN;
    struct mapping *m = aspace_mapping_at(task->as, va);
    if (!m)
        return wait_private(task, nticks);

    struct segment *seg = attachment_of(m)->holding->segment;
    struct stripe *stripe = stripe_of(seg);
    struct sleeper self = { .thread = thread_self(), .segment = seg, .offset = va - m->va };
    spin_acquire(&stripe->lock);
    int result = KSM_EAGAIN;
    if (word_read(task, va) == expected) { /* §11.1: from here on a waker waits for the lock, and finds us */
        list_push_back(queue_of(stripe, seg, self.offset), &self.queue);
        list_push_back(&seg->sleepers, &self.in_segment);
        enum park_result parked = thread_park(&stripe->lock, nticks, true);
        if (list_linked(&self.queue)) { /* §7.4: the killed, too, leave no trace */
            list_remove(&self.queue);
            list_remove(&self.in_segment);
            result = result_of(parked);
        } else {
            result = self.result;
        }
    }
    spin_release(&stripe->lock);
    return result;
}

static void wake_locked(struct sleeper *s, int result)
{
    s->result = result;
    list_remove(&s->queue);
    list_remove(&s->in_segment);
    thread_unpark(s->thread);
}

int ksm_wake(struct ksm_task *task, uint va, uint n)
{
    struct mapping *m = aspace_mapping_at(task->as, va);

    if (!m)
        return 0;
    const struct segment *seg = attachment_of(m)->holding->segment;
    uint offset = va - m->va;
    struct stripe *stripe = stripe_of(seg);
    uint nwoken = 0;
    spin_acquire(&stripe->lock);
    struct list *queue = queue_of(stripe, seg, offset);
    list_for_each_safe(link, queue) { /* §11.3: longest-waiting first */
        struct sleeper *s = container_of(link, struct sleeper, queue);
        if (nwoken == n)
            break;
        if (s->segment != seg || s->offset != offset || thread_killed(s->thread))
            continue; /* §11.5: a wake-up would be lost on the killed */
        wake_locked(s, 0);
        nwoken++;
    }
    spin_release(&stripe->lock);
    return (int)nwoken;
}

void wait_wake_all_locked(struct segment *seg)
{
    struct stripe *stripe = stripe_of(seg);

    spin_acquire(&stripe->lock);
    while (!list_empty(&seg->sleepers))
        wake_locked(container_of(seg->sleepers.next, struct sleeper, in_segment), KSM_EAGAIN);
    spin_release(&stripe->lock);
}

/* Counts the sleepers in the queues of a stripe.  NULL, or what is wrong with one. */
static const char *check_stripe_locked(struct stripe *stripe, uint *nqueued)
{
    for (uint i = 0; i < 1u << QUEUE_BITS; i++)
        list_for_each(link, &stripe->queues[i]) {
            const struct sleeper *s = container_of(link, struct sleeper, queue);
            if (registry_find_handle_locked(s->segment->handle) != s->segment)
                return "a sleeper's segment is dead";
            if (stripe_of(s->segment) != stripe ||
                queue_of(stripe, s->segment, s->offset) != &stripe->queues[i])
                return "a sleeper stands in the wrong queue";
            if (!list_linked(&s->in_segment))
                return "a sleeper is not in its segment's list";
            ++*nqueued;
        }
    return NULL;
}

const char *wait_check_locked(void)
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
