/*
 * t_ksmmap.c - shared memory: attachments in the address space, and system calls that point into them, §4.
 */
#include "fcntl.h"
#include "ksmtest.h"
#include "stat.h"

/* §4.1 to §4.3: where attachments lie. */

TEST("§4.1 an attachment is whole pages between heap and kernel")
{
    static const uint sizes[] = { 1, PAGE, 5 * PAGE + 1, MB, 4 * MB, 5 * MB };

    for (uint i = 0; i < COUNT(sizes); i++) {
        int handle = fresh(sizes[i]);
        char *p = attach(handle);
        uint npages = (sizes[i] + PAGE - 1) / PAGE;

        check_eq((uint)p % PAGE, 0);
        check((uint)p >= (uint)sbrk(0));
        check((uint)p + npages * PAGE <= KERNBASE);
        for (uint page = 0; page < npages; page++) {
            p[page * PAGE] = page;
            p[page * PAGE + PAGE - 1] = page + 1;
        }
        for (uint page = 0; page < npages; page++)
            check(p[page * PAGE] == (char)page && p[page * PAGE + PAGE - 1] == (char)(page + 1));
        ksmdetach(handle);
        ksmdelete(handle);
    }
}

TEST("§4.2 attachments grow from the top down, without gaps")
{
    int one = fresh(PAGE), three = fresh(3 * PAGE);
    char *a = attach(one), *b = attach(three), *c = attach(one);

    check_eq(a, KERNBASE - PAGE);
    check_eq(b, a - 3 * PAGE);
    check_eq(c, b - PAGE);
    ksmdetachat(b);
    check_eq(attach(one), a - PAGE); /* the highest hole that fits */
    check_eq(attach(three), c - 3 * PAGE);
    check_eq(attach(one), a - 2 * PAGE);
    check_eq(attach(one), a - 3 * PAGE);
    check_eq(attach(one), c - 4 * PAGE);
    ksmdelete(one);
    ksmdelete(three);
}

TEST("§4.2 page tables for attachments go with their last entry")
{
    int small = fresh(PAGE), big = fresh(9 * MB), frames;
    char *p = attach(small);

    ksmdetach(small);
    frames = pgused();
    p = attach(small);
    p[0] = 1;
    check_eq(ksmdetach(small), 0);
    check_eq(pgused(), frames);
    p = attach(big);
    p[0] = p[9 * MB - 1] = 1;
    check_eq(ksmdetach(big), 0);
    check_eq(pgused(), frames);
    ksmdelete(small);
    ksmdelete(big);
}

TEST("§4.3 attachments do not move the break")
{
    char *brk = sbrk(0);
    int handle = fresh(MB);

    check(sbrk(0) == brk);
    attach(handle);
    check(sbrk(0) == brk);
    ksmdetach(handle);
    check(sbrk(0) == brk);
    ksmdelete(handle);
    check(sbrk(0) == brk);
}

TEST("§4 segments, heap, stack and code do not overlap")
{
    int handles[6], local = 1234;
    char *at[6], *heap = sbrk(3 * PAGE);

    memset(heap, 0x55, 3 * PAGE);
    for (uint i = 0; i < 6; i++) {
        handles[i] = fresh((i * 7 + 1) * PAGE);
        at[i] = attach(handles[i]);
        memset(at[i], i + 1, (i * 7 + 1) * PAGE);
    }
    for (uint i = 0; i < 6; i++) {
        for (uint n = 0; n < (i * 7 + 1) * PAGE; n++)
            check(at[i][n] == (char)(i + 1));
    }
    for (uint n = 0; n < 3 * PAGE; n++)
        check(heap[n] == 0x55);
    check_eq(local, 1234);
    for (uint i = 0; i < 6; i++) {
        ksmdetachat(at[i]);
        ksmdelete(handles[i]);
    }
}

static char *heap_page;

