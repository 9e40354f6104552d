/*
 * t_usedup.c - uses up what a machine has little of, with many processes where one can't: whoever asks for more gets an
 * error, and everything is back afterwards.
 *
 * Memory is small here, so that it is soon used up, and slots of segments are many, so that their generations are few.
 * t_proc.c uses up processes, t_file.c descriptors, t_ksmlimit.c segments and attachments, t_exhaust.c address spaces.
 *
 * Runs with: --mem 32 --param ksm.segments=65536 -- t_usedup
 */
#include "elfhead.h"
#include "fcntl.h"
#include "fs.h"
#include "ksmtest.h"
#include "param.h"
#include "stat.h"

#define PIPE_BYTES   16384
#define MOST_HOLDERS 900
#define MOST_EACH    50 /* descriptors of a holder */
#define FILE_BYTES   (6 * PIPE_BYTES)
#define GENERATIONS  16384 /* of a slot, when there are 65,536 segments: 2^31 / (2 * 65,536) */

static char bytes[PIPE_BYTES], again[PIPE_BYTES];

/* Takes all memory that can be had. */
static uint take_memory(void)
{
    uint n = 0;

    for (uint step = 1024; step; step /= 2)
        while (sbrk((int)(step * PAGE)) != (char *)-1)
            n += step;
    return n;
}

static void give_back(uint npages) { check(sbrk(-(int)(npages * PAGE)) != (char *)-1); }

static void fill_bytes(void)
{
    for (uint i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * 7 + i / 251);
}

TEST("a pipe holds 16,384 bytes however little memory is left, or it is not made")
{
    int ends[2], others[2] = { -5, -5 };
    uint npages;

    fill_bytes();
    memset(again, 1, sizeof(again));
    check_eq(pipe(ends), 0);
    npages = take_memory();
    check(npages > 1000);
    check_eq(pipe(others), -1);
    check(others[0] == -5 && others[1] == -5);
    check_eq(write(ends[1], bytes, sizeof(bytes)), sizeof(bytes));
    check_eq(read(ends[0], again, sizeof(again)), sizeof(again));
    check(memcmp(bytes, again, sizeof(bytes)) == 0);
    give_back(npages);
}

TEST("an empty pipe keeps the memory for 16,384 bytes from others until it is closed")
{
    uint before, with_pipes, after;
    int ends[2];

    before = take_memory();
    give_back(before);
    for (int i = 0; i < 20; i++)
        check_eq(pipe(ends), 0);
    with_pipes = take_memory();
    give_back(with_pipes);
    for (int fd = 3; fd < NOFILE; fd++)
        close(fd);
    after = take_memory();
    check(before - with_pipes >= 20 * PIPE_BYTES / PAGE && before - with_pipes < 20 * PIPE_BYTES / PAGE + 8);
    check(after + 8 > before);
}

/* Holders: children that take something until they are refused, or have enough, and keep it until the test lets them
   go. */

static int counts[2]; /* a pipe, on which a holder says how much it has */
static struct gate go, over;
static uint nholders;

static void prepare_holders(void)
{
    check_eq(pipe(counts), 0);
    gate_create(&go);
    gate_create(&over);
    nholders = 0;
}

/* Its status is 0, whatever it gets.  false: there is not even memory for it. */
static bool start_holder(bool (*take)(int i), int most)
{
    int pid = fork(), n = 0;

    if (pid == 0) {
        close(over.fds[1]); /* so that it goes when a failed test does */
        close(go.fds[1]);
        gate_pass(&go);
        while (n < most && take(n))
            n++;
        check_eq(write(counts[1], &n, sizeof(n)), sizeof(n));
        gate_pass(&over);
        exits(0);
    }
    nholders += pid > 0;
    return pid > 0;
}

static int holder_count(void)
{
    int n;

    gate_open(&go);
    check_eq(read(counts[0], &n, sizeof(n)), sizeof(n));
    return n;
}

/* Starts one holder after another until one gets less than the most or can't be started; how much they have. */
static int hold_all(bool (*take)(int i), int most)
{
    int total = 0, n = most;

    while (n == most && start_holder(take, most)) {
        n = holder_count();
        total += n;
        check(nholders < MOST_HOLDERS);
    }
    return total;
}

