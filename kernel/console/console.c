/*
 * console.c - where characters come in, and the device that programs read and write.
 *
 * A character is for the line being typed (edit.c), or for a program that reads keys (raw.c): see README.md.
 */
#include "console/console.h"
#include "base/printk.h"
#include "console/console_impl.h"
#include "fs/device.h"
#include "include/devices.h"

struct input input;
struct output output;

void console_init(void)
{
    spin_init(&input.lock, RANK_CONSOLE, "console");
    waitq_init(&input.readers);
    mutex_init(&output.writing, RANK_CONSOLE_WRITE, "console write");
}

/* Served for a program that reads keys; a shell does it by itself. */
static bool is_for_system(int c) { return c == CTRL('C') || c == CTRL('P') || c == CTRL('K'); }

bool input_has_room_locked(uint end, int c)
{
    bool ends = input_ends_line(c), full = end - input.taken >= (ends ? RING_SIZE : RING_SIZE - 1);

    if (full && c == CTRL('C') && !proc_foreign) {
        input.taken = input.committed = input.edited = input.keys_from = input.keys_to = end;
        return true;
    }
    if (!c || (!full && !input.refusing))
        return !full;
    print_text("\a", !input.refusing); /* one bell for a line */
    input.refusing = !ends;
    return false;
}

void console_input(int c)
{
    uint was = spin_acquire_irq(&input.lock);

    if (c == '\r')
        c = '\n';
    input.refusing = input.refusing && c != CTRL('U') && (c != CTRL('C') || proc_foreign);
    if (c && proc_keys_reader() && !(is_for_system(c) && (proc_foreground() > 0 || input.refusing)))
        raw_add_locked(c);
    else
        edit_locked(c);
    spin_release_irq(&input.lock, was);
}

DEVICE(console) = { .major = CONSOLE_MAJOR, .read = console_read, .write = console_write };