static void write_heap(void *arg)
{
    (void)arg;
    heap_page[0] = 9;
}

TEST("§4.3 the heap grows beside attachments, private and zero")
{
    int handle = fresh(PAGE);

    attach(handle);
    heap_page = sbrk(PAGE);
    check(heap_page != (char *)-1);
    for (uint i = 0; i < PAGE; i++)
        check(heap_page[i] == 0);
    heap_page[0] = 4;
    tap_join(tap_start(write_heap, NULL));
    check_eq(heap_page[0], 4);
    check(sbrk(-(int)PAGE) != (char *)-1);
    ksmdetach(handle);
    ksmdelete(handle);
}

/* Fills the address space above the heap to the last page.  The lowest attachment. */
static char *fill_address_space(int big, int page)
{
    char *lowest = (char *)KERNBASE, *p;

    attach_until_full(big);
    while (!ksmerror(p = ksmattach(page))) {
        if (p < lowest)
            lowest = p;
    }
    check_eq(ksmerror(p), KSM_ENOVA);
    return lowest;
}

TEST("§4.3 sbrk stops at the lowest attachment, and an attach at the heap")
{
    int big = fresh(16 * MB), page = fresh(PAGE);
    char *lowest, *brk;

    check(sbrk(-((int)sbrk(0) % (int)PAGE)) != (char *)-1); /* the break at a page's start */
    brk = sbrk(2 * PAGE) + 2 * PAGE;
    lowest = fill_address_space(big, page);
    check(lowest == brk);
    check(sbrk(1) == (char *)-1);
    check(sbrk(PAGE) == (char *)-1);
    check(sbrk(0x7FFFFFFF) == (char *)-1);
    check(sbrk(0) == brk);
    lowest[0] = 1;
    check_eq(lowest[0], 1);
    check(sbrk(-(int)PAGE) == brk); /* what it frees can be attached into */
    check_eq(attach(page), brk - PAGE);
    check_eq((int)ksmattach(page), KSM_ENOVA);
    check(sbrk(1) == (char *)-1);
    check_eq(ksmdetachat(brk - PAGE), 0);
    check(sbrk(PAGE) == brk - PAGE);
    check_eq(brk[-1], 0);
    brk[-1] = 1;
    check_eq(ksmdetachat(brk), 0);
    check(sbrk(PAGE) == brk);
    brk[0] = 1;
    ksmdelete(big);
    ksmdelete(page);
}

/* §4.4, §4.5: access. */

static void attach_read_only(void *arg)
{
    char *ro = attach_flags(*(int *)arg, KSM_READ);

    check(!tap_read_dies(ro));
    check(tap_write_dies(ro));
    ksmdetachat(ro);
}

TEST("§4.4 a read-only attachment faults on writing")
{
    int handle = fresh(2 * PAGE);
    char *rw = attach(handle), *ro = attach_flags(handle, KSM_READ);

    rw[0] = 1;
    check(!tap_read_dies(ro));
    check(tap_write_dies(ro));
    check(tap_write_dies(ro + 2 * PAGE - 1));
    check_eq(ro[0], 1);
    check_eq(rw[2 * PAGE - 1], 0);
    check_eq(info_of(handle).attached_nr, 2);
    tap_join(tap_start(attach_read_only, &handle)); /* others made the segment */
    ksmdetach(handle);
    ksmdetach(handle);
    ksmdelete(handle);
    check_alive();
}

static void end_at_once(void *arg) { (void)arg; }

