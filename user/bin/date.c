/*
 * date.c - prints the date and the time of day.
 *
 *   date                         Thu Nov 26 20:21:40 2026
 */
#include "sysinfo.h"
#include "ulib.h"

/* Sakamoto's rule: 0 is Sunday. */
static uint day_of_week(const struct rtcdate *d)
{
    static const uchar shift[] = { 0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4 };
    uint year = d->month < 3 ? d->year - 1 : d->year;

    return (year + year / 4 - year / 100 + year / 400 + shift[d->month - 1] + d->day) % 7;
}

int main(int argc, char *argv[])
{
    static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    struct sysinfo info;
    const struct rtcdate *d = &info.now;

    if (getopt(argc, argv, "") >= 0 || optind < argc)
        fail(2, "usage: date");
    if (sysinfo(&info) < 0 || d->month < 1 || d->month > 12)
        fail(1, "the clock has not been set");
    must_print("%s %s %2u %02u:%02u:%02u %u\n", days[day_of_week(d)], months[d->month - 1], d->day, d->hour,
               d->minute, d->second, d->year);
    return 0;
}
