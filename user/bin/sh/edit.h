/*
 * edit.h - reads a line from a terminal, on which it can be edited while it is typed.
 *
 * The console gives keys and echoes nothing meanwhile: see consolectl(2).  There is one line at a time.
 */
#ifndef EDIT_H
#define EDIT_H

#include "ulib.h"

/* EDIT_BREAK: Ctrl-C.  EDIT_END: Ctrl-D, or the console is gone. */
enum edit_outcome { EDIT_LINE, EDIT_BREAK, EDIT_END };

/* Shows the prompt, below what is in the cursor's line if that has begun, and reads a line, without its end, which
   stays valid until the next call.  What is pasted may be several lines.  The terminal has that many columns, until it
   says otherwise.  Without memory it ends the program.  Sleeps: may. */
MUST_CHECK enum edit_outcome edit_line(const char *prompt, uint columns, bool begun, const char **line);

#endif
