/*
 * t_proc.c - processes: fork, exec, exit, wait, kill and sleep, and what they leave.
 *
 * Started as `t_proc --new WHAT ...` it is the program that the tests of exec() run.
 */
#include "chance.h"
#include "fcntl.h"
#include "guest.h"
#include "param.h"
#include "procinfo.h"
#include "syscall.h"

#define SELF "/t_proc"

static struct gate go;

TEST("fork returns 0 in the child, and its pid, a greater one, in the parent")
{
    int pid = fork(), status;

    if (pid == 0)
        exits(getpid() % 100);
    check(pid > getpid());
    check_eq(waits(&status), pid);
    check_eq(status, pid % 100);
}

static int shared_looking = 1;

static void change_memory(void *arg)
{
    shared_looking = 2;
    *(int *)arg = 2;
    check_eq(shared_looking, 2);
}

TEST("a child's data, heap and stack are its own")
{
    int local = 1, *heap = malloc(sizeof(*heap));

    *heap = 1;
    tap_join(tap_start(change_memory, &local));
    tap_join(tap_start(change_memory, heap));
    check(shared_looking == 1 && local == 1 && *heap == 1);
    local = *heap = shared_looking = 3;
    tap_join(tap_start(change_memory, heap));
    check(shared_looking == 3 && *heap == 3);
    free(heap);
}

TEST("wait returns the status of each child once, and then -1")
{
    uint seen = 0;
    int status;

    for (int i = 0; i < 20; i++) {
        if (fork() == 0)
            exits(i);
    }
    for (int i = 0; i < 20; i++) {
        check(waits(&status) > 0);
        check(status >= 0 && status < 20 && !(seen & 1u << status));
        seen |= 1u << status;
    }
    check_eq(waits(&status), -1);
    check_eq(wait(), -1);
}

TEST("exit ends with status 0, and exits with any 32 bits")
{
    static const int statuses[] = { 0, 1, 255, 256, 0x7FFFFFFF, -2 };
    int status;

    for (int i = 0; i < 6; i++) {
        if (fork() == 0)
            exits(statuses[i]);
        check(waits(&status) > 0);
        check_eq(status, statuses[i]);
    }
    if (fork() == 0)
        exit();
    check(waits(&status) > 0);
    check_eq(status, 0);
    if (fork() == 0)
        exits(5);
    check(wait() > 0); /* takes no argument, and does not mind */
}

static void wait_in_pipe(void *arg)
{
    (void)arg;
    gate_pass(&go);
}

TEST("kill ends a process that sleeps, and one that computes")
{
    int pid;

    gate_create(&go);
    pid = tap_start(wait_in_pipe, NULL);
    tap_until_asleep(pid);
    check_eq(kill(pid), 0);
    check_eq(tap_status(pid), KILLED);
    pid = fork();
    if (pid == 0) {
        for (;;)
            asm volatile("" : ::"memory");
    }
    check_eq(kill(pid), 0);
    check_eq(tap_status(pid), KILLED);
}

TEST("kill refuses pids of no process")
{
    int pid = fork();

    if (pid == 0)
        exits(0);
    tap_join(pid);
    check_eq(kill(pid), -1);
    check_eq(kill(0), -1);
    check_eq(kill(-1), -1);
    check_eq(kill(0x7FFFFFFF), -1);
    check_eq(kill((int)0x80000000), -1);
}

static void kill_itself(void *arg)
{
    (void)arg;
    kill(getpid());
    sleep(10);
}

TEST("a process can kill itself") { check(tap_dies(kill_itself, NULL)); }

static void fault_read(void *arg) { (void)*(volatile int *)arg; }

static void fault_run(void *arg) { ((void (*)(void))arg)(); }

static void fault_divide(void *arg)
{
    volatile int zero = arg != NULL, one = 1;

    zero = one / zero;
}

static void fault_io(void *arg)
{
    (void)arg;
    asm volatile("outb %%al, $0x80" : ::"memory");
}

static void fault_halt(void *arg)
{
    (void)arg;
    asm volatile("cli; hlt" ::: "memory");
}

static void fault_invalid(void *arg)
{
    (void)arg;
    asm volatile("ud2");
}

static void fault_interrupt(void *arg)
{
    (void)arg;
    asm volatile("int $0x20");
}

