/*
 * ksmrm.c - removes segments of shared memory.
 *
 *   ksmrm ID...       an ID is a number or a name
 *
 * A segment that is still attached goes with its last attachment.
 */
#include "ksm.h"
#include "ulib.h"

int main(int argc, char *argv[])
{
    int status = 0, number;

    if (argc < 2 || (!parse_number(argv[1], &number) && getopt(argc, argv, "") >= 0) || optind == argc)
        fail(2, "usage: ksmrm ID...");
    for (int i = optind; i < argc; i++) {
        int handle = ksmget_parse(argv[i], 0, KSM_OPEN);
        int error = handle < 0 ? handle : ksmdelete(handle);

        if (error < 0) {
            warn("%s: %s", ksmid_show(argv[i]), ksmstrerror(error));
            status = 1;
        }
    }
    return status;
}
