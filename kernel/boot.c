/*
 * boot.c - from the machine's first call to process 1.
 *
 * The start has two halves.  kernel_start() runs on what becomes the boot processor's idle thread, and
 * can't sleep: memory, tables, processors, devices.  The first thread, boot(), does what sleeps: the file
 * system, the kernel's own threads, process 1.  That thread then makes file operations durable.
 *
 * If memory or the disk is missing, the kernel reports it and powers off: see base/power.h.
 */
#include "base/power.h"
#include "base/printk.h"
#include "console/console.h"
#include "fs/path.h"
#include "mm/page.h"
#include "mm/slab.h"
#include "settings.h"
#include "sys/sys.h"

#define MIN_FREE_PAGES 1024u /* init, a shell, a pipeline and some cache need about half of that */

static struct thread boot_thread;
static char init_path[PATH_SIZE];

static void no_memory(void)
{
    printk("too little memory: %u KB are free, %u KB are needed\n", page_free_count() * (PAGE_SIZE / 1024),
           MIN_FREE_PAGES * (PAGE_SIZE / 1024));
    power_off(POWER_OFF_MEMORY);
}

static void boot(void *unused)
{
    const char *wrong = fs_mount();

    (void)unused;
    if (wrong) {
        printk("the file system can't be used: %s\n", wrong);
        power_off(POWER_OFF_DISK);
    }
    if (console_start_keys() < 0)
        no_memory();
    settings_init_path(init_path, sizeof(init_path));
    page_init_done();
    proc_start_init(init_path);
    fs_flusher(NULL);
}

void kernel_start(void)
{
    struct ksm_limits limits;

    settings_log();
    page_init();
    slab_init();
    sched_init();
    console_init();
    settings_ksm_limits(&limits);
    if (ksm_init(&limits) < 0 || page_free_count() < MIN_FREE_PAGES)
        no_memory();
    arch_start_cpus(sched_run_idle);
    arch_start_devices();
    printk("KSM " KSM_VERSION ": %u processor%s, %u KB of memory free\n", cpu_count,
           cpu_count == 1 ? "" : "s", page_free_count() * (PAGE_SIZE / 1024));
    settings_stdin();
    settings_watch();
    settings_debug();
    if (thread_create(&boot_thread, "boot", boot, NULL) < 0)
        no_memory();
    thread_start(&boot_thread);
    sched_run_idle();
}
