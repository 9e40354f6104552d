/*
 * settings.c - boot parameters that the kernel itself obeys.
 *
 * Programs ask for others, and for these, by bootarg().
 */
#include "settings.h"
#include "base/kstring.h"
#include "base/params.h"
#include "base/printk.h"
#include "mm/page.h"
#include "sched/lock.h"

#define VALUE_SIZE 32

#define SEGMENTS_DEFAULT    4096u
#define SEGMENTS_MAX        65536u
#define ATTACHMENTS_DEFAULT 16384u
#define ATTACHMENTS_MAX     (1u << 20)

void settings_log(void)
{
    char value[VALUE_SIZE];

    if (params_get(boot_command_line, "log", value, sizeof(value)) < 0)
        return;
    if (strcmp(value, "monitor") == 0)
        printk_to_monitor();
    else if (strcmp(value, "console") != 0)
        printk("boot parameter log=%s: only monitor and console are known\n", value);
}

void settings_jitter(void)
{
    char value[VALUE_SIZE];
    uint seed;

    if (params_get(boot_command_line, "jitter", value, sizeof(value)) < 0)
        return;
    if (!params_parse_uint(value, &seed)) {
        printk("boot parameter jitter=%s: not a number\n", value);
        return;
    }
#ifdef DEBUG
    jitter_start(seed);
#else
    printk("boot parameter jitter: only debug kernels have it\n");
#endif
}

/* A limit from 1 to max. */
static uint limit(const char *name, uint otherwise, uint max)
{
    char value[VALUE_SIZE];
    uint n;

    if (params_get(boot_command_line, name, value, sizeof(value)) < 0)
        return otherwise;
    if (!params_parse_uint(value, &n)) {
        printk("boot parameter %s=%s: not a number; %u is used\n", name, value, otherwise);
        return otherwise;
    }
    if (n >= 1 && n <= max)
        return n;
    printk("boot parameter %s=%s: not from 1 to %u; %u is used\n", name, value, max, n ? max : 1);
    return n ? max : 1;
}

void settings_ksm_limits(struct ksm_limits *limits)
{
    uint free = page_free_count();

    limits->nsegments = limit("ksm.segments", SEGMENTS_DEFAULT, SEGMENTS_MAX);
    limits->nattachments = limit("ksm.attachments", ATTACHMENTS_DEFAULT, ATTACHMENTS_MAX);
    limits->npages = limit("ksm.pages", free - free / 8, free ? free : 1);
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
