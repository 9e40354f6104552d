/*
 * power.c - powering off, with a last line for the tools that listen on the monitor port.
 */
#include "base/power.h"
#include "arch.h"
#include "base/latency.h"
#include "base/printk.h"

void power_announce(const char *word)
{
    char event[24];

    latency_report();
    format(event, sizeof(event), "exit %s", word);
    printk_event(event);
}

void power_off_status(int status)
{
    char word[16];

    format(word, sizeof(word), "%d", status);
    kstack_report();
    power_announce(word);
    arch_power_off(POWER_OFF_HALT);
}

void power_off(enum power_off_code code)
{
    static const char *const names[] = {
        [POWER_OFF_HALT] = "0",    [POWER_OFF_PANIC] = "panic", [POWER_OFF_MEMORY] = "memory",
        [POWER_OFF_DISK] = "disk", [POWER_OFF_INIT] = "init",
    };

    kstack_report();
    power_announce(names[code]);
    arch_power_off(code);
}
