/*
 * t_leak.c - what a process finds in its memory and its registers is its own: no byte of the kernel's or of another
 * process.
 *
 * Started as `t_leak --fresh` it is the program that a test of exec() runs.
 */
#include "elfhead.h"
#include "fcntl.h"
#include "guest.h"
#include "ksm.h"
#include "procinfo.h"
#include "stat.h"
#include "syscall.h"

#define PATTERN 0xA5
#define NBYTES  (2u << 20)

static bool all_are(const void *bytes, uint n, uchar value)
{
    const uchar *p = bytes;

    for (uint i = 0; i < n; i++)
        if (p[i] != value)
            return false;
    return true;
}

/* Structures that calls fill in. */

static void stat_of(const char *path, struct stat *st)
{
    int fd = open(path, O_RDONLY);

    check(fd >= 0);
    memset(st, PATTERN, sizeof(*st));
    check_eq(fstat(fd, st), 0);
    close(fd);
}

TEST("fstat leaves zeroes between the fields of what it reports")
{
    static const char *const paths[] = { "/", "/t_leak", "/console" };
    struct stat st;

    for (uint i = 0; i < COUNT(paths); i++) {
        stat_of(paths[i], &st);
        const uchar *bytes = (const uchar *)&st;
        check(all_are(bytes + sizeof(st.type), offsetof(struct stat, dev) - sizeof(st.type), 0));
        check(all_are(&st.nlink + 1,
                      offsetof(struct stat, size) - offsetof(struct stat, nlink) - sizeof(st.nlink), 0));
    }
}

TEST("a call that fails writes nothing")
{
    struct stat st;
    struct procinfo info;
    struct ksminfo_t ksm;
    int fds[2];

    memset(&st, PATTERN, sizeof(st));
    memset(&info, PATTERN, sizeof(info));
    memset(&ksm, PATTERN, sizeof(ksm));
    check_eq(pipe(fds), 0);
    check_eq(fstat(fds[0], &st), -1);
    check_eq(fstat(99, &st), -1);
    check(all_are(&st, sizeof(st), PATTERN));
    check_eq(procinfo(0, &info), -1);
    check(all_are(&info, sizeof(info), PATTERN));
    check(ksminfo(1, &ksm) < 0);
    check(all_are(&ksm, sizeof(ksm), PATTERN));
    close(fds[0]);
    close(fds[1]);
}

TEST("what procinfo reports has zeroes after the name")
{
    struct procinfo info;

    memset(&info, PATTERN, sizeof(info));
    check_eq(procinfo(getpid(), &info), 0);
    uint length = strlen(info.name);
    check(all_are(info.name + length, sizeof(info.name) - length, 0));
}

TEST("ksminfo of no segment writes the totals alone")
{
    struct ksminfo_t info;

    memset(&info, PATTERN, sizeof(info));
    check_eq(ksminfo(0, &info), 0);
    check(all_are(&info, offsetof(struct ksminfo_t, total_shrg_nr), PATTERN));
}

TEST("bootarg writes the value and its 0 alone")
{
    char value[64];

    memset(value, PATTERN, sizeof(value));
    int length = bootarg("ncpus", value, sizeof(value));
    check(length > 0);
    check(all_are(value + length + 1, sizeof(value) - (uint)length - 1, PATTERN));
}

struct entry {
    ushort inum;
    char name[14];
};

TEST("a directory has zeroes after its names, also where a longer name was before")
{
    struct entry e;

    mkdir("leak");
    for (uint i = 0; i < 2; i++) {
        const char *path = i ? "leak/b" : "leak/longername123";
        int fd = open(path, O_CREATE | O_RDWR);
        check(fd >= 0);
        close(fd);
        fd = open("leak", O_RDONLY);
        while (read(fd, &e, sizeof(e)) == sizeof(e)) {
            uint length = 0;
            while (length < sizeof(e.name) && e.name[length])
                length++;
            check(all_are(e.name + length, sizeof(e.name) - length, 0));
        }
        close(fd);
        unlink(path);
    }
    unlink("leak");
}

/* Fresh memory. */

static void dirty_memory(void *arg)
{
    char *heap = sbrk(NBYTES);
    int segment = ksmget(4711, NBYTES, KSM_CREATE);
    char *shared = ksmattach(segment, KSM_RDWR);

    (void)arg;
    memset(heap, PATTERN, NBYTES);
    memset(shared, PATTERN, NBYTES);
    ksmdelete(segment);
}

