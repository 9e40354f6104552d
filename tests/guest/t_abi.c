/*
 * t_abi.c - hostile arguments to every system call: it fails as documented, and changes nothing.
 *
 * The pointers lead to every kind of memory: none, the guard page, the kernel's, read-only, half inside.  The numbers
 * are those where arithmetic goes wrong.
 */
#include "chance.h"
#include "fcntl.h"
#include "ksmtest.h"
#include "param.h"
#include "procinfo.h"
#include "stat.h"
#include "syscall.h"

static const int hostile_numbers[] = { -1,   -2,      (int)0x80000000, 0x7FFFFFFF,      64,   65,
                                       1000, 0x10000, 0x40000000,      (int)0xC0000000, -4096 };

#define NPOINTERS 16
static void *pointers[NPOINTERS]; /* at each of them an access fails with its first byte */
static uint npointers;
static char *read_only;  /* one page */
static char *last_bytes; /* the end of the heap, a page border */
static int fd_file, ends[2];

static void add_pointer(uint p)
{
    check(npointers < NPOINTERS);
    pointers[npointers++] = (void *)p;
}

/* The lowest page of the stack has the guard page below it. */
static uint guard_page(void)
{
    uint page = (uint)__builtin_frame_address(0) & ~(PAGE - 1);

    while (!tap_read_dies((void *)page))
        page -= PAGE;
    return page;
}

static void prepare(void)
{
    int handle = fresh(PAGE);

    read_only = attach_flags(handle, KSM_READ);
    ksmdelete(handle);
    sbrk((PAGE - (uint)sbrk(0) % PAGE) % PAGE);
    last_bytes = sbrk(PAGE) + PAGE;
    check_eq(pipe(ends), 0);
    fd_file = open("t_abi.tmp", O_CREATE | O_RDWR);
    check(fd_file >= 0);
    check_eq(write(fd_file, "content", 7), 7);
    npointers = 0;
    add_pointer(0);
    add_pointer(1);
    add_pointer(0xFFC);
    add_pointer(guard_page());
    add_pointer(guard_page() + PAGE - 1);
    add_pointer((uint)last_bytes);
    add_pointer((uint)last_bytes + 12345);
    add_pointer(0x7FFFE000 & ~(PAGE - 1)); /* below the attachment */
    add_pointer(KERNBASE);
    add_pointer(KERNBASE + 0x100000);
    add_pointer(0xBFFFFFFF);
    add_pointer(0xFFFFFFFF);
    add_pointer(0xFFFFFFFC);
    add_pointer(0xFFFFF000);
}

static void finish(void)
{
    char c[8];

    close(fd_file);
    fd_file = open("t_abi.tmp", O_RDONLY);
    check_eq(read(fd_file, c, 8), 7); /* nothing was written to it */
    check(memcmp(c, "content", 7) == 0);
    close(fd_file);
    check_eq(unlink("t_abi.tmp"), 0);
    check_eq(ksmdetachat(read_only), 0);
    check_alive();
}

TEST("read and write refuse hostile pointers")
{
    char c;

    prepare();
    for (uint i = 0; i < npointers; i++) {
        check_eq(write(ends[1], pointers[i], 1), -1);
        check_eq(write(fd_file, pointers[i], 1), -1);
        check_eq(write(fd_file, pointers[i], 100000), -1);
        check_eq(write(1, pointers[i], 1), -1);
        check_eq(read(fd_file, pointers[i], 1), -1);
        check_eq(read(ends[0], pointers[i], 1), -1);
        check_eq(read(fd_file, pointers[i], 0x7FFFFFFF), -1);
    }
    check_eq(read(fd_file, read_only, 1), -1);
    check_eq(read(fd_file, (void *)&prepare, 1), -1); /* code */
    check_eq(write(ends[1], "x", 1), 1);
    check_eq(read(ends[0], read_only, 1), -1);
    check_eq(read(ends[0], &c, 1), 1);
    finish();
}

