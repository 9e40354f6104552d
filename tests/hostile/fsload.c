/*
 * fsload.c - work on files for tests of power cuts: several processes, each in a directory of its own.
 *
 *   fsload SEED OPERATIONS WORKERS
 *
 * Worker i, of seed SEED + i, makes the directory wi, and does the operations of tests/fsops.h there, with a sync() now
 * and then.  After each it says so, `synced i NUMBER`, or `unsynced i NUMBER` if the call failed; making the directory
 * was operation 1.  Then it waits for a line of input: by then whoever listens has noted how much the disk has got.
 * One worker at a time does that.  That line is read as keys, so it is not echoed: an echo may stand in the middle of a
 * message of the kernel's.
 */
#include "consolectl.h"
#include "fcntl.h"
#include "fsops.h"
#include "stat.h"
#include "ulib.h"

static int turn[2]; /* a pipe with one byte, which the worker has that talks */
static int held = -1;

int fsops_size(const char *path)
{
    struct stat st;

    return stat(path, &st) < 0 ? -1 : (int)st.size;
}

int fsops_create(const char *path)
{
    int fd = open(path, O_CREATE | O_RDWR);

    return fd < 0 ? -1 : close(fd);
}

/* There is no seek: what comes before is read. */
int fsops_write(const char *path, unsigned at, unsigned n, unsigned seed)
{
    static char bytes[FSOPS_MAX];
    int fd = open(path, O_RDWR), result = -1;

    if (fd < 0)
        return -1;
    if (read(fd, bytes, (int)at) == (int)at) {
        for (uint i = 0; i < n; i++)
            bytes[i] = (char)fsops_byte(seed, at + i);
        result = write(fd, bytes, (int)n);
    }
    close(fd);
    return result;
}

int fsops_empty(const char *path)
{
    int fd = open(path, O_WRONLY | O_TRUNC);

    return fd < 0 ? -1 : close(fd);
}

int fsops_unlink(const char *path) { return unlink(path); }
int fsops_link(const char *old, const char *path) { return link(old, path); }
int fsops_rename(const char *old, const char *path) { return rename(old, path); }
int fsops_mkdir(const char *path) { return mkdir(path); }
int fsops_mknod(const char *path) { return mknod(path, 9, 0); }

int fsops_hold(const char *path)
{
    if (held >= 0)
        close(held);
    held = open(path, O_RDONLY);
    return held < 0 ? -1 : 0;
}

static void sync_and_say(uint worker, uint nops)
{
    char line[80];

    int result = sync();
    if (read(turn[0], line, 1) != 1)
        fail(1, "worker %u: the turn is lost", worker);
    if (consolectl(CONSOLE_KEYS) < 0)
        fail(1, "worker %u: no keys", worker);
    printf(1, "%s %u %u\n", result < 0 ? "unsynced" : "synced", worker, nops);
    gets(line, sizeof(line));
    consolectl(CONSOLE_LINES);
    if (write(turn[1], "t", 1) != 1)
        fail(1, "worker %u: the turn is lost", worker);
}

static void work(uint worker, uint seed, uint nops)
{
    char prefix[] = "w0/", place[] = "w0";
    struct fsops ops = fsops_start(seed, prefix);
    uint chances = chance_start(seed, 1);

    prefix[1] = place[1] = (char)('0' + worker);
    (void)mkdir(place); /* if it fails, so does the rest: the listener knows why */
    for (uint i = 2; i <= nops; i++) {
        fsops_next(&ops);
        if (fsops_pause(&chances))
            sync_and_say(worker, i);
    }
    sync_and_say(worker, nops);
}

int main(int argc, char *argv[])
{
    int seed, nops, nworkers, status, failed = 0;

    if (argc != 4 || !parse_number(argv[1], &seed) || !parse_number(argv[2], &nops) ||
        !parse_number(argv[3], &nworkers) || nworkers < 1 || nworkers > 4)
        fail(2, "usage: fsload SEED OPERATIONS WORKERS");
    if (pipe(turn) < 0 || write(turn[1], "t", 1) != 1)
        fail(1, "no pipe");
    for (int i = 0; i < nworkers; i++) {
        int pid = fork();
        if (pid < 0)
            fail(1, "cannot fork");
        if (pid == 0) {
            work((uint)i, (uint)(seed + i), (uint)nops);
            return 0;
        }
    }
    for (int i = 0; i < nworkers; i++)
        failed |= waits(&status) < 0 || status != 0;
    printf(1, "work %s\n", failed ? "failed" : "done");
    return failed;
}
