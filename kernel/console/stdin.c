/*
 * stdin.c - input from the monitor port in place of the keyboard: the boot parameter stdin=.
 *
 * The tool at the other end is asked for each piece: a reader that finds nothing sends the event `input`, and the
 * tool answers with the piece's length, in two bytes of which the lower comes first, and as many bytes.  The length 0
 * is the end of the input, for this reader and all later ones.  So any bytes can be sent and any number of them, and
 * what no program reads stays with the tool.
 *
 *      piece    | header |  taken  |  for readers, once the piece is whole  |
 *                                taken                                    received
 */
#include "base/min.h"
#include "base/printk.h"
#include "console/console.h"
#include "console/console_impl.h"

#define HEADER_SIZE 2u
#define PIECE_MAX   4096u

/* Fields:  S stdin lock   I set while booting */
static struct spinlock stdin_lock = SPINLOCK_INIT(RANK_CONSOLE, "stdin");
static enum console_stdin source;            /* [I] */
static uchar piece[HEADER_SIZE + PIECE_MAX]; /* [S] with its header */
static uint received;                        /* [S] bytes of it */
static uint taken = HEADER_SIZE;             /* [S] of these, by readers */
static bool asked;                           /* [S] for it */
static struct waitq stdin_readers;           /* [S] */

void console_stdin_from_monitor(enum console_stdin which)
{
    waitq_init(&stdin_readers);
    source = which;
    monitor_listen();
}

bool stdin_is_source(void) { return source == STDIN_ALL || (source == STDIN_PROGRAMS && !proc_is_shell()); }

static bool whole_locked(void)
{
    return received >= HEADER_SIZE &&
           received == HEADER_SIZE + min_uint(piece[0] | (uint)piece[1] << 8, PIECE_MAX);
}

void console_stdin_byte(int c)
{
    uint was = spin_acquire_irq(&stdin_lock);

    if (asked && !whole_locked())
        piece[received++] = (uchar)c;
    if (whole_locked())
        waitq_wake_all(&stdin_readers);
    spin_release_irq(&stdin_lock, was);
}

int stdin_take(char *buf, uint size, bool wait)
{
    uint was = spin_acquire_irq(&stdin_lock);
    uint n = 0;

    while (wait && !whole_locked() && !thread_killed(thread_self())) {
        if (!asked)
            printk_event("input");
        asked = true;
        waitq_sleep(&stdin_readers, &stdin_lock, 0, true);
    }
    bool killed = thread_killed(thread_self()); /* a piece that woke it is for those that live */
    while (!killed && n < size && whole_locked() && taken < received)
        buf[n++] = (char)piece[taken++];
    if (n > 0 && taken == received) {
        asked = false;
        received = 0;
        taken = HEADER_SIZE;
    }
    spin_release_irq(&stdin_lock, was);
    return killed ? -1 : (int)n;
}
