/* consolectl.h - the requests of consolectl(), by which the shell edits lines itself, and programs get keys. */
#ifndef CONSOLECTL_H
#define CONSOLECTL_H

enum console_request {
    CONSOLE_LINES = 0, /* whoever reads gets lines, which the console edits and echoes: so it is at first */
    CONSOLE_KEYS = 1,  /* the caller alone reads, and gets keys; 1: something is in the cursor's line; or 0 */
    CONSOLE_BREAK = 2, /* the shell's: 1: Ctrl-C was typed since the last such request; or 0 */
    CONSOLE_SHOW_PROCS = 3,    /* prints what Ctrl-P prints */
    CONSOLE_SHOW_SEGMENTS = 4, /* prints what Ctrl-K prints */
};

#endif
