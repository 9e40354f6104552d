/*
 * t_mem.c - private memory: the heap, copy-on-write, the stack and its guard page, and malloc().
 */
#include "chance.h"
#include "elfhead.h"
#include "fcntl.h"
#include "guest.h"
#include "ksm.h"
#include "memlayout.h"

#define PAGE 4096
#define MB   (1024 * 1024)

TEST("sbrk's new memory is zero, and memory given back is gone")
{
    char *p = sbrk(5 * PAGE);

    check(p != (char *)-1 && sbrk(0) == p + 5 * PAGE);
    for (int i = 0; i < 5 * PAGE; i++)
        check(p[i] == 0);
    memset(p, 0xAA, 5 * PAGE);
    check(sbrk(-5 * PAGE) == p + 5 * PAGE);
    check(tap_read_dies(p + PAGE));
    check(sbrk(5 * PAGE) == p);
    for (int i = 0; i < 5 * PAGE; i++)
        check(p[i] == 0);
}

TEST("sbrk goes up and down byte by byte")
{
    char *p = sbrk(0);

    for (int i = 0; i < 3 * PAGE; i++) {
        char *q = sbrk(1);

        check(q == p + i);
        *q = i;
    }
    for (int i = 0; i < 3 * PAGE; i++)
        check(p[i] == (char)i);
    for (int i = 3 * PAGE; i > 0; i--)
        check(sbrk(-1) == p + i);
    check(sbrk(0) == p);
}

/* A program that gives back single bytes and a page, below and at the end of all user memory, and counts in %ebx. */
extern char top_code[], top_code_end[];
asm(".pushsection .rodata\n"
    "top_code: xorl %ebx, %ebx; pushl $-1; pushl $0; movl $12, %eax; int $0x40; cmpl $0x80000000, %eax; jne "
    "1f; incl %ebx\n"
    "1: movl $12, %eax; int $0x40; cmpl $0x7fffffff, %eax; jne 2f; incl %ebx\n"
    "2: movl $2, 4(%esp); movl $12, %eax; int $0x40; cmpl $0x7ffffffe, %eax; jne 3f; incl %ebx\n"
    "3: movl $1, 4(%esp); movl $12, %eax; int $0x40; cmpl $-1, %eax; jne 4f; incl %ebx\n"
    "4: movl %ebx, 4(%esp); movl $512, %eax; int $0x40\n"
    "top_code_end: .popsection");

/* Image, guard page and stack end at the end of user memory. */
static void write_top_program(const char *path)
{
    struct {
        struct elf_header header;
        struct elf_segment load, note;
        struct elf_note mark;
    } head = {
        .header = elf_head(KERNBASE - 18 * PAGE + sizeof(head), 2),
        .load = { .type = PT_LOAD, .vaddr = KERNBASE - 18 * PAGE, .memsz = PAGE, .flags = 5 },
        .note = { .type = PT_NOTE, .offset = sizeof(head) - sizeof(struct elf_note) },
        .mark = { 4, 4, 1, ELF_MARK_NAME, 1 },
    };
    int fd = open(path, O_CREATE | O_RDWR), n = top_code_end - top_code;

    head.load.filesz = sizeof(head) + (uint)n;
    check_eq(write(fd, &head, sizeof(head)), sizeof(head));
    check_eq(write(fd, top_code, n), n);
    close(fd);
}

TEST("the break of a program that ends where user memory does moves by bytes, and not beyond")
{
    static char *argv[] = { "top.tmp", NULL };
    int status, pid;

    write_top_program(argv[0]);
    pid = tap_start_program(argv, -1, -1);
    check_eq(waits(&status), pid);
    check_eq(status, 4);
    check_eq(unlink(argv[0]), 0);
}

TEST("sbrk refuses what is too much, and changes nothing")
{
    char *p = sbrk(0);

    check(sbrk(0x7FFFFFFF) == (char *)-1);
    check(sbrk((int)0x80000000) == (char *)-1);
    check(sbrk(-(int)p - PAGE) == (char *)-1);
    check(sbrk((int)(KERNBASE - (uint)p)) == (char *)-1);
    check(sbrk(0) == p);
}

TEST("memory above the break is out of reach")
{
    char *end = (char *)(((uint)sbrk(0) + PAGE - 1) & ~(PAGE - 1));

    check(tap_read_dies(end));
    check(tap_write_dies(end));
    check(tap_read_dies(end + 100 * PAGE));
}

