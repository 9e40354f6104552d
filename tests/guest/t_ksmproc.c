/*
 * t_ksmproc.c - shared memory and processes: fork, exit, exec and kill, §7, and what §8 says of them.
 *
 * Started as `t_ksmproc --new WHAT ...` it is the program that the tests of exec() run; see new_program().
 */
#include "fcntl.h"
#include "ksmtest.h"
#include "procinfo.h"

#define SELF "/t_ksmproc"

static int shared; /* the handle and the attachment of the current test */
static char *bytes;

static void share(uint size)
{
    shared = fresh(size);
    bytes = attach(shared);
}

static void unshare(void)
{
    check_eq(ksmdetachat(bytes), 0);
    check_eq(ksmdelete(shared), 0);
}

/* fork, exit. */

static struct gate go;

static void child_looks(void *arg)
{
    (void)arg;
    gate_pass(&go);
    check_eq(bytes[0], 1);
    bytes[1] = 2;
    check_eq(info_of(shared).attached_nr, 2);
    check_eq(info_of(shared).mpid, getpid());
}

TEST("§7.1 a child has the attachments at the same addresses")
{
    int pid;

    gate_create(&go);
    share(2 * PAGE);

    uint attached_at = info_of(shared).atime;

    sleep(2);
    pid = tap_start(child_looks, NULL);
    check_eq(info_of(shared).attached_nr, 2);
    check_eq(info_of(shared).mpid, pid);
    check(info_of(shared).atime >= attached_at + 2); /* §8.3 */
    bytes[0] = 1;
    gate_open(&go);
    tap_join(pid);
    check_eq(info_of(shared).attached_nr, 1);
    check_eq(info_of(shared).mpid, pid);
    check_eq(bytes[1], 2);
    unshare();
}

static void detach_each(void *arg)
{
    char **at = arg;

    check_eq(ksmdetach(shared), 0); /* the newest of the parent's is the newest of the child's */
    check(tap_read_dies(at[2]));
    check(!tap_read_dies(at[1]));
    check_eq(ksmdetachat(at[0]), 0);
    check_eq(info_of(shared).attached_nr, 4);
}

TEST("§7.1 several attachments are inherited, in their order, and then the child's own")
{
    char *at[3];

    shared = fresh(PAGE);
    for (int i = 0; i < 3; i++)
        at[i] = attach(shared);
    tap_join(tap_start(detach_each, at));
    check_eq(info_of(shared).attached_nr, 3);
    at[2][0] = 1;
    for (int i = 0; i < 3; i++)
        check_eq(ksmdetach(shared), 0);
    ksmdelete(shared);
}

TEST("§7.1 access stays what it is across two forks")
{
    char *ro;

    share(PAGE);
    ro = attach_flags(shared, KSM_READ);

    int pid = fork(), status;

    if (pid == 0)
        exits(tap_write_dies(ro) && !tap_write_dies(bytes) && tap_write_dies(ro) ? 0 : 1);
    check_eq(waits(&status), pid);
    check_eq(status, 0);
    ksmdetachat(ro);
    unshare();
}

static void leave(void *arg)
{
    int how = *(int *)arg;

    bytes[0] = 1;
    if (how == 1)
        exits(0);
    if (how == 2)
        *(volatile int *)KERNBASE = 0;
    if (how == 3)
        kill(getpid());
}

TEST("§7.2 however a process ends, it detaches before wait returns")
{
    share(3 * PAGE);
    for (int how = 0; how < 4; how++) {
        int pid = tap_start(leave, &how);
        int status = tap_status(pid);

        check_eq(status, how < 2 ? 0 : KILLED);
        check_eq(info_of(shared).attached_nr, 1);
        check_eq(info_of(shared).mpid, pid);
    }
    unshare();
}

static void attach_more(void *arg)
{
    (void)arg;
    for (int i = 0; i < 20; i++)
        attach_flags(shared, i % 2 ? KSM_READ : KSM_RDWR);
    check_eq(info_of(shared).attached_nr, 22);
}

TEST("§7.2 exit detaches all, whoever attached them")
{
    share(PAGE);
    tap_join(tap_start(attach_more, NULL));
    check_eq(info_of(shared).attached_nr, 1);
    unshare();
}

static void whole_life(void *arg)
{
    (void)arg;
    int handle = fresh(20 * PAGE);
    char *p = attach(handle);

    memset(p, 1, 20 * PAGE);
    ksmdetach(handle);
    ksmdelete(handle);
}

TEST("§8.4 a child that does it all leaves no frame behind")
{
    tap_join(tap_start(whole_life, NULL));

    int frames = pgused();

    for (int i = 0; i < 5; i++) {
        tap_join(tap_start(whole_life, NULL));
        check_eq(pgused(), frames);
    }
}

static void mark_and_exit(void *arg)
{
    (void)arg;
    share(20 * PAGE);
    bytes[0] = 1;
    ksmdelete(shared);
}