TEST("§4.4 calls asked to write into a read-only attachment fail, and write nothing")
{
    int handle = fresh(PAGE), fds[2], fd, child = tap_start(end_at_once, NULL);
    char *ro = attach_flags(handle, KSM_READ), back[4];

    check_eq(pipe(fds), 0);
    check_eq(write(fds[1], "abc", 3), 3);
    check_eq(read(fds[0], ro, 3), -1);
    check_eq(read(fds[0], back, 3), 3); /* nothing was taken */
    check_eq(pipe((int *)ro), -1);
    fd = dup(fds[0]);
    check_eq(fd, fds[1] + 1); /* no descriptor was used up */
    check_eq(fstat(fds[0], (struct stat *)ro), -1);
    fd = open(".", O_RDONLY);
    check_eq(fstat(fd, (struct stat *)ro), -1);
    check_eq(read(fd, ro, 16), -1);
    check_eq(ksminfo(handle, (struct ksminfo_t *)ro), KSM_EFAULT);
    check_eq(ksminfo(0, (struct ksminfo_t *)ro), KSM_EFAULT);
    check_eq(waits((int *)ro), -1);
    tap_join(child); /* it was not waited for */
    check_eq(procinfo(getpid(), (struct procinfo *)ro), -1);
    for (uint i = 0; i < PAGE; i++)
        check(ro[i] == 0);
    check_eq(write(fds[1], ro, 4), 4); /* reading is fine */
    ksmdetach(handle);
    ksmdelete(handle);
}

TEST("§4.5 read-only and read-write at once; aliases are the same bytes")
{
    int handle = fresh(2 * PAGE);
    volatile char *a = attach(handle), *b = attach(handle), *c = attach_flags(handle, KSM_READ);

    check(a != b && b != c && a != c);
    check_eq(info_of(handle).attached_nr, 3);
    for (uint i = 0; i < 2 * PAGE; i += 511) {
        a[i] = i;
        check(b[i] == (char)i && c[i] == (char)i);
        b[i] = i + 1;
        check(a[i] == (char)(i + 1) && c[i] == (char)(i + 1));
    }
    ksmdetachat((void *)b);
    a[0] = 77;
    check_eq(c[0], 77);
    ksmdetach(handle);
    ksmdetach(handle);
    ksmdelete(handle);
}

/* A reader that sees each of the writer's numbers. */
static volatile uint *mail_rw, *mail_ro;

static void follow_writer(void *arg)
{
    (void)arg;
    for (uint i = 1; i <= 200; i++) {
        while (mail_ro[0] < i)
            ksmwait(mail_ro, i - 1, 0);
        check_eq(mail_ro[0], i);
        mail_rw[1] = i;
        ksmwake(mail_rw + 1, 1);
    }
}

TEST("§4.8 a reader sees each update at once")
{
    int handle = fresh(PAGE);
    int reader;

    mail_rw = (uint *)attach(handle);
    mail_ro = (uint *)attach_flags(handle, KSM_READ);
    reader = tap_start(follow_writer, NULL);
    for (uint i = 1; i <= 200; i++) {
        mail_rw[0] = i;
        ksmwake(mail_rw, 1);
        while (mail_rw[1] < i)
            ksmwait(mail_rw + 1, i - 1, 0);
    }
    tap_join(reader);
    ksmdetach(handle);
    ksmdetach(handle);
    ksmdelete(handle);
}

static void add_many(void *arg)
{
    uint *word = arg;

    for (int i = 0; i < 100000; i++)
        __atomic_fetch_add(word, 1, __ATOMIC_SEQ_CST);
}

TEST("§4.8 atomic instructions work between processes")
{
    int handle = fresh(PAGE), pids[3];
    uint *word = (uint *)attach(handle), ndone = 0;

    for (int i = 0; i < 3; i++)
        pids[i] = tap_start(add_many, word);
    for (int i = 0; i < 3; i++) {
        int status, pid = waits(&status);

        for (int j = 0; j < 3; j++)
            ndone += pid == pids[j] && status == 0;
    }
    check_eq(ndone, 3);
    check_eq(*word, 300000);
    ksmdetach(handle);
    ksmdelete(handle);
}

/* §4.6: pointers into attachments. */

