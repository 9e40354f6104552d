/*
 * rtc.c - the battery clock.
 *
 * Its registers are reached through one index, so a lock guards each access.  The clock changes while it is being read:
 * a time is right if it was read twice.  Registers as in the MC146818's data sheet.
 */
#include "base/kstring.h"
#include "i386_impl.h"
#include "io.h"
#include "sched/lock.h"

#define RTC_INDEX   0x70
#define RTC_DATA    0x71
#define RTC_SECONDS 0
#define RTC_MINUTES 2
#define RTC_HOURS   4
#define RTC_DAY     7
#define RTC_MONTH   8
#define RTC_YEAR    9
#define RTC_MODE    0x0B
#define RTC_HOURS24 0x02 /* of RTC_MODE */
#define RTC_BINARY  0x04
#define RTC_PM      0x80 /* of RTC_HOURS */
#define RTC_LOOKS   1000 /* for two equal ones: the clock changes once a second */

static struct spinlock clock_lock = SPINLOCK_INIT(RANK_CLOCK, "clock");

static uint rtc_read(uchar index)
{
    uint was = spin_acquire_irq(&clock_lock);

    port_write8(RTC_INDEX, index);

    uint value = port_read8(RTC_DATA);

    spin_release_irq(&clock_lock, was);
    return value;
}

uint clock_second(void) { return rtc_read(RTC_SECONDS); }

static uint rtc_number(uint mode, uint value)
{
    return mode & RTC_BINARY ? value : value / 16 * 10 + value % 16;
}

static struct rtcdate rtc_look(void)
{
    uint mode = rtc_read(RTC_MODE), hour = rtc_read(RTC_HOURS);
    struct rtcdate now = {
        .second = rtc_number(mode, rtc_read(RTC_SECONDS)),
        .minute = rtc_number(mode, rtc_read(RTC_MINUTES)),
        .hour = rtc_number(mode, hour & ~RTC_PM),
        .day = rtc_number(mode, rtc_read(RTC_DAY)),
        .month = rtc_number(mode, rtc_read(RTC_MONTH)),
        .year = 2000 + rtc_number(mode, rtc_read(RTC_YEAR)),
    };

    if (!(mode & RTC_HOURS24))
        now.hour = now.hour % 12 + (hour & RTC_PM ? 12 : 0);
    return now;
}

void clock_read(struct rtcdate *now)
{
    struct rtcdate last;
    uint looks = 0;

    *now = rtc_look();
    do {
        last = *now;
        *now = rtc_look();
    } while (memcmp(now, &last, sizeof(last)) != 0 && ++looks < RTC_LOOKS);
}
