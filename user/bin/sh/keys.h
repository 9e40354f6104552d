/*
 * keys.h - from the characters that a terminal sends to the keys that were pressed.
 */
#ifndef KEYS_H
#define KEYS_H

#include "ulib.h"

#define CTRL(letter) ((letter) - '@')
#define RUBOUT       0x7f /* what most keyboards send for backspace */

/* Keys that are more than a character. */
enum {
    KEY_UP = 256,
    KEY_DOWN,
    KEY_LEFT,
    KEY_RIGHT,
    KEY_HOME,
    KEY_END,
    KEY_DELETE,
    KEY_PASTE,
    KEY_PASTED,
    KEY_NONE
};

/* The next key: a character, or one of those above; negative: there are no more.  What the keys before it changed is
   drawn once nothing more has been typed.  Sleeps: may. */
int keys_next(void);

/* What a terminal sends for an arrow or another such key: ESC and some characters. */
struct escape {
    uint n;        /* characters so far; 0: no sequence has begun */
    char text[16]; /* after ESC; a longer one is cut */
};
enum escape_state { ESCAPE_NONE, ESCAPE_GOES_ON, ESCAPE_ENDS };

/* The next character typed: is it one of a sequence?  Sleeps: no. */
enum escape_state keys_escape(struct escape *escape, char c);

#endif
