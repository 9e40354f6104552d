/*
 * input.h - where the shell's lines come from: a text, descriptor 0, or keys on a terminal (edit.h).
 *
 * Lines are gathered until the shell has run them, since a command may go on in the next one.  A shell that talks with
 * the user prompts for each.  Without memory, or when descriptor 0 cannot be read, the functions end the program.
 */
#ifndef INPUT_H
#define INPUT_H

#include "ulib.h"

/* Lines come from the text, which must stay.  Sleeps: no. */
void input_from(const char *text);
/* Lines are edited on a terminal of that many columns; 0: the console echoes what is typed.  Sleeps: no. */
void input_edit(uint terminal_columns);

/* Gathers one more line.  false: there is none.  Sleeps: may. */
MUST_CHECK bool input_more(void);
/* Did Ctrl-C end that line?  It is empty then, and those before it are gone.  Sleeps: no. */
bool input_dropped(void);
/* The lines that were gathered, until the next call of a function here.  Sleeps: no. */
const char *input_lines(void);
/* Drops them.  Sleeps: no. */
void input_forget(void);

#endif
