/*
 * console_impl.h - what the files of kernel/console share.
 *
 * Characters that were typed are in a ring.  Its positions only count up, and *input_at(position) is what is there:
 *
 *      taken              committed            edited
 *        | lines for readers |  line being typed  |
 *
 * While a program reads keys:
 *
 *      taken = committed = edited = keys_from            keys_to
 *                                       |  keys as typed  |
 *
 * `_locked`: the caller holds input.lock.
 */
#ifndef CONSOLE_IMPL_H
#define CONSOLE_IMPL_H

#include "proc/proc.h"
#include "sched/thread.h"

#define CTRL(letter) ((letter) - '@')

#define RING_SIZE  8192u /* a power of two, so that positions may wrap round */
#define PIECE_SIZE 256u  /* copied by way of the stack: user memory may fault, but not under input.lock */
#define PROMPT_MAX 80u   /* characters that are shown again */

/* Fields:  C its lock */
struct input {
    struct spinlock lock;          /* RANK_CONSOLE */
    char ring[RING_SIZE];          /* [C] */
    uint taken, committed, edited; /* [C] */
    uint keys_from, keys_to;       /* [C] while a program reads keys */
    uint broken_to;                /* [C] after the last Ctrl-C that is a line */
    bool refusing;                 /* [C] what is typed, up to the end of its line */
    bool breaking;                 /* [C] Ctrl-C has yet to reach all of its job */
    struct waitq readers;          /* [C] */
};
extern struct input input;

/* Fields:  C input.lock   W input.lock, and `writing` to change */
struct output {
    struct mutex writing;    /* RANK_CONSOLE_WRITE: one write() at a time, or a part of a long one */
    char prompt[PROMPT_MAX]; /* [C] what programs wrote on the cursor's line */
    uint nprompt;            /* [C] */
    bool shows_edited;       /* [W] the shell wrote all of the line */
};
extern struct output output;

/* Sleeps: no. */
static inline char *input_at(uint position) { return &input.ring[position % RING_SIZE]; }
static inline bool input_ends_line(int c)
{
    return c == '\n' || c == CTRL('D') || (c == CTRL('C') && !proc_foreign);
}
/* Is there something in the cursor's line? */
static inline bool output_in_line_locked(void)
{
    return output.nprompt > 0 || input.edited != input.committed;
}

/* console.c.  Does a character fit at `end`?  If not, the caller drops its line, whose rest is refused: a line is taken
   whole or not at all.  Ctrl-C takes the place of all; 0 refuses nothing.  Sleeps: no. */
bool input_has_room_locked(uint end, int c);

/* edit.c.  A character for the line being typed, or a key that edits it, or one for the system.  Sleeps: no. */
void edit_locked(int c);

/* raw.c.  Does the calling process read keys?  Sleeps: no. */
bool raw_is_reader(void);
/* A key for the program that reads keys; 0, which nobody can type, asks it to show its line again.  Sleeps: no. */
void raw_add_locked(int key);
/* Moves at most size keys into buf, and none after the end of a line: what follows may be for a program.  Waits for
   one.  Their number, or -1: the caller was killed meanwhile, or its job left the foreground.  Sleeps: may. */
int raw_take(char *buf, uint size);

/* read.c and write.c.  As read() and write().  Sleeps: may. */
int console_read(void USER *dst, int nbytes);
int console_write(const void USER *src, int nbytes);
/* write.c.  Ends the line that the cursor is in, if there is something in it, and says so.  Sleeps: may. */
bool console_leave_line(void);
/* Shows that line again: what programs wrote in it, and what is being typed.  Sleeps: may. */
void console_show_line(void);

/* control.c.  The keys for the system, as bits. */
#define CONTROL_PROCS 1u /* Ctrl-P */
#define CONTROL_KSM   2u /* Ctrl-K */
#define CONTROL_BREAK 4u /* Ctrl-C */
/* Such a key was pressed.  Sleeps: no. */
void control_press_locked(uint key);
/* Ctrl-C was pressed while this job was in the foreground.  False: the thread that ends jobs does not know yet of
   the last one, which was for another job.  Sleeps: no. */
MUST_CHECK bool control_break_locked(int job);

/* stdin.c.  Is what the calling process reads from the console source from the monitor port?  Sleeps: no. */
bool stdin_is_source(void);
/* Moves at most size bytes into buf, and waits for them if `wait`.  Their number, 0 at the end of the input if it
   waited; -1: the caller was killed meanwhile.  Sleeps: may. */
int stdin_take(char *buf, uint size, bool wait);

#endif
