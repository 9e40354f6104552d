/*
 * console.h - the console: line editing, its special keys, and its foreground job.
 *
 * Input from keyboard and serial port comes by console_input(); device_read() and device_write() of kernel/fs/file.h
 * are defined here for major 1.
 */
#ifndef KERNEL_CONSOLE_H
#define KERNEL_CONSOLE_H

#include "include/types.h"

#define CONSOLE_MAJOR 1

void console_init(void);
/* A character was typed.  From an interrupt. */
void console_input(int c);
/* Ctrl-C ends the processes of this job; 0: there is none, and Ctrl-C is a character like others. */
void console_foreground(int job);

/* What the special keys ask for, done by a kernel thread; defined by kernel/proc and kernel/ksm's callers. */
#define CONSOLE_KEY_PROCS  1u /* Ctrl-P */
#define CONSOLE_KEY_KSM    2u /* Ctrl-K */
#define CONSOLE_KEY_BREAK  4u /* Ctrl-C */

#endif