TEST("a fault kills the process, and no other")
{
    check(tap_dies(fault_read, (void *)0x80000000));
    check(tap_dies(fault_read, (void *)0xFFFFFFFC));
    check(tap_dies(fault_read, (void *)0x70000000));
    check(tap_dies(fault_read, NULL));
    check(tap_dies(fault_run, NULL));
    check(tap_dies(fault_run, (void *)0x80100000));
    check(tap_dies(fault_divide, NULL));
    check(tap_dies(fault_io, NULL));
    check(tap_dies(fault_halt, NULL));
    check(tap_dies(fault_invalid, NULL));
    check(tap_dies(fault_interrupt, NULL));
    tap_join(tap_start(change_memory, &shared_looking));
}

TEST("a call of an unknown number returns -1")
{
    static const int numbers[] = { 0,
                                   22,
                                   63,
                                   64,
                                   448,
                                   511,
                                   SYS_debug + 50,
                                   575,
                                   576,
                                   1000,
                                   1024,
                                   1536,
                                   2048,
                                   -1,
                                   600,
                                   (int)0x80000000,
                                   0x7FFFFFFF,
                                   0x10001,
                                   (int)0x80000200,
                                   -565, /* getpid and uptime, were the sum with 64 to wrap */
                                   -562,
                                   -513 };

    for (uint i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        int result;

        asm volatile("int $0x40" : "=a"(result) : "a"(numbers[i]) : "memory");
        check_eq(result, -1);
    }
}

TEST("registers survive a system call")
{
    uint b = 0x11111111, si = 0x22222222, di = 0x33333333, c = 0x44444444, d = 0x55555555;
    int pid;

    asm volatile("movl $11, %%eax\n\t"
                 "int $0x40"
                 : "=a"(pid), "+b"(b), "+S"(si), "+D"(di), "+c"(c), "+d"(d)
                 :
                 : "memory");
    check_eq(pid, getpid());
    check(b == 0x11111111 && si == 0x22222222 && di == 0x33333333);
    check(c == 0x44444444 && d == 0x55555555);
}

static int orphan_pipe[2];

TEST("an orphan lives on, and init reaps it")
{
    struct procinfo info;
    int child, orphan = 0;

    check_eq(pipe(orphan_pipe), 0);
    gate_create(&go);
    child = fork();
    if (child == 0) {
        orphan = fork();
        if (orphan == 0) {
            gate_pass(&go);
            exits(0);
        }
        write(orphan_pipe[1], &orphan, sizeof(orphan));
        exits(0);
    }
    tap_join(child);
    check_eq(read(orphan_pipe[0], &orphan, sizeof(orphan)), sizeof(orphan));
    check_eq(procinfo(orphan, &info), 0);
    check_eq(info.ppid, 1);
    gate_open(&go);
    wait_until(procinfo(orphan, &info) < 0);
    check_eq(wait(), -1); /* it is not ours */
}

TEST("fork until it fails, and again: there is a limit below 1,000")
{
    gate_create(&go);
    for (int round = 0; round < 2; round++) {
        int n = 0, pid, status;

        while (n < 1000 && (pid = fork()) >= 0) {
            if (pid == 0) {
                gate_pass(&go);
                exits(0);
            }
            n++;
        }
        check(n >= 60 && n < 1000);
        for (int i = 0; i < n; i++)
            gate_open(&go);
        for (int i = 0; i < n; i++) {
            check(waits(&status) > 0);
            check_eq(status, 0);
        }
    }
}

TEST("sleep takes no less than asked for")
{
    int start = uptime();

    check_eq(sleep(5), 0);
    check(uptime() - start >= 5);
    check_eq(sleep(0), 0);
}

TEST("a sleeper that is killed does not sleep to its end")
{
    int pid = fork();

    if (pid == 0) {
        sleep(0x7FFFFFFF);
        exits(1);
    }
    tap_until_asleep(pid);
    kill(pid);
    check_eq(tap_status(pid), KILLED);
}

#define NSLEEPERS 100u
#define NSLEEPS   20u

static void sleep_often(void *arg)
{
    (void)arg;
    for (uint i = 0; i < NSLEEPS; i++)
        sleep(1);
}

static void compute_on(void *arg)
{
    (void)arg;
    for (;;)
        asm volatile("");
}

static uint ticks_of_sleepers(void)
{
    uint start = (uint)uptime();

    for (uint i = 0; i < NSLEEPERS; i++)
        tap_start(sleep_often, NULL);
    tap_join_all(NSLEEPERS);
    return (uint)uptime() - start;
}

