/*
 * watch.h - the feed: what the kernel knows about processes and shared memory, as lines of text on a serial port of its
 * own.  docs/feed.md is the protocol.
 *
 * A kernel thread takes snapshots, takes the events out of their buffers (base/event.h), and writes both, slowly enough
 * to cost the system no more than a few per cent.
 */
#ifndef WATCH_H
#define WATCH_H

#include "base/event.h"

/* Starts the feed, or reports why there is none.  At boot.  Sleeps: no. */
void watch_start(enum event_level level);
/* Before powering off: waits until all has been written, for a second at most.  Sleeps: may. */
void watch_finish(void);

#endif
