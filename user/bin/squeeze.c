/*
 * squeeze.c - lets the heap and the attachments grow towards each other until they meet (§4.3).
 *
 *   squeeze [TICKS]     then stays for that many ticks (0)
 */
#include "ksm.h"
#include "ulib.h"

static int nattached;
static char *lowest;

/* Attaches a new segment as often as there is room for it. */
static void fill(uint nbytes)
{
    int handle = ksmget((getpid() << 8) + (int)(nbytes >> 20), nbytes, KSM_MUSTNOTEXIST);
    char *memory;

    if (handle < 0)
        fail(1, "%s", ksmstrerror(handle));
    for (; ksmerror(memory = ksmattach(handle)) == 0; nattached++)
        lowest = memory;
    ksmdelete(handle); /* it goes with the last attachment */
}

static int grow(void)
{
    int npages = 0;

    while (sbrk(PAGE_SIZE) != (char *)-1)
        npages++;
    return npages;
}

int main(int argc, char *argv[])
{
    int ticks = 0;

    if (!optional_number(argc - 1, argv + 1, 0, &ticks))
        fail(2, "usage: squeeze [TICKS]");
    fill(16 << 20);
    fill(1 << 20);
    must_print("%d attachments, the lowest at 0x%p; the heap ends at 0x%p\n", nattached, lowest, sbrk(0));
    must_print("sbrk gave %d pages and then refused: ", grow());
    must_print("the heap ends at 0x%p\n", sbrk(0));
    ksmdetachat(lowest);
    must_print("one detached: sbrk gives %d pages more\n", grow());
    sleep(ticks);
    return 0;
}
