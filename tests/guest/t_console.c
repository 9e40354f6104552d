/*
 * t_console.c - the console as a file, as far as that can be tested while nobody types.
 */
#include "fcntl.h"
#include "guest.h"
#include "ksmtest.h"
#include "procinfo.h"
#include "stat.h"

TEST("the console is a device that opens for reading and writing")
{
    struct stat st;
    int fd = open("/console", O_RDWR);

    check(fd >= 3);
    check_eq(fstat(fd, &st), 0);
    check_eq(st.type, T_DEV);
    check_eq(write(fd, "", 0), 0);
    check_eq(write(fd, "# written to the console\n", 25), 25);
    close(fd);
}

TEST("another device file of the same number is the same console")
{
    int fd;

    check_eq(mknod("t_console.tmp", 1, 1), 0);
    fd = open("t_console.tmp", O_WRONLY);
    check(fd >= 0);
    check_eq(write(fd, "# by another name\n", 18), 18);
    check_eq(read(fd, &(char){ 0 }, 1), -1); /* opened for writing alone */
    close(fd);
    check_eq(unlink("t_console.tmp"), 0);
}

TEST("a device file of an unknown number can neither be read nor written")
{
    static const short majors[] = { 0, 2, 9, 100, -1, 32767 };

    for (int i = 0; i < 6; i++) {
        char c;
        int fd;

        check_eq(mknod("t_console.tmp", majors[i], 0), 0);
        fd = open("t_console.tmp", O_RDWR);
        if (fd >= 0) {
            check_eq(write(fd, "x", 1), -1);
            check_eq(read(fd, &c, 1), -1);
            close(fd);
        }
        check_eq(unlink("t_console.tmp"), 0);
    }
}

static void read_console(void *arg) { read(0, arg, 10); }

TEST("a process that reads the console can be killed")
{
    char room[10];
    int fd, pid;

    close(0);
    fd = open("/console", O_RDWR);
    check_eq(fd, 0);
    pid = tap_start(read_console, room);
    tap_until_asleep(pid);
    kill(pid);
    check_eq(tap_status(pid), KILLED);
}

static void print_line(void *arg)
{
    for (int i = 0; i < 5; i++)
        printf(1, "# process %d prints a line that is long enough to be broken, if any is\n", *(int *)arg);
}

TEST("several processes write to the console at once")
{
    int numbers[4];

    for (int i = 0; i < 4; i++) {
        numbers[i] = i;
        tap_start(print_line, &numbers[i]);
    }
    tap_join_all(4);
}

static void fill(char *text, uint size)
{
    for (uint i = 0; i < size; i++)
        text[i] = i % 64 == 0 ? '#' : i % 64 == 63 ? '\n' : '.';
}

#define MUCH (16 << 20) /* this takes the console a long time */

static void write_much(void *arg)
{
    char *text = sbrk(MUCH);

    fill(text, MUCH);
    gate_open(arg);
    write(1, text, MUCH);
}

TEST("a process that writes megabytes at once keeps nobody else from the console")
{
    struct procinfo info;
    struct gate g;

    gate_create(&g);
    int pid = tap_start(write_much, &g);
    gate_pass(&g);
    check_eq(procinfo(pid, &info), 0);
    uint begun = info.nticks;
    wait_until(procinfo(pid, &info) != 0 || info.nticks > begun + 2); /* it is in the middle of that */
    check_eq(write(1, "# another one writes\n", 21), 21);
    check_eq(procinfo(pid, &info), 0);
    kill(pid);
    check_eq(tap_status(pid), KILLED);
    gate_destroy(&g);
}

#define NWRITERS 16

struct turns {
    volatile uint n;
    volatile int last; /* the writer who had it */
};
static struct turns *turns; /* shared */

static void write_in_turn(void *arg)
{
    static char text[2048];

    fill(text, sizeof(text));
    for (;;) {
        write(1, text, sizeof(text));
        turns->last = *(int *)arg;
        __atomic_add_fetch(&turns->n, 1, __ATOMIC_RELAXED);
    }
}

static void start_writers(int pids[NWRITERS])
{
    static int numbers[NWRITERS];

    turns = (struct turns *)attach(fresh(sizeof(*turns)));
    for (int i = 0; i < NWRITERS; i++) {
        numbers[i] = i;
        pids[i] = tap_start(write_in_turn, &numbers[i]);
    }
    wait_until(turns->n >= NWRITERS);
}

TEST("a writer that is killed does not wait for its turn")
{
    int pids[NWRITERS];
    uint nlate = 0; /* victims that outlived most of a turn of all others */

    start_writers(pids);
    for (uint nothers = NWRITERS; nothers-- > 0;) {
        int last;

        turns->last = -1;
        wait_until((last = turns->last) >= 0 && pids[last]); /* it is the last in line now */
        uint begun = turns->n;
        kill(pids[last]);
        check_eq(tap_status(pids[last]), KILLED);
        pids[last] = 0;
        nlate += nothers >= NWRITERS / 2 && turns->n - begun > nothers / 2;
    }
    check(nlate < NWRITERS / 4); /* a busy host may hold one up; if each one waited, all were late */
    ksmdetach(turns);
    drop_fresh();
}

#define NROUNDS 8

TEST("a write of 4 KB waits for one turn, and not for another one at its end")
{
    static char text[4096];
    int pids[NWRITERS];
    uint least = ~0u; /* others go on before the call and after it, for as long as this one does not run */

    fill(text, sizeof(text));
    start_writers(pids);
    for (uint i = 0; i < NROUNDS; i++) {
        uint begun = turns->n, nwaited;

        write(1, text, sizeof(text));
        nwaited = turns->n - begun;
        least = nwaited < least ? nwaited : least;
    }
    for (int i = 0; i < NWRITERS; i++) {
        kill(pids[i]);
        check_eq(tap_status(pids[i]), KILLED);
    }
    tap_note("%u turns", least);
    check(least < NWRITERS * 3 / 2); /* all others had one */
    ksmdetach(turns);
    drop_fresh();
}

TAP_MAIN(NULL)