TEST("fresh memory is zeroes, whoever had its pages before")
{
    for (uint i = 0; i < 3; i++) {
        tap_join(tap_start(dirty_memory, NULL));
        char *heap = sbrk(NBYTES);
        check(all_are(heap, NBYTES, 0));
        memset(heap, PATTERN, NBYTES);
        sbrk(-(int)NBYTES);
        heap = sbrk(NBYTES);
        check(all_are(heap, NBYTES, 0));
        sbrk(-(int)NBYTES);
        int segment = ksmget(4712, NBYTES, KSM_CREATE);
        char *shared = ksmattach(segment, KSM_READ);
        check(all_are(shared, NBYTES, 0));
        ksmdelete(segment);
        ksmdetach(segment);
    }
}

/* Registers. */

#define NREGISTERS 6 /* ecx, edx, ebx, esi, edi, ebp */

static uint after[NREGISTERS], flags_after, result, saved_esp;

/* clang-format off */
/* Puts a number of its own into each register, does something, and stores what they are then. */
#define WITH_REGISTERS(action)                                                              \
    asm volatile("pusha; movl %%esp, %[esp];"                                               \
                 "movl $0xA5A50001, %%ecx; movl $0xA5A50002, %%edx; movl $0xA5A50003, %%ebx;" \
                 "movl $0xA5A50004, %%esi; movl $0xA5A50005, %%edi; movl $0xA5A50006, %%ebp;" \
                 action                                                                     \
                 "movl %%eax, %[result]; movl %%ecx, %[after]; movl %%edx, 4+%[after];"     \
                 "movl %%ebx, 8+%[after]; movl %%esi, 12+%[after]; movl %%edi, 16+%[after];" \
                 "movl %%ebp, 20+%[after]; pushfl; popl %[flags]; cld;"                     \
                 "movl %[esp], %%esp; popa"                                                 \
                 : [esp] "=m"(saved_esp), [after] "=m"(after), [flags] "=m"(flags_after), [result] "=m"(result) \
                 : [page] "m"(page[0]), [count] "m"(count)                                  \
                 : "memory", "cc")
/* clang-format on */

#define FLAGS 0xCD5u /* those that computing sets, and the direction flag */

static uint page[4096], count;

static void check_registers(void)
{
    for (uint i = 0; i < NREGISTERS; i++)
        check_eq(after[i], 0xA5A50001 + i);
}

TEST("a system call changes no register but the result's")
{
    WITH_REGISTERS("movl $11, %%eax; stc; int $0x40;");
    check_registers();
    check_eq(result, getpid());
    check_eq(flags_after & 1, 1);
    WITH_REGISTERS("movl $511, %%eax; int $0x40;"); /* there is no such call */
    check_registers();
    check_eq(result, -1);
}

TEST("a page fault changes no register and no flag")
{
    for (uint i = 0; i < 3; i++) {
        WITH_REGISTERS("movl $0x12345678, %%eax; pushl $0xED7; popfl; movl %%eax, 8192+%[page];");
        check_registers();
        check_eq(result, 0x12345678);
        check_eq(flags_after & FLAGS, FLAGS);
        int pid = fork(); /* the next write copies the page */
        if (pid == 0)
            exits(0);
        tap_join(pid);
    }
}

TEST("an interrupt changes no register")
{
    count = 50000000;
    WITH_REGISTERS("movl $0x12345678, %%eax; 1: decl %[count]; jnz 1b;");
    check_registers();
    check_eq(result, 0x12345678);
}

TEST("a child has its parent's registers")
{
    WITH_REGISTERS("movl $1, %%eax; int $0x40;");
    if (result == 0) {
        check_registers();
        exits(0);
    }
    check_registers();
    tap_join((int)result);
}

/* The smallest program.  Its status is all registers at its start, or-ed: 0, as exec() promises them.  Of the flags,
   IF and the bit that is always 1 are set; VIF and VIP are QEMU's, see docs/reliability.md. */
extern char probe[], probe_end[];
asm(".pushsection .rodata\n"
    "probe: pusha; pushfl; popl %eax; xorl $0x202, %eax; andl $~0x180000, %eax\n"
    "popl %ecx; orl %ecx, %eax; popl %ecx; orl %ecx, %eax; popl %ecx; orl %ecx, %eax; popl %ecx\n"
    "popl %ecx; orl %ecx, %eax; popl %ecx; orl %ecx, %eax; popl %ecx; orl %ecx, %eax\n"
    "popl %ecx; orl %ecx, %eax; movl %fs, %ecx; orl %ecx, %eax; movl %gs, %ecx; orl %ecx, %eax\n"
    "pushl %eax; pushl %eax; movl $512, %eax; int $0x40\n"
    "probe_end: .popsection");

