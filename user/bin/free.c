/*
 * free.c - prints how much memory is free, and what the rest is used for.
 *
 *   free                         kilobytes
 *
 * Shared memory is a part of what is used.
 */
#include "ksm.h"
#include "sysinfo.h"
#include "ulib.h"

#define FRAME_KB (PAGE_SIZE / 1024)

int main(int argc, char *argv[])
{
    struct ksminfo_t shared;
    struct sysinfo info;

    if (getopt(argc, argv, "") >= 0 || optind < argc)
        fail(2, "usage: free");
    if (sysinfo(&info) < 0 || ksminfo(0, &shared) < 0)
        fail(1, "the system does not say how much memory there is");
    must_print("free   %8u KB\n", info.nfree * FRAME_KB);
    must_print("used   %8u KB\n", (uint)pgused() * FRAME_KB);
    must_print("shared %8u KB in %u segment%s, a part of what is used\n", shared.total_shpg_nr * FRAME_KB,
               shared.total_shrg_nr, shared.total_shrg_nr == 1 ? "" : "s");
    return 0;
}
