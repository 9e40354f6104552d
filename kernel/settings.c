/*
 * settings.c - the boot parameters that the kernel itself obeys.
 *
 * Programs read these and any others by bootarg().
 */
#include "settings.h"
#include "base/kstring.h"
#include "base/latency.h"
#include "base/params.h"
#include "base/printk.h"
#include "console/console.h"
#include "mm/page.h"
#include "sched/lock.h"
#include "watch/watch.h"

#define VALUE_SIZE 32

/* Which of two words is the value?  0 or 1; -1: neither, or the parameter is absent. */
static int choice(const char *name, const char *first, const char *second)
{
    char value[VALUE_SIZE];

    if (params_get(boot_command_line, name, value, sizeof(value)) < 0)
        return -1;
    if (strcmp(value, first) == 0)
        return 0;
    if (strcmp(value, second) == 0)
        return 1;
    printk("boot parameter %s=%s: only %s and %s are known\n", name, value, first, second);
    return -1;
}

void settings_log(void)
{
    if (choice("log", "monitor", "console") == 0)
        printk_to_monitor();
}

void settings_stdin(void)
{
    int which = choice("stdin", "all", "programs");

    if (which >= 0)
        console_stdin_from_monitor(which == 0 ? STDIN_ALL : STDIN_PROGRAMS);
}

void settings_watch(void)
{
    int which = choice("watch", "on", "snapshots");

    if (which >= 0)
        watch_start(which == 0 ? EVENTS_ALL : EVENTS_NONE);
}

/* False: the parameter is absent, or not a number; the default is used. */
static bool number(const char *name, uint *n)
{
    char value[VALUE_SIZE];

    if (params_get(boot_command_line, name, value, sizeof(value)) < 0)
        return false;
    if (params_parse_uint(value, n))
        return true;
    printk("boot parameter %s=%s: not a number; the default is used\n", name, value);
    return false;
}

/* A number for debug kernels. */
static bool debug_number(const char *name, uint *n)
{
    bool found = number(name, n);

#ifndef DEBUG
    if (found)
        printk("boot parameter %s: only debug kernels have it\n", name);
#endif
    return found;
}

void settings_debug(void)
{
    uint n;

    if (debug_number("jitter", &n))
        jitter_start(n);
    if (debug_number("latency", &n))
        latency_start(n);
}

/* A limit from 1 to max; `usual` where the parameter is absent, or no number. */
static uint limit(const char *name, uint usual, uint max)
{
    uint n;

    if (!number(name, &n))
        return usual;
    if (n >= 1 && n <= max)
        return n;
    uint nearest = n ? max : 1;
    printk("boot parameter %s=%u: not from 1 to %u; %u is used\n", name, n, max, nearest);
    return nearest;
}

void settings_ksm_limits(struct ksm_limits *limits)
{
    uint nfree = page_free_count();

    limits->nsegments = limit("ksm.segments", KSM_DEFAULT_SEGMENTS, KSM_MAX_SEGMENTS);
    limits->nattachments = limit("ksm.attachments", KSM_DEFAULT_ATTACHMENTS, KSM_MAX_ATTACHMENTS);
    limits->npages = limit("ksm.pages", nfree - nfree / 8, nfree ? nfree : 1);
}

void settings_init_path(char *path, uint size)
{
    int length = params_get(boot_command_line, "init", path, size);

    if (length > 0 && (uint)length < size)
        return;
    if (length >= 0)
        printk("boot parameter init: %s; /init is used\n", length ? "too long" : "empty");
    string_copy(path, "/init", size);
}