TEST("calls refuse a range that begins well and ends badly, and write none of it")
{
    struct stat st;

    prepare();
    for (int before = 1; before <= 8; before += 7) {
        check_eq(write(ends[1], last_bytes - before, before + 1), -1);
        check_eq(write(fd_file, last_bytes - before, before + 1), -1);
        check_eq(write(fd_file, last_bytes - before, PAGE * 3), -1);
        check_eq(write(fd_file, last_bytes - before, 0x7FFFFFFF), -1);
        check_eq(read(fd_file, last_bytes - before, before + 1), -1);
        check_eq(fstat(fd_file, (struct stat *)(last_bytes - before)), -1);
        check_eq(pipe((int *)(last_bytes - before) + (before == 8)), -1);
        check_eq(procinfo(1, (struct procinfo *)(last_bytes - before)), -1);
        check_eq(bootarg("ncpus", last_bytes - before, 100), -1);
        check_eq(ksminfo(0, (struct ksminfo_t *)(last_bytes - before)), KSM_EFAULT);
        for (int i = 1; i <= before; i++)
            check_eq(last_bytes[-i], 0);
    }
    check_eq(fstat(fd_file, &st), 0);
    check_eq(st.size, 7);
    finish();
}

TEST("calls refuse hostile pointers to their results, and lose no descriptor")
{
    prepare();
    pointers[npointers++] = read_only;
    pointers[npointers++] = (void *)&prepare;
    for (uint i = 0; i < npointers; i++) {
        check_eq(pipe(pointers[i]), -1);
        check_eq(fstat(fd_file, pointers[i]), -1);
        check_eq(procinfo(getpid(), pointers[i]), -1);
        check_eq(bootarg("run", pointers[i], 10), -1);
        check_eq(waits(pointers[i]), -1);
        check_eq(ksminfo(0, pointers[i]), KSM_EFAULT);
    }
    check_eq(dup(0), fd_file + 1); /* no descriptor was lost on the way */
    finish();
}

static void exit_at_once(void *arg) { (void)arg; }

TEST("waits loses no child to a hostile pointer")
{
    int pid;

    prepare();
    add_pointer((uint)read_only);
    pid = tap_start(exit_at_once, NULL);
    for (uint i = 0; i < npointers; i++) {
        if (pointers[i]) /* NULL: no status is wanted */
            check_eq(waits(pointers[i]), -1);
    }
    tap_join(pid);
    finish();
}

TEST("calls refuse hostile paths")
{
    char *argv[] = { "x", NULL };

    prepare();
    memset(last_bytes - 4, 'x', 4); /* a string that leaves the heap before its end */
    pointers[npointers++] = last_bytes - 4;
    for (uint i = 0; i < npointers; i++) {
        char *path = pointers[i];

        check_eq(open(path, O_RDONLY), -1);
        check_eq(open(path, O_CREATE | O_RDWR), -1);
        check_eq(mkdir(path), -1);
        check_eq(mknod(path, 1, 1), -1);
        check_eq(chdir(path), -1);
        check_eq(unlink(path), -1);
        check_eq(link(path, "t_abi.tm2"), -1);
        check_eq(link("t_abi.tmp", path), -1);
        check_eq(exec(path, argv), -1);
        check_eq(bootarg(path, (char *)&argv, 1), -1);
    }
    finish();
}

TEST("exec refuses hostile arguments")
{
    char *argv[3] = { "true", NULL, NULL };

    prepare();
    for (uint i = 0; i < npointers; i++) {
        check_eq(exec("/true", pointers[i]), -1);
        argv[1] = pointers[i] ? pointers[i] : (void *)1;
        check_eq(exec("/true", argv), -1);
    }
    argv[1] = last_bytes - 4;
    memset(last_bytes - 4, 'x', 4);
    check_eq(exec("/true", argv), -1);
    memcpy(last_bytes - 4, &argv[0], 4); /* an array that leaves the heap before its end */
    check_eq(exec("/true", (char **)(last_bytes - 4)), -1);
    finish();
}

TEST("§11.1 ksmwait and ksmwake refuse hostile words")
{
    prepare();
    for (uint i = 0; i < npointers; i++) {
        int error = (uint)pointers[i] % 4 ? KSM_EINVAL : KSM_EFAULT;

        check_eq(ksmwait(pointers[i], 0, 1), error);
        check_eq(ksmwake(pointers[i], 1), error);
        check_eq(ksmdetachat(pointers[i]), KSM_ENOTATT);
    }
    finish();
}

