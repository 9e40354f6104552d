/*
 * console.c - lines typed, and text written.
 *
 * Input is edited in a ring, by the interrupt that delivers a character:
 *
 *      taken              committed            edited
 *        | lines for readers |  line being typed  |
 *        '-------------------'--------------------'   positions only count up; ring[position % RING_SIZE]
 *
 * A newline or Ctrl-D commits the line being typed.  Backspace and Ctrl-U delete what is not committed.  A
 * reader gets at most one line at a time; Ctrl-D ends a read, and is an end of file at the start of one.
 * Ctrl-C deletes the line being typed, and ends the foreground job.  Without one, it is a line by itself for
 * the reader, which is a shell at its prompt.
 *
 * The ring is bounded.  The end of a line always fits, as long as its first character did; a character that
 * does not is refused with a bell, and so is the rest of its line: no line has a hole.
 *
 * A shell that edits lines itself asks for keys: all that is typed is kept as it is, for this shell alone.  So may a program
 * of the job in the foreground, but for the keys that are for the system.
 *
 *      taken = committed = edited = keys_from            keys_to
 *                                       |  keys as typed  |
 *
 * Before it starts a program it asks for lines again, and the keys that it has not read are edited here, as if they were
 * typed then.  When another program writes meanwhile, its text takes the place of the line on the screen, and after the
 * text's last line a key 0, which nobody can type, asks the shell to show its line again.
 *
 * Some keys are for the system: their work is left to threads, which sleep in console_wait_keys().  After a table that
 * they print, the prompt and the line being typed are shown again; the prompt is what programs wrote last, if no line's
 * end came after it.  A foreign system gets what xv6's console gives it.
 *
 * With the boot parameter stdin=, what programs read comes from elsewhere: see stdin.c.
 *
 * Output passes through a small buffer in pieces, because user memory may fault and the print lock must not
 * be held then; a mutex keeps the pieces of one write() together, up to 4 KB.
 */
#include "console/console.h"
#include "arch.h"
#include "base/kstring.h"
#include "base/min.h"
#include "base/printk.h"
#include "console/console_impl.h"
#include "fs/device.h"
#include "include/devices.h"
#include "proc/proc.h"
#include "sched/thread.h"

#define CTRL(letter) ((letter) - '@')
#define BACKSPACE    '\b'
#define DELETE       0x7f

#define RING_SIZE  8192u /* a power of two, so that positions may wrap round */
#define PIECE_SIZE 256u  /* of output, copied and printed at once */
#define WHOLE_SIZE 4096u /* of one write(), until another one has its turn */

#define ERASED_MAX 80u /* characters, with interrupts off: a line of the screen */

#define PROMPT_MAX 80u /* characters that are shown again */

/* Fields:  C input lock */
static struct spinlock input_lock = SPINLOCK_INIT(RANK_CONSOLE, "console");
static char ring[RING_SIZE];          /* [C] */
static uint taken, committed, edited; /* [C] */
static uint broken_to;                /* [C] behind the last Ctrl-C that is a line */
static uint keys_from, keys_to;       /* [C] while a shell reads keys */
static char prompt[PROMPT_MAX];       /* [C] what programs wrote on the cursor's line */
static uint nprompt;                  /* [C] */
static bool shows_edited;             /* [C and write_mutex to change] the shell wrote all of the line */
static struct waitq readers;          /* [C] */
static struct waitq key_waiters;      /* [C] */
static bool refusing;                 /* [C] the rest of the line being typed does not fit */
static uint keys;                     /* [C] pressed and not served yet */
static int broken_job;                /* [C] in the foreground when Ctrl-C was pressed last */
static bool broken;                   /* [C] its shell has not asked since */

static struct mutex write_mutex; /* one write() at a time, or a part of a long one */

void console_init(void)
{
    waitq_init(&readers);
    waitq_init(&key_waiters);
    mutex_init(&write_mutex, RANK_CONSOLE_WRITE, "console write");
}

static void beep(void) { print_text("\a", 1); }

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
    refusing = false;
    if (edited != committed) {
        edited--;
        echo_erased(1);
    }
}

/* Ctrl-U.  Of a very long line, the screen keeps the start. */
static void erase_line_locked(void)
{
    uint n = min_uint(edited - committed, ERASED_MAX);

    edited = committed;
    refusing = false;
    echo_erased(n);
}

static bool ends_line(int c) { return c == '\n' || c == CTRL('D') || (c == CTRL('C') && !proc_foreign); }