static void write_probe(const char *path)
{
    struct {
        struct elf_header header;
        struct elf_segment segment;
    } head = {
        .header = elf_head(sizeof(head), 1),
        .segment = { .type = PT_LOAD, .flags = 5 },
    };
    int fd = open(path, O_CREATE | O_RDWR), n = probe_end - probe;

    head.segment.filesz = head.segment.memsz = sizeof(head) + (uint)n;
    check_eq(write(fd, &head, sizeof(head)), sizeof(head));
    check_eq(write(fd, probe, n), n);
    close(fd);
}

TEST("exec leaves nothing in the registers")
{
    static char *argv[] = { "probe", NULL };
    int pid;

    write_probe("probe");
    pid = fork();
    if (pid == 0) {
        asm volatile("movl %%esp, %%ebp; pushl %1; pushl %0; pushl $0; movl $7, %%eax;"
                     "movl $0xA5A5A5A5, %%ecx; movl %%ecx, %%edx; movl %%ecx, %%ebx; movl %%ecx, %%esi;"
                     "movl %%ecx, %%edi; stc; std; int $0x40; ud2"
                     :
                     : "r"(argv[0]), "r"(argv));
    }
    tap_join(pid);
    unlink("probe");
}

static bool fresh_state(void)
{
    struct {
        uint control, status, tags, other[4];
    } x87;
    uint mxcsr, xmm[8][4];

    asm volatile("fnstenv %0; stmxcsr %1" : "=m"(x87), "=m"(mxcsr));
    asm volatile("movups %%xmm0, %0; movups %%xmm1, 16+%0; movups %%xmm2, 32+%0; movups %%xmm3, 48+%0;"
                 "movups %%xmm4, 64+%0; movups %%xmm5, 80+%0; movups %%xmm6, 96+%0; movups %%xmm7, 112+%0"
                 : "=m"(xmm));
    return (x87.control & 0xFFFF) == 0x37F && (x87.status & 0xFFFF) == 0 && (x87.tags & 0xFFFF) == 0xFFFF &&
           mxcsr == 0x1F80 && all_are(xmm, sizeof(xmm), 0);
}

#define CONTROL 0xF7Fu  /* rounds towards 0, x87 */
#define MXCSR   0x7F80u /* the same, SSE */

static void set_state(void)
{
    static const uint ones[4] = { ~0u, ~0u, ~0u, ~0u };
    ushort control = CONTROL;
    uint mxcsr = MXCSR;

    asm volatile("fldcw %0; ldmxcsr %1; movups %2, %%xmm0; movups %2, %%xmm5; fldpi"
                 :
                 : "m"(control), "m"(mxcsr), "m"(ones));
}

static bool control_is_set(void)
{
    ushort control;
    uint mxcsr;

    asm volatile("fnstcw %0; stmxcsr %1" : "=m"(control), "=m"(mxcsr));
    return control == CONTROL && mxcsr == MXCSR;
}

TEST("the control words of floating point are the process's own, and a child gets a copy")
{
    int pids[4];

    for (uint i = 0; i < 4; i++) {
        if (i % 2 == 0)
            set_state();
        else
            asm volatile("fninit; ldmxcsr %0" : : "m"((uint){ 0x1F80 }));
        pids[i] = fork();
        if (pids[i] == 0) {
            for (uint j = 0; j < 10; j++) {
                check_eq(control_is_set(), i % 2 == 0);
                sleep(1);
            }
            exits(0);
        }
    }
    tap_join_all(4);
}

TEST("exec clears the floating-point state")
{
    int pid = fork();

    if (pid == 0) {
        set_state();
        exec("/t_leak", (char *[]){ "t_leak", "--fresh", NULL });
        exits(6);
    }
    tap_join(pid);
}

/* The kernel's memory. */

TEST("no page of the kernel's half can be read")
{
    for (uint va = 0x80000000; va >= 0x80000000; va += 0x02000000)
        check(tap_read_dies((const void *)(va + 0x100010)));
    for (uint va = 0xFC000000; va < 0xFE000000; va += 0x00043000) /* stacks among them */
        check(tap_read_dies((const void *)(va + 0xFF0)));
}

#define STACK_PAGES 16u

/* What a fresh program has not touched of its stack: all but the highest two pages. */
static bool stack_is_fresh(void)
{
    char *page = (char *)((uint)__builtin_frame_address(0) & ~4095u);

    return all_are(page - (STACK_PAGES - 1) * 4096, (STACK_PAGES - 2) * 4096, 0);
}

int main(int argc, char *argv[])
{
    if (argc > 1 && strcmp(argv[1], "--fresh") == 0)
        exits(!fresh_state() ? 2 : !stack_is_fresh() ? 3 : !all_are(page, sizeof(page), 0) ? 4 : 0);
    return tap_main(argc, argv, NULL);
}