TEST("sleepers wake in time however many they are, beside processes that compute on all processors")
{
    struct procinfo info;
    int computing[NCPU];
    uint nalone = ticks_of_sleepers(), nticks, ncomputed = 0;

    for (uint i = 0; i < NCPU; i++)
        computing[i] = tap_start(compute_on, NULL);
    nticks = ticks_of_sleepers();
    for (uint i = 0; i < NCPU; i++) {
        check_eq(procinfo(computing[i], &info), 0);
        ncomputed += info.nticks;
        kill(computing[i]);
        check_eq(tap_status(computing[i]), KILLED);
    }
    tap_note("%u ticks alone; then %u, and %u of computing", nalone, nticks, ncomputed);
    /* If each waited for a time slice at each of its wakes, it would take a thousand ticks on four processors. */
    check(nticks < 200 + 20 * nalone);
    check(ncomputed >= nticks / 4);
}

/* exec. */

/* The compiler keeps a local variable of this alignment where it is only if main() was called aligned. */
static bool aligned_stack(void)
{
    volatile char local[16] __attribute__((aligned(16)));

    local[0] = 1;
    return (uint)local % 16 == 0;
}

static int new_program(int argc, char **argv)
{
    if (strcmp(argv[2], "echo") == 0) {
        for (int i = 3; i < argc; i++) {
            if (argv[i][0] != 'a' + i % 26 || strlen(argv[i]) != (uint)i)
                return 200;
        }
        return argv[argc] == NULL ? argc : 201;
    }
    if (strcmp(argv[2], "stack") == 0)
        return aligned_stack() ? 0 : 202;
    if (strcmp(argv[2], "fds") == 0)
        return write(argv[3][0] - '0', "x", 1) == 1 ? 0 : 203;
    return 204;
}

static int run_new(char **argv)
{
    int pid = fork(), status;

    check(pid >= 0);
    if (pid == 0) {
        exec(SELF, argv);
        exits(250);
    }
    check_eq(waits(&status), pid);
    return status;
}

TEST("exec passes on all arguments as they are, on an aligned stack")
{
    char *argv[MAXARG + 2] = { SELF, "--new", "echo" }, text[MAXARG + 1][MAXARG + 2];

    for (int i = 3; i <= MAXARG; i++) {
        memset(text[i], 'a' + i % 26, i);
        text[i][i] = 0;
    }
    for (int n = 3; n < MAXARG; n += 4) {
        for (int i = 3; i < n; i++)
            argv[i] = text[i];
        argv[n] = NULL;
        check_eq(run_new(argv), n);
    }
    check_eq(run_new((char *[]){ SELF, "--new", "stack", NULL }), 0);
}

TEST("exec refuses too many arguments, or too long ones")
{
    static char *many[2000], *one[3];
    static char long_one[200000];

    for (int i = 0; i < 1999; i++)
        many[i] = "x";
    check_eq(exec(SELF, many), -1);
    memset(long_one, 'x', sizeof(long_one) - 1);
    one[0] = SELF;
    one[1] = long_one;
    check_eq(exec(SELF, one), -1);
    check_eq(exec(long_one, one), -1);
}

static void make_file(const char *name, const void *bytes, int n)
{
    int fd = open(name, O_CREATE | O_WRONLY);

    check(fd >= 0);
    check_eq(write(fd, bytes, n), n);
    close(fd);
}

TEST("exec refuses what is no program, and changes nothing")
{
    static char start[512];
    char *argv[] = { "x", NULL };
    int fd = open(SELF, O_RDONLY), marker = 77;

    check_eq(read(fd, start, sizeof(start)), sizeof(start));
    close(fd);
    make_file("t_proc.tmp", start, 40); /* ends in the header */
    check_eq(exec("t_proc.tmp", argv), -1);
    unlink("t_proc.tmp");
    make_file("t_proc.tmp", start, sizeof(start)); /* its segments are beyond its end */
    check_eq(exec("t_proc.tmp", argv), -1);
    unlink("t_proc.tmp");
    make_file("t_proc.tmp", "", 0);
    check_eq(exec("t_proc.tmp", argv), -1);
    unlink("t_proc.tmp");
    for (uint at = 0; at < 52; at++) { /* every byte of the header, wrong */
        int pid, status;

        start[at] ^= 0xFF;
        make_file("t_proc.tmp", start, sizeof(start));
        start[at] ^= 0xFF;
        pid = fork();
        if (pid == 0) {
            exec("t_proc.tmp", argv);
            exits(3);
        }
        check_eq(waits(&status), pid);
        check(status == 3 || status == KILLED); /* refused, or it ran into nothing */
        unlink("t_proc.tmp");
    }
    check_eq(exec("no-such-file", argv), -1);
    check_eq(exec(".", argv), -1);
    check_eq(exec("console", argv), -1);
    check_eq(exec("", argv), -1);
    check_eq(marker, 77);
}

