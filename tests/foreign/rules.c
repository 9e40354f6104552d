/*
 * rules.c - the rules of files, memory and processes that programs of the old kind rely on, asked for by such
 * a program on a disk of the old layout; prints TAP.
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

static void opening(void)
{
    struct stat st;
    int fd = open(".", RDONLY);

    ok(fd >= 0 && fstat(fd, &st) == 0 && st.type == 1 && st.dev == 1 && st.ino == 1,
       "a folder opens read-only");
    close(fd);
    ok(open(".", WRONLY) == -1 && open(".", RDWR) == -1 && open("/", CREATE | RDWR) == -1,
       "and not otherwise");
    make("f");
    fd = open("f", RDONLY);
    ok(write(fd, "x", 1) == -1, "what is open for reading is not written");
    close(fd);
    fd = open("f", WRONLY);
    ok(write(fd, "abc", 3) == 3 && read(fd, buf, 1) == -1, "nor the other way round");
    ok(write(fd, buf, -1) == -1 && write(fd, (void *)0x80000000, 1) == -1 && write(fd, (void *)-1, 1) == -1,
       "bad numbers and addresses are refused");
    close(fd);
    fd = open("f", CREATE | RDWR);
    ok(read(fd, buf, 10) == 3, "creating what exists does not cut it");
    close(fd);
    int low = dup(0);
    ok(low == 3 && close(low) == 0 && close(low) == -1 && read(low, buf, 1) == -1 && dup(low) == -1 &&
           close(-1) == -1 && close(1 << 30) == -1,
       "numbers of files that are not open fail");
    unlink("f");
    ok(!there("f") && unlink("f") == -1, "unlink removes");
}

static void names(void)
{
    mkdir("12345678901234");
    ok(make("12345678901234/12345678901234") && there("12345678901234xyz/12345678901234abc"),
       "names are cut to 14 characters");
    ok(mkdir("12345678901234x") == -1, "and are the same then");
    ok(there("//12345678901234///12345678901234") && there("12345678901234/"), "slashes may be repeated");
    unlink("12345678901234/12345678901234");
    ok(unlink("12345678901234/.") == -1 && unlink("12345678901234/..") == -1 && unlink("/") == -1,
       "the entries of a folder itself stay");
    ok(unlink("12345678901234") == 0, "an empty folder goes");

    make("file");
    ok(chdir("file") == -1 && !there("file/x") && open("file/x", CREATE) == -1 && mkdir("file/x") == -1 &&
           unlink("file/x") == -1 && link("check", "file/x") == -1 && mknod("file/x", 1, 1) == -1,
       "a file is no folder");
    ok(open("", CREATE) == -1 && mkdir("") == -1 && link("file", "") == -1 && unlink("") == -1,
       "nor is no name a name");
    ok(link("none", "x") == -1 && link("file", "file") == -1 && link(".", "x") == -1 &&
           link("file", "none/x") == -1,
       "links that can't be");
    ok(link("file", "two") == 0 && unlink("file") == 0 && there("two") && unlink("two") == 0,
       "two names of a file");
    ok(mkdir("d") == 0 && mkdir("d/e") == 0 && make("d/e/f") && unlink("d") == -1 && unlink("d/e") == -1,
       "a folder with something in it stays");
    ok(chdir("d/e") == 0 && there("../../d/e/f") && chdir("../..") == 0 && there("d"), "paths go up as well");
    unlink("d/e/f");
    unlink("d/e");
    ok(chdir("d") == 0 && unlink("../d") == 0 && !make("x") && !there("../check") && chdir("/") == 0,
       "a folder without a name takes no files");
}

/* Unlinked, and still written and read. */
static void unnamed(void)
{
    int fd = open("gone", CREATE | RDWR);

    write(fd, "hello", 5);
    unlink("gone");
    int other = open("gone", CREATE | RDWR);
    write(other, "new", 3);
    ok(write(fd, " you", 4) == 4 && read(fd, buf, 1) == 0, "an open file outlives its name");
    close(fd);
    close(other);
    fd = open("gone", RDONLY);
    ok(read(fd, buf, 10) == 3 && buf[0] == 'n', "and is not the file that has the name now");
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

static void large_folder(void)
{
    char name[4];
    int good = make("l");

    for (int i = 0; i < 500; i++) {
        number_name(name, i);
        good &= link("l", name) == 0;
    }
    ok(good, "500 links to a file");
    unlink("l");
    for (int i = 0; i < 500; i++) {
        number_name(name, i);
        good &= unlink(name) == 0;
    }
    ok(good, "and all of them removed");
}

/* Four processes make and remove the same names and their own. */
static void shared_folder(void)
{
    char name[4] = "c00";
    int good = 1;

    for (int p = 0; p < 4; p++)
        if (fork() == 0) {
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
            exit();
        }
    while (wait() > 0)
        ;
    for (int p = 0; p < 4; p++)
        for (int i = 0; i < 40; i++) {
            name[1] = 'a' + p;
            name[2] = '0' + i;
            good &= there(name) == !(i % 2);
            unlink(name);
        }
    unlink("linked");
    ok(good && !there("same"), "four processes in one folder");
}

static void pipes(void)
{
    int fds[2], total = 0, n, good = 1;

    pipe(fds);
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
            good &= buf[j] == (char)total++;
    ok(good && total == 5 * 1033, "a pipe keeps order, and ends");
    close(fds[0]);
    wait();

    pipe(fds);
    close(fds[0]);
    ok(write(fds[1], "x", 1) == -1 && fstat(fds[1], buf) == -1, "nobody reads: writing fails");
    close(fds[1]);
    ok(pipe((int *)0x80000000) == -1, "a pipe's numbers want a place");
}

static void killing(void)
{
    int fds[2], pids[3];

    pipe(fds);
    for (int i = 0; i < 3; i++)
        if ((pids[i] = fork()) == 0)
            for (;;) {
                if (i == 1)
                    read(fds[0], buf, 1);
                if (i == 2)
                    sleep(1000000);
            }
    sleep(5);
    for (int i = 0; i < 3; i++)
        kill(pids[i]);
    ok(wait() > 0 && wait() > 0 && wait() > 0 && wait() == -1, "who computes, reads or sleeps can be killed");
    ok(kill(pids[0]) == -1 && kill(-1) == -1 && kill(1 << 30) == -1, "who is not there cannot");
    close(fds[0]);
    close(fds[1]);
}

static void memory(void)
{
    int fds[2], pids[10], refused = 0, good = 1;
    char c;
    char *start = sbrk(0);

    for (int i = 0; good && i < 5000; i++) {
        char *p = sbrk(1);
        good &= p == start + i;
        if (good)
            *p = 1;
    }
    ok(good, "the break goes up byte by byte");
    char *grown = sbrk(100 * MB);
    ok(grown == start + 5000, "by 100 MB");
    grown[100 * MB - 1] = 99;
    ok(sbrk(-4096) != (char *)-1 && sbrk(4096) != (char *)-1 &&
           (grown[100 * MB - 1] | grown[100 * MB - 4000]) == 0,
       "what is given back comes again as zeroes");
    ok(sbrk(-(sbrk(0) - start)) != (char *)-1 && sbrk(0) == start, "and down again");
    ok(sbrk(0x7fffffff) == (char *)-1 && sbrk((int)0x80000000) == (char *)-1 && sbrk(0) == start,
       "what can't be is refused");

    /* More than there is: each gets what it asks for, or is refused. */
    pipe(fds);
    for (int i = 0; i < 10; i++)
        if ((pids[i] = fork()) == 0) {
            char *p = sbrk(100 * MB);
            if (p != (char *)-1)
                for (int j = 0; j < 4; j++)
                    p[j * 25 * MB] = 1;
            write(fds[1], p == (char *)-1 ? "n" : "y", 1);
            for (;;)
                sleep(1000);
        }
    for (int i = 0; i < 10; i++)
        refused += read(fds[0], &c, 1) == 1 && c == 'n';
    for (int i = 0; i < 10; i++)
        kill(pids[i]);
    while (wait() > 0)
        ;
    ok(refused >= 8 && refused < 10, "ten processes want 100 MB each, and two get them");
    close(fds[0]);
    close(fds[1]);
}

/* exec of what is no program, and of one with more arguments than a page holds. */
static void programs(void)
{
    static char *argv[33], *two[] = { "check", "a", 0 };

    for (int i = 0; i < 400; i++)
        buf[i] = ' ';
    buf[400] = 0;
    for (int i = 0; i < 31; i++)
        argv[i] = buf;
    make("empty");
    ok(exec("none", two) == -1 && exec("/", two) == -1 && exec("empty", two) == -1 && exec("", two) == -1 &&
           exec((char *)-1, two) == -1 && exec("check", (char **)0x7ffffffe) == -1,
       "exec of what is no program fails");
    ok(exec("check", argv) == -1, "as does one with arguments larger than a page");
    unlink("empty");
}

int main(void)
{
    opening();
    names();
    unnamed();
    large_folder();
    shared_folder();
    pipes();
    killing();
    programs();
    memory();
    done();
}
