/*
 * fsmend.h - makes a damaged image consistent again, and keeps what can be kept.
 */
#ifndef FSMEND_H
#define FSMEND_H

#include <stdbool.h>
#include <stddef.h>

#include "include/types.h"

/* Mends the image in these bytes, which may be anything: check_image() finds nothing afterwards.  Calls report() with
   each change, in one line.  False: something is left that can't be mended, such as a disk without free space or a
   super block that cannot be guessed; the rest is mended. */
bool mend_image(uchar *image, size_t nbytes, void (*report)(const char *change));

#endif