TEST("§7.2 §5.4 a marked segment goes when its last user ends")
{
    uint before = info_of(0).total_shpg_nr;
    int frames;

    tap_join(tap_start(mark_and_exit, NULL));
    frames = pgused();
    tap_join(tap_start(mark_and_exit, NULL));
    check_eq(pgused(), frames);
    check_eq(info_of(0).total_shpg_nr, before);
}

/* exec. */

/* What an exec()ed program does:  touch ADDRESS   handle NUMBER   get ID */
static int new_program(int argc, char **argv)
{
    int n = 0;
    struct ksminfo_t info;

    if (argc != 4 || !parse_number(argv[3], &n))
        return 90;
    if (strcmp(argv[2], "touch") == 0)
        return *(volatile char *)n;
    if (strcmp(argv[2], "handle") == 0)
        return ksminfo(n, &info) == KSM_EHANDLE && (int)ksmattach(n) == KSM_EHANDLE &&
                       ksmdetach(n) == KSM_EHANDLE && ksmdelete(n) == KSM_EHANDLE
                   ? 0
                   : 91;
    if (strcmp(argv[2], "get") == 0) {
        int handle = ksmget(n, 0, KSM_OPEN);
        char *p = handle > 0 ? ksmattach(handle) : NULL;

        return p && info_of(handle).attached_nr == 2 && p[0] == 5 ? 0 : 92;
    }
    return 93;
}

static int run_new(const char *what, int n)
{
    int pid = fork(), status = 0;
    char number[16];

    check(pid >= 0);
    if (pid == 0) {
        snprintf(number, sizeof(number), "%d", n);
        exec(SELF, (char *[]){ SELF, "--new", (char *)what, number, NULL });
        exits(94);
    }
    check_eq(waits(&status), pid);
    return status;
}

TEST("§7.3 exec detaches all; the old address faults")
{
    share(PAGE);
    bytes[0] = 5;
    check_eq(run_new("touch", (int)bytes), KILLED);
    check_eq(info_of(shared).attached_nr, 1);
    check_eq(bytes[0], 5);
    unshare();
}

static void leave_attached(void *arg)
{
    attach(shared); /* beside the one that it inherited */
    if (*(int *)arg % 2)
        exec("/true", (char *[]){ "true", NULL });
}

/* The kernel's notes on one child are small: so many children that a frame would fill if any of them stayed. */
TEST("§7.2 §7.3 §8.4 of children that leave without a detach nothing stays")
{
    int frames = 0;

    share(PAGE);
    for (int i = 0; i < 302; i++) {
        tap_join(tap_start(leave_attached, &i));
        if (i == 1)
            frames = pgused();
    }
    check_eq(pgused(), frames);
    unshare();
}

TEST("§3.6 exec drops handles; the new program gets the segment by its identifier")
{
    int id = fresh_id();

    shared = ksmget(id, PAGE);
    bytes = attach(shared);
    bytes[0] = 5;
    check_eq(run_new("handle", shared), 0);
    check_eq(run_new("get", id), 0);
    check_eq(info_of(shared).attached_nr, 1);
    unshare();
}

TEST("§7.3 an exec that fails changes nothing")
{
    struct ksminfo_t before, after;
    char *argv[] = { "x", NULL };

    share(PAGE);
    bytes[0] = 5;
    before = info_of(shared);
    check_eq(exec("no-such-program", argv), -1);
    check_eq(exec(".", argv), -1);
    check_eq(exec("console", argv), -1);
    check_eq(exec((char *)KERNBASE, argv), -1);
    check_eq(exec(SELF, (char **)KERNBASE), -1);
    check_eq(exec(SELF, (char *[]){ (char *)KERNBASE, NULL }), -1);
    after = info_of(shared);
    check(memcmp(&before, &after, sizeof(before)) == 0);
    check_eq(bytes[0], 5);
    bytes[0] = 6;
    check_eq(bytes[0], 6);
    unshare();
}

TEST("§7.3 path and arguments may lie in an attachment")
{
    int pid, status;

    share(PAGE);
    pid = fork();
    if (pid == 0) {
        char **argv = (char **)(bytes + 512);

        strcpy(bytes, SELF);
        strcpy(bytes + 100, "--new");
        strcpy(bytes + 200, "handle");
        strcpy(bytes + PAGE - 6, "30583"); /* ends with the page */
        argv[0] = bytes, argv[1] = bytes + 100, argv[2] = bytes + 200, argv[3] = bytes + PAGE - 6;
        argv[4] = NULL;
        exec(bytes, argv);
        exits(95);
    }
    check_eq(waits(&status), pid);
    check_eq(status, 0);
    check_eq(info_of(shared).attached_nr, 1);
    unshare();
}

static void own_and_exec(void *arg)
{
    (void)arg;
    share(30 * PAGE);
    bytes[0] = 1;
    ksmdelete(shared);
    exec("/true", (char *[]){ "true", NULL });
    exits(96);
}

TEST("§7.3 §5.4 exec destroys a marked segment of which it had the last attachment")
{
    uint before = info_of(0).total_shrg_nr;

    tap_join(tap_start(own_and_exec, NULL));
    check_eq(info_of(0).total_shrg_nr, before);
}

