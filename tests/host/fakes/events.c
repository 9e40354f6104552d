/* events.c - no feed: events are not wanted, but where a test turns them on and counts. */
#include "base/event.h"
#include "fakes/fake.h"

uchar events_on;
uint fake_nevents;

void event_put_args(const char *fmt, const struct event_args *args)
{
    (void)fmt, (void)args;
    fake_nevents++;
}

void snapshot_put(const char *fmt, ...) { (void)fmt; }
