/* console_impl.h - what the files of kernel/console share. */
#ifndef CONSOLE_IMPL_H
#define CONSOLE_IMPL_H

#include "arch.h"

/* The special keys. */
#define CONSOLE_KEY_PROCS 1u /* Ctrl-P */
#define CONSOLE_KEY_KSM   2u /* Ctrl-K */
#define CONSOLE_KEY_BREAK 4u /* Ctrl-C */

/* Waits until one of these keys, given as bits, is pressed; returns those pressed since the last call.  Stores the
   job that the last Ctrl-C was for, or 0.  Sleeps: may. */
uint console_wait_keys(uint wanted, int *job);

/* Ends the line that the cursor is in, if there is something in it, and says so.  Sleeps: no. */
bool console_leave_line(void);
/* Shows that line again: what programs wrote in it, and what is being typed.  Sleeps: no. */
void console_show_line(void);

/* Is what the calling process reads from the console source from the monitor port?  Sleeps: no. */
bool console_has_stdin(void);
/* As read(): at least one byte, 0 at the end of the input, -1 if the caller is killed meanwhile.  Sleeps: may. */
int console_read_fed(void USER *dst, int nbytes);

#endif
