/*
 * xv6_processes.h - tests of xv6's calls on processes, memory and pipes, written from the interface: see xv6.h.
 */

/* fork, getpid, exit, wait. */

static int parents_word = 1;

static int change_word(void)
{
    parents_word = 2;
    return parents_word;
}

TEST("fork gives a child a copy of memory, which it changes alone")
{
    check_eq(in_child(change_word), 2);
    check_eq(parents_word, 1);
}

TEST("fork returns the child's pid, which is its getpid, and pids count up")
{
    int fds[2], pid, told, last = getpid();

    check_eq(getpid(), last);
    check_eq(pipe(fds), 0);
    for (int i = 0; i < 3; i++) {
        pid = fork();
        if (pid == 0) {
            told = getpid();
            write(fds[1], &told, sizeof(told));
            exit();
        }
        check_eq(read(fds[0], &told, sizeof(told)), sizeof(told));
        check_eq(told, pid);
        check(pid > last);
        last = pid;
        check_eq(wait(), pid);
    }
    close(fds[0]);
    close(fds[1]);
}

TEST("a child shares its parent's file offsets, and has copies of its descriptors")
{
    int fd;

    make("xv6.f", "abcdef", 6);
    fd = open("xv6.f", O_RDONLY);
    check_eq(read(fd, buf, 2), 2);
    if (fork() == 0) {
        read(fd, buf, 2);
        close(fd);
        exit();
    }
    check(wait() > 0);
    check_eq(read(fd, buf, 1), 1);
    check_eq(buf[0], 'e');
    close(fd);
    unlink("xv6.f");
}

TEST("a child begins in its parent's directory, and changes its own alone")
{
    int fds[2];
    char here = 0;

    check_eq(mkdir("xv6.d"), 0);
    check_eq(mkdir("xv6.d/e"), 0);
    check_eq(chdir("xv6.d"), 0);
    check_eq(pipe(fds), 0);
    if (fork() == 0) {
        here = exists("e");
        chdir("e");
        write(fds[1], &here, 1);
        exit();
    }
    check_eq(read(fds[0], &here, 1), 1);
    check(here);
    check(wait() > 0);
    check(exists("e"));
    check_eq(chdir(".."), 0);
    close(fds[0]);
    close(fds[1]);
    unlink("xv6.d/e");
    unlink("xv6.d");
}

TEST("wait returns each child that ended once, in any order, and then -1")
{
    int pids[5], fds[2], pid, nfound = 0;

    check_eq(wait(), -1);
    check_eq(pipe(fds), 0);
    for (int i = 0; i < 5; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            exit();
    }
    for (int i = 0; i < 5; i++) {
        pid = wait();
        for (int k = 0; k < 5; k++)
            if (pids[k] == pid) {
                pids[k] = 0;
                nfound++;
            }
    }
    check_eq(nfound, 5);
    check_eq(wait(), -1);
    close(fds[0]);
    close(fds[1]);
}

TEST("wait waits for the child that ends first, whichever was made first")
{
    int hold[2], first, second;
    char c;

    check_eq(pipe(hold), 0);
    first = fork();
    if (first == 0) {
        close(hold[1]);
        read(hold[0], &c, 1); /* until its parent lets go */
        exit();
    }
    second = fork();
    if (second == 0)
        exit();
    check_eq(wait(), second);
    close(hold[1]);
    check_eq(wait(), first);
    close(hold[0]);
}

TEST("a process's end closes its descriptors")
{
    int fds[2];
    char c;

    check_eq(pipe(fds), 0);
    if (fork() == 0)
        exit();
    close(fds[1]);
    check_eq(read(fds[0], &c, 1), 0);
    check(wait() > 0);
    close(fds[0]);
}

TEST("an orphan goes on, and its first parent does not wait for it")
{
    int fds[2], hold[2];
    char c = 0;

    check_eq(pipe(fds), 0);
    check_eq(pipe(hold), 0);
    if (fork() == 0) {
        if (fork() == 0) {
            close(hold[1]);
            read(hold[0], &c, 1);
            write(fds[1], "o", 1);
        }
        exit();
    }
    check(wait() > 0);
    check_eq(wait(), -1);
    close(hold[1]);
    check_eq(read(fds[0], &c, 1), 1);
    check_eq(c, 'o');
    close(hold[0]);
    close(fds[1]);
    check_eq(read(fds[0], &c, 1), 0); /* it has ended */
    close(fds[0]);
}

/* kill. */

static int ready[2];

static int sleep_long(void)
{
    write(ready[1], "r", 1);
    sleep(MINUTES);
    return DONE;
}

static int read_long(void)
{
    int fds[2];

    pipe(fds);
    write(ready[1], "r", 1);
    read(fds[0], buf, 1);
    return DONE;
}

