/*
 * printk.c - the kernel's messages and its last words.
 *
 * A message is formatted on the caller's stack and written as a whole under a lock, from any context.  The
 * lock is the innermost of all: nothing is acquired while it is held, so it needs no rank.  It also keeps
 * messages out of the middle of a piece that a program writes to the console.
 *
 * A panic takes no lock: the processor that holds it may have been stopped.  The first processor to panic
 * reports it; others stop in silence.
 */
#include "base/printk.h"
#include "arch.h"
#include "base/power.h"

#define MESSAGE_SIZE 320 /* a longer message is cut */

static volatile uint printing; /* the lock */
static bool to_monitor;
static volatile uint panicking; /* 1 + the processor's index; 0: none */

static uint print_acquire(void)
{
    uint was = irq_save();

    while (atomic_swap(&printing, 1))
        cpu_relax();
    return was;
}

static void print_release(uint was)
{
    __atomic_store_n(&printing, 0, __ATOMIC_RELEASE);
    irq_restore(was);
}

void printk_to_monitor(void) { to_monitor = true; }

void print_text(const char *text, size_t n)
{
    uint was = print_acquire();

    console_put(text, n);
    print_release(was);
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
        uint was = print_acquire();

        monitor_put(buf, n);
        print_release(was);
    } else {
        print_text(buf, n);
    }
}

void printk_event(const char *word)
{
    if (to_monitor)
        printk("\n" POWER_MARK "%s\n", word);
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
    arch_backtrace();
    power_off(POWER_OFF_PANIC);
}