/* The last place in the ring is kept for the end of a line. */
static void add_locked(int c)
{
    bool ends = ends_line(c);
    bool fits = edited - taken < (ends ? RING_SIZE : RING_SIZE - 1) && (ends || !refusing);

    refusing = !fits && !ends;
    if (!fits) {
        beep();
        return;
    }
    ring[edited % RING_SIZE] = (char)c;
    if (proc_foreign || (c != CTRL('D') && c != CTRL('C')))
        print_text(&ring[edited % RING_SIZE], 1);
    edited++;
    if (ends) {
        nprompt = 0;
        committed = edited;
        broken_to = c == CTRL('C') ? edited : broken_to;
        waitq_wake_all(&readers);
    }
}

static void press_locked(uint key)
{
    keys |= key;
    waitq_wake_all(&key_waiters);
}

/* Ctrl-C: discards the line being typed, like the program it was meant for. */
static void break_locked(void)
{
    int job = proc_foreground();

    edited = committed;
    refusing = false;
    print_text("^C\n", 3);
    nprompt = 0;
    if (job > 0) {
        broken_job = job;
        broken = true;
        press_locked(CONSOLE_KEY_BREAK);
    } else {
        add_locked(CTRL('C'));
    }
}

static void edit_locked(int c)
{
    switch (c) {
    case CTRL('P'):
        press_locked(CONSOLE_KEY_PROCS);
        break;
    case CTRL('K'):
        if (proc_foreign)
            add_locked(c);
        else
            press_locked(CONSOLE_KEY_KSM);
        break;
    case CTRL('U'):
        erase_line_locked();
        break;
    case BACKSPACE:
    case DELETE:
        erase_locked();
        break;
    case CTRL('C'):
        if (proc_foreign)
            add_locked(c);
        else
            break_locked();
        break;
    default:
        if (c)
            add_locked(c);
    }
}

/* Served for a program that reads keys; a shell does it by itself. */
static bool is_for_system(int c) { return c == CTRL('C') || c == CTRL('P') || c == CTRL('K'); }

static bool reads_keys(void) { return proc_keys_reader() == proc_self()->pid; }

static void add_key_locked(int c)
{
    if (!c && keys_to != keys_from && !ring[(keys_to - 1) % RING_SIZE])
        return;
    if (keys_to - taken == RING_SIZE) {
        beep();
        return;
    }
    ring[keys_to++ % RING_SIZE] = (char)c;
    waitq_wake_all(&readers);
}

void console_input(int c)
{
    uint was = spin_acquire_irq(&input_lock);

    if (c == '\r')
        c = '\n';
    if (c && proc_keys_reader() && !(is_for_system(c) && proc_foreground() > 0))
        add_key_locked(c);
    else
        edit_locked(c);
    spin_release_irq(&input_lock, was);
}

static bool line_begun_locked(void) { return nprompt > 0 || edited != committed; }

int console_read_keys(void)
{
    uint was = spin_acquire_irq(&input_lock);
    bool begun = line_begun_locked();

    if (!proc_keys_reader() && !console_has_stdin()) {
        keys_from = taken;
        keys_to = edited;
        committed = edited = taken;
        refusing = shows_edited = false;
        nprompt = 0;
        proc_read_keys(true);
    }
    spin_release_irq(&input_lock, was);
    if (!reads_keys())
        return -1;
    printk_event("prompt");
    return begun;
}

void console_read_lines(void)
{
    bool more = true;

    while (more) { /* one at a time, since interrupts are off while it is echoed */
        uint was = spin_acquire_irq(&input_lock);

        more = reads_keys() && keys_from != keys_to;
        if (more)
            edit_locked((uchar)ring[keys_from++ % RING_SIZE]);
        else if (reads_keys())
            proc_read_keys(false);
        spin_release_irq(&input_lock, was);
    }
}

bool console_take_break(void)
{
    uint was = spin_acquire_irq(&input_lock);
    bool waits = broken_to - taken - 1 < committed - taken, found = broken || waits;

    broken = false;
    taken = waits ? broken_to : taken;
    spin_release_irq(&input_lock, was);
    return found;
}

bool console_leave_line(void)
{
    uint was = spin_acquire_irq(&input_lock);
    bool begun = line_begun_locked();

    spin_release_irq(&input_lock, was);
    if (begun)
        print_text("\n", 1);
    return begun;
}

void console_show_line(void)
{
    char piece[PROMPT_MAX];
    uint was = spin_acquire_irq(&input_lock);
    uint n = proc_keys_reader() ? 0 : nprompt, shown = 0;

    if (proc_keys_reader()) /* since the line was left */
        add_key_locked(0);
    memcpy(piece, prompt, n);
    spin_release_irq(&input_lock, was);
    while (n > 0) {
        print_text(piece, n);
        was = spin_acquire_irq(&input_lock);
        for (n = 0; n < sizeof(piece) && shown < edited - committed; n++)
            piece[n] = ring[(committed + shown++) % RING_SIZE];
        spin_release_irq(&input_lock, was);
    }
}

