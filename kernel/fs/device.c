/*
 * device.c - the table of character devices, which the linker collects from the drivers.
 */
#include "fs/device.h"

#include <stddef.h>

extern const struct device __start_devices[], __stop_devices[];

const struct device *device_find(short major)
{
    for (const struct device *d = __start_devices; d < __stop_devices; d++)
        if (d->major == major)
            return d;
    return NULL;
}