/* Runs it, but not for long: its code may have become an endless loop. */
static void run_bounded(char *path)
{
    int status, pid = fork(), killer;

    check(pid >= 0);
    if (pid == 0) {
        exec(path, (char *[]){ "x", NULL });
        exits(3);
    }
    killer = fork();
    check(killer >= 0);
    if (killer == 0) {
        sleep(100);
        kill(pid);
        exits(0);
    }
    while (waits(&status) != pid)
        ;
    kill(killer);
    wait();
}

TEST("programs whose headers, segment tables and marks lie end themselves at most")
{
    static const uint lies[] = { 0,          1,          4,          52,         0x1000,    0x7FFFF000,
                                 0x7FFFFFFF, 0x80000000, 0xFFFFF000, 0xFFFFFFFC, 0xFFFFFFFF };
    static uint program[16384]; /* a debug build's are larger */
    uint random = 7;
    int fd = open("/true", O_RDONLY), n = read(fd, program, sizeof(program));

    check(n > 512 && n < (int)sizeof(program));
    close(fd);
    for (int i = 0; i < 300; i++) {
        uint at[3], was[3];

        for (int k = 0; k < 3; k++) { /* word 0 is the magic number, which stays */
            at[k] = 6 + chance(&random, 45);
            was[k] = program[at[k]];
            program[at[k]] =
                chance(&random, 2) ? lies[chance(&random, COUNT(lies))] : was[k] ^ 1u << chance(&random, 32);
        }
        make_file("t_proc.tmp", program, n);
        for (int k = 2; k >= 0; k--)
            program[at[k]] = was[k];
        run_bounded("t_proc.tmp");
        unlink("t_proc.tmp");
    }
}

TEST("open files stay open across exec")
{
    int ends[2], status;
    char number[2] = "0", c;

    check_eq(pipe(ends), 0);
    number[0] += ends[1];
    check_eq(run_new((char *[]){ SELF, "--new", "fds", number, NULL }), 0);
    check_eq(read(ends[0], &c, 1), 1);
    check_eq(c, 'x');
    check_eq(waits(&status), -1);
}

/* Floating point. */

static void compute(void *arg)
{
    double x = *(int *)arg, sum = 0;

    for (int i = 0; i < 200000; i++) {
        sum += x;
        if (i % 20000 == 0)
            getpid();
    }
    check(sum == x * 200000);
}

TEST("each process computes with floating-point registers of its own")
{
    int numbers[6];

    for (int i = 0; i < 6; i++) {
        numbers[i] = i + 1;
        tap_start(compute, &numbers[i]);
    }
    tap_join_all(6);
}

TEST("a child inherits a floating-point register")
{
    double value = 1.5;
    int pid, status;

    asm volatile("movsd %0, %%xmm5" : : "m"(value));
    pid = fork();
    if (pid == 0) {
        asm volatile("movsd %%xmm5, %0" : "=m"(value));
        exits(value == 1.5 ? 0 : 1);
    }
    check_eq(waits(&status), pid);
    check_eq(status, 0);
}

TEST("procinfo and procnext show the living processes")
{
    struct procinfo info;
    bool found = false, one = false;

    for (int pid = procnext(0), last = 0; pid > 0; last = pid, pid = procnext(pid)) {
        check(pid > last);
        found |= pid == getpid();
        one |= pid == 1;
    }
    check(found && one);
    check_eq(procinfo(1, &info), 0);
    check(info.ppid == 0);
    check_eq(procinfo(getpid(), &info), 0);
    check_str(info.name, "t_proc");
    check_eq(info.nbytes, (uint)sbrk(0));
    check_eq(procnext(0x7FFFFFFF), -1);
}

int main(int argc, char *argv[])
{
    if (argc > 1 && strcmp(argv[1], "--new") == 0)
        return new_program(argc, argv);
    return tap_main(argc, argv, NULL);
}
