/*
 * consumer.c - prints the numbers that the producer sends through a ring in shared memory.
 *
 *   consumer [TICKS]     rests that long after each (10)
 */
#include "ksmring.h"
#include "ulib.h"

#define PATIENCE 100 /* ticks in which a producer that is started beside it makes the ring */

/* The handle of the producer's segment, or an error. */
static int find_ring(void)
{
    int begin = uptime(), handle;

    while ((handle = ksmget("numbers", 0, KSM_OPEN)) == KSM_ENOENT && uptime() - begin < PATIENCE)
        sleep(1);
    return handle;
}

static void open_ring(struct ksmring *ring)
{
    struct ksminfo_t info = { 0 };
    int handle = find_ring(), begin = uptime(), error;
    void *memory = handle < 0 ? NULL : ksmattach(handle);

    if (handle == KSM_ENOENT)
        fail(1, "there is no producer");
    if (handle < 0 || ksmerror(memory) < 0 || ksminfo(handle, &info) < 0)
        fail(1, "cannot attach the ring");
    while ((error = ksmring_open(ring, memory, info.ksmsz)) == KSM_EAGAIN && uptime() - begin < PATIENCE)
        sleep(1); /* it may be being made */
    if (error == 0)
        error = ksmring_join(ring, KSMRING_READER);
    if (error < 0)
        fail(1, "%s", error == KSM_ENOSPC ? "there is a consumer already" : "this is not a producer's ring");
}

int main(int argc, char *argv[])
{
    struct ksmring ring;
    int ticks = 10, n, number;

    if (!optional_number(argc - 1, argv + 1, 0, &ticks))
        fail(2, "usage: consumer [TICKS]");
    open_ring(&ring);
    while ((n = ksmring_read(&ring, &number, sizeof(number), 0)) == sizeof(number)) {
        must_print("%d\n", number);
        sleep(ticks);
    }
    ksmring_leave(&ring, KSMRING_READER);
    if (n != 0)
        fail(1, "the producer is gone");
    return 0;
}
