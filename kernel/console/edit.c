/*
 * edit.c - the line being typed.
 *
 * It is edited by the interrupt that delivers a character.  A newline or Ctrl-D commits the line; Backspace and Ctrl-U
 * delete what is not committed.  Ctrl-C deletes what no program has read, and ends the foreground job.  Without one,
 * it is a line by itself for the reader, which is a shell at its prompt.  A foreign system gets what xv6's console
 * gives it.  A line that the ring has no room for is deleted, as by Ctrl-U.
 */
#include "base/min.h"
#include "base/printk.h"
#include "console/console_impl.h"

#define BACKSPACE  '\b'
#define DELETE     0x7f
#define ERASED_MAX 80u /* characters, with interrupts off: a line of the screen */

static void echo_erased(uint n)
{
    static const char text[] = "\b \b\b \b\b \b\b \b\b \b\b \b\b \b\b \b";

    /* Eight at once, since each print has a price. */
    for (; n > 8; n -= 8)
        print_text(text, sizeof(text) - 1);
    print_text(text, 3 * n);
}

static void erase_locked(void)
{
    if (input.edited != input.committed) {
        input.edited--;
        echo_erased(1);
    }
}

/* Ctrl-U.  Of a very long line, the screen keeps the start. */
static void erase_line_locked(void)
{
    uint n = min_uint(input.edited - input.committed, ERASED_MAX);

    input.edited = input.committed;
    echo_erased(n);
}

static void add_locked(int c)
{
    if (!proc_keys_reader() && !input_has_room_locked(input.edited, c)) { /* keys fitted when typed */
        erase_line_locked();
        return;
    }
    *input_at(input.edited) = (char)c;
    if (proc_foreign || (c != CTRL('D') && c != CTRL('C')))
        print_text(input_at(input.edited), 1);
    input.edited++;
    if (input_ends_line(c)) {
        output.nprompt = 0;
        input.committed = input.edited;
        input.broken_to = c == CTRL('C') ? input.edited : input.broken_to;
        waitq_wake_all(&input.readers);
    }
}

/* Ctrl-C: discards what was typed and not read, like the program it was meant for; or refuses the key. */
static void break_locked(void)
{
    int job = proc_foreground();

    if (job > 0 && !control_break_locked(job)) {
        print_text("\a", 1);
        return;
    }
    input.taken = input.committed = input.edited;
    print_text("^C\n", 3);
    output.nprompt = 0;
    if (job <= 0)
        add_locked(CTRL('C'));
}

void edit_locked(int c)
{
    if (c == CTRL('C') && !proc_foreign)
        break_locked();
    else if (c == CTRL('K') && !proc_foreign)
        control_press_locked(CONTROL_KSM);
    else if (c == CTRL('P'))
        control_press_locked(CONTROL_PROCS);
    else if (c == CTRL('U'))
        erase_line_locked();
    else if (c == BACKSPACE || c == DELETE)
        erase_locked();
    else if (c)
        add_locked(c);
}
