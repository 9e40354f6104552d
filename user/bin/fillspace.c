/*
 * fillspace.c - attaches a segment again and again, until its address space is full (§4.3).
 *
 *   fillspace [TICKS]     then stays for that many ticks (0)
 */
#include "ksm.h"
#include "memlayout.h"
#include "ulib.h"

#define MEGABYTES 16

int main(int argc, char *argv[])
{
    int ticks = 0, n = 0, error, handle;
    char *memory = NULL, *last = NULL;

    if (!optional_number(argc - 1, argv + 1, 0, &ticks))
        fail(2, "usage: fillspace [TICKS]");
    handle = ksmget(getpid() << 8, MEGABYTES << 20, KSM_MUSTNOTEXIST);
    if (handle < 0)
        fail(1, "%s", ksmstrerror(handle));
    while ((error = ksmerror(memory = ksmattach(handle))) == 0) {
        ksmdelete(handle); /* it goes with the last attachment */
        last = memory;
        n++;
    }
    if (n == 0)
        fail(1, "%s", ksmstrerror(error));
    must_print("%d attachments of %d MB, down to 0x%p; then: %s\n", n, MEGABYTES, last, ksmstrerror(error));
    last[0] = 42;
    must_print("one write, seen through the first as well: %d\n", ((char *)KERNBASE - (MEGABYTES << 20))[0]);
    sleep(ticks);
    return 0;
}
