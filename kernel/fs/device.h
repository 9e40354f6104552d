/*
 * device.h - character devices: what device files lead to.
 *
 * A driver defines its device with DEVICE() in its own source file; there is no other place to edit but the
 * list of device files in include/devices.h.
 */
#ifndef FS_DEVICE_H
#define FS_DEVICE_H

#include "arch.h"
#include "include/mustcheck.h"

struct device {
    short major;
    /* As read() and write(): the number of bytes, or -1.  n is not negative; user_check()
       has accepted the buffer.  Sleeps: may. */
    int (*read)(void USER *dst, int n);
    int (*write)(const void USER *src, int n);
};

/* The linker collects these into one table. */
#define DEVICE(name) static const struct device name __attribute__((section("devices"), used, aligned(4)))

/* NULL: no driver has this number.  Sleeps: no. */
MUST_CHECK const struct device *device_find(short major);

#endif