/* kill. */

static int pipe_ends[2];

static void spin_endlessly(void *arg)
{
    (void)arg;
    bytes[0] = 1;
    for (;;)
        asm volatile("" : ::"memory");
}

static void sleep_endlessly(void *arg)
{
    (void)arg;
    bytes[0] = 1;
    sleep(1000000);
}

static void read_endlessly(void *arg)
{
    bytes[0] = 1;
    read(pipe_ends[0], arg, 1);
}

static void wait_endlessly(void *arg)
{
    (void)arg;
    bytes[0] = 1;
    ksmwait((uint *)(bytes + 4), 0, 0);
}

static void wait_for_child(void *arg)
{
    int status;

    (void)arg;
    if (fork() == 0)
        sleep_endlessly(NULL);
    waits(&status);
}

TEST("§7.4 §7.2 a process that is killed while it spins, sleeps, reads or waits leaves no count")
{
    static void (*const ways[])(void *) = { spin_endlessly, sleep_endlessly, read_endlessly, wait_endlessly };

    check_eq(pipe(pipe_ends), 0);
    share(PAGE);
    for (int i = 0; i < 4; i++) {
        bytes[0] = 0;

        int pid = tap_start(ways[i], bytes + 100);

        wait_until(((volatile char *)bytes)[0]);
        if (i > 0)
            tap_until_asleep(pid);
        check_eq(info_of(shared).attached_nr, 2);
        check_eq(kill(pid), 0);
        check_eq(tap_status(pid), KILLED);
        check_eq(info_of(shared).attached_nr, 1);
    }
    unshare();
    check_alive();
}

static void mark_and_wait(void *arg)
{
    (void)arg;
    share(10 * PAGE);
    ksmdelete(shared);
    gate_open(&go);
    wait_endlessly(NULL);
}

TEST("§7.4 a process that is killed in ksmwait gives its own marked segment back")
{
    struct ksminfo_t before = info_of(0);

    gate_create(&go);
    for (int i = 0; i < 3; i++) {
        int pid = tap_start(mark_and_wait, NULL);

        gate_pass(&go);
        tap_until_asleep(pid);
        kill(pid);
        check_eq(tap_status(pid), KILLED);
        check_eq(info_of(0).total_shpg_nr, before.total_shpg_nr);
        check_eq(info_of(0).total_attached_nr, before.total_attached_nr);
    }
}

TEST("§7.2 an orphan's attachments go too")
{
    int pid, status;

    share(PAGE);
    pid = tap_start(wait_for_child, NULL);
    wait_until(((volatile char *)bytes)[0]);
    check_eq(info_of(shared).attached_nr, 3);
    kill(pid);
    check_eq(waits(&status), pid);
    check_eq(info_of(shared).attached_nr, 2);
    for (pid = procnext(getpid()); pid > 0; pid = procnext(pid)) { /* our grandchild is init's child by now */
        struct procinfo info;

        if (procinfo(pid, &info) == 0 && info.ppid == 1 && strcmp(info.name, "t_ksmproc") == 0)
            kill(pid);
    }
    wait_until(info_of(shared).attached_nr == 1);
    unshare();
}

static void alternate(void *arg)
{
    int *ends = arg, turn;

    while (read(ends[0], &turn, sizeof(turn)) == sizeof(turn)) {
        if (turn % 2)
            ksmdetach(shared);
        else
            attach(shared);
        write(ends[3], &turn, sizeof(turn));
    }
}

TEST("§8 mpid is the last one that did something")
{
    int ends[2][4], pids[2], turn;

    shared = fresh(PAGE);
    for (int i = 0; i < 2; i++) {
        check_eq(pipe(ends[i]), 0);
        check_eq(pipe(ends[i] + 2), 0);
    }
    for (int i = 0; i < 2; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            for (int j = 0; j < 2; j++)
                close(ends[j][1]);
            alternate(ends[i]);
            exits(0);
        }
    }
    for (int round = 0; round < 8; round++) {
        int i = round / 2 % 2;

        turn = round % 2;
        write(ends[i][1], &turn, sizeof(turn));
        read(ends[i][2], &turn, sizeof(turn));
        check_eq(info_of(shared).mpid, pids[i]);
        check_eq(info_of(shared).cpid, getpid());
        check_eq(info_of(shared).attached_nr, 1 - round % 2);
        check_eq(ksmget(0x12345, 0, KSM_OPEN), KSM_ENOENT);
        check_eq(info_of(shared).mpid, pids[i]);
    }
    for (int i = 0; i < 2; i++)
        close(ends[i][1]);
    while (waits(&turn) > 0)
        check_eq(turn, 0);
    check_eq(info_of(shared).mpid, pids[1]);
    check_eq(ksmdelete(shared), 0);
}

int main(int argc, char *argv[])
{
    if (argc > 1 && strcmp(argv[1], "--new") == 0)
        return new_program(argc, argv);
    return tap_main(argc, argv, drop_fresh);
}
