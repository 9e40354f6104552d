/*
 * console.h - the console: line editing, and its special keys.
 *
 * Programs reach it through the device file `console`.  Lock: RANK_CONSOLE, taken and released inside.
 */
#ifndef KERNEL_CONSOLE_H
#define KERNEL_CONSOLE_H

#include <stdbool.h>

#include "include/mustcheck.h"

/* Once at boot, before characters arrive.  Sleeps: no. */
void console_init(void);
/* Starts the threads that serve Ctrl-P, Ctrl-K and Ctrl-C.  0, or -1: no kernel stack is left.  Sleeps: no. */
MUST_CHECK int console_start_keys(void);
/* A character was typed on the keyboard or the serial port.  From an interrupt.  Sleeps: no. */
void console_input(int c);

/* Until console_read_lines(), its end or a change of the foreground, the caller alone reads what is typed: each key as
   it comes, without echo; the end of a line is \n, and 0 means that another program wrote a line.  What has been
   typed and not read comes first.  The caller is the console's shell, or of the job in the foreground: then Ctrl-C,
   Ctrl-P and Ctrl-K are served as always.  1: there is something in the cursor's line; 0: there is nothing; -1: another
   one does so, or its input comes from the monitor port.  Sleeps: no. */
MUST_CHECK int console_read_keys(void);
/* Readers get lines again.  Keys that were not read count as typed now.  Sleeps: may. */
void console_read_lines(void);
/* Around messages of the kernel's to the user at the console: the line that a shell edits makes way for them, and comes
   again after them.  Sleeps: may. */
void console_begin_message(void);
void console_end_message(void);
/* Has Ctrl-C been typed since the last call?  What was typed before it and not read is discarded.  Sleeps: no. */
bool console_take_break(void);

/* Whose input comes from the monitor port: everybody's; or that of programs, while someone types to the shell. */
enum console_stdin { STDIN_NOBODY, STDIN_ALL, STDIN_PROGRAMS };
/* Once at boot, when devices can interrupt: lets that port interrupt.  Sleeps: no. */
void console_stdin_from_monitor(enum console_stdin which);
/* A byte came in on the monitor port.  From an interrupt.  Sleeps: no. */
void console_stdin_byte(int c);

#endif
