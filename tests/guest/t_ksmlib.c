/*
 * t_ksmlib.c - shared memory: when the library's lock, semaphore and ring enter the kernel, and whom they wait for,
 * §11.4 and §11.7.
 */
#include "ksmlock.h"
#include "ksmring.h"
#include "ksmsem.h"
#include "ksmtest.h"

/* In this program the library calls these instead of the kernel's. */
int sys_ksmwait(const volatile uint *word, uint expected, int ticks);
int sys_ksmwake(const volatile uint *word, int n);
int sys_ksmwaitpeer(const volatile uint *word, uint expected, int ticks, int peer);
static uint ncalls;
static int last_peer;

int ksmwaitpeer(const volatile uint *word, uint expected, int ticks, int peer)
{
    ncalls++;
    last_peer = peer;
    return sys_ksmwaitpeer(word, expected, ticks, peer);
}

int ksmwait(const volatile uint *word, uint expected, int ticks)
{
    ncalls++;
    return sys_ksmwait(word, expected, ticks);
}

int ksmwake(const volatile uint *word, int n)
{
    ncalls++;
    return sys_ksmwake(word, n);
}

static struct gate go;

/* In shared memory. */
static struct tools {
    struct ksmlock lock;
    struct ksmsem sem;
} * tools;

/* Fresh shared memory, which goes with the test. */
static void *share(uint nbytes)
{
    int handle = fresh(nbytes);
    void *memory = attach(handle);

    check_eq(ksmdelete(handle), 0);
    return memory;
}

/* Holds the lock until another process is about to sleep for it. */
static void hold_lock(void *unused)
{
    (void)unused;
    check_eq(ksmlock_acquire(&tools->lock, 0), 0);
    gate_open(&go);
    wait_until(tools->lock.holder.pid & KSMLOCK_WAITED);
    ncalls = 0;
    check_eq(ksmlock_release(&tools->lock), 0);
    check_eq(ncalls, 1); /* it wakes the sleeper */
}

TEST("§11.4 the library's lock and semaphore enter the kernel only to sleep, or for a sleeper")
{
    int holder;

    tools = share(sizeof(*tools));
    ncalls = 0;
    for (int i = 0; i < 1000; i++) {
        check_eq(ksmlock_acquire(&tools->lock, 0), 0);
        check_eq(ksmlock_release(&tools->lock), 0);
        check_eq(ksmsem_post(&tools->sem), 0);
        check_eq(ksmsem_wait(&tools->sem, 0), 0);
    }
    check_eq(ncalls, 0);
    gate_create(&go);
    holder = tap_start(hold_lock, NULL);
    gate_pass(&go);
    check_eq(ksmlock_acquire(&tools->lock, 0), 0);
    check(ncalls > 0);
    check_eq(ksmlock_release(&tools->lock), 0);
    tap_join(holder);
}

static struct ksmring ring;
static int reader;

static void write_one(void *unused)
{
    (void)unused;
    check_eq(ksmring_join(&ring, KSMRING_WRITER), 0);
    gate_open(&go);
    wait_until(ring.side[KSMRING_WRITER]->waited);
    tap_until_asleep(reader); /* else it may see the message before it sleeps */
    check_eq(ksmring_write(&ring, "x", 1, 0), 0);
    wait_until(ring.side[KSMRING_WRITER]->waited); /* and ends without a word */
}

TEST("§11.7 the library's locks and rings wait for those that they depend on")
{
    int holder, writer;
    char c;

    tools = share(sizeof(*tools));
    gate_create(&go);
    holder = tap_start(hold_lock, NULL);
    gate_pass(&go);
    check_eq(ksmlock_acquire(&tools->lock, 0), 0);
    check_eq(last_peer, holder);
    tap_join(holder);
    check_eq(ksmring_create(&ring, share(PAGE), 1024, 1, 3), 0);
    check_eq(ksmring_join(&ring, KSMRING_READER), 0);
    reader = getpid();
    writer = tap_start(write_one, NULL);
    gate_pass(&go);
    check_eq(ksmring_read(&ring, &c, 1, 0), 1);
    check_eq(last_peer, writer);
    check_eq(ksmring_read(&ring, &c, 1, 0), KSM_EOWNERDEAD);
    tap_join(writer);
}

TAP_MAIN(drop_fresh)
