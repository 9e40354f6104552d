/* sysinfo.h - what sysinfo() reports about the machine. */
#ifndef SYSINFO_H
#define SYSINFO_H

#include "date.h"

struct sysinfo {
    uint nfree; /* page frames that programs could be given at once; the disk cache frees more if need be */
    struct rtcdate now; /* the battery clock's, in its own time zone */
};

#endif
