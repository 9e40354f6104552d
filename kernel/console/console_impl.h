/* console_impl.h - what the files of kernel/console share. */
#ifndef CONSOLE_IMPL_H
#define CONSOLE_IMPL_H

#include "include/types.h"

/* The special keys. */
#define CONSOLE_KEY_PROCS 1u /* Ctrl-P */
#define CONSOLE_KEY_KSM   2u /* Ctrl-K */
#define CONSOLE_KEY_BREAK 4u /* Ctrl-C */

/* Waits until one of them is pressed; returns the keys pressed since the last call, as bits.  Sleeps: may. */
uint console_wait_keys(void);
/* The job that Ctrl-C ends now, or 0.  Sleeps: no. */
int console_job(void);

#endif
