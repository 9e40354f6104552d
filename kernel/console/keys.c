/*
 * keys.c - the keys for the system: Ctrl-P, Ctrl-K, Ctrl-C.
 *
 * Their work may take long or sleep, so a kernel thread does it, and not the interrupt that delivers the key.
 */
#include "base/printk.h"
#include "console/console.h"
#include "console/console_impl.h"
#include "proc/proc.h"

static struct thread keys_thread;

static void serve_keys(void *unused)
{
    (void)unused;
    for (;;) {
        uint keys = console_wait_keys();
        int job = console_job();

        if (keys & CONSOLE_KEY_PROCS)
            proc_print_all();
        if (keys & CONSOLE_KEY_KSM)
            ksm_print();
        if ((keys & CONSOLE_KEY_BREAK) && job)
            proc_kill_job(job);
    }
}

int console_start_keys(void)
{
    if (thread_create(&keys_thread, "keys", serve_keys, NULL) < 0)
        return -1;
    thread_start(&keys_thread);
    return 0;
}
