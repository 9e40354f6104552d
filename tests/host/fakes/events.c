/* events.c - no feed: events are not wanted. */
#include "base/event.h"

uchar events_on;

void event_put(bool often, const char *fmt, ...) { (void)often, (void)fmt; }

void snapshot_put(const char *fmt, ...) { (void)fmt; }
