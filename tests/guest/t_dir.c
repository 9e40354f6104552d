/*
 * t_dir.c - directories and names.  Everything happens in a directory that each test makes and removes.
 */
#include "fcntl.h"
#include "fs.h"
#include "scratch.h"

#define DIRECTORY "/t_dir.dir"

static char buf[100];

TEST("link gives a file a second name, and nlink counts them")
{
    int fd;

    scratch_enter(DIRECTORY);
    fd = create("a");
    write(fd, "one", 3);
    close(fd);
    check_eq(link("a", "b"), 0);
    check_eq(stat_of("a").nlink, 2);
    check_eq(stat_of("a").ino, stat_of("b").ino);
    check_eq(link("a", "b"), -1);
    check_eq(link("none", "c"), -1);
    check_eq(link("a", "none/c"), -1);
    check_eq(link(".", "c"), -1);
    check_eq(link("a", "a"), -1);
    check_eq(unlink("a"), 0);
    check_eq(stat_of("b").nlink, 1);
    fd = open("b", O_RDONLY);
    check_eq(read(fd, buf, 10), 3);
    close(fd);
    check_eq(link("b", "a"), 0);
    check_eq(unlink("a"), 0);
    check_eq(unlink("b"), 0);
    scratch_leave(DIRECTORY);
}

static void put(const char *name, const char *text)
{
    int fd = create(name);

    check_eq(write(fd, text, strlen(text)), (int)strlen(text));
    close(fd);
}

static void check_text(const char *name, const char *text)
{
    int fd = open(name, O_RDONLY), n = read(fd, buf, sizeof(buf) - 1);

    check(n >= 0);
    buf[n] = 0;
    check_str(buf, text);
    close(fd);
}

/* Gives the name "old" to one new file after the other. */
static void replace_old(void *unused)
{
    (void)unused;
    for (int i = 0; i < 400; i++) {
        put("x", "one");
        check_eq(rename("x", "old"), 0);
    }
    put("over", "");
}

TEST("link finds a name while other files get it")
{
    scratch_enter(DIRECTORY);
    put("old", "one");
    int pid = tap_start(replace_old, NULL), fd;
    do {
        check_eq(link("old", "new"), 0);
        check_text("new", "one");
        check_eq(unlink("new"), 0);
        fd = open("over", O_RDONLY);
    } while (fd < 0);
    close(fd);
    tap_join(pid);
    unlink("old");
    unlink("over");
    scratch_leave(DIRECTORY);
}

TEST("rename gives a file another name, and what had that is gone once it is closed")
{
    scratch_enter(DIRECTORY);
    put("a", "first");
    put("b", "second");
    int fd = open("b", O_RDONLY);
    check_eq(rename("a", DIRECTORY "/b"), 0);
    check_text("b", "first");
    check_eq(open("a", O_RDONLY), -1);
    check_eq(read(fd, buf, 6), 6);
    check_eq(memcmp(buf, "second", 6), 0);
    close(fd);
    check_eq(mkdir("d"), 0);
    check_eq(mkdir("d/e"), 0);
    check_eq(rename("b", "d/e/c"), 0);
    check_eq(rename("d/e", "e"), 0);
    check_text("e/c", "first");
    check_eq(stat_of("d").nlink, 1);
    check_eq(rename("e", "e/x"), -1);
    check_eq(rename("d", "e/c"), -1);
    check_eq(rename("e/c", "d"), -1);
    check_eq(rename((char *)0x7F000000, "d"), -1);
    check_eq(rename("d", (char *)0xFFFFFFFF), -1);
    check_eq(unlink("e/c"), 0);
    check_eq(rename("d", "e"), 0);
    check_eq(unlink("e"), 0);
    scratch_leave(DIRECTORY);
}

TEST("two processes change a file by rename, and a third one always finds it whole")
{
    scratch_enter(DIRECTORY);
    put("f", "0000");
    int pids[2];
    for (int i = 0; i < 2; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            for (int n = 0; n < 40; n++) {
                put(i ? "one" : "two", i ? "1111" : "2222");
                check_eq(rename(i ? "one" : "two", "f"), 0);
            }
            exit();
        }
    }
    for (int n = 0; n < 200; n++) {
        int fd = open("f", O_RDONLY);
        check(fd >= 0);
        check_eq(read(fd, buf, 10), 4);
        check(buf[0] == buf[3] && buf[0] >= '0' && buf[0] <= '2');
        close(fd);
    }
    check(wait() > 0 && wait() > 0);
    check_eq(unlink("f"), 0);
    scratch_leave(DIRECTORY);
}

