/*
 * ksmcat.c - streams files from one process to another through shared memory.
 *
 *   ksmcat [FILE]...            reads the files in one process, writes them to standard output in another
 *   ksmcat -s ID [FILE]...      sends them, or standard input, to another ksmcat
 *   ksmcat -r ID                receives what that one sends, and writes it to standard output; either may start first
 *
 * A file is read into the ring and written out of it: the bytes are not copied in between.  Meanwhile a line on
 * the terminal shows how many have passed, unless that is where they go.
 *
 * The sender's first message is a greeting.  The receiver knows by it that this is a segment of ksmcat's, and the
 * sender ends only when the receiver has taken it: so an empty file arrives too, whichever starts first.  A sender is
 * waited for as long as it lives; another program's segment, known by its size, gets a second.
 */
#include "fcntl.h"
#include "ksmring.h"
#include "procinfo.h"
#include "ulib.h"

#define RING_BYTES     (256u * 1024)
#define CHUNK          (32u * 1024) /* of a message */
#define PROGRESS_TICKS 20
#define LOOK_TICKS     5 /* between looks for a segment */
#define GREETING       "ksmcat"
#define GREETING_TICKS 100 /* for a segment that may be another program's */

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
    progress->shown = is_terminal(2) && !is_terminal(1); /* it would stand in the middle of the text */
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

/* Ends the program: no bytes can pass. */
static void give_up(int error, const char *peer)
{
    if (error == KSM_EOWNERDEAD || error == KSM_ENOENT)
        fail(1, "the %s is gone", peer);
    fail(1, "%s", error == KSM_EINVAL ? "the segment is damaged" : ksmstrerror(error));
}

static void send_file(struct ksmring *ring, int fd, const char *path)
{
    void *where;
    int error, n;

    do {
        error = ksmring_reserve(ring, CHUNK, &where, 0);
        if (error < 0)
            give_up(error, "receiver");
        n = read(fd, where, (int)CHUNK);
        ksmring_commit(ring, n > 0 ? (uint)n : 0);
    } while (n > 0);
    if (n < 0)
        fail(1, "%s: read error", path);
}

static void send_all(struct ksmring *ring, char *paths[], int npaths)
{
    int error = ksmring_join(ring, KSMRING_WRITER);

    if (error == 0)
        error = ksmring_write(ring, GREETING, sizeof(GREETING), 0);
    if (error < 0)
        give_up(error, "receiver");
    if (npaths == 0)
        send_file(ring, 0, "standard input");
    for (int i = 0; i < npaths; i++) {
        int fd = open(paths[i], O_RDONLY);

        if (fd < 0)
            fail(1, "%s: cannot open", paths[i]);
        send_file(ring, fd, paths[i]);
        close(fd);
    }
    error = ksmring_drain(ring, 0);
    if (error < 0)
        give_up(error, "receiver");
    ksmring_leave(ring, KSMRING_WRITER);
}

static bool lives(int pid)
{
    struct procinfo info;

    return procinfo(pid, &info) == 0;
}

/* sender: its pid, or 0 if there may be none. */
static bool is_greeted(struct ksmring *ring, int sender)
{
    char greeting[sizeof(GREETING)];
    int n;

    do
        n = ksmring_read(ring, greeting, sizeof(greeting), GREETING_TICKS);
    while (n == KSM_ETIMEDOUT && lives(sender));
    return n == (int)sizeof(greeting) && memcmp(greeting, GREETING, sizeof(greeting)) == 0;
}

static void receive_all(struct ksmring *ring)
{
    struct progress progress;
    const void *where;
    int n;

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
        give_up(n, "sender");
    ksmring_leave(ring, KSMRING_READER);
}

/* The segment. */

static uint segment_size(void) { return ksmring_nbytes(RING_BYTES, 1, 1); }

/* A new segment with a ring in it, marked: it lives as long as a process has it attached.  The handle is good, or
   an error. */
