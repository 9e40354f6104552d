/*
 * sys_ksm.c - system calls on shared memory: docs/ksm.md, §2.
 *
 * Of the order of errors (§9) this file keeps the part about user memory and the form of arguments; the rest
 * is kernel/ksm's.
 */
#include "base/kstring.h"
#include "mm/page.h"
#include "mm/user.h"
#include "sys/sys.h"

static struct ksm_task *task(void) { return &proc_self()->ksm; }

uint sys_ksmget(const uint arg[]) { return (uint)ksm_get(task(), arg[0], arg[1], arg[2]); }

uint sys_ksmattach(const uint arg[]) { return (uint)ksm_attach(task(), (int)arg[0], arg[1]); }

uint sys_ksmdetach(const uint arg[]) { return (uint)ksm_detach(task(), (int)arg[0]); }

uint sys_ksmdetachat(const uint arg[]) { return (uint)ksm_detach_at(task(), arg[0]); }

uint sys_ksmdelete(const uint arg[]) { return (uint)ksm_delete(task(), (int)arg[0]); }

uint sys_ksminfo(const uint arg[])
{
    static const uint totals = offsetof(struct ksminfo_t, total_shrg_nr);
    struct ksminfo_t info;
    uint from = arg[0] ? 0 : totals; /* §8.1 */
    int error;

    if (!user_check(arg[1], sizeof(info), true))
        return (uint)KSM_EFAULT; /* §8.2 */
    error = ksm_info(task(), (int)arg[0], &info);
    if (error < 0)
        return (uint)error;
    memcpy((char *)arg[1] + from, (const char *)&info + from, sizeof(info) - from);
    return 0;
}

uint sys_pgused(const uint arg[])
{
    (void)arg;
    return page_used(); /* §8.4 */
}

static uint wait_for(uint word, uint expected, int nticks, int peer)
{
    struct ksm_sleeper self;
    int error;

    if (word % sizeof(uint) || nticks < 0 || peer < KSM_PEER_NONE)
        return (uint)KSM_EINVAL; /* §11.1, §11.7 */
    if (!user_check(word, sizeof(uint), false))
        return (uint)KSM_EFAULT;
    error = ksm_wait_prepare(&self, task(), word, expected, peer);
    if (error < 0)
        return (uint)error;
    if (peer > 0 && !proc_watch(peer, &self))
        return (uint)KSM_EAGAIN; /* §11.7: it is not alive */
    return (uint)ksm_wait_sleep(&self, (uint)nticks);
}

uint sys_ksmwait(const uint arg[]) { return wait_for(arg[0], arg[1], (int)arg[2], KSM_PEER_ANY); }

uint sys_ksmwaitpeer(const uint arg[]) { return wait_for(arg[0], arg[1], (int)arg[2], (int)arg[3]); }

uint sys_ksmwake(const uint arg[])
{
    uint word = arg[0];
    int n = (int)arg[1];

    if (word % sizeof(uint) || n < 0)
        return (uint)KSM_EINVAL;
    if (!user_check(word, sizeof(uint), false))
        return (uint)KSM_EFAULT;
    return (uint)ksm_wake(task(), word, (uint)n);
}
