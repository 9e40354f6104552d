/*
 * main.c - the four entries that the machine calls: start, start of a further processor, trap, interrupt.
 *
 * The start is in two halves.  kernel_start() runs on what becomes the boot processor's idle thread, and
 * can't sleep: memory, tables, processors, devices.  What sleeps is done by the first thread, boot(): the
 * file system, the kernel's own threads, process 1.  That thread then stays as the one that makes file
 * operations durable.
 *
 * What can go wrong for want of memory or of a disk says so and switches the machine off: see
 * console/power.h.
 */
#include "console/console.h"
#include "console/power.h"
#include "fs/fs.h"
#include "lib/params.h"
#include "lib/printk.h"
#include "mm/page.h"
#include "settings.h"
#include "sys/sys.h"

#define MIN_FREE_PAGES 1024u /* init, a shell, a pipeline and some cache need about half of that */

static struct thread boot_thread, keys_thread;
static char init_path[PATH_SIZE];

/* What the console's special keys ask for. */
static void serve_keys(void *unused)
{
    (void)unused;
    for (;;) {
        uint keys = console_wait_keys();
        int job = console_job();

        if (keys & CONSOLE_KEY_PROCS)
            proc_print_all();
        if (keys & CONSOLE_KEY_KSM)
            ksm_print();
        if ((keys & CONSOLE_KEY_BREAK) && job)
            proc_kill_job(job);
    }
}

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
    if (thread_create(&keys_thread, "keys", serve_keys, NULL) < 0)
        no_memory();
    thread_start(&keys_thread);
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
    sched_init();
    console_init();
    settings_ksm_limits(&limits);
    if (ksm_init(&limits) < 0 || page_free_count() < MIN_FREE_PAGES)
        no_memory();
    arch_start_cpus();
    arch_start_devices();
    printk("KSM kernel: %u processor%s, %u KB of memory free\n", cpu_count, cpu_count == 1 ? "" : "s",
           page_free_count() * (PAGE_SIZE / 1024));
    settings_jitter();
    if (thread_create(&boot_thread, "boot", boot, NULL) < 0)
        no_memory();
    thread_start(&boot_thread);
    sched_run_idle();
}

void kernel_start_cpu(void)
{
    sched_run_idle();
}

static void kill_for_fault(const struct trap_info *info)
{
    struct proc *self = proc_self();

    printk("%d %s: killed by trap %u, error %x, on cpu %u, eip %x, address %x\n", self->pid, self->name,
           info->number, info->code, cpu_self()->index, info->ip, info->address);
    proc_exit(STATUS_KILLED);
}

/* A touch of user memory by the kernel: user_check() has promised that it is all right. */
static void kernel_page_fault(const struct trap_info *info)
{
    struct aspace *as = thread_self()->aspace;

    if (!as || aspace_fault(as, info->address, info->write) < 0)
        panic("page fault in the kernel at %x: address %x, error %x", info->ip, info->address, info->code);
}

static void user_page_fault(const struct trap_info *info)
{
    if (info->address >= USER_END || aspace_fault(thread_self()->aspace, info->address, info->write) < 0)
        kill_for_fault(info);
}

static void attend(void)
{
    if (thread_killed(thread_self()))
        proc_exit(STATUS_KILLED);
    sched_yield();
}

void kernel_syscall(struct trapframe *tf)
{
    sys_dispatch(tf);
    lock_debug_none_held();
}

void kernel_trap(enum trap_kind kind, const struct trap_info *info)
{
    if (kind == TRAP_PAGE_FAULT) {
        if (!info->user) {
            kernel_page_fault(info);
            return; /* with whatever locks are held */
        }
        user_page_fault(info);
    } else if (kind == TRAP_FAULT) {
        kill_for_fault(info);
    } else {
        attend();
    }
    lock_debug_none_held();
}

void kernel_interrupt(enum interrupt_kind kind, uint value)
{
    if (kind == INTERRUPT_TICK)
        sched_tick();
    else
        console_input((int)value);
}
