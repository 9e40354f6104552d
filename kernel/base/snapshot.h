/*
 * snapshot.h - the text of a snapshot, for the feed (docs/feed.md).
 *
 * It is put together in memory allocated at boot, so that watching the system changes nothing that is watched, and
 * written afterwards, since a port is slow.  All of it belongs to the thread that writes the feed.  Sleeps: no.
 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stdbool.h>

#include "include/mustcheck.h"
#include "include/types.h"

#define FEED_LINE_SIZE 256u
#define FEED_NAME_SIZE 70u /* of an escaped name of 23 bytes */

/* Memory for nbytes, in pages from alloc().  -1: there are too few; nothing is freed.  Once, at boot. */
MUST_CHECK int snapshot_start(uint nbytes, void *(*alloc)(void));
/* An empty one, in place of the last. */
void snapshot_begin(void);
/* Adds a line, without its newline. */
void snapshot_put(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
uint snapshot_size(void); /* bytes */
/* False: it is the same as at the last call. */
bool snapshot_changed(void);
/* Copies its lines in turn, with a newline and without a 0, and returns their lengths; 0: there are no more. */
uint snapshot_line(char line[FEED_LINE_SIZE]);
/* Escapes what a program chose; returns `text`. */
char *feed_name(char text[FEED_NAME_SIZE], const char *name);

#endif
