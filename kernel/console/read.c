/*
 * read.c - readers of the console.
 *
 * A read gets at most one line.  Ctrl-D ends a read, and is an end of file at the start of one.  The process that reads
 * keys gets those instead (raw.c); with the boot parameter stdin=, what programs read comes from elsewhere (stdin.c).
 */
#include "base/min.h"
#include "base/printk.h"
#include "console/console_impl.h"

/* Moves at most size bytes of one line into buf, and returns their number.  *more: the line goes on, and the
   read with it.  Waits for input if `wait`; -1: killed meanwhile.  That the shell waits means that its last
   command has ended, which tools on the monitor port want to know. */
static int take(char *buf, uint size, bool wait, bool *more)
{
    uint was = spin_acquire_irq(&input.lock), n = 0;

    if (wait && input.taken == input.committed && proc_is_shell())
        printk_event("prompt");
    while (wait && (input.breaking || input.taken == input.committed) && !thread_killed(thread_self()))
        waitq_sleep(&input.readers, &input.lock, 0, true);
    bool killed = thread_killed(thread_self()); /* a line that woke it is for those that live */
    *more = true;
    while (!killed && n < size && input.taken != input.committed && *more) {
        char c = *input_at(input.taken);
        bool ends_file = c == CTRL('D');

        *more = !input_ends_line(c);
        if (ends_file && (n > 0 || !wait)) /* it stays: the next read sees the end of file */
            break;
        input.taken++;
        if (!ends_file)
            buf[n++] = c;
    }
    *more = *more && input.taken != input.committed;
    spin_release_irq(&input.lock, was);
    return killed ? -1 : (int)n;
}

int console_read(void USER *dst, int nbytes)
{
    bool from_stdin = stdin_is_source(), by_key = !from_stdin && raw_is_reader(), more = true;
    char piece[PIECE_SIZE];
    int done = 0, n = 1;

    while (done < nbytes && more && n > 0) {
        uint size = min_uint((uint)(nbytes - done), PIECE_SIZE);

        n = from_stdin ? stdin_take(piece, size, done == 0)
            : by_key   ? raw_take(piece, size)
                       : take(piece, size, done == 0, &more);
        if (n < 0)
            return -1;
        bytes_to_user(user_at(dst, (uint)done), piece, (size_t)n);
        done += n;
        more = more && !by_key;
    }
    return done;
}
