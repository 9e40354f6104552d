/*
 * raw.c - keys as they are typed: for a shell that edits lines itself, and for the editor or pager that it runs.
 *
 * One process at a time reads keys: the shell, or one of the job in the foreground, which does not get the keys for the
 * system.  Before a shell starts a program it asks for lines again, and the keys that it has not read are edited as if
 * they were typed then.
 *
 * When another program writes meanwhile, its text takes the place of the line on the screen, and after the text's last
 * line a key 0, which nobody can type, asks the reader to show its line again.
 */
#include "base/printk.h"
#include "console/console.h"
#include "console/console_impl.h"

bool raw_is_reader(void) { return proc_keys_reader() == proc_self()->pid; }

/* Ctrl-U is for its start, if that was read or is being edited. */
static void drop_line_locked(void)
{
    while (input.keys_to != input.keys_from && !input_ends_line(*input_at(input.keys_to - 1)))
        input.keys_to--;
    if (!input_ends_line(*input_at(input.keys_to - 1)))
        *input_at(input.keys_to++) = CTRL('U');
}

void raw_add_locked(int key)
{
    if (!key && input.keys_to != input.keys_from && !*input_at(input.keys_to - 1))
        return;
    if (input_has_room_locked(input.keys_to, key))
        *input_at(input.keys_to++) = (char)key;
    else if (key)
        drop_line_locked();
    waitq_wake_all(&input.readers);
}

int console_read_keys(void)
{
    uint was = spin_acquire_irq(&input.lock);
    bool begun = output_in_line_locked();

    if (!proc_keys_reader() && !stdin_is_source() && proc_self()->job == proc_foreground() &&
        (proc_is_shell() || !input.breaking)) {
        input.keys_to = input.edited;
        input.keys_from = input.committed = input.edited = input.taken;
        output.shows_edited = false;
        output.nprompt = 0;
        proc_read_keys(true);
        waitq_wake_all(&input.readers); /* one whose job has left the foreground reads no more */
    }
    spin_release_irq(&input.lock, was);
    if (!raw_is_reader())
        return -1;
    printk_event("prompt");
    return begun;
}

void console_read_lines(void)
{
    bool more = true;

    while (more) { /* one at a time, since interrupts are off while it is echoed */
        uint was = spin_acquire_irq(&input.lock);

        more = raw_is_reader() && input.keys_from != input.keys_to;
        if (more)
            edit_locked((uchar)*input_at(input.keys_from++));
        else if (raw_is_reader())
            proc_read_keys(false);
        spin_release_irq(&input.lock, was);
        sched_checkpoint();
    }
}

int raw_take(char *buf, uint size)
{
    uint was = spin_acquire_irq(&input.lock);
    uint n = 0;
    bool lost = !raw_is_reader();

    while (input.keys_from == input.keys_to && !lost)
        lost = waitq_sleep(&input.readers, &input.lock, 0, true) == PARK_KILLED || !raw_is_reader();
    while (!lost && n < size && input.keys_from != input.keys_to && (n == 0 || !input_ends_line(buf[n - 1])))
        buf[n++] = *input_at(input.keys_from++);
    if (!lost)
        input.taken = input.committed = input.edited = input.keys_from;
    spin_release_irq(&input.lock, was);
    return lost ? -1 : (int)n;
}