/* Takes what a holder could not, which may not even have been started; how much that is. */
static int take_rest(bool (*take)(int i))
{
    int n = 0;

    while (take(n))
        n++;
    check(n < MOST_EACH / 2);
    return n;
}

/* Lets all go that was taken. */
static void release(void)
{
    for (int fd = over.fds[1] + 1; fd < NOFILE; fd++)
        close(fd);
    for (uint i = 0; i < nholders; i++)
        gate_open(&over);
    tap_join_all(nholders);
    nholders = 0;
}

static bool take_nothing(int i)
{
    (void)i;
    return true;
}

TEST("processes are forked until memory is used up, and as many the next time")
{
    int n[2];

    prepare_holders();
    for (int round = 0; round < 2; round++) {
        hold_all(take_nothing, 1);
        n[round] = (int)nholders;
        check_eq(fork(), -1);
        check(sbrk(MB) == (char *)-1);
        release();
    }
    tap_note("%d processes", n[0]);
    check(n[0] > 100);
    check(n[1] >= n[0] - 1);
}

static bool take_pipe(int i)
{
    int ends[2];

    (void)i;
    if (pipe(ends) < 0)
        return false;
    check_eq(write(ends[1], bytes, sizeof(bytes)), sizeof(bytes));
    return true;
}

TEST("full pipes are made until memory is used up, and as many the next time")
{
    int n[2];

    prepare_holders();
    for (int round = 0; round < 2; round++) {
        n[round] = hold_all(take_pipe, MOST_EACH / 2) + take_rest(take_pipe);
        release();
    }
    tap_note("%d pipes", n[0]);
    check(n[0] > 500);
    check(n[1] >= n[0] - 8);
}

/* A file without a name, which lives while it is open. */
static int nameless(void)
{
    char name[DIRSIZ + 1];
    int fd;

    snprintf(name, sizeof(name), "u%d", getpid());
    fd = open(name, O_CREATE | O_RDWR);
    if (fd >= 0)
        check_eq(unlink(name), 0);
    return fd;
}

static bool take_file(int i)
{
    (void)i;
    return nameless() >= 0;
}

TEST("files are made until no inode is left, and as many the next time")
{
    struct stat st;
    int n[2];

    prepare_holders();
    for (int round = 0; round < 2; round++) {
        n[round] = hold_all(take_file, MOST_EACH) + take_rest(take_file);
        check_eq(mkdir("t_usedup.tmp"), -1);
        check_eq(mknod("t_usedup.tmp", 1, 1), -1);
        check_eq(stat("t_usedup.tmp", &st), -1);
        check_eq(stat("/t_usedup", &st), 0);
        release();
    }
    tap_note("%d files", n[0]);
    check(n[0] > 100);
    check_eq(n[1], n[0]);
    check_eq(mkdir("t_usedup.tmp"), 0);
    check_eq(unlink("t_usedup.tmp"), 0);
}

/* Writes to nameless files until the disk is full; how many bytes it took. */
static uint fill_disk(void)
{
    uint total = 0;

    for (int nfiles = 0, n = -1; nfiles < MOST_EACH; nfiles++) {
        int fd = nameless();
        uint size = 0;

        check(fd >= 0);
        while ((n = write(fd, bytes, sizeof(bytes))) > 0)
            size += (uint)n;
        while ((n = write(fd, bytes, 512)) > 0)
            size += (uint)n;
        total += size;
        if (size == 0)
            return total;
    }
    check(!"full");
    return total;
}

TEST("files grow until the disk is full, and as large the next time")
{
    uint total[2];

    for (int round = 0; round < 2; round++) {
        total[round] = fill_disk();
        check(mkdir("t_usedup.tmp") == -1);
        for (int fd = 3; fd < NOFILE; fd++)
            close(fd);
    }
    tap_note("%u bytes", total[0]);
    check(total[0] > MB);
    check_eq(total[1], total[0]);
    check_eq(mkdir("t_usedup.tmp"), 0);
    check_eq(unlink("t_usedup.tmp"), 0);
}

#define OPEN_PAGES 20 /* what the kernel may need to remember 20 open files */

