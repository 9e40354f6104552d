/*
 * write.c - text from programs and from the kernel, and the line that the cursor is in.
 *
 * The prompt is what programs wrote last, if no line's end came after it.  It is kept, so that the prompt and the line
 * being typed can be shown again after a table or a message of the kernel's.
 *
 * Text passes through a small buffer in pieces, since user memory may fault and input.lock must not be held then.
 * A mutex keeps the pieces of one write() together, up to 4 KB.
 */
#include "base/kstring.h"
#include "base/min.h"
#include "base/printk.h"
#include "console/console.h"
#include "console/console_impl.h"

#define WHOLE_SIZE 4096u /* of one write(), until another one has its turn */

bool console_leave_line(void)
{
    uint was = spin_acquire_irq(&input.lock);
    bool begun = output_in_line_locked();

    spin_release_irq(&input.lock, was);
    if (begun)
        sched_print("\n", 1);
    return begun;
}

void console_show_line(void)
{
    char piece[PROMPT_MAX];
    uint was = spin_acquire_irq(&input.lock);
    uint n = proc_keys_reader() ? 0 : output.nprompt, shown = 0;

    if (proc_keys_reader()) /* since the line was left */
        raw_add_locked(0);
    memcpy(piece, output.prompt, n);
    spin_release_irq(&input.lock, was);
    while (n > 0) {
        sched_print(piece, n);
        was = spin_acquire_irq(&input.lock);
        for (n = 0; n < sizeof(piece) && shown < input.edited - input.committed; n++)
            piece[n] = *input_at(input.committed + shown++);
        spin_release_irq(&input.lock, was);
    }
}

static void note_written(const char *text, size_t n)
{
    uint was = spin_acquire_irq(&input.lock);
    bool alone = output.nprompt == 0 || output.shows_edited;

    for (; n > 0; n--, text++) {
        if (*text == '\n')
            output.nprompt = 0;
        else if (output.nprompt < PROMPT_MAX)
            output.prompt[output.nprompt++] = *text;
    }
    output.shows_edited = alone && output.nprompt > 0 && raw_is_reader();
    if (proc_keys_reader() && !raw_is_reader() && output.nprompt == 0)
        raw_add_locked(0);
    spin_release_irq(&input.lock, was);
}

static void erase_edited(void)
{
    if (output.shows_edited && !raw_is_reader())
        sched_print("\r\033[J", 4);
}

void console_begin_message(void)
{
    mutex_acquire(&output.writing);
    erase_edited();
}

void console_end_message(void)
{
    note_written("\n", 1);
    mutex_release(&output.writing);
}

int console_write(const void USER *src, int nbytes)
{
    char piece[PIECE_SIZE];
    int done = 0;
    bool has_turn = mutex_acquire_unless_killed(&output.writing);

    while (has_turn && done < nbytes && !thread_killed(thread_self())) {
        size_t n = min_uint((uint)(nbytes - done), PIECE_SIZE);

        bytes_from_user(piece, user_at(src, (uint)done), n);
        erase_edited();
        note_written(piece, n); /* first: whoever has seen a prompt finds it noted */
        sched_print(piece, n);
        done += (int)n;
        if (done < nbytes && (uint)done % WHOLE_SIZE == 0) { /* a long write keeps nobody from the console */
            mutex_release(&output.writing);
            has_turn = mutex_acquire_unless_killed(&output.writing);
        }
    }
    if (has_turn)
        mutex_release(&output.writing);
    return done;
}
