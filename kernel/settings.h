/*
 * settings.h - what the boot parameters choose.
 *
 * A bad value is reported, and the default or the nearest limit is used.  All run while booting, on one
 * processor.  Sleeps: no.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "ksm/ksm.h"

void settings_log(void);   /* log=monitor */
void settings_stdin(void); /* stdin=all or stdin=programs: input by the monitor port.  After the devices. */
void settings_watch(void); /* watch=on or watch=snapshots: the feed.  Before the first thread. */
void settings_debug(void); /* jitter=SEED and latency=BOUND, of debug builds */
/* ksm.segments, ksm.attachments, ksm.pages (§10).  After page_init(). */
void settings_ksm_limits(struct ksm_limits *limits);
/* init=PATH: the program of process 1. */
void settings_init_path(char *path, uint size);

#endif