static void write_file(const char *name, char first)
{
    int fd = open(name, O_CREATE | O_RDWR);

    check(fd >= 0);
    bytes[0] = first;
    for (uint done = 0; done < FILE_BYTES; done += sizeof(bytes))
        check_eq(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
    close(fd);
}

/* Writes to blocks that are on the disk already: all of them go through the log. */
static bool write_file_again(int i)
{
    char name[DIRSIZ + 1];
    int fd;

    snprintf(name, sizeof(name), "u%d", getpid());
    write_file(name, (char)i);
    sync();
    write_file(name, (char)(i + 1));
    fd = open(name, O_RDONLY);
    check(fd >= 0);
    for (uint done = 0; done < FILE_BYTES; done += sizeof(bytes)) {
        check_eq(read(fd, again, sizeof(again)), sizeof(again));
        check(memcmp(again, bytes, sizeof(bytes)) == 0);
    }
    close(fd);
    check_eq(unlink(name), 0);
    return true;
}

TEST("many processes write files at once, more than the log has room for, with memory to open them alone")
{
    uint npages;

    prepare_holders();
    for (int i = 0; i < 20; i++)
        check(start_holder(write_file_again, 3));
    npages = take_memory();
    check(npages > 100);
    give_back(OPEN_PAGES);
    for (int i = 0; i < 20; i++)
        gate_open(&go);
    for (int i = 0, n; i < 20; i++) {
        check_eq(read(counts[0], &n, sizeof(n)), sizeof(n));
        check_eq(n, 3);
    }
    give_back(npages - OPEN_PAGES);
    release();
}

TEST("files are opened until the kernel has no memory to remember them, and all work afterwards")
{
    uint npages;
    int total = 0;

    prepare_holders();
    for (int i = 0; i < 10; i++)
        check(start_holder(take_file, MOST_EACH));
    npages = take_memory();
    for (int i = 0; i < 10; i++)
        total += holder_count();
    tap_note("%d files of %d", total, 10 * MOST_EACH);
    check(total < 10 * MOST_EACH);
    give_back(npages);
    check(take_file(0));
    release();
}

/* Of board: what the process that asks in vain does. */
enum { ASKS = 1, OVER };

/* Asks for a segment of a page more than can be had, until told that it's over.  It finds that size when told how many
   can't be. */
static void ask_in_vain(void *arg)
{
    volatile uint *board = arg;
    uint can = 1, cannot;
    int id = fresh_id();

    gate_pass(&go);
    cannot = board[1];
    while (cannot - can > 1) {
        uint npages = (can + cannot) / 2;
        int handle = ksmget(id, npages * PAGE, KSM_MUSTNOTEXIST);

        if (handle > 0) {
            check_eq(ksmdelete(handle), 0);
            can = npages;
        } else {
            check_eq(handle, KSM_ENOMEM);
            cannot = npages;
        }
    }
    for (uint nrefused = 0; nrefused < 1000; nrefused++) { /* caches give memory back by and by */
        int handle = ksmget(id, cannot * PAGE, KSM_MUSTNOTEXIST);

        if (handle > 0) {
            check_eq(ksmdelete(handle), 0);
            cannot++;
            nrefused = 0;
        }
    }
    board[0] = ASKS;
    while (board[0] != OVER)
        check_eq(ksmget(id, cannot * PAGE, KSM_MUSTNOTEXIST), KSM_ENOMEM);
}

TEST("§3.2 §12 a segment that can't be had takes no memory from others, not even for a moment")
{
    int shared = fresh(PAGE), pid;
    volatile uint *board = (uint *)attach(shared);
    uint npages, left = 3 * 1024 + 100; /* for three page tables */

    gate_create(&go);
    pid = tap_start(ask_in_vain, (void *)board);
    npages = take_memory();
    check(npages > left);
    give_back(left);
    board[1] = left;
    gate_open(&go);
    wait_until(board[0] == ASKS);
    for (uint i = 0; i < 50000; i++) {
        check(sbrk(PAGE) != (char *)-1);
        give_back(1);
    }
    board[0] = OVER;
    tap_join(pid);
    give_back(npages - left);
    gate_destroy(&go);
    ksmdetach(shared);
    ksmdelete(shared);
}

static uint most_npages; /* of a segment, so that there is no room for two */
static int most_id;
static struct gate finds;

static void take_over(void *nrounds)
{
    for (int i = 0; i < *(int *)nrounds; i++) {
        int handle;

        gate_pass(&go);
        check_positive(ksmget(most_id, 0, KSM_OPEN));
        gate_open(&finds);
        while ((handle = ksmget(most_id, 0, KSM_OPEN)) > 0)
            ;
        check_eq(handle, KSM_ENOENT);
        handle = ksmget(most_id, most_npages * PAGE, KSM_MUSTNOTEXIST);
        check_positive(handle);
        check_eq(ksmdelete(handle), 0);
        gate_open(&over);
    }
}

TEST("§12 §6.1 who finds a segment gone finds its memory free")
{
    int nrounds = 100, pid;

    most_id = fresh_id();
    most_npages = take_memory();
    give_back(most_npages);
    most_npages -= most_npages / 3;
    gate_create(&go);
    gate_create(&over);
    gate_create(&finds);
    pid = tap_start(take_over, &nrounds);
    for (int i = 0; i < nrounds; i++) {
        int handle = ksmget(most_id, most_npages * PAGE, KSM_MUSTNOTEXIST);

        check_positive(handle);
        gate_open(&go);
        gate_pass(&finds);
        check_eq(ksmdelete(handle), 0);
        gate_pass(&over);
    }
    tap_join(pid);
    gate_destroy(&go);
    gate_destroy(&over);
    gate_destroy(&finds);
}

/* A program that asks for nearly all addresses, and so for hundreds of page tables. */
static void write_giant(const char *path)
{
    struct {
        struct elf_header header;
        struct elf_segment segment;
    } head = {
        .header = elf_head(0, 1),
        .segment = { .type = PT_LOAD, .filesz = sizeof(head), .memsz = KERNBASE - 64 * PAGE, .flags = 7 },
    };
    int fd = open(path, O_CREATE | O_RDWR);

    check_eq(write(fd, &head, sizeof(head)), sizeof(head));
    close(fd);
}

static void exec_in_vain(void *unused)
{
    static char *argv[] = { "giant.tmp", NULL };

    (void)unused;
    gate_pass(&go);
    for (bool first = true;; first = false) {
        check_eq(exec(argv[0], argv), -1);
        if (first)
            gate_open(&over);
    }
}

TEST("a program that can't be had takes no memory from others, not even for a moment")
{
    uint npages, left = 100;
    int pid;

    write_giant("giant.tmp");
    gate_create(&go);
    gate_create(&over);
    pid = tap_start(exec_in_vain, NULL);
    npages = take_memory();
    give_back(left);
    gate_open(&go);
    gate_pass(&over);
    for (uint i = 0; i < 50000; i++) {
        check(sbrk(PAGE) != (char *)-1);
        give_back(1);
    }
    kill(pid);
    check_eq(tap_status(pid), KILLED);
    give_back(npages - left);
    gate_destroy(&go);
    gate_destroy(&over);
    check_eq(unlink("giant.tmp"), 0);
}

static void check_dead_forever(void *handle)
{
    struct ksminfo_t info;

    gate_open(&over);
    gate_pass(&go);
    check_eq(ksminfo(*(int *)handle, &info), KSM_EHANDLE);
}

TEST("§3.8 all generations of a handle are used up, and it stays dead for whoever has it")
{
    int id = fresh_id(), first = ksmget(id, 1, KSM_MUSTNOTEXIST), handle = first, pid;

    check_positive(first);
    gate_create(&go);
    gate_create(&over);
    pid = tap_start(check_dead_forever, &first);
    gate_pass(&over);
    for (int i = 0; i < 2 * GENERATIONS + 10; i++) {
        check_eq(ksmdelete(handle), 0);
        handle = ksmget(id, 1, KSM_MUSTNOTEXIST);
        check_positive(handle);
        check(handle != first);
    }
    gate_open(&go);
    tap_join(pid);
    check_eq(ksmdelete(handle), 0);
    check_alive();
}

TAP_MAIN(drop_fresh)
