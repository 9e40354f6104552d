/*
 * ksmhold.c - keeps a segment attached for a while.
 *
 *   ksmhold [-r] [-t TICKS] ID [BYTES]     10 seconds; if it is new, it gets that many bytes (4096)
 *
 * -r: read-only.  An ID is a number or a name.
 */
#include "ksm.h"
#include "ulib.h"

static void usage(void) { fail(2, "usage: ksmhold [-r] [-t TICKS] ID [BYTES]"); }

int main(int argc, char *argv[])
{
    int access = KSM_RDWR, ticks = 1000, nbytes = 0, option;

    while ((option = getopt(argc, argv, "rt:")) >= 0) {
        if (option == 'r')
            access = KSM_READ;
        else if (option != 't' || !parse_number(optarg, &ticks) || ticks < 0)
            usage();
    }
    if (optind == argc || optind + 2 < argc)
        usage();
    if (optind + 1 < argc && (!parse_number(argv[optind + 1], &nbytes) || nbytes < 1))
        usage();

    const char *name = argv[optind];
    int handle = ksmget_parse(name, (uint)nbytes, nbytes ? KSM_CREATE : KSM_OPEN);

    if (handle == KSM_ENOENT) /* new, and no size was given */
        handle = ksmget_parse(name, PAGE_SIZE, KSM_CREATE);

    void *memory = handle < 0 ? NULL : ksmattach(handle, access);
    int error = handle < 0 ? handle : ksmerror(memory);

    if (error < 0)
        fail(1, "%s: %s", name, ksmstrerror(error));
    must_print("process %d has %s at 0x%p%s\n", getpid(), name, memory,
               access == KSM_READ ? ", read-only" : "");
    sleep(ticks);
    return 0;
}
