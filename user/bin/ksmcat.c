/*
 * ksmcat.c - streams files from one process to another through shared memory.
 *
 *   ksmcat [FILE]...            reads the files in one process, writes them to standard output in another
 *   ksmcat -s ID [FILE]...      sends them, or standard input, to the process with -r
 *   ksmcat -r ID                writes what that sends to standard output; either may be started first
 *
 * A file is read into the ring and written out of it: the bytes are not copied in between.  Meanwhile a line on
 * the terminal shows how many have passed.
 */
#include "fcntl.h"
#include "ksmring.h"
#include "stat.h"
#include "ulib.h"

#define RING_BYTES     (256u * 1024)
#define CHUNK          (32u * 1024) /* of a message */
#define PROGRESS_TICKS 20
#define LOOK_TICKS     5 /* between looks for a segment */

struct progress {
    bool shown;
    uint nbytes;
    int begin, last; /* ticks */
};

static void show(struct progress *progress, int now, const char *end)
{
    int ticks = now - progress->begin;

    progress->last = now;
    printf(2, "\r%u KB, %u KB a second%s", progress->nbytes / 1024,
           (uint)((unsigned long long)progress->nbytes * 100 / 1024 / (uint)(ticks > 0 ? ticks : 1)), end);
}

static void begin_progress(struct progress *progress)
{
    struct stat st;

    progress->shown = fstat(2, &st) == 0 && st.type == T_DEV;
    progress->nbytes = 0;
    progress->begin = progress->last = uptime();
}

static void make_progress(struct progress *progress, uint nbytes)
{
    int now = progress->shown ? uptime() : 0;

    progress->nbytes += nbytes;
    if (progress->shown && now - progress->last >= PROGRESS_TICKS)
        show(progress, now, "  ");
}

/* The two ends. */

static void send_file(struct ksmring *ring, int fd, const char *path)
{
    void *where;
    int error, n;

    do {
        error = ksmring_reserve(ring, CHUNK, &where, 0);
        if (error < 0)
            fail(1, "%s", error == KSM_EINVAL ? "the segment is damaged" : "the receiver is gone");
        n = read(fd, where, (int)CHUNK);
        ksmring_commit(ring, n > 0 ? (uint)n : 0);
    } while (n > 0);
    if (n < 0)
        fail(1, "cannot read %s", path);
}

static void send_all(struct ksmring *ring, char *paths[], int npaths)
{
    ksmring_join(ring, KSMRING_WRITER);
    if (npaths == 0)
        send_file(ring, 0, "standard input");
    for (int i = 0; i < npaths; i++) {
        int fd = open(paths[i], O_RDONLY);

        if (fd < 0)
            fail(1, "cannot open %s", paths[i]);
        send_file(ring, fd, paths[i]);
        close(fd);
    }
    if (ksmring_drain(ring, 0) < 0)
        fail(1, "the receiver is gone");
    ksmring_leave(ring, KSMRING_WRITER);
}

static void receive_all(struct ksmring *ring)
{
    struct progress progress;
    const void *where;
    int n;

    ksmring_join(ring, KSMRING_READER);
    begin_progress(&progress);
    while ((n = ksmring_peek(ring, &where, 0)) > 0) {
        if (write_all(1, where, n) < 0)
            fail(1, "cannot write");
        ksmring_release(ring);
        make_progress(&progress, (uint)n);
    }
    if (progress.shown)
        show(&progress, uptime(), "\n");
    if (n < 0)
        fail(1, "%s", n == KSM_EOWNERDEAD ? "the sender died" : ksmstrerror(n));
    ksmring_leave(ring, KSMRING_READER);
}

/* The segment. */

static uint segment_size(void) { return ksmring_nbytes(RING_BYTES, 1, 1); }

/* Attaches the segment, and marks it: it lives as long as a process has it attached. */
static void *attach(int handle)
{
    void *memory = handle < 0 ? NULL : ksmattach(handle, KSM_RDWR);

    if (handle < 0 || ksmerror(memory) < 0)
        fail(1, "shared memory: %s", ksmstrerror(handle < 0 ? handle : ksmerror(memory)));
    ksmdelete(handle);
    return memory;
}

/* A segment that no other process has. */
static void *private_memory(void)
{
    int id = getpid() << 8, handle;

    do
        handle = ksmget(id++, segment_size(), KSM_CREATE | KSM_MUSTNOTEXIST);
    while (handle == KSM_EEXIST);
    return attach(handle);
}

static void copy(char *paths[], int npaths)
{
    struct ksmring ring;
    int pid, status = 1;

    ksmring_create(&ring, private_memory(), RING_BYTES, 1, 1);
    pid = fork();
    if (pid < 0)
        fail(1, "no process");
    if (pid == 0) {
        send_all(&ring, paths, npaths);
        exits(0);
    }
    receive_all(&ring);
    waits(&status);
    if (status != 0)
        exits(1);
}

static void send(const char *id, char *paths[], int npaths)
{
    int handle = ksmget(ksmid_parse(id), segment_size(), KSM_CREATE | KSM_MUSTNOTEXIST);
    struct ksmring ring;

    if (handle == KSM_EEXIST)
        fail(1, "%s: somebody sends there already", id);
    ksmring_create(&ring, attach(handle), RING_BYTES, 1, 1);
    send_all(&ring, paths, npaths);
}

static void receive(const char *id)
{
    struct ksmring ring;
    int handle, error;
    void *memory;

    do {
        while ((handle = ksmget(ksmid_parse(id), 0, KSM_OPEN)) == KSM_ENOENT)
            sleep(LOOK_TICKS);
        memory = handle < 0 ? NULL : ksmattach(handle, KSM_RDWR);
    } while (handle >= 0 && ksmerror(memory) == KSM_EHANDLE); /* it is gone again */
    if (handle < 0 || ksmerror(memory) < 0)
        fail(1, "%s: %s", id, ksmstrerror(handle < 0 ? handle : ksmerror(memory)));
    while ((error = ksmring_open(&ring, memory, segment_size())) == KSM_EAGAIN)
        sleep(1);
    if (error < 0)
        fail(1, "%s: the segment is used by another program", id);
    receive_all(&ring);
}

int main(int argc, char *argv[])
{
    if (argc >= 3 && strcmp(argv[1], "-s") == 0)
        send(argv[2], argv + 3, argc - 3);
    else if (argc == 3 && strcmp(argv[1], "-r") == 0)
        receive(argv[2]);
    else if (argc > 1 && argv[1][0] == '-' && argv[1][1])
        fail(2, "usage: ksmcat [FILE]... | -s ID [FILE]... | -r ID");
    else
        copy(argv + 1, argc - 1);
    return 0;
}
