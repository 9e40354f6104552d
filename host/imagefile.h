/*
 * imagefile.h - disk images as files of the host, and how the programs that use them begin and end.
 *
 * Functions that return a string return NULL, or what is wrong, in words that are good until the next call.
 */
#ifndef IMAGEFILE_H
#define IMAGEFILE_H

#include <stddef.h>
#include <sys/stat.h>

#include "include/mustcheck.h"
#include "include/types.h"

/* First of all: standard streams that the caller has closed lead nowhere.  Else an image would take the number of one,
   and messages be written into it. */
void imagefile_begin(void);
/* Last of all: the status, or `failed`, after a message, if standard output could not take what was printed. */
MUST_CHECK int imagefile_end(const char *program, int status, int failed);

/* Opens a regular file to read it: anything else, as a FIFO, could keep us waiting. */
MUST_CHECK const char *imagefile_open(const char *path, int *fd, struct stat *st);
/* Its bytes, in memory that is the caller's to change and that the file does not share. */
MUST_CHECK const char *imagefile_map(const char *path, uchar **bytes, struct stat *st);
/* Writes the bytes to a new file beside PATH, which takes its place once it is on the disk whole: after a power cut
   there is the old file or the new one.  What a link leads to is replaced, and not the link.  A PATH that is no
   regular file, such as a device, is refused.  The new file has the old one's owner, if we may give it away.  mode 0:
   what the umask says. */
MUST_CHECK const char *imagefile_write(const char *path, mode_t mode, const uchar *bytes, size_t nbytes);

#endif
