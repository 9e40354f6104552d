/*
 * fs_driver.h - mounts damaged images with the real code and uses them by several processes at once.
 */
#ifndef FS_DRIVER_H
#define FS_DRIVER_H

#include <stdbool.h>
#include <stddef.h>

#include "include/types.h"

/* A boot: as world_boot_with(). */
typedef bool fs_boot(uint npages, uint jitter, void (*run)(void *), void *arg);

#define DRIVER_BYTES_MAX 200u /* that one image and its use take */

/* Makes a damaged image as the bytes say, mounts and uses it, and lets fsck mend it: what was mended is good, has every
   file that the damage did not touch, mounts, and is good after it was used as well.  False, after lines that say why:
   something of this does not hold. */
bool fs_driver_run(const uchar *bytes, size_t n, fs_boot *boot);

#endif
