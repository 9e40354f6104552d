/*
 * screen.h - the line being edited, and how the terminal shows it.
 *
 * Whoever changes the line says from where on, and has it drawn later.  Sleeps: may.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include "ulib.h"

#define SCREEN_PROMPT_SIZE 80

extern struct line {
    char *text; /* ends with a 0 */
    uint length, room;
    uint at; /* the cursor: where the next character goes */
} line;

/* Is it a continuation byte of UTF-8?  The cursor is never on one.  Sleeps: no. */
static inline bool screen_is_continuation(char c) { return ((uchar)c & 0xC0) == 0x80; }

/* Begins a new line, and asks the terminal to mark what is pasted.  columns: the terminal's, unless
   screen_set_columns() was told of others; begun: the cursor may be within a row. */
void screen_begin(const char *prompt, uint columns, bool begun);
/* Goes to the start of a row: the next one, unless the cursor is there. */
void screen_find_row(void);
/* Ends the line, with the cursor after this text. */
void screen_end(const char *text);
/* The line differs from here on. */
void screen_change(uint from);
void screen_draw(void);
void screen_beep(void);
/* Another prompt: a format for one string, which is cut if it is too long. */
void screen_set_prompt(const char *fmt, const char *text);
/* Moves below the line, for something else to be printed; and shows the line again, after that. */
void screen_leave_line(void);
void screen_enter_line(void);
/* Prints names below the line, in columns, and shows it again. */
void screen_list(char *const names[], uint n);
/* Clears the screen but for the line, and asks the terminal for its width: it will report ESC [ ROW ; COLUMN R. */
void screen_clear(void);
void screen_set_columns(uint columns);

#endif