TEST("a call of an unknown number returns -1")
{
    /* The last two: uptime and getpid, if a sum with 64 wrapped. */
    static const int numbers[] = { 0,           22,          63,   64,   448,  511,  579,     575,
                                   576,         600,         1000, 1024, 1536, 2048, 0x10001, 0x7FFFFFFF,
                                   ~0x7FFFFFFF, -0x7FFFFE00, -1,   -513, -562, -565 };

    for (uint i = 0; i < COUNT(numbers); i++) {
        int result;

        asm volatile("int $0x40" : "=a"(result) : "a"(numbers[i]) : "memory");
        check_eq(result, -1);
    }
}

/* Makes a system call with the stack pointer anywhere. */
static int call_with_stack(int number, uint sp)
{
    int result;

    asm volatile("movl %%esp, %%ebx\n\t"
                 "movl %2, %%esp\n\t"
                 "int $0x40\n\t"
                 "movl %%ebx, %%esp"
                 : "=a"(result)
                 : "a"(number), "r"(sp)
                 : "ebx", "memory", "cc");
    return result;
}

/* Is the first argument of a call with this stack pointer out of reach? */
static bool no_arguments_there(uint sp) { return sp + 8 < sp || tap_read_dies((void *)(sp + 4)); }

/* All calls with arguments, but for exits and halt, which would take whatever there is. */
static const int calls_with_arguments[] = {
    SYS_pipe,    SYS_read,        SYS_kill,      SYS_exec,      SYS_fstat,       SYS_chdir,   SYS_dup,
    SYS_sbrk,    SYS_sleep,       SYS_open,      SYS_write,     SYS_mknod,       SYS_unlink,  SYS_link,
    SYS_mkdir,   SYS_close,       SYS_waits,     SYS_procinfo,  SYS_procnext,    SYS_bootarg, SYS_foreground,
    SYS_ksmget,  SYS_ksmattach,   SYS_ksmdetach, SYS_ksmdelete, SYS_ksmdetachat, SYS_ksminfo, SYS_ksmwait,
    SYS_ksmwake, SYS_ksmwaitpeer, SYS_ksmname,
};

TEST("a call whose arguments are out of reach fails, and one without arguments works")
{
    static const uint edges[] = { 4, KERNBASE - 4, KERNBASE - 2, 0xFD400000, 0xFEE00000 };

    prepare();
    for (uint i = 0; i < npointers; i++) {
        if (!no_arguments_there((uint)pointers[i]))
            continue;
        for (uint k = 0; k < COUNT(calls_with_arguments); k++)
            check(call_with_stack(calls_with_arguments[k], (uint)pointers[i]) < 0);
    }
    for (uint i = 0; i < COUNT(edges); i++)
        check_eq(call_with_stack(SYS_sleep, edges[i]), -1);
    check_eq(call_with_stack(SYS_getpid, 0), getpid());
    check_eq(call_with_stack(SYS_getpid, KERNBASE), getpid());
    finish();
}

/* Numbers. */

TEST("calls refuse descriptors that are not open")
{
    char c;
    struct stat st;

    prepare();
    for (uint i = 0; i < COUNT(hostile_numbers); i++) {
        int fd = hostile_numbers[i];

        check_eq(read(fd, &c, 1), -1);
        check_eq(write(fd, &c, 1), -1);
        check_eq(close(fd), -1);
        check_eq(dup(fd), -1);
        check_eq(fstat(fd, &st), -1);
    }
    check_eq(read(NOFILE - 1, &c, 1), -1);
    finish();
}

TEST("calls refuse negative and huge lengths")
{
    static char room[64];

    prepare();
    for (uint i = 0; i < COUNT(hostile_numbers); i++) {
        int n = hostile_numbers[i];

        if (n < 0 || n > 0x100000) {
            check_eq(read(fd_file, room, n), -1);
            check_eq(write(fd_file, room, n), -1);
            check_eq(write(ends[1], room, n), -1);
            check_eq(write(1, room, n), -1);
        }
        if (n < 0)
            check_eq(bootarg("log", room, n), -1);
    }
    check_eq(bootarg("no-such-parameter", room, sizeof(room)), -1);
    finish();
}

