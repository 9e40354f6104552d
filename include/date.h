/* date.h - a moment, in the form of the calls that courses add to xv6. */
#ifndef DATE_H
#define DATE_H

#include "types.h"

struct rtcdate {
    uint second; /* 0 to 59 */
    uint minute; /* 0 to 59 */
    uint hour;   /* 0 to 23 */
    uint day;    /* from 1 */
    uint month;  /* from 1 */
    uint year;   /* such as 2018 */
};

#endif
