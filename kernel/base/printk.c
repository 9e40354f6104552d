/*
 * printk.c - the kernel's messages and its last words.
 *
 * A message is formatted on the caller's stack and written as a whole, from any context.  Two locks are the innermost
 * of all: nothing else is acquired while they are held, so they need no rank.  `whole` keeps other text out of the
 * middle of a message.  It is held with interrupts on, since the devices are slow.  So a caller with interrupts off,
 * which echoes what is typed, does without it.  `printing` guards the devices, for a few characters at a time.
 *
 * A panic takes no lock: the processor that holds it may have been stopped.  The first processor to panic
 * reports it; the others stop, and show where they were.
 */
#include "base/printk.h"
#include "arch.h"
#include "base/latency.h"
#include "base/min.h"
#include "base/power.h"

#define MESSAGE_SIZE 320 /* a longer message is cut */
#define EVENT_SIZE   32

#define PIECE 16u /* characters printed with interrupts off */

static volatile uint whole, printing; /* the locks */
static bool to_monitor;
static volatile uint panicking; /* 1 + the processor's index; 0: none */

static void print_acquire(volatile uint *lock)
{
    while (atomic_swap(lock, 1))
        cpu_relax();
}

static void print_release(volatile uint *lock) { __atomic_store_n(lock, 0, __ATOMIC_RELEASE); }

void printk_to_monitor(void) { to_monitor = true; }

/* Returns how many of the characters were taken; 0: the device is busy. */
static uint put_piece(uint (*put)(const char *text, uint n), const char *text, uint n)
{
    uint was = irq_save();

    if (!panicking)
        print_acquire(&printing);
    n = put(text, min_uint(n, PIECE));
    print_release(&printing);
    irq_restore(was);
    return n;
}

static void put_whole(uint (*put)(const char *text, uint n), const char *text, uint n)
{
    bool alone = irq_enabled();

    if (alone)
        print_acquire(&whole);
    uint paused = latency_pause(); /* the device's time, not the kernel's */
    for (uint done = 0; done < n;)
        done += put_piece(put, text + done, n - done);
    latency_resume(paused);
    if (alone)
        print_release(&whole);
}

uint print_some(const char *text, uint n)
{
    print_acquire(&whole);
    n = put_piece(console_put, text, n);
    print_release(&whole);
    return n;
}

void print_text(const char *text, uint n) { put_whole(console_put, text, n); }

static size_t message(char *buf, const char *fmt, va_list ap)
{
    int n = format_va(buf, MESSAGE_SIZE, fmt, ap);

    return n < MESSAGE_SIZE ? (size_t)n : MESSAGE_SIZE - 1;
}

void printk(const char *fmt, ...)
{
    char buf[MESSAGE_SIZE];
    va_list ap;

    va_start(ap, fmt);
    size_t n = message(buf, fmt, ap);
    va_end(ap);
    if (panicking || !to_monitor)
        print_text(buf, n);
    if (panicking || to_monitor)
        put_whole(monitor_put, buf, n);
}

void printk_event(const char *word)
{
    char line[EVENT_SIZE];

    put_whole(monitor_put, line, (uint)format(line, sizeof(line), "\n" POWER_MARK "%s\n", word));
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
    arch_backtrace_others();
    power_off(POWER_OFF_PANIC);
}
