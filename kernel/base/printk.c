/*
 * printk.c - the kernel's messages and its last words.
 *
 * A message is formatted on the caller's stack and written as a whole, from any context.  Two locks are the innermost
 * of all: nothing else is acquired while they are held, so they need no rank.  `whole` keeps messages out of the middle
 * of each other, and of a piece that a program writes to the console.  It is held with interrupts on, since the devices
 * are slow.  So a caller with interrupts off, which echoes what is typed, does without it.  `printing` guards the
 * devices, for a few characters at a time.
 *
 * A panic takes no lock: the processor that holds it may have been stopped.  The first processor to panic
 * reports it; the others stop, and show where they were.
 */
#include "base/printk.h"
#include "arch.h"
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

static void put_piece(void (*put)(const char *text, size_t n), const char *text, size_t n)
{
    uint was = irq_save();

    print_acquire(&printing);
    put(text, n);
    print_release(&printing);
    irq_restore(was);
}

static void put_whole(void (*put)(const char *text, size_t n), const char *text, size_t n)
{
    bool alone = irq_enabled();

    if (alone)
        print_acquire(&whole);
    for (; n > PIECE; n -= PIECE, text += PIECE)
        put_piece(put, text, PIECE);
    put_piece(put, text, n);
    if (alone)
        print_release(&whole);
}

void print_text(const char *text, size_t n) { put_whole(console_put, text, n); }

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
    if (panicking) {
        console_put(buf, n);
        monitor_put(buf, n);
    } else if (to_monitor) {
        put_whole(monitor_put, buf, n);
    } else {
        print_text(buf, n);
    }
}

void printk_event(const char *word)
{
    char line[EVENT_SIZE];
    size_t n = (size_t)format(line, sizeof(line), "\n" POWER_MARK "%s\n", word);

    if (panicking)
        monitor_put(line, n);
    else
        put_whole(monitor_put, line, n);
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