TEST("§4.6 every call takes pointers into a segment")
{
    int handle = fresh(2 * PAGE), fd;
    char *p = attach(handle), *name = p, *data = p + PAGE - 8;
    struct stat *st = (struct stat *)(p + 512);
    int *fds = (int *)(p + 600);
    struct ksminfo_t *info = (struct ksminfo_t *)(p + 700);

    strcpy(name, "t_ksm.tmp");
    unlink(name);
    fd = open(name, O_CREATE | O_RDWR);
    check(fd >= 0);
    memcpy(data, "across the page border", 22);
    check_eq(write(fd, data, 22), 22);
    check_eq(fstat(fd, st), 0);
    check_eq(st->size, 22);
    close(fd);
    fd = open(name, O_RDONLY);
    memset(data, 0, 22);
    check_eq(read(fd, data, 22), 22);
    check(memcmp(data, "across the page border", 22) == 0);
    close(fd);
    check_eq(unlink(name), 0);
    check_eq(open(name, O_RDONLY), -1);
    strcpy(name, "t_ksm.dir");
    check_eq(mkdir(name), 0);
    check_eq(chdir(name), 0);
    check_eq(chdir(".."), 0);
    check_eq(unlink(name), 0);
    check_eq(pipe(fds), 0);
    check_eq(write(fds[1], p, 4), 4);
    check_eq(read(fds[0], data, 4), 4);
    close(fds[0]);
    close(fds[1]);
    check_eq(ksminfo(handle, info), 0);
    check_eq(info->attached_nr, 1);
    check_eq(ksmwait((uint *)p, ~*(uint *)p, 0), KSM_EAGAIN);
    ksmdetach(handle);
    ksmdelete(handle);
}

TEST("§4.6 a range that runs past the end is refused whole")
{
    int handle = fresh(PAGE), fds[2], fd;
    char *end, back[16];

    attach(handle); /* so that a hole follows the next one: */
    end = attach(handle) + PAGE;
    attach(handle);
    ksmdetachat(end);
    check_eq(pipe(fds), 0);
    check_eq(write(fds[1], end - 2, 10), -1);
    check_eq(write(fds[1], "0123456789", 10), 10);
    check_eq(read(fds[0], end - 2, 10), -1);
    check(end[-2] == 0 && end[-1] == 0);
    check_eq(read(fds[0], back, 10), 10);
    fd = open("t_ksm.tmp", O_CREATE | O_RDWR);
    check_eq(write(fd, end - 2, 10), -1);
    check_eq(write(fd, "0123456789", 10), 10);
    close(fd);
    fd = open("t_ksm.tmp", O_RDONLY);
    check_eq(read(fd, end - 2, 10), -1);
    check(end[-2] == 0 && end[-1] == 0);
    check_eq(read(fd, back, 16), 10); /* the first write did nothing */
    close(fd);
    check_eq(unlink("t_ksm.tmp"), 0);
    check_eq(fstat(0, (struct stat *)(end - 4)), -1);
    check_eq(pipe((int *)(end - 4)), -1);
    check_eq(ksminfo(0, (struct ksminfo_t *)(end - 4)), KSM_EFAULT);
    while (ksmdetach(handle) == 0)
        ;
    ksmdelete(handle);
}

TEST("§4.6 strings end inside, or are refused")
{
    int handle = fresh(PAGE);
    char *end = attach(handle) + PAGE, *low;

    check_eq(end, KERNBASE);
    memcpy(end - 2, ".", 2);
    check_eq(chdir(end - 2), 0); /* the 0 is the last byte of all */
    memcpy(end - 2, "./", 2);
    check_eq(chdir(end - 2), -1);
    check_eq(open(end - 1, O_RDONLY), -1);
    check_eq(unlink(end - 2), -1);
    check_eq(mkdir(end - 2), -1);
    check_eq(link(end - 2, "x"), -1);
    check_eq(link("init", end - 2), -1);
    check_eq(mknod(end - 2, 1, 1), -1);
    check_eq(exec(end - 2, (char *[]){ "x", NULL }), -1);
    check_eq(exec("nothing", (char **)(end - 4)), -1);
    low = attach(handle);
    check_eq(chdir(low - 1), -1);
    ksmdetach(handle);
    ksmdetach(handle);
    ksmdelete(handle);
}

