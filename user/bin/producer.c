/*
 * producer.c - sends numbers to the consumer, through a ring in shared memory that holds eight.
 *
 *   producer [N]     the numbers 1 to N (20)
 */
#include "ksmring.h"
#include "ulib.h"

#define RING_BYTES 64 /* eight messages: a number, and before it the message's length */

static void make_ring(struct ksmring *ring)
{
    int handle = ksmget("numbers", KSMRING_NBYTES(RING_BYTES, 2), KSM_CREATE | KSM_MUSTNOTEXIST);
    void *memory = handle < 0 ? NULL : ksmattach(handle);

    if (handle == KSM_EEXIST)
        fail(1, "there is a producer already");
    if (handle < 0 || ksmerror(memory) < 0)
        fail(1, "%s", ksmstrerror(handle < 0 ? handle : ksmerror(memory)));
    ksmdelete(handle); /* it lives as long as one of the two has it attached */
    if (ksmring_create(ring, memory, RING_BYTES, 1, 1) < 0 || ksmring_join(ring, KSMRING_WRITER) < 0)
        fail(1, "cannot make the ring");
}

int main(int argc, char *argv[])
{
    struct ksmring ring;
    int n = 20, error = 0;

    if (!optional_number(argc - 1, argv + 1, 1, &n))
        fail(2, "usage: producer [N]");
    make_ring(&ring);
    for (int i = 1; i <= n && error == 0; i++) {
        error = ksmring_write(&ring, &i, sizeof(i), KSMRING_TRY);
        if (error == KSM_EAGAIN) {
            must_print("producer: the ring is full at %d\n", i);
            error = ksmring_write(&ring, &i, sizeof(i), 0);
        }
    }
    if (error == 0)
        error = ksmring_drain(&ring, 0);
    if (error < 0)
        fail(1, "the consumer is gone");
    ksmring_leave(&ring, KSMRING_WRITER);
    return 0;
}
