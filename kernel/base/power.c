/*
 * power.c - powering off, with a last line for the tools that listen on the monitor port.
 */
#include "base/power.h"
#include "arch.h"
#include "base/printk.h"

void power_off_status(int status)
{
    char line[32];
    int n = format(line, sizeof(line), "\nexit %d\n", status);

    monitor_put(line, (size_t)n);
    arch_power_off(POWER_OFF_HALT);
}

void power_off(enum power_off_code code)
{
    static const char *const names[] = {
        [POWER_OFF_HALT] = "0",    [POWER_OFF_PANIC] = "panic", [POWER_OFF_MEMORY] = "memory",
        [POWER_OFF_DISK] = "disk", [POWER_OFF_INIT] = "init",
    };
    char line[32];
    int n = format(line, sizeof(line), "\nexit %s\n", names[code]);

    monitor_put(line, (size_t)n);
    arch_power_off(code);
}
