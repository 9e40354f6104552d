/*
 * sys_system.c - system calls on the whole system: durability, powering off, its state, boot parameters, the console
 * and its jobs, and the checks of debug builds.
 */
#include "arch.h"
#include "base/kstring.h"
#include "base/params.h"
#include "base/power.h"
#include "base/printk.h"
#include "console/console.h"
#include "fs/path.h"
#include "include/consolectl.h"
#include "include/debug.h"
#include "include/sysinfo.h"
#include "mm/inject.h"
#include "mm/page.h"
#include "mm/user.h"
#include "sys/sys.h"
#include "watch/watch.h"

#define PARAM_NAME_SIZE 64 /* longer than any name that the kernel or a program asks for */

uint sys_sync(const union sys_arg arg[])
{
    (void)arg;
    return (uint)fs_sync();
}

uint sys_halt(const union sys_arg arg[])
{
    if (fs_settle() < 0)
        printk("halt: the disk failed; data that was not written is lost\n");
    watch_finish();
    power_off_status((int)(arg[0].word & 0xff));
}

uint sys_sysinfo(const union sys_arg arg[])
{
    struct sysinfo info = { .nfree = page_free_count() };

    if (!user_check(arg[0].user, sizeof(info), true))
        return SYS_ERROR;
    clock_read(&info.now);
    bytes_to_user(arg[0].user, &info, sizeof(info));
    return 0;
}

uint sys_bootarg(const union sys_arg arg[])
{
    char name[PARAM_NAME_SIZE];
    char value[sizeof(boot_command_line)];
    int length;

    if (user_copy_string(name, arg[0].user, sizeof(name)) < 0)
        return SYS_ERROR;
    /* Not on the command line: programs that spin have to know whether there is a second processor. */
    if (strcmp(name, "ncpus") == 0)
        length = format(value, sizeof(value), "%u", cpu_count);
    else
        length = params_get(boot_command_line, name, value, sizeof(value));
    if (length < 0 || arg[2].number <= length || !user_check(arg[1].user, arg[2].word, true))
        return SYS_ERROR;
    bytes_to_user(arg[1].user, value, (uint)length + 1);
    return (uint)length;
}

uint sys_killjob(const union sys_arg arg[]) { return (uint)proc_kill_job(arg[0].number); }

uint sys_foreground(const union sys_arg arg[]) { return (uint)proc_set_foreground(arg[0].number); }

uint sys_consolectl(const union sys_arg arg[])
{
    bool program = proc_foreground() > 0 && proc_foreground() == proc_self()->job;

    if (!proc_is_shell() && !(program && arg[0].word <= CONSOLE_KEYS))
        return SYS_ERROR;
    switch (arg[0].word) {
    case CONSOLE_LINES:
        console_read_lines();
        return 0;
    case CONSOLE_KEYS:
        return (uint)console_read_keys();
    case CONSOLE_BREAK:
        return console_take_break();
    case CONSOLE_SHOW_PROCS:
        proc_print_all();
        return 0;
    case CONSOLE_SHOW_SEGMENTS:
        ksm_print();
        return 0;
    }
    return SYS_ERROR;
}

#ifdef DEBUG
uint sys_debug(const union sys_arg arg[])
{
    const char *wrong;

    switch (arg[0].word) {
    case DEBUG_CHECK:
        page_check();
        fs_check();
        aspace_check(thread_self()->aspace);
        wrong = ksm_check();
        if (wrong)
            printk("ksm_check: %s\n", wrong);
        return wrong ? SYS_ERROR : 0;
    case DEBUG_FAIL_ALLOCATION:
        page_inject_failure(arg[1].word);
        return 0;
    case DEBUG_PRINT_PAGES:
        aspace_print(thread_self()->aspace);
        return 0;
    }
    return SYS_ERROR;
}
#else
uint sys_debug(const union sys_arg arg[])
{
    (void)arg;
    return SYS_ERROR;
}
#endif