TEST("a directory has . and .., and cannot be removed while something is in it")
{
    scratch_enter(DIRECTORY);
    check_eq(mkdir("d"), 0);
    check_eq(mkdir("d"), -1);
    check_eq(mkdir("d/e"), 0);
    check_eq(mkdir("none/e"), -1);
    check_eq(stat_of("d").type, T_DIR);
    check_eq(stat_of("d/e/..").ino, stat_of("d").ino);
    check_eq(stat_of("d/./e/../.").ino, stat_of("d").ino);
    check_eq(stat_of("/..").ino, ROOTINO);
    check_eq(stat_of("d//e").ino, stat_of(DIRECTORY "/d/e").ino);
    check_eq(unlink("d"), -1);
    check_eq(unlink("d/."), -1);
    check_eq(unlink("d/.."), -1);
    check_eq(unlink("."), -1);
    check_eq(unlink(".."), -1);
    check_eq(unlink("/"), -1);
    check_eq(open("d", O_RDWR), -1);
    check_eq(open("d", O_WRONLY), -1);
    check_eq(open("d", O_CREATE | O_RDWR), -1);
    check_eq(unlink("d/e"), 0);
    check_eq(unlink("d"), 0);
    check_eq(mkdir(""), -1);
    check_eq(mkdir("/"), -1);
    scratch_leave(DIRECTORY);
}

TEST("a directory's bytes are its entries, and cannot be written")
{
    struct dirent entries[8];
    int fd, n = 0;

    scratch_enter(DIRECTORY);
    close(create("one"));
    close(create("two"));
    fd = open(".", O_RDONLY);
    check(fd >= 0);
    n = read(fd, entries, sizeof(entries)) / sizeof(entries[0]);
    check(n >= 4);
    check(strcmp(entries[0].name, ".") == 0 && strcmp(entries[1].name, "..") == 0);
    check(strcmp(entries[2].name, "one") == 0 && strcmp(entries[3].name, "two") == 0);
    check_eq(entries[1].inum, ROOTINO);
    check_eq(entries[0].inum, stat_of(".").ino);
    check_eq(write(fd, "x", 1), -1);
    close(fd);
    unlink("one");
    unlink("two");
    scratch_leave(DIRECTORY);
}

TEST("names have 14 bytes, and longer ones are cut")
{
    scratch_enter(DIRECTORY);
    close(create("12345678901234"));
    check_eq(stat_of("123456789012345").ino, stat_of("12345678901234").ino);
    check_eq(open("1234567890123", O_RDONLY), -1);
    check_eq(mkdir("12345678901234xx"), -1);
    check_eq(unlink("12345678901234yy"), 0);
    check_eq(open("12345678901234", O_RDONLY), -1);
    scratch_leave(DIRECTORY);
}

TEST("a file is no directory")
{
    scratch_enter(DIRECTORY);
    close(create("a"));
    check_eq(open("a/b", O_RDONLY), -1);
    check_eq(open("a/b", O_CREATE | O_RDWR), -1);
    check_eq(open("a/..", O_RDONLY), -1);
    check_eq(mkdir("a/b"), -1);
    check_eq(chdir("a"), -1);
    check_eq(unlink("a"), 0);
    scratch_leave(DIRECTORY);
}

TEST("a directory takes a hundred files, and gives them up in any order")
{
    char name[DIRSIZ + 1];

    scratch_enter(DIRECTORY);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        close(create(name));
    }
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "f%d", i * 37 % 100);
        check_eq(unlink(name), 0);
    }
    scratch_leave(DIRECTORY);
}

TEST("directories nest deeply, by relative and by absolute paths")
{
    char path[200] = DIRECTORY;
    uint root = strlen(path), n = root;

    scratch_enter(DIRECTORY);
    for (int i = 0; i < 20; i++) {
        check_eq(mkdir("x"), 0);
        check_eq(chdir("x"), 0);
        strcpy(path + n, "/x");
        n += 2;
    }
    check_eq(stat_of(path).ino, stat_of(".").ino);
    check_eq(chdir("/"), 0);
    for (; n > root; n -= 2) {
        path[n] = 0;
        check_eq(unlink(path), 0);
    }
    scratch_leave(DIRECTORY);
}

TEST("a working directory that is removed takes no names, and is left by ..")
{
    struct stat st;
    int fd;

    scratch_enter(DIRECTORY);
    close(create("a"));
    check_eq(mkdir("d"), 0);
    check_eq(chdir("d"), 0);
    check_eq(unlink("../d"), 0);
    check_eq(unlink("../d"), -1);
    check_eq(stat(".", &st), 0);
    check_eq(st.nlink, 0);
    check_eq(stat_of("../a").ino, stat_of(DIRECTORY "/a").ino);
    check_eq(open("b", O_CREATE | O_RDWR), -1);
    check_eq(mkdir("b"), -1);
    check_eq(mknod("b", 1, 1), -1);
    check_eq(link("../a", "b"), -1);
    fd = open("../b", O_CREATE | O_RDWR); /* in one that has its name */
    check(fd >= 0);
    close(fd);
    check_eq(unlink("../b"), 0);
    check_eq(chdir(".."), 0);
    check_eq(open("d", O_RDONLY), -1);
    check_eq(unlink("a"), 0);
    scratch_leave(DIRECTORY);
}