TEST("calls refuse impossible pids, ticks and sizes")
{
    struct procinfo info;

    for (uint i = 0; i < COUNT(hostile_numbers); i++) {
        int n = hostile_numbers[i];

        if (n < 1 || n > 10000000) {
            check_eq(kill(n), -1);
            check_eq(killjob(n), -1);
            check_eq(procinfo(n, &info), -1);
        }
        if (n < 0) {
            check_eq(sleep(n), -1);
            check_eq(foreground(n), -1);
            check(procnext(n) == 1 || procnext(n) == -1);
        }
        if (n > 0x10000000 || n == (int)0x80000000)
            check(sbrk(n) == (char *)-1);
    }
    check_alive();
}

TEST("open takes any mode, and no directory for writing")
{
    prepare();
    for (uint i = 0; i < COUNT(hostile_numbers); i++) {
        int fd = open("t_abi.tmp", hostile_numbers[i] & ~(O_CREATE | O_TRUNC));

        if (fd >= 0)
            close(fd);
        fd = open(".", hostile_numbers[i] | O_WRONLY);
        check_eq(fd, -1);
    }
    finish();
}

/* Everything, at random. */

static uint random;

static uint pick(uint n) { return chance(&random, n); }

static int random_argument(void)
{
    switch (pick(6)) {
    case 0:
        return hostile_numbers[pick(COUNT(hostile_numbers))];
    case 1:
        return (int)pointers[pick(npointers)];
    case 2:
        return (int)(last_bytes - pick(64));
    case 3:
        return (int)(read_only + pick(PAGE));
    case 4:
        return (int)pick(8);
    default:
        return (int)chance_next(&random);
    }
}

static int call(int number, int a, int b, int c)
{
    int frame[4] = { 0, a, b, c };

    return call_with_stack(number, (uint)frame);
}

/* Left out are those that would not come back (sleep, wait), end this process or the machine, leave something behind
   (pipe, ksmget), or change others (foreground). */
static const int harmless_calls[] = {
    SYS_read,      SYS_kill,        SYS_exec,      SYS_fstat,   SYS_chdir,    SYS_dup,     SYS_getpid,
    SYS_sbrk,      SYS_uptime,      SYS_open,      SYS_write,   SYS_mknod,    SYS_unlink,  SYS_link,
    SYS_mkdir,     SYS_close,       SYS_waits,     SYS_sync,    SYS_procinfo, SYS_bootarg, SYS_procnext,
    SYS_ksmattach, SYS_ksmdetachat, SYS_ksmdetach, SYS_ksminfo, SYS_pgused,   SYS_ksmwake, SYS_ksmdelete,
};

/* Numbers of no call: between xv6's and ours, around both, and anywhere. */
static int unknown_call(void)
{
    static const int unknown[] = { 0, -1, SYS_close + 100, SYS_debug + 100, 0x7FFFFFFF, (int)0x80000000 };

    return unknown[pick(COUNT(unknown))];
}

/* With an argument of these it would not be harmless. */
static bool is_harmful(int number, int first)
{
    if (number == SYS_read || number == SYS_write) /* of the console */
        return first >= 0 && first < NOFILE && first != fd_file;
    if (number == SYS_kill)
        return first > 0 && first < 1000000;
    return number == SYS_sbrk && first < 0; /* the heap below the pointers stays */
}

static void call_at_random(void *arg)
{
    (void)arg;
    for (int fd = 0; fd <= fd_file; fd++)
        close(fd);
    fd_file = open("/t_abi.tmp", O_RDONLY);
    mkdir("/t_abi.dir"); /* whatever is made there is gone with the process */
    chdir("/t_abi.dir");
    unlink("/t_abi.dir");
    for (int i = 0; i < 20000; i++) {
        int number = pick(200) ? harmless_calls[pick(COUNT(harmless_calls))] : unknown_call();
        int a = random_argument(), b = random_argument(), c = random_argument();

        if (!is_harmful(number, a))
            call(number, a, b, c);
    }
}

TEST("random calls with hostile arguments do no harm")
{
    int status;

    chdir("/");
    prepare();
    for (int i = 0; i < 3; i++) {
        random = chance_start(12345, (uint)i);
        status = tap_status(tap_start(call_at_random, NULL));
        check(status == 0 || status == KILLED);
    }
    finish();
}

TAP_MAIN(drop_fresh)
