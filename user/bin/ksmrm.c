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
    int status = 0;

    if (argc < 2)
        fail(2, "usage: ksmrm ID...");
    for (int i = 1; i < argc; i++) {
        int handle = ksmget(ksmid_parse(argv[i]), 0, KSM_OPEN);
        int error = handle < 0 ? handle : ksmdelete(handle);

        if (error < 0) {
            warn("%s: %s", argv[i], ksmstrerror(error));
            status = 1;
        }
    }
    return status;
}