TEST(".. leads out of several removed directories, also when their numbers are in use again")
{
    char name[DIRSIZ + 1];

    scratch_enter(DIRECTORY);
    check_eq(mkdir("d"), 0);
    check_eq(mkdir("d/e"), 0);
    check_eq(mkdir("d/e/f"), 0);
    check_eq(chdir("d/e/f"), 0);
    check_eq(unlink(DIRECTORY "/d/e/f"), 0);
    check_eq(unlink(DIRECTORY "/d/e"), 0);
    check_eq(unlink(DIRECTORY "/d"), 0);
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof(name), DIRECTORY "/%d", i);
        close(create(name));
    }
    check_eq(stat_of("..").type, T_DIR);
    check_eq(stat_of("..").nlink, 0);
    check_eq(stat_of("../../../19").ino, stat_of(DIRECTORY "/19").ino);
    check_eq(chdir("../.."), 0);
    check_eq(stat_of("..").ino, stat_of(DIRECTORY).ino);
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof(name), DIRECTORY "/%d", i);
        check_eq(unlink(name), 0);
    }
    scratch_leave(DIRECTORY);
}

TEST("directories have the link counts of xv6")
{
    scratch_enter(DIRECTORY);
    check_eq(mkdir("d"), 0);
    check_eq(stat_of("d").nlink, 1); /* "." does not count */
    check_eq(mkdir("d/e"), 0);
    check_eq(stat_of("d").nlink, 2); /* the ".." of another one does */
    close(create("d/f"));
    check_eq(stat_of("d").nlink, 2);
    check_eq(unlink("d/f"), 0);
    check_eq(unlink("d/e"), 0);
    check_eq(stat_of("d").nlink, 1);
    check_eq(link("d", "d2"), -1);
    check_eq(stat_of("d").nlink, 1);
    check_eq(unlink("d"), 0);
    scratch_leave(DIRECTORY);
}

TEST("names are cut in the middle of a path, in link, and in the entry")
{
    struct dirent e[4];
    int fd;

    scratch_enter(DIRECTORY);
    check_eq(mkdir("abcdefghijklmnop"), 0);
    close(create("abcdefghijklmn/12345678901234567"));
    check_eq(link("abcdefghijklmnXX/12345678901234yy", "12345678901234567890"), 0);
    check_eq(stat_of("abcdefghijklmn/12345678901234").nlink, 2);
    check_eq(link("12345678901234", "12345678901234zz"), -1);
    fd = open("abcdefghijklmn", O_RDONLY);
    check_eq(read(fd, e, sizeof(e)), 3 * sizeof(e[0]));
    check(memcmp(e[2].name, "12345678901234", DIRSIZ) == 0);
    close(fd);
    check_eq(unlink("abcdefghijklmn"), -1);
    check_eq(unlink("abcdefghijklmn/12345678901234"), 0);
    check_eq(unlink("abcdefghijklmn"), 0);
    check_eq(unlink("12345678901234"), 0);
    scratch_leave(DIRECTORY);
}

TEST("a path may be long, but not longer than there is room for")
{
    static char path[5000];

    scratch_enter(DIRECTORY);
    memset(path, '/', sizeof(path));
    strcpy(path + 900, DIRECTORY);
    check_eq(stat_of(path).ino, stat_of(".").ino);
    path[900 + strlen(DIRECTORY)] = '/';
    strcpy(path + 4900, DIRECTORY);
    check_eq(open(path, O_RDONLY), -1);
    check_eq(mkdir(path), -1);
    scratch_leave(DIRECTORY);
}

TEST("mknod makes a device file, once for each name")
{
    scratch_enter(DIRECTORY);
    check_eq(mknod("dev", 1, 7), 0);
    check_eq(stat_of("dev").type, T_DEV);
    check_eq(mknod("dev", 1, 7), -1);
    check_eq(unlink("dev"), 0);
    scratch_leave(DIRECTORY);
}

static void same_file(void *arg)
{
    for (int i = 0; i < 50; i++) {
        int fd = open("same", O_CREATE | O_RDWR);

        if (fd >= 0) {
            write(fd, "xxxxxxxx", 1 + (int)arg);
            close(fd);
        }
        unlink("same");
    }
}

static void same_directory(void *arg)
{
    for (int i = 0; i < 50; i++) {
        mkdir("same");
        if ((int)arg % 2)
            close(open("same/x", O_CREATE | O_RDWR));
        unlink("same/x");
        unlink("same");
    }
}

TEST("several processes create and unlink the same name")
{
    scratch_enter(DIRECTORY);
    tap_run_all(4, same_file);
    unlink("same");
    tap_run_all(4, same_directory);
    unlink("same/x");
    unlink("same");
    scratch_leave(DIRECTORY);
}

TAP_MAIN(NULL)
