/*
 * console.h - the console: line editing, its special keys, and its foreground job.
 *
 * Programs reach it through the device file `console`.
 */
#ifndef KERNEL_CONSOLE_H
#define KERNEL_CONSOLE_H

void console_init(void);
/* Starts the thread that serves Ctrl-P, Ctrl-K and Ctrl-C.  0, or -1 when no kernel stack is left. */
int console_start_keys(void);
/* A character was typed on the keyboard or the serial port.  From an interrupt. */
void console_input(int c);
/* Ctrl-C ends the processes of this job; 0: there is none, and Ctrl-C is a character like others. */
void console_foreground(int job);

#endif
