/*
 * bomb.c - takes all that there is of one thing, says so, and goes on trying.
 *
 *   bomb fork | pipe | file | memory | segment
 *
 * A process that has no descriptors or addresses left forks another one that goes on.  None of them ever sleeps, unless
 * the kernel makes it.  What a bomb makes has no name that outlives it: files are unlinked at once, and segments
 * deleted.
 */
#include "fcntl.h"
#include "ksm.h"
#include "param.h"
#include "ulib.h"

#define PIPE_BYTES 16384 /* that a pipe holds */
#define MOST_PAGES 1024
#define HELD_BYTES (16 * 1024)

static volatile uint *said; /* shared by all processes: one of them speaks */
static char bytes[PIPE_BYTES];

/* Each takes one more; false: it was refused. */

static bool take_process(void) { return fork() >= 0; }

static bool take_pipe(void)
{
    int fds[2];

    return pipe(fds) == 0 && write(fds[1], bytes, sizeof(bytes)) == sizeof(bytes);
}

static bool take_file(void)
{
    char name[16];
    int fd;

    snprintf(name, sizeof(name), "bomb.%d", getpid());
    fd = open(name, O_CREATE | O_RDWR);
    unlink(name);
    if (fd < 0)
        return false;
    for (int i = 0; i < HELD_BYTES; i += 512)
        if (write(fd, bytes, 512) != 512)
            return false;
    return true;
}

static bool take_memory(void)
{
    static uint npages = MOST_PAGES;
    char *p = sbrk((int)(npages * PAGE_SIZE));

    if (p == (char *)-1) {
        npages = npages > 1 ? npages / 2 : 1;
        return npages > 1;
    }
    for (uint i = 0; i < npages; i++)
        p[i * PAGE_SIZE] = 1;
    return true;
}

static bool take_segment(void)
{
    static uint npages = MOST_PAGES, n;
    int handle = ksmget((int)((uint)getpid() << 12 & 0x7fffffff) + (int)(n++ & 0xfff), npages * PAGE_SIZE,
                        KSM_MUSTNOTEXIST);
    char *p;

    if (handle < 0) {
        npages = npages > 1 ? npages / 2 : 1;
        return npages > 1;
    }
    p = ksmattach(handle, KSM_RDWR);
    ksmdelete(handle);
    if (ksmerror(p))
        return false;
    p[0] = 1;
    return true;
}

static const struct kind {
    const char *name;
    bool (*take)(void);
    bool uses_fds;
    int nprocesses; /* to begin with, where no process can be had later */
} kinds[] = {
    { "fork", take_process, false, 1 },     { "pipe", take_pipe, true, 1 },
    { "file", take_file, true, 1 },         { "memory", take_memory, false, 10 },
    { "segment", take_segment, false, 10 },
};

/* Forks a process that holds nothing itself, and goes on where this one is. */
static void hand_on(const struct kind *kind)
{
    if (fork() != 0)
        return;
    if (kind->uses_fds)
        for (int fd = 3; fd < NOFILE; fd++)
            close(fd);
}

static __attribute__((noreturn)) void explode(const struct kind *kind)
{
    int me = getpid();

    for (int i = 1; i < kind->nprocesses && getpid() == me; i++)
        fork();
    for (;;) {
        int n = 0;

        while (kind->take())
            n++;
        if (__atomic_exchange_n(said, 1, __ATOMIC_RELAXED) == 0)
            printf(1, "bomb %s was refused after %d\n", kind->name, n);
        hand_on(kind);
    }
}

int main(int argc, char *argv[])
{
    int handle = ksmget(getpid(), sizeof(*said), KSM_MUSTNOTEXIST);

    said = ksmattach(handle);
    if (ksmerror((void *)said))
        fail(1, "no shared memory to begin with");
    ksmdelete(handle);
    for (uint i = 0; argc == 2 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(argv[1], kinds[i].name) == 0)
            explode(&kinds[i]);
    fail(2, "usage: bomb fork | pipe | file | memory | segment");
}