static void make_ring(struct ksmring *ring, int handle)
{
    void *memory = handle < 0 ? NULL : ksmattach(handle, KSM_RDWR);

    if (handle < 0 || ksmerror(memory) < 0)
        fail(1, "shared memory: %s", ksmstrerror(handle < 0 ? handle : ksmerror(memory)));
    ksmdelete(handle);
    if (ksmring_create(ring, memory, RING_BYTES, 1, 1) < 0)
        fail(1, "the ring can't be made");
}

/* A segment that no other process has. */
static int private_segment(void)
{
    int id = getpid() << 8, handle;

    do
        handle = ksmget(id++, segment_size(), KSM_CREATE | KSM_MUSTNOTEXIST);
    while (handle == KSM_EEXIST);
    return handle;
}

static void copy(char *paths[], int npaths)
{
    struct ksmring ring;
    int pid, status = 1;

    make_ring(&ring, private_segment());
    if (ksmring_join(&ring, KSMRING_READER) < 0)
        fail(1, "the ring can't be joined");
    pid = fork();
    if (pid < 0)
        fail(1, "no process");
    if (pid == 0) {
        send_all(&ring, paths, npaths);
        exits(0);
    }
    if (is_greeted(&ring, pid))
        receive_all(&ring);
    if (waits(&status) != pid || status != 0)
        exits(1);
}

static void send(const char *id, char *paths[], int npaths)
{
    int handle = ksmget_parse(id, segment_size(), KSM_CREATE | KSM_MUSTNOTEXIST);
    struct ksmring ring;

    if (handle == KSM_EEXIST)
        fail(1, "%s: the segment exists already", ksmid_show(id));
    make_ring(&ring, handle);
    send_all(&ring, paths, npaths);
}

/* Waits for the segment, and attaches it. */
static void *find_segment(const char *id, struct ksminfo_t *info)
{
    for (;;) {
        int handle = ksmget_parse(id, 0, KSM_OPEN), error = handle;
        void *memory = handle < 0 ? NULL : ksmattach(handle, KSM_RDWR);

        if (handle > 0)
            error = ksmerror(memory);
        if (handle > 0 && error == 0)
            error = ksminfo(handle, info);
        if (error == KSM_ENOENT)
            sleep(LOOK_TICKS);
        else if (error < 0 && error != KSM_EHANDLE) /* EHANDLE: it is gone again */
            fail(1, "%s: %s", ksmid_show(id), ksmstrerror(error));
        else if (error == 0)
            return memory;
    }
}

static void receive(const char *id)
{
    struct ksmring ring;
    struct ksminfo_t info = { 0 };
    void *memory = find_segment(id, &info);
    int error, ticks = 0, sender = info.ksmsz == segment_size() ? info.cpid : 0;

    while ((error = ksmring_open(&ring, memory, info.ksmsz)) == KSM_EAGAIN &&
           (ticks++ < GREETING_TICKS || lives(sender)))
        sleep(1);
    if (error == 0)
        error = ksmring_join(&ring, KSMRING_READER);
    if (error == KSM_ENOSPC)
        fail(1, "%s: another process receives", ksmid_show(id));
    if (error < 0 || !is_greeted(&ring, sender))
        fail(1, "%s: the segment is used by another program", ksmid_show(id));
    receive_all(&ring);
}

int main(int argc, char *argv[])
{
    const char *to = NULL, *from = NULL;
    int option;

    while ((option = getopt(argc, argv, "s:r:")) == 's' || option == 'r') {
        if (option == 's')
            to = optarg;
        else
            from = optarg;
    }
    if (option >= 0 || (from && (to || optind < argc)))
        fail(2, "usage: ksmcat [FILE]... | -s ID [FILE]... | -r ID");
    if (to)
        send(to, argv + optind, argc - optind);
    else if (from)
        receive(from);
    else
        copy(argv + optind, argc - optind);
    return 0;
}
