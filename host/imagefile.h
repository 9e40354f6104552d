/*
 * imagefile.h - disk images as files of the host.
 *
 * Functions that return a string return NULL, or what is wrong, in words that are good until the next call.
 */
#ifndef IMAGEFILE_H
#define IMAGEFILE_H

#include <stddef.h>
#include <sys/stat.h>

#include "include/mustcheck.h"
#include "include/types.h"

/* Opens a regular file to read it: anything else, as a FIFO, could keep us waiting. */
MUST_CHECK const char *imagefile_open(const char *path, int *fd, struct stat *st);
/* Its bytes, in memory that is the caller's to change and that the file does not share. */
MUST_CHECK const char *imagefile_map(const char *path, uchar **bytes, struct stat *st);
/* Writes the bytes to a new file beside PATH, which takes its place once it is on the disk whole: after a power cut
   there is the old file or the new one.  What a link leads to is replaced, and not the link.  A PATH that is no
   regular file, such as a device, is refused.  mode 0: what the umask says. */
MUST_CHECK const char *imagefile_write(const char *path, mode_t mode, const uchar *bytes, size_t nbytes);

#endif
