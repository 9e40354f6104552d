/*
 * wait.c - sleeping on words of shared memory, and waking the sleepers (§11).
 *
 * A word is an offset in a segment, whichever process has that attached wherever.  All sleepers are in one list, in
 * order of arrival, under one lock.  A struct ksm_sleeper is on the sleeper's own kernel stack, and leaves the list
 * before that goes.  The segment needs no count: the sleeper's own attachment holds it.
 */
#include "ksm/ksm_impl.h"

/* course 9: */
static struct spinlock lock;
static struct list sleepers;
/* course end */

void wait_init(void)
{
    /* course 9: */
    spin_init(&lock, RANK_KSM_WAIT, "ksm words");
    list_init(&sleepers);
    /* course end */
}

int ksm_wait_prepare(struct ksm_sleeper *self, struct ksm_task *task, uint va, uint expected, int peer)
{
    struct mapping *m = aspace_mapping_at(task->as, va);

    if (!m && !word_readable(task, va))
        return KSM_EFAULT;
    /* course 9: return (void)self, (void)expected, (void)peer, KSM_ENOTSUP; */
    if (word_read(task, va) != expected) /* also makes the page, which must not happen under a lock */
        return KSM_EAGAIN;
    *self = (struct ksm_sleeper){
        .task = task, .thread = thread_self(), .va = va, .expected = expected, .peer = peer
    };
    if (m) {
        self->segment = attachment_of(m)->segment;
        self->offset = va - m->va;
    }
    list_init(&self->link);
    return 0;
    /* course end */
}

/* From here on the peer's end finds it, asleep or not. */
void ksm_watch(struct ksm_task *peer, struct ksm_sleeper *sleeper)
{
    (void)peer;
    /* course 9: (void)sleeper; */
    spin_acquire(&lock);
    list_push_back(&sleepers, &sleeper->link);
    spin_release(&lock);
    /* course end */
}

/* course 9: */
/* §11.1: whoever changes the word and wakes waits for the lock. */
static bool must_sleep_locked(const struct ksm_sleeper *self)
{
    return !self->woken && (!self->segment || word_read(self->task, self->va) == self->expected);
}

static void wake_locked(struct ksm_sleeper *s, int result)
{
    s->woken = true;
    s->result = result;
    list_remove(&s->link);
    thread_unpark(s->thread);
}
/* course end */

int ksm_wait_sleep(struct ksm_sleeper *self, uint nticks)
{
    /* course 9: return (void)self, (void)nticks, KSM_ENOTSUP; */
    int result = KSM_EAGAIN;

    spin_acquire(&lock);
    if (must_sleep_locked(self)) {
        if (!list_linked(&self->link))
            list_push_back(&sleepers, &self->link);
        if (thread_park(&lock, nticks, true) == PARK_TIMEOUT)
            result = KSM_ETIMEDOUT;
    }
    if (self->woken)
        result = self->result;
    list_remove(&self->link); /* §7.4: the killed, too, leave no trace */
    spin_release(&lock);
    return result;
    /* course end */
}

int ksm_wake(struct ksm_task *task, uint va, uint n)
{
    struct mapping *m = aspace_mapping_at(task->as, va);

    if (!m)
        return word_readable(task, va) ? 0 : KSM_EFAULT;
    /* course 9: return (void)n, KSM_ENOTSUP; */
    uint nwoken = 0;

    spin_acquire(&lock);
    list_for_each_safe(link, &sleepers) { /* §11.3: longest-waiting first */
        struct ksm_sleeper *s = container_of(link, struct ksm_sleeper, link);
        if (nwoken == n)
            break;
        if (s->segment != attachment_of(m)->segment || s->offset != va - m->va || thread_killed(s->thread))
            continue; /* §11.5: a wake-up would be lost on the killed */
        wake_locked(s, 0);
        nwoken++;
    }
    spin_release(&lock);
    return (int)nwoken;
    /* course end */
}

/* course 9: */
static bool has_attached(const struct ksm_task *task, const struct segment *seg)
{
    list_for_each(link, &task->holdings)
        if (seg && holding_at(link)->handle == seg->handle)
            return !list_empty(&holding_at(link)->attachments);
    return false;
}
/* course end */

void wait_wake_end_locked(const struct ksm_task *task)
{
    /* course 9: (void)task; */
    spin_acquire(&lock);
    list_for_each_safe(link, &sleepers) {
        struct ksm_sleeper *s = container_of(link, struct ksm_sleeper, link);
        if (s->peer == task->pid || (s->peer == KSM_PEER_ANY && has_attached(task, s->segment)))
            wake_locked(s, KSM_EAGAIN);
    }
    spin_release(&lock);
    /* course end */
}
