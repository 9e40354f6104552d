/*
 * printk.c - the kernel's messages and its last words.
 *
 * A message is formatted on the caller's stack and put out as a whole under RANK_PRINT, the innermost lock,
 * so that it can come from anywhere.  The same lock serialises what programs write to the console, piece by
 * piece: whoever else calls console_put() does it through console_write_piece().
 *
 * A panic takes no lock: the processor that has it may be stopped.  The first processor to panic speaks,
 * others stop in silence.
 */
#include "arch.h"
#include "console/console.h"
#include "console/power.h"
#include "lib/kstring.h"
#include "lib/printk.h"
#include "sched/thread.h"

#define MESSAGE_SIZE 320 /* a longer message is cut */

static struct spinlock print_lock = SPINLOCK_INIT(RANK_PRINT, "print");
static bool to_monitor;
static volatile uint panicking; /* 1 + the processor's index; 0: all is well */

void printk_to_monitor(void)
{
    to_monitor = true;
}

void console_write_piece(const char *text, size_t n)
{
    uint was = spin_acquire_irq(&print_lock);

    console_put(text, n);
    spin_release_irq(&print_lock, was);
}

static size_t message(char *buf, const char *fmt, va_list ap)
{
    int n = format_va(buf, MESSAGE_SIZE, fmt, ap);

    return n < MESSAGE_SIZE ? (size_t)n : MESSAGE_SIZE - 1;
}

void printk(const char *fmt, ...)
{
    char buf[MESSAGE_SIZE];
    va_list ap;
    size_t n;

    va_start(ap, fmt);
    n = message(buf, fmt, ap);
    va_end(ap);
    if (panicking) {
        console_put(buf, n);
        monitor_put(buf, n);
    } else if (to_monitor) {
        uint was = spin_acquire_irq(&print_lock);

        monitor_put(buf, n);
        spin_release_irq(&print_lock, was);
    } else {
        console_write_piece(buf, n);
    }
}

void panic(const char *fmt, ...)
{
    char buf[MESSAGE_SIZE];
    va_list ap;

    irq_save();
    if (!atomic_cas(&panicking, 0, cpu_self()->index + 1)) {
        if (panicking == cpu_self()->index + 1)
            power_off(POWER_OFF_PANIC); /* the panic itself met a fault */
        for (;;)
            cpu_relax();
    }
    arch_stop_others();
    va_start(ap, fmt);
    message(buf, fmt, ap);
    va_end(ap);
    printk("\npanic: %s\n", buf);
    printk("panic: processor %u, thread %s\n", cpu_self()->index,
           thread_self() ? thread_self()->name : "none");
    arch_backtrace();
    power_off(POWER_OFF_PANIC);
}

void power_off_status(int status)
{
    char line[32];
    int n = format(line, sizeof(line), "\nexit %d\n", status);

    monitor_put(line, (size_t)n);
    arch_power_off(POWER_OFF_HALT);
}

void power_off(enum power_off_code code)
{
    static const char *const names[] = {
        [POWER_OFF_HALT] = "0", [POWER_OFF_PANIC] = "panic", [POWER_OFF_MEMORY] = "memory",
        [POWER_OFF_DISK] = "disk", [POWER_OFF_INIT] = "init",
    };
    char line[32];
    int n = format(line, sizeof(line), "\nexit %s\n", names[code]);

    monitor_put(line, (size_t)n);
    arch_power_off(code);
}
