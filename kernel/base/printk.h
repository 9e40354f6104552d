/*
 * printk.h - the kernel's messages, formatting, assertions and panic.
 *
 * Messages go to the console, or to the monitor port alone with the boot parameter log=monitor.  Any
 * context; a lock of its own is taken and released inside.  Sleeps: no.
 */
#ifndef PRINTK_H
#define PRINTK_H

#include <stdarg.h>
#include <stddef.h>

#include "include/types.h"

/* As snprintf: %d %u %x %p %s %c %% with width, 0 and -, and %.Ns; returns the length without the limit.
   Unprintable characters of %s and %c become question marks. */
int format(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int format_va(char *buf, size_t size, const char *fmt, va_list ap);

/* A text that grows: n characters and a 0, in a buffer of `size` bytes, which is the caller's. */
struct text {
    char *buf;
    size_t size, n;
};
/* Adds to its end, as format(); what does not fit is left out. */
void text_add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* One message, of at most 319 bytes; no other text comes into its middle. */
void printk(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* n bytes to the console, without a message in their middle.  Waits while it is busy: for programs' text and for
   tables there is sched_print(). */
void print_text(const char *text, uint n);
/* As many of them as the console takes at once, and returns their number; 0: it is busy.  Interrupts are on. */
uint print_some(const char *text, uint n);
/* From now on messages go to the monitor port alone. */
void printk_to_monitor(void);
/* A line for the tools that listen at the monitor port, with POWER_MARK before it. */
void printk_event(const char *word);

/* The kernel itself is broken: reports where and why, with a back-trace, and powers off. */
void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#define assert(condition)                                                         \
    do {                                                                          \
        if (!(condition))                                                         \
            panic("%s:%d: assertion failed: %s", __FILE__, __LINE__, #condition); \
    } while (0)

#ifdef DEBUG
#define debug_assert(condition) assert(condition)
#else
#define debug_assert(condition) ((void)0)
#endif

#endif
