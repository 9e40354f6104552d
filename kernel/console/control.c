/*
 * control.c - the keys for the system: Ctrl-P, Ctrl-K, Ctrl-C.
 *
 * Their work may take long or sleep, so kernel threads do it, and not the interrupt that delivers the key.
 * Ctrl-C has a thread of its own, which is urgent: it waits neither for a long table to be printed nor for the
 * processes that it is to end.
 */
#include "console/console.h"
#include "console/console_impl.h"

/* Fields:  C input.lock */
static uint pressed;                               /* [C] keys that are not served yet */
static struct waitq servers = WAITQ_INIT(servers); /* [C] */
static int broken_job;                             /* [C] that the last Ctrl-C was for */
static bool broken;                                /* [C] its shell has not asked since */

static struct thread print_thread, break_thread;

void control_press_locked(uint key)
{
    pressed |= key;
    waitq_wake_all(&servers);
}

bool control_break_locked(int job)
{
    if ((pressed & CONTROL_BREAK) && job != broken_job)
        return false;
    broken_job = job;
    broken = input.breaking = true;
    proc_read_keys(false); /* what is typed from now on is not for it */
    control_press_locked(CONTROL_BREAK);
    return true;
}

bool console_take_break(void)
{
    uint was = spin_acquire_irq(&input.lock);
    bool waits = input.broken_to - input.taken - 1 < input.committed - input.taken, found = broken || waits;

    broken = false;
    input.taken = waits ? input.broken_to : input.taken;
    spin_release_irq(&input.lock, was);
    return found;
}

/* Waits until one of these keys is pressed; returns those pressed since the last call.  Stores the job that the last
   Ctrl-C was for, or 0. */
static uint wait_keys(uint wanted, int *job)
{
    uint was = spin_acquire_irq(&input.lock);

    while (!(pressed & wanted))
        waitq_sleep(&servers, &input.lock, 0, false);
    uint keys = pressed & wanted;
    pressed &= ~wanted;
    *job = broken_job;
    spin_release_irq(&input.lock, was);
    return keys;
}

static void serve_print(void *unused)
{
    int job;

    (void)unused;
    for (;;) {
        uint keys = wait_keys(CONTROL_PROCS | CONTROL_KSM, &job);
        bool begun = !proc_foreign && console_leave_line();

        if (keys & CONTROL_PROCS)
            proc_print_all();
        if (keys & CONTROL_KSM)
            ksm_print();
        if (begun)
            console_show_line();
    }
}

static void serve_break(void *unused)
{
    int job;

    (void)unused;
    thread_set_urgent(true);
    for (;;) {
        wait_keys(CONTROL_BREAK, &job);
        proc_kill_job(job);
        uint was = spin_acquire_irq(&input.lock);
        input.breaking = pressed & CONTROL_BREAK;
        waitq_wake_all(&input.readers);
        spin_release_irq(&input.lock, was);
    }
}

int console_start_keys(void)
{
    if (thread_create(&print_thread, "keys", serve_print, NULL) < 0 ||
        thread_create(&break_thread, "break", serve_break, NULL) < 0)
        return -1;
    thread_start(&print_thread);
    thread_start(&break_thread);
    return 0;
}
