/*
 * console.h - the console: line editing, its special keys, and its foreground job.
 *
 * Programs reach it through the device file `console`.  Lock: RANK_CONSOLE, taken and released inside.
 */
#ifndef KERNEL_CONSOLE_H
#define KERNEL_CONSOLE_H

/* Once at boot, before characters arrive.  Sleeps: no. */
void console_init(void);
/* Starts the thread that serves Ctrl-P, Ctrl-K and Ctrl-C.  0, or -1: no kernel stack is left.  Sleeps: no. */
int console_start_keys(void);
/* A character was typed on the keyboard or the serial port.  From an interrupt.  Sleeps: no. */
void console_input(int c);
/* Ctrl-C ends the processes of this job; 0: there is none, and Ctrl-C is a character like others.  Sleeps: no. */
void console_foreground(int job);

#endif
