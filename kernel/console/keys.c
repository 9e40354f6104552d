/*
 * keys.c - the keys for the system: Ctrl-P, Ctrl-K, Ctrl-C.
 *
 * Their work may take long or sleep, so kernel threads do it, and not the interrupt that delivers the key.
 * Ctrl-C has a thread of its own, which is urgent: it waits neither for a long table to be printed nor for the
 * processes that it is to end.
 */
#include "base/printk.h"
#include "console/console.h"
#include "console/console_impl.h"
#include "proc/proc.h"

static struct thread print_thread, break_thread;

static void serve_print(void *unused)
{
    int job;

    (void)unused;
    for (;;) {
        uint keys = console_wait_keys(CONSOLE_KEY_PROCS | CONSOLE_KEY_KSM, &job);
        bool begun = !proc_foreign && console_leave_line();

        if (keys & CONSOLE_KEY_PROCS)
            proc_print_all();
        if (keys & CONSOLE_KEY_KSM)
            ksm_print();
        if (begun)
            console_show_line();
    }
}

static void serve_break(void *unused)
{
    int job;

    (void)unused;
    thread_set_urgent(thread_self(), true);
    for (;;) {
        console_wait_keys(CONSOLE_KEY_BREAK, &job);
        proc_kill_job(job);
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