TEST("§8.4 pgused counts what a process takes, and what it gives back")
{
    char *p = sbrk(64 * PAGE);
    int frames = pgused();

    for (int i = 0; i < 64; i++)
        p[i * PAGE] = 1;
    check_eq(pgused(), frames + 64);
    sbrk(-64 * PAGE);
    check(pgused() <= frames); /* a page table may have gone as well */
}

static void read_file(const char *path)
{
    int fd = open(path, O_RDONLY), n;
    char some[512];

    check(fd >= 0);
    while ((n = read(fd, some, sizeof(some))) > 0)
        ;
    check_eq(n, 0);
    close(fd);
}

TEST("§8.4 pgused does not count what the disk's cache keeps of files that were read")
{
    int frames;

    sync();
    read_file("/echo"); /* what the kernel needs for files is there then */
    frames = pgused();
    check_positive(frames);
    read_file("/top");
    check_eq(pgused(), frames);
}

TEST("memory that was touched and given back costs nothing in the end")
{
    char *p = sbrk(8 * MB);
    int frames;

    check(p != (char *)-1);
    sbrk(-8 * MB);
    frames = pgused();
    for (int round = 0; round < 2; round++) {
        check(sbrk(8 * MB) == p);
        for (int i = 0; i < 8 * MB; i += PAGE)
            p[i] = 1;
        check(pgused() >= frames + 8 * MB / PAGE);
        check(sbrk(-8 * MB) == p + 8 * MB);
        check_eq(pgused(), frames);
    }
}

static void do_nothing(void *arg) { (void)arg; }

static void grow_until_refused(void *arg)
{
    int step = 64 * MB;
    char *low = sbrk(0);
    uint total = 0;

    (void)arg;
    while (step >= PAGE) {
        if (sbrk(step) == (char *)-1)
            step /= 2;
        else
            total += step;
    }
    check(total >= 4 * MB);
    for (uint i = 0; i < total; i += PAGE) /* all of it was promised, so all of it is there */
        low[i] = 1;
    check_eq(fork(), -1);
    check(sbrk(-(int)total) != (char *)-1);
    tap_join(tap_start(do_nothing, NULL));
}

TEST("a process can use all the memory there is, and the system lives on")
{
    for (int i = 0; i < 2; i++)
        tap_join(tap_start(grow_until_refused, NULL));
}

/* Copy on write. */

static char *pages;

static void write_pages(void *arg)
{
    int n = *(int *)arg;

    for (int i = 0; i < n; i++)
        check_eq(pages[i * PAGE + 1], i);
    for (int i = 0; i < n; i += 2)
        pages[i * PAGE + 1] = 100 + i;
    for (int i = 0; i < n; i++)
        check_eq(pages[i * PAGE + 1], i % 2 ? i : 100 + i);
}

TEST("parent and children that write the same pages do not see each other")
{
    int n = 20, pids[3], frames;

    pages = sbrk(n * PAGE);
    for (int i = 0; i < n; i++)
        pages[i * PAGE + 1] = i;
    frames = pgused();
    tap_join(tap_start(write_pages, &n));
    check_eq(pgused(), frames);
    for (int i = 0; i < 3; i++)
        pids[i] = tap_start(write_pages, &n);
    for (int i = 0; i < n; i++)
        check_eq(pages[i * PAGE + 1], i);
    for (int i = 0, status; i < 3; i++) {
        int pid = waits(&status);

        check(pid == pids[0] || pid == pids[1] || pid == pids[2]);
        check_eq(status, 0);
    }
    check_eq(pgused(), frames);
}

static void child_of_child(void *arg)
{
    int depth = *(int *)arg;

    pages[0] = depth;
    if (depth > 0) {
        depth--;
        tap_join(tap_start(child_of_child, &depth));
        depth++;
    }
    check_eq(pages[0], depth);
}

TEST("copy-on-write holds through generations")
{
    int depth = 6, frames;

    pages = sbrk(PAGE);
    pages[0] = 99;
    frames = pgused();
    tap_join(tap_start(child_of_child, &depth));
    check_eq(pages[0], 99);
    check_eq(pgused(), frames);
}

