/*
 * sys_ksm.c - system calls on shared memory: docs/ksm.md, §2.
 *
 * Of the order of errors (§9) this file keeps the part about the form of arguments and the structures in user memory;
 * the rest is kernel/ksm's.
 */
#include "base/event.h"
#include "base/kstring.h"
#include "fs/path.h"
#include "mm/page.h"
#include "mm/user.h"
#include "sys/sys.h"

static struct ksm_task *task(void) { return &proc_self()->ksm; }

uint sys_ksmget(const union sys_arg arg[])
{
    return (uint)ksm_get(task(), arg[0].word, arg[1].word, arg[2].word);
}

uint sys_ksmattach(const union sys_arg arg[]) { return (uint)ksm_attach(task(), arg[0].number, arg[1].word); }

uint sys_ksmdetach(const union sys_arg arg[]) { return (uint)ksm_detach(task(), arg[0].number); }

uint sys_ksmdetachat(const union sys_arg arg[]) { return (uint)ksm_detach_at(task(), arg[0].word); }

uint sys_ksmdelete(const union sys_arg arg[]) { return (uint)ksm_delete(task(), arg[0].number); }

uint sys_ksminfo(const union sys_arg arg[])
{
    static const uint totals = offsetof(struct ksminfo_t, total_shrg_nr);
    struct ksminfo_t info;
    uint from = arg[0].word ? 0 : totals; /* §8.1 */

    if (!user_check(arg[1].user, sizeof(info), true))
        return (uint)KSM_EFAULT; /* §8.2 */
    int error = ksm_info(task(), arg[0].number, &info);
    if (error < 0)
        return (uint)error;
    bytes_to_user(user_at(arg[1].user, from), (const char *)&info + from, sizeof(info) - from);
    return 0;
}

uint sys_ksmname(const union sys_arg arg[])
{
    char name[PATH_SIZE];

    if (user_copy_string(name, arg[1].user, sizeof(name)) < 0)
        return (uint)KSM_EFAULT;
    for (const char *c = name; *c; c++)
        if (*c < ' ' || *c > '~') /* it is for the console */
            return (uint)KSM_EINVAL;
    return (uint)ksm_name(task(), arg[0].number, name);
}

uint sys_pgused(const union sys_arg arg[])
{
    (void)arg;
    /* course 1: return (uint)KSM_ENOTSUP; */
    return page_used(); /* §8.4 */
    /* course end */
}

static inline __attribute__((always_inline)) uint wait_for(const union sys_arg arg[], int peer)
{
    uint word = arg[0].word, expected = arg[1].word;
    int nticks = arg[2].number;
    struct ksm_sleeper self;

    if (word % sizeof(uint) || nticks < 0 || peer < KSM_PEER_NONE)
        return (uint)KSM_EINVAL; /* §11.1, §11.7 */
    int error = ksm_wait_prepare(&self, task(), word, expected, peer);
    if (error < 0)
        return (uint)error;
    if (peer > 0 && !proc_watch(peer, &self))
        return (uint)KSM_EAGAIN; /* §11.7: it is not alive */
    if (events_wanted() && ksm_waits_on_segment(&self) && event_room(EVENT_OFTEN, 2))
        return (uint)ksm_wait_watched(&self, (uint)nticks);
    return (uint)ksm_wait_sleep(&self, (uint)nticks);
}

uint sys_ksmwait(const union sys_arg arg[]) { return wait_for(arg, KSM_PEER_ANY); }

uint sys_ksmwaitpeer(const union sys_arg arg[]) { return wait_for(arg, arg[3].number); }

uint sys_ksmwake(const union sys_arg arg[])
{
    uint word = arg[0].word;
    int n = arg[1].number;

    if (word % sizeof(uint) || n < 0)
        return (uint)KSM_EINVAL;
    return (uint)ksm_wake(task(), word, (uint)n);
}
