/*
 * console.h - the console: line editing, its special keys, and its foreground job.
 *
 * Input from keyboard and serial port comes by console_input(); device_read() and device_write() of
 * kernel/fs/file.h are defined here for major 1.
 */
#ifndef KERNEL_CONSOLE_H
#define KERNEL_CONSOLE_H

#include <stddef.h>

#include "include/types.h"

#define CONSOLE_MAJOR 1

void console_init(void);
/* A character was typed.  From an interrupt. */
void console_input(int c);
/* Ctrl-C ends the processes of this job; 0: there is none, and Ctrl-C is a character like others. */
void console_foreground(int job);
/* The job that Ctrl-C ends now, or 0. */
int console_job(void);
/* One piece of output, not mixed with kernel messages. */
void console_write_piece(const char *text, size_t n);

/* What the special keys ask for; a kernel thread of the floors above does it. */
#define CONSOLE_KEY_PROCS  1u /* Ctrl-P */
#define CONSOLE_KEY_KSM    2u /* Ctrl-K */
#define CONSOLE_KEY_BREAK  4u /* Ctrl-C */
/* Sleeps until one of them is pressed; returns the keys pressed since the last call, as bits. */
uint console_wait_keys(void);

#endif