static int wait_long(void)
{
    if (fork() == 0) {
        close(ready[0]);
        close(ready[1]);
        sleep(3);
        exit();
    }
    write(ready[1], "r", 1);
    wait();
    return DONE;
}

static int compute_long(void)
{
    write(ready[1], "r", 1);
    for (volatile int spin = 1; spin;)
        ;
    return DONE;
}

/* Starts fn in a child, and kills it when it is under way. */
static void kill_one(int (*fn)(void))
{
    int pid;
    char c;

    check_eq(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        fn();
        exit();
    }
    check_eq(read(ready[0], &c, 1), 1);
    check_eq(kill(pid), 0);
    check_eq(wait(), pid);
    check_eq(kill(pid), -1);
    close(ready[0]);
    close(ready[1]);
}

TEST("kill ends a process that sleeps, reads or computes")
{
    kill_one(sleep_long);
    kill_one(read_long);
    kill_one(compute_long);
}

TEST("kill ends a process that waits for its child, which goes on") { kill_one(wait_long); }

TEST("kill refuses pids of no process")
{
    check_eq(kill(-1), -1);
    check_eq(kill(0x7fffffff), -1);
    check_eq(kill((int)0x80000000), -1);
}

TEST("kill of a child that has ended, but was not waited for, succeeds and changes nothing")
{
    int fds[2], pid;
    char c;

    check_eq(pipe(fds), 0);
    pid = fork();
    if (pid == 0)
        exit();
    close(fds[1]);
    check_eq(read(fds[0], &c, 1), 0); /* its descriptors are closed: it ends */
    check_eq(kill(pid), 0);
    check_eq(wait(), pid);
    check_eq(wait(), -1);
    close(fds[0]);
}

/* sleep, uptime. */

TEST("sleep takes at least its ticks, and uptime never goes back")
{
    int before = uptime(), after;

    check_eq(sleep(0), 0);
    check_eq(sleep(3), 0);
    after = uptime();
    check(after - before >= 3);
    for (int i = 0; i < 1000; i++) {
        int now = uptime();

        check(now >= after);
        after = now;
    }
}

/* sbrk. */

static char *touched;

static int touch(void)
{
    *(volatile char *)touched = 1;
    return DONE;
}

TEST("sbrk returns the old break, and its memory is zero")
{
    char *start = sbrk(0);

    check_eq(sbrk(3 * PAGE), start);
    check_eq(sbrk(0), start + 3 * PAGE);
    for (int i = 0; i < 3 * PAGE; i++)
        check_eq(start[i], 0);
    start[3 * PAGE - 1] = 7;
    check_eq(sbrk(-3 * PAGE), start + 3 * PAGE);
    check_eq(sbrk(0), start);
}

TEST("memory that sbrk gave back is gone, and comes again as zeroes")
{
    char *start = sbrk(0);

    touched = (char *)(((unsigned)start + PAGE - 1) / PAGE * PAGE + PAGE);
    check_eq(sbrk(4 * PAGE), start);
    touched[0] = 9;
    check_eq(in_child(touch), DONE);
    check_eq(sbrk(-4 * PAGE), start + 4 * PAGE);
    check_eq(in_child(touch), DIED);
    check_eq(sbrk(4 * PAGE), start);
    check_eq(touched[0], 0);
    check_eq(sbrk(-4 * PAGE), start + 4 * PAGE);
}

TEST("sbrk refuses what does not fit below the kernel, and leaves the break")
{
    char *start = sbrk(0);

    check_eq(sbrk(0x7fffffff), -1);
    check_eq(sbrk((int)(0x80000000 - (unsigned)start + 1)), -1);
    check_eq(sbrk(0), start);
}

TEST("a child that is forked has its parent's break")
{
    char *start = sbrk(PAGE);
    int fds[2];
    char *told = 0;

    check_eq(pipe(fds), 0);
    if (fork() == 0) {
        told = sbrk(PAGE);
        write(fds[1], &told, sizeof(told));
        exit();
    }
    check_eq(read(fds[0], &told, sizeof(told)), sizeof(told));
    check(wait() > 0);
    check_eq(told, start + PAGE);
    check_eq(sbrk(-PAGE), start + PAGE);
    close(fds[0]);
    close(fds[1]);
}

/* pipe. */

TEST("a pipe takes the two lowest descriptors, the read end first")
{
    int fds[2], low = lowest_free();

    check_eq(pipe(fds), 0);
    check_eq(fds[0], low);
    check_eq(fds[1], low + 1);
    check_eq(write(fds[0], "x", 1), -1);
    check_eq(read(fds[1], buf, 1), -1);
    check_eq(close(fds[0]), 0);
    check_eq(close(fds[1]), 0);
}

TEST("a read from a pipe takes what is there, and not more")
{
    int fds[2];

    check_eq(pipe(fds), 0);
    check_eq(write(fds[1], "abc", 3), 3);
    check_eq(write(fds[1], "de", 2), 2);
    check_eq(read(fds[0], buf, 100), 5);
    check_eq(buf[0], 'a');
    check_eq(buf[4], 'e');
    close(fds[0]);
    close(fds[1]);
}

