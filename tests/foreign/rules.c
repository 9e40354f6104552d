/*
 * rules.c - the rules of files, memory and processes that programs for xv6 rely on, tried by such a program on a disk
 * of xv6's layout; prints TAP.
 */
#include "foreign.h"

#define RDONLY 0
#define WRONLY 1
#define RDWR   2
#define CREATE 0x200

#define MB (1 << 20)

static char buf[8192];

struct stat {
    short type;
    int dev;
    unsigned ino;
    short nlink;
    unsigned size;
};

/* Can it be opened? */
static int there(const char *path)
{
    int fd = open(path, RDONLY);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static int make(const char *path)
{
    int fd = open(path, CREATE | RDWR);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

TEST("a directory opens read-only and not otherwise")
{
    struct stat st;
    int fd = open(".", RDONLY);

    check(fd >= 0);
    check_eq(fstat(fd, &st), 0);
    check_eq(st.type, 1);
    check_eq(st.dev, 1);
    check_eq(st.ino, 1);
    close(fd);
    check_eq(open(".", WRONLY), -1);
    check_eq(open(".", RDWR), -1);
    check_eq(open("/", CREATE | RDWR), -1);
}

TEST("a file is read and written as its mode says, and creating it again keeps what is in it")
{
    check(make("f"));
    int fd = open("f", RDONLY);

    check_eq(write(fd, "x", 1), -1);
    close(fd);
    fd = open("f", WRONLY);
    check_eq(write(fd, "abc", 3), 3);
    check_eq(read(fd, buf, 1), -1);
    close(fd);
    fd = open("f", CREATE | RDWR);
    check_eq(read(fd, buf, 10), 3);
    close(fd);
    check_eq(unlink("f"), 0);
    check(!there("f"));
    check_eq(unlink("f"), -1);
}

TEST("write refuses bad lengths and addresses")
{
    check(make("f"));
    int fd = open("f", WRONLY);

    check_eq(write(fd, buf, -1), -1);
    check_eq(write(fd, (void *)0x80000000, 1), -1);
    check_eq(write(fd, (void *)-1, 1), -1);
    close(fd);
    unlink("f");
}

TEST("dup gives the lowest free number, and numbers that are not open fail")
{
    check_eq(dup(0), 3);
    check_eq(close(3), 0);
    check_eq(close(3), -1);
    check_eq(read(3, buf, 1), -1);
    check_eq(dup(3), -1);
    check_eq(close(-1), -1);
    check_eq(close(1 << 30), -1);
}

TEST("names are cut to 14 characters, and are the same if they agree so far")
{
    check_eq(mkdir("12345678901234"), 0);
    check(make("12345678901234/12345678901234"));
    check(there("12345678901234xyz/12345678901234abc"));
    check_eq(mkdir("12345678901234x"), -1);
    check(there("//12345678901234///12345678901234")); /* slashes may be repeated */
    check(there("12345678901234/"));
    unlink("12345678901234/12345678901234");
    check_eq(unlink("12345678901234"), 0);
}

TEST("a directory's own entries cannot be removed, nor a directory with something in it")
{
    check_eq(mkdir("d"), 0);
    check_eq(unlink("d/."), -1);
    check_eq(unlink("d/.."), -1);
    check_eq(unlink("/"), -1);
    check_eq(mkdir("d/e"), 0);
    check(make("d/e/f"));
    check_eq(unlink("d"), -1);
    check_eq(unlink("d/e"), -1);
    check_eq(unlink("d/e/f"), 0);
    check_eq(unlink("d/e"), 0);
    check_eq(unlink("d"), 0);
}

TEST("a file is no directory")
{
    check(make("file"));
    check_eq(chdir("file"), -1);
    check(!there("file/x"));
    check_eq(open("file/x", CREATE), -1);
    check_eq(mkdir("file/x"), -1);
    check_eq(unlink("file/x"), -1);
    check_eq(link("check", "file/x"), -1);
    check_eq(mknod("file/x", 1, 1), -1);
    unlink("file");
}

TEST("the empty string names nothing")
{
    check_eq(open("", CREATE), -1);
    check_eq(mkdir(""), -1);
    check_eq(link("check", ""), -1);
    check_eq(unlink(""), -1);
}

TEST("link gives a file a second name, but not a directory, nor a name that is taken")
{
    check(make("file"));
    check_eq(link("none", "x"), -1);
    check_eq(link("file", "file"), -1);
    check_eq(link(".", "x"), -1);
    check_eq(link("file", "none/x"), -1);
    check_eq(link("file", "two"), 0);
    check_eq(unlink("file"), 0);
    check(there("two"));
    check_eq(unlink("two"), 0);
}

TEST("paths go up as well as down")
{
    check_eq(mkdir("d"), 0);
    check_eq(mkdir("d/e"), 0);
    check_eq(chdir("d/e"), 0);
    check(there("../../d/e"));
    check_eq(chdir("../.."), 0);
    check(there("d"));
    unlink("d/e");
    unlink("d");
}

TEST("an open file outlives its name, and is not the file that has the name then")
{
    int fd = open("gone", CREATE | RDWR);

    write(fd, "hello", 5);
    unlink("gone");
    int other = open("gone", CREATE | RDWR);

    write(other, "new", 3);
    check_eq(write(fd, " you", 4), 4);
    check_eq(read(fd, buf, 1), 0);
    close(fd);
    close(other);
    fd = open("gone", RDONLY);
    check_eq(read(fd, buf, 10), 3);
    check_eq(buf[0], 'n');
    close(fd);
    unlink("gone");
}

static void number_name(char *name, int n)
{
    name[0] = 'n';
    name[1] = '0' + n / 64;
    name[2] = '0' + n % 64;
    name[3] = 0;
}

TEST("a file has 500 names, and all of them are removed")
{
    char name[4];

    check(make("l"));
    for (int i = 0; i < 500; i++) {
        number_name(name, i);
        check_eq(link("l", name), 0);
    }
    unlink("l");
    for (int i = 0; i < 500; i++) {
        number_name(name, i);
        check_eq(unlink(name), 0);
    }
}

/* Makes and removes a name that others use as well, and names of its own, of which it keeps every second one. */
static void use_directory(int p)
{
    char name[4] = "c00";

    for (int i = 0; i < 40; i++) {
        make("same");
        name[1] = 'a' + p;
        name[2] = '0' + i;
        make(name);
        link(name, "linked");
        unlink("linked");
        if (i % 2)
            unlink(name);
        unlink("same");
    }
}

TEST("four processes work in one directory")
{
    char name[4] = "c00";

    for (int p = 0; p < 4; p++)
        if (fork() == 0) {
            use_directory(p);
            exit();
        }
    while (wait() > 0)
        ;
    for (int p = 0; p < 4; p++)
        for (int i = 0; i < 40; i++) {
            name[1] = 'a' + p;
            name[2] = '0' + i;
            check_eq(there(name), !(i % 2));
            unlink(name);
        }
    unlink("linked");
    check(!there("same"));
}

TEST("a pipe keeps the order of bytes, and ends when its writer does")
{
    int fds[2], total = 0, n;

    check_eq(pipe(fds), 0);
    if (fork() == 0) {
        close(fds[0]);
        for (int i = 0; i < 5; i++) {
            for (int j = 0; j < 1033; j++)
                buf[j] = i * 1033 + j;
            write(fds[1], buf, 1033);
        }
        exit();
    }
    close(fds[1]);
    while ((n = read(fds[0], buf, 100)) > 0)
        for (int j = 0; j < n; j++)
            check_eq(buf[j], (char)total++);
    check_eq(total, 5 * 1033);
    close(fds[0]);
    wait();
}

TEST("a pipe has no status, and needs a place for its numbers")
{
    int fds[2];

    check_eq(pipe(fds), 0);
    check_eq(fstat(fds[1], buf), -1);
    close(fds[0]);
    close(fds[1]);
    check_eq(pipe((int *)0x80000000), -1);
}

static void be_busy(int how, int in, int out)
{
    write(out, "x", 1);
    for (;;) {
        if (how == 1)
            read(in, buf, 1);
        if (how == 2)
            sleep(1000000);
    }
}

TEST("a process is killed while it computes, reads or sleeps, and one that is gone is not")
{
    int fds[2], ready[2], pids[3];

    pipe(fds);
    pipe(ready);
    for (int i = 0; i < 3; i++)
        if ((pids[i] = fork()) == 0)
            be_busy(i, fds[0], ready[1]);
    for (int i = 0; i < 3; i++)
        check_eq(read(ready[0], buf, 1), 1);
    for (int i = 0; i < 3; i++)
        check_eq(kill(pids[i]), 0);
    for (int i = 0; i < 3; i++)
        check(wait() > 0);
    check_eq(wait(), -1);
    check_eq(kill(pids[0]), -1);
    check_eq(kill(-1), -1);
    check_eq(kill(1 << 30), -1);
    for (int i = 0; i < 2; i++) {
        close(fds[i]);
        close(ready[i]);
    }
}

TEST("exec refuses what is no program, and more arguments than a page holds")
{
    static char *argv[33], *two[] = { "check", "a", 0 };

    for (int i = 0; i < 400; i++)
        buf[i] = ' ';
    buf[400] = 0;
    for (int i = 0; i < 31; i++)
        argv[i] = buf;
    check(make("empty"));
    check_eq(exec("none", two), -1);
    check_eq(exec("/", two), -1);
    check_eq(exec("empty", two), -1);
    check_eq(exec("", two), -1);
    check_eq(exec((char *)-1, two), -1);
    check_eq(exec("check", (char **)0x7ffffffe), -1);
    check_eq(exec("check", argv), -1);
    unlink("empty");
}

TEST("the break goes up byte by byte, and by 100 MB")
{
    char *start = sbrk(0), *p;

    for (int i = 0; i < 5000; i++) {
        p = sbrk(1);
        check_eq(p, start + i);
        *p = 1;
    }
    p = sbrk(100 * MB);
    check_eq(p, start + 5000);
    p[100 * MB - 1] = 99;
    check(sbrk(-4096) != (char *)-1);
    check(sbrk(4096) != (char *)-1);
    check_eq(p[100 * MB - 1], 0); /* what is given back comes again as zeroes */
    check(sbrk(-(sbrk(0) - start)) != (char *)-1);
    check_eq(sbrk(0), start);
}

TEST("sbrk refuses what cannot be, and changes nothing")
{
    char *start = sbrk(0);

    check_eq(sbrk(0x7fffffff), -1);
    check_eq(sbrk(0), start);
}

/* Says on a pipe whether it got 100 MB, and stays. */
static void want_much(int out)
{
    char *p = sbrk(100 * MB);

    if (p != (char *)-1)
        for (int i = 0; i < 4; i++)
            p[i * 25 * MB] = 1;
    write(out, p == (char *)-1 ? "n" : "y", 1);
    for (;;)
        sleep(1000);
}

TEST("ten processes want 100 MB each: one or two get them, and the others are refused")
{
    int fds[2], pids[10], refused = 0;
    char c;

    pipe(fds);
    for (int i = 0; i < 10; i++)
        if ((pids[i] = fork()) == 0)
            want_much(fds[1]);
    for (int i = 0; i < 10; i++)
        refused += read(fds[0], &c, 1) == 1 && c == 'n';
    for (int i = 0; i < 10; i++)
        kill(pids[i]);
    while (wait() > 0)
        ;
    check(refused >= 8 && refused < 10);
    close(fds[0]);
    close(fds[1]);
}

int main(void) { run_tests(); }