TEST("§4.6 pointers into holes are refused")
{
    int handle = fresh(PAGE), fds[2];
    char *top = attach(handle), *p, *wild[5];

    attach(handle);
    p = attach(handle);
    ksmdetachat(top - PAGE); /* p, a hole, top */
    wild[0] = p - PAGE;
    wild[1] = p + PAGE;
    wild[2] = p - 1;
    wild[3] = (char *)(((uint)sbrk(0) + 2 * PAGE) & ~(PAGE - 1));
    wild[4] = (char *)((uint)sbrk(0) / 2 + (uint)p / 2);
    check_eq(pipe(fds), 0);
    for (uint i = 0; i < 5; i++) {
        check_eq(write(fds[1], wild[i], 1), -1);
        check_eq(read(fds[0], wild[i], 1), -1);
        check_eq(open(wild[i], O_RDONLY), -1);
        check_eq(ksminfo(0, (struct ksminfo_t *)((uint)wild[i] & ~3u)), KSM_EFAULT);
        check(tap_read_dies(wild[i]));
    }
    ksmdetach(handle);
    ksmdetach(handle);
    ksmdelete(handle);
}

static int on_other_stack(int (*fn)(void), char *top)
{
    int result;

    asm volatile("movl %%esp, %%ebx\n\t"
                 "movl %2, %%esp\n\t"
                 "call *%1\n\t"
                 "movl %%ebx, %%esp"
                 : "=a"(result)
                 : "S"(fn), "D"(top)
                 : "ebx", "ecx", "edx", "memory", "cc");
    return result;
}

/* No fork here: parent and child would share the stack. */
static int calls_from_there(void)
{
    int ends[2];
    char c = 0;

    if (pipe(ends) != 0 || write(ends[1], "x", 1) != 1 || read(ends[0], &c, 1) != 1)
        return -1;
    return c == 'x' && close(ends[0]) == 0 && close(ends[1]) == 0 && sleep(1) == 0 ? 5 : 6;
}

TEST("§4.6 the stack pointer may lie in an attachment")
{
    int handle = fresh(4 * PAGE);
    char *p = attach(handle);

    check_eq(on_other_stack(calls_from_there, p + 4 * PAGE - 16), 5);
    ksmdetach(handle);
    ksmdelete(handle);
}

static void change_path(void *arg)
{
    volatile char *path = arg;

    for (;;) {
        path[0] = 'a', path[200] = 0;
        path[200] = 'x';
    }
}

TEST("§4.6 bytes that change during a call do no harm")
{
    int handle = fresh(PAGE), pid;
    char *p = attach(handle);
    char *end = p + PAGE;

    memset(p, 'x', PAGE);
    pid = tap_start(change_path, end - 201); /* the string ends in the page only at times */
    for (int i = 0; i < 3000; i++) {
        check_eq(open(end - 201, O_RDONLY), -1);
        check_eq(chdir(end - 201), -1);
    }
    kill(pid);
    check_eq(tap_status(pid), KILLED);
    ksmdetach(handle);
    ksmdelete(handle);
    check_alive();
}

TEST("§4.7 a marked segment can be attached by its handle, and lives on")
{
    int handle = fresh(PAGE);
    char *a = attach(handle), *b;

    a[0] = 8;
    check_eq(ksmdelete(handle), 0);
    b = attach(handle);
    check_eq(b[0], 8);
    check_eq(ksmdetachat(a), 0);
    b[1] = 9;
    check_eq(info_of(handle).attached_nr, 1);
    check_eq(ksmdetachat(b), 0);
    check_dead(handle);
}

TAP_MAIN(drop_fresh)