TEST("a pipe ends when every copy of its write end is closed, and what was written is read first")
{
    int fds[2], copy;

    check_eq(pipe(fds), 0);
    copy = dup(fds[1]);
    check_eq(write(fds[1], "x", 1), 1);
    close(fds[1]);
    check_eq(write(copy, "y", 1), 1);
    close(copy);
    check_eq(read(fds[0], buf, 10), 2);
    check_eq(read(fds[0], buf, 10), 0);
    check_eq(read(fds[0], buf, 10), 0);
    close(fds[0]);
}

static int write_to_nobody(void)
{
    int fds[2], n = 0;

    pipe(fds);
    close(fds[0]);
    while (write(fds[1], buf, PAGE) == PAGE && n < 100)
        n++;
    return write(fds[1], buf, 1) == -1 && n < 100 ? DONE : 0;
}

TEST("a write to a pipe without a reader fails in the end, and kills nobody")
{
    check_eq(in_child(write_to_nobody), DONE);
}

TEST("a pipe that fails takes no descriptor")
{
    int low = lowest_free();

    check_eq(pipe(KERNEL), -1);
    check_eq(pipe((int *)-1), -1);
    check_eq(lowest_free(), low);
}

static int use_descriptors_up(void)
{
    int fds[2] = { -5, -5 }, last = -1, fd;

    while ((fd = dup(0)) >= 0)
        last = fd;
    if (last < 15 || dup(0) != -1 || open(".", O_RDONLY) != -1 || pipe(fds) != -1)
        return 0;
    close(last); /* one is not enough for a pipe */
    return pipe(fds) == -1 && fds[0] == -5 && dup(0) == last ? DONE : 1;
}

TEST("a process has at least 16 descriptors, and calls fail cleanly when they run out")
{
    check_eq(in_child(use_descriptors_up), DONE);
}

/* exec. */

static char *no_arguments[] = { "x", 0 };

TEST("exec refuses what is no program, and the process goes on as it was")
{
    int fd;

    make("xv6.f", "#!/bin/sh\n", 10);
    make("xv6.g", "", 0);
    check_eq(mkdir("xv6.d"), 0);
    check_eq(exec(ABSENT, no_arguments), -1);
    check_eq(exec("xv6.f", no_arguments), -1);
    check_eq(exec("xv6.g", no_arguments), -1);
    check_eq(exec("xv6.d", no_arguments), -1);
    check_eq(exec("", no_arguments), -1);
    check_eq(exec(KERNEL, no_arguments), -1);
    check_eq(exec(PROGRAM, KERNEL), -1);
    check_eq(exec(PROGRAM, (char *[]){ KERNEL, 0 }), -1);
    fd = open("xv6.f", O_RDONLY);
    check_eq(read(fd, buf, 2), 2);
    close(fd);
    unlink("xv6.f");
    unlink("xv6.g");
    check_eq(unlink("xv6.d"), 0);
}

TEST("exec refuses a program of which only a part is there")
{
    int fd = open(PROGRAM, O_RDONLY), n;

    check(fd >= 0);
    n = read(fd, buf, 512);
    close(fd);
    check_eq(n, 512);
    make("xv6.f", buf, 40); /* less than its header */
    check_eq(exec("xv6.f", no_arguments), -1);
    unlink("xv6.f");
    buf[1] ^= 1; /* another magic number */
    make("xv6.f", buf, 512);
    check_eq(exec("xv6.f", no_arguments), -1);
    unlink("xv6.f");
}

/* What PROGRAM does with arguments: says whether it found what exec() should have left. */
static void after_exec(int argc, char **argv)
{
    int fd = argv[1][0] - '0';
    char good = argc == 4 && argv[4] == 0 && argv[2][0] == 0 && argv[3][0] == 'z' && argv[3][1] == 0;

    good &= exists("here");
    write(fd, good ? "g" : "b", 1);
    exit();
}

TEST("exec passes on its arguments, and keeps descriptors and directory")
{
    int fds[2];
    char number[2] = "0", c = 0;
    char *argv[] = { "any name", number, "", "z", 0 };

    check_eq(mkdir("xv6.d"), 0);
    make("xv6.d/here", "", 0);
    check_eq(pipe(fds), 0);
    number[0] = (char)('0' + fds[1]);
    if (fork() == 0) {
        chdir("xv6.d");
        exec("../" PROGRAM, argv);
        write(fds[1], "f", 1);
        exit();
    }
    check_eq(read(fds[0], &c, 1), 1);
    check_eq(c, 'g');
    check(wait() > 0);
    close(fds[0]);
    close(fds[1]);
    unlink("xv6.d/here");
    check_eq(unlink("xv6.d"), 0);
}
