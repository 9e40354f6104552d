/*
 * sys_proc.c - system calls on processes, their memory and their time.
 */
#include "base/kstring.h"
#include "base/min.h"
#include "fs/path.h"
#include "mm/page.h"
#include "mm/user.h"
#include "sys/sys.h"

static struct trapframe *own_frame(void) { return trapframe_of(thread_self()->kstack); }

uint sys_fork(const union sys_arg arg[])
{
    (void)arg;
    return (uint)proc_fork(own_frame());
}

uint sys_exit(const union sys_arg arg[])
{
    (void)arg;
    proc_exit(0);
}

uint sys_exits(const union sys_arg arg[]) { proc_exit(arg[0].number); }

uint sys_wait(const union sys_arg arg[])
{
    int status;

    (void)arg;
    return (uint)proc_wait(&status);
}

uint sys_waits(const union sys_arg arg[])
{
    void USER *where = arg[0].user;
    int status, pid;

    if (where && !user_check(where, sizeof(status), true))
        return SYS_ERROR;
    pid = proc_wait(&status);
    if (where && pid > 0)
        bytes_to_user(where, &status, sizeof(status));
    return (uint)pid;
}

uint sys_kill(const union sys_arg arg[])
{
    if (proc_self()->foreign && arg[0].number == 0)
        return 0; /* xv6 finds a free entry of its table */
    return (uint)proc_kill(arg[0].number);
}

uint sys_getpid(const union sys_arg arg[])
{
    (void)arg;
    return (uint)proc_self()->pid;
}

/* Arguments of exec: the strings one after the other in a page, pointers to them in argv. */
struct arguments {
    uint argc;
    char *argv[MAXARG];
    char *strings;
};

#define MAXARG_XV6 32

/* Copies a vector and its strings, into the caller's page a->strings.  -1: unreadable, too many or too
   long. */
static int copy_arguments(struct arguments *a, const void USER *vector)
{
    uint used = 0, most = proc_self()->foreign ? MAXARG_XV6 : MAXARG;

    for (a->argc = 0;; a->argc++) {
        const void USER *string;
        int length;

        if (user_copy_in(&string, user_at(vector, a->argc * sizeof(string)), sizeof(string)) < 0)
            return -1;
        if (!string)
            return 0;
        if (a->argc == most || used == ARGUMENT_BYTES)
            return -1;
        length = user_copy_string(a->strings + used, string, ARGUMENT_BYTES - used);
        if (length < 0)
            return -1;
        a->argv[a->argc] = a->strings + used;
        used += (uint)length + 1;
    }
}

uint sys_exec(const union sys_arg arg[])
{
    char path[PATH_SIZE];
    struct arguments a;
    int result = -1;

    if (user_copy_string(path, arg[0].user, sizeof(path)) < 0)
        return SYS_ERROR;
    a.strings = page_alloc();
    if (!a.strings)
        return SYS_ERROR;
    if (copy_arguments(&a, arg[1].user) == 0)
        result = proc_exec(own_frame(), path, a.argc, a.argv);
    page_free(a.strings);
    return (uint)result;
}

static __attribute__((noinline)) uint sbrk_failed(int delta, int error)
{
    if (error == ASPACE_ENOMEM)
        proc_report_no_memory();
    if (proc_self()->foreign && delta < 0)
        return aspace_brk(thread_self()->aspace); /* below 0, xv6 leaves it alone and reports no failure */
    return SYS_ERROR;
}

uint sys_sbrk(const union sys_arg arg[])
{
    uint old;
    int error = aspace_sbrk(thread_self()->aspace, arg[0].number, &old);

    return error ? sbrk_failed(arg[0].number, error) : old;
}

uint sys_sleep(const union sys_arg arg[])
{
    if (arg[0].number < 0 && !proc_self()->foreign) /* xv6 takes it for a very long time */
        return SYS_ERROR;
    for (uint left = arg[0].word, n; left; left -= n) {
        n = min_uint(left, INT32_MAX);
        if (thread_park(NULL, n, true) == PARK_KILLED)
            return SYS_ERROR;
    }
    return 0;
}

uint sys_uptime(const union sys_arg arg[])
{
    (void)arg;
    return ticks_now;
}

uint sys_procinfo(const union sys_arg arg[])
{
    struct procinfo info;

    if (!user_check(arg[1].user, sizeof(info), true) || proc_info(arg[0].number, &info) < 0)
        return SYS_ERROR;
    bytes_to_user(arg[1].user, &info, sizeof(info));
    return 0;
}

uint sys_procnext(const union sys_arg arg[]) { return (uint)proc_next(arg[0].number); }
