/* events.c - no feed: nobody wants events, except a test that turns them on and counts them. */
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
