/*
 * console.h - the console: line editing, and its special keys.
 *
 * Programs reach it through the device file `console`.  Lock: RANK_CONSOLE, taken and released inside.
 */
#ifndef KERNEL_CONSOLE_H
#define KERNEL_CONSOLE_H

#include "include/mustcheck.h"

/* Once at boot, before characters arrive.  Sleeps: no. */
void console_init(void);
/* Starts the threads that serve Ctrl-P, Ctrl-K and Ctrl-C.  0, or -1: no kernel stack is left.  Sleeps: no. */
MUST_CHECK int console_start_keys(void);
/* A character was typed on the keyboard or the serial port.  From an interrupt.  Sleeps: no. */
void console_input(int c);

#endif