uint console_wait_keys(uint wanted, int *job)
{
    uint was = spin_acquire_irq(&input_lock);
    uint pressed;

    while (!(keys & wanted))
        waitq_sleep(&key_waiters, &input_lock, 0, false);
    pressed = keys & wanted;
    keys &= ~wanted;
    *job = broken_job;
    spin_release_irq(&input_lock, was);
    return pressed;
}

/* Moves at most size bytes of one line into buf, and returns their number.  *more: the line goes on, and the
   read with it.  Waits for input if `wait`; -1: killed meanwhile.  That the shell waits means that its last
   command has ended, which tools on the monitor port want to know. */
static int take(char *buf, uint size, bool wait, bool *more)
{
    uint was = spin_acquire_irq(&input_lock);
    uint n = 0;
    int result = -1;

    *more = false;
    if (wait && taken == committed && proc_is_shell())
        printk_event("prompt");
    while (wait && taken == committed)
        if (waitq_sleep(&readers, &input_lock, 0, true) == PARK_KILLED)
            goto out;
    *more = true;
    while (n < size && taken != committed && *more) {
        char c = ring[taken % RING_SIZE];

        if (c == CTRL('D')) {
            /* After other bytes it stays: the next read sees the end of file. */
            if (wait && n == 0)
                taken++;
            *more = false;
            break;
        }
        buf[n++] = c;
        taken++;
        *more = !ends_line(c);
    }
    if (taken == committed)
        *more = false;
    result = (int)n;
out:
    spin_release_irq(&input_lock, was);
    return result;
}

/* Moves at most size keys into buf, and none after the end of a line: what follows may be for a program.  Waits for one.
   Returns their number, or -1: killed meanwhile, or its job left the foreground. */
static int take_keys(char *buf, uint size)
{
    uint was = spin_acquire_irq(&input_lock);
    uint n = 0;
    bool lost = !reads_keys();

    while (keys_from == keys_to && !lost)
        lost = waitq_sleep(&readers, &input_lock, 0, true) == PARK_KILLED || !reads_keys();
    while (!lost && n < size && keys_from != keys_to && (n == 0 || !ends_line(buf[n - 1])))
        buf[n++] = ring[keys_from++ % RING_SIZE];
    if (!lost)
        taken = committed = edited = keys_from;
    spin_release_irq(&input_lock, was);
    return lost ? -1 : (int)n;
}

static int console_read(void USER *dst, int nbytes)
{
    char piece[PIECE_SIZE];
    int done = 0;
    bool more = true, by_key = reads_keys();

    if (console_has_stdin())
        return console_read_fed(dst, nbytes);
    while (done < nbytes && more) {
        uint size = min_uint((uint)(nbytes - done), PIECE_SIZE);
        int n = by_key ? take_keys(piece, size) : take(piece, size, done == 0, &more);

        if (n < 0)
            return -1;
        bytes_to_user(user_at(dst, (uint)done), piece, (size_t)n);
        done += n;
        more = more && !by_key;
    }
    return done;
}

static void note_written(const char *text, size_t n)
{
    uint was = spin_acquire_irq(&input_lock);
    bool alone = nprompt == 0 || shows_edited;

    for (; n > 0; n--, text++) {
        if (*text == '\n')
            nprompt = 0;
        else if (nprompt < PROMPT_MAX)
            prompt[nprompt++] = *text;
    }
    shows_edited = alone && nprompt > 0 && reads_keys();
    if (proc_keys_reader() && !reads_keys() && nprompt == 0)
        add_key_locked(0);
    spin_release_irq(&input_lock, was);
}

static void erase_edited(void)
{
    if (shows_edited && !reads_keys())
        print_text("\r\033[J", 4);
}

void console_begin_message(void)
{
    mutex_acquire(&write_mutex);
    erase_edited();
}

void console_end_message(void)
{
    note_written("\n", 1);
    mutex_release(&write_mutex);
}

static int console_write(const void USER *src, int nbytes)
{
    char piece[PIECE_SIZE];
    int done = 0;

    mutex_acquire(&write_mutex);
    while (done < nbytes && !thread_killed(thread_self())) {
        size_t n = min_uint((uint)(nbytes - done), PIECE_SIZE);

        bytes_from_user(piece, user_at(src, (uint)done), n);
        erase_edited();
        note_written(piece, n); /* first: whoever has seen a prompt finds it noted */
        print_text(piece, n);
        done += (int)n;
        sched_checkpoint();
        if ((uint)done % WHOLE_SIZE == 0) { /* or a long write would keep the shell from its prompt */
            mutex_release(&write_mutex);
            mutex_acquire(&write_mutex);
        }
    }
    mutex_release(&write_mutex);
    return done;
}

DEVICE(console) = { .major = CONSOLE_MAJOR, .read = console_read, .write = console_write };