TEST("what the kernel writes into a shared page is copied too")
{
    static char buf[2 * PAGE];
    int ends[2], pid;

    check_eq(pipe(ends), 0);
    pages = sbrk(2 * PAGE);
    memset(pages, 1, 2 * PAGE);
    memset(buf, 7, sizeof(buf));
    pid = fork();
    if (pid == 0) {
        int n = 0;

        while (n < 2 * PAGE) {
            int got = read(ends[0], pages + n, 2 * PAGE - n);

            check(got > 0);
            n += got;
        }
        check_eq(pages[2 * PAGE - 1], 7);
        exits(0);
    }
    check_eq(write_all(ends[1], buf, sizeof(buf)), 0);
    tap_join(pid);
    for (int i = 0; i < 2 * PAGE; i++)
        check(pages[i] == 1);
}

static void write_100_pages(void *arg)
{
    (void)arg;
    memset(pages, 2, 100 * PAGE);
}

TEST("a child gives back all the frames it took")
{
    int frames;

    pages = sbrk(100 * PAGE);
    memset(pages, 1, 100 * PAGE);
    tap_join(tap_start(do_nothing, NULL));
    frames = pgused();
    tap_join(tap_start(write_100_pages, NULL));
    check_eq(pgused(), frames);
    check_eq(pages[5], 1);
}

/* Code, stack, page 0. */

static void recurse(void *arg)
{
    volatile char room[PAGE];

    room[0] = 1;
    if (arg != room)
        recurse((char *)arg + room[0]);
    room[1] = 2;
}

TEST("endless recursion ends the process") { check(tap_dies(recurse, NULL)); }

TEST("code, constants, page 0 and the kernel are out of a program's reach")
{
    static const int constant = 7;

    check(tap_write_dies((void *)&recurse));
    check(!tap_read_dies((void *)&recurse));
    check(tap_write_dies((void *)&constant));
    check(!tap_read_dies((void *)&constant));
    check(tap_write_dies(NULL));
    check(tap_read_dies(NULL));
    for (uint at = 0x80000000; at; at += 0x08000000)
        check(tap_read_dies((void *)at));
}

/* malloc. */

TEST("malloc's blocks are aligned, apart, and keep their bytes")
{
    uchar *blocks[200];
    uint sizes[200], random = 1;

    memset(blocks, 0, sizeof(blocks));
    for (int round = 0; round < 4000; round++) {
        int i = (int)chance(&random, 128);

        if (blocks[i]) {
            for (uint n = 0; n < sizes[i]; n++)
                check(blocks[i][n] == (uchar)(i + 1));
            free(blocks[i]);
            blocks[i] = NULL;
        } else {
            sizes[i] = chance(&random, chance(&random, 2) ? 4096 : 64);
            blocks[i] = malloc(sizes[i]);
            check(blocks[i] && (uint)blocks[i] % 16 == 0);
            memset(blocks[i], i + 1, sizes[i]);
        }
    }
    for (int i = 0; i < 128; i++)
        free(blocks[i]);
    free(NULL);
}

TEST("malloc uses freed memory again, and joins neighbours")
{
    char *brk;

    for (int round = 0; round < 3; round++) {
        void *blocks[100];

        for (int i = 0; i < 100; i++)
            check((blocks[i] = malloc(100 + i * 7)));
        for (int i = 0; i < 100; i++)
            free(blocks[i * 37 % 100]);
        brk = round == 0 ? sbrk(0) : brk;
        check(sbrk(0) == brk);
    }

    char *all = malloc(60000); /* neighbours were joined: most of it is there */

    check(all);
    free(all);
    check(malloc(60000) == all);
}

TEST("malloc, calloc and realloc return NULL if there is not enough")
{
    check(malloc(0xFFFFFFFF) == NULL);
    check(malloc(0x80000000) == NULL);
    check(malloc(0x7FFFFFFF) == NULL);
    check(malloc(0x7F000000) == NULL);
    check(calloc(0x10000, 0x10000) == NULL);

    char *p = malloc(10);

    check(p);
    strcpy(p, "123456789");
    p = realloc(p, 100000);
    check_str(p, "123456789");
    check(realloc(p, 0x80000000) == NULL);
    check_str(p, "123456789");
    free(p);
    p = calloc(10, 100);
    for (int i = 0; i < 1000; i++)
        check(p[i] == 0);
    free(p);
}

TAP_MAIN(NULL)
