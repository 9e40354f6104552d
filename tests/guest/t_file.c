/*
 * t_file.c - files and directories.  Everything happens in /t_file.dir, which each test makes and removes.
 */
#include "fcntl.h"
#include "fs.h"
#include "guest.h"
#include "param.h"
#include "stat.h"

static char buf[8192];

static void enter(void)
{
    mkdir("/t_file.dir");
    check_eq(chdir("/t_file.dir"), 0);
}

static void leave(void)
{
    check_eq(chdir("/"), 0);
    check_eq(unlink("/t_file.dir"), 0); /* fails unless it is empty */
}

static int create(const char *name)
{
    int fd = open(name, O_CREATE | O_RDWR);

    check(fd >= 0);
    return fd;
}

static struct stat stat_of(const char *name)
{
    struct stat st;

    check_eq(stat(name, &st), 0);
    return st;
}

/* Bytes that depend on where in the file they are. */
static void fill_pattern(char *p, uint at, uint n)
{
    for (uint i = 0; i < n; i++)
        p[i] = (at + i) * 31 + ((at + i) >> 9);
}

static void check_pattern(const char *p, uint at, uint n)
{
    for (uint i = 0; i < n; i++)
        check(p[i] == (char)((at + i) * 31 + ((at + i) >> 9)));
}

TEST("a file is written, read again, and gone after unlink")
{
    int fd;

    enter();
    fd = create("a");
    check_eq(write(fd, "hello", 5), 5);
    check_eq(read(fd, buf, 10), 0); /* reads and writes share one position */
    close(fd);
    fd = open("a", O_RDONLY);
    check_eq(read(fd, buf, 3), 3);
    check_eq(read(fd, buf + 3, 10), 2);
    check(memcmp(buf, "hello", 5) == 0);
    check_eq(read(fd, buf, 10), 0);
    check_eq(write(fd, "x", 1), -1);
    close(fd);
    check_eq(stat_of("a").size, 5);
    check_eq(unlink("a"), 0);
    check_eq(open("a", O_RDONLY), -1);
    check_eq(unlink("a"), -1);
    leave();
}

TEST("open with O_CREATE keeps what is in an existing file")
{
    int fd;

    enter();
    fd = create("a");
    write(fd, "abcdef", 6);
    close(fd);
    fd = open("a", O_CREATE | O_WRONLY);
    check_eq(write(fd, "XY", 2), 2);
    check_eq(read(fd, buf, 1), -1);
    close(fd);
    fd = open("a", O_RDONLY);
    check_eq(read(fd, buf, 10), 6);
    check(memcmp(buf, "XYcdef", 6) == 0);
    close(fd);
    check_eq(unlink("a"), 0);
    leave();
}

/* Writes and reads a file of `size` bytes, in steps that do not divide blocks. */
static void write_and_read(const char *name, uint size, uint step)
{
    int fd = create(name);

    for (uint at = 0; at < size; at += step) {
        uint n = size - at < step ? size - at : step;

        fill_pattern(buf, at, n);
        check_eq(write(fd, buf, n), n);
    }
    close(fd);
    check_eq(stat_of(name).size, size);
    fd = open(name, O_RDONLY);
    for (uint at = 0; at < size;) {
        int n = read(fd, buf, 777);

        check(n > 0);
        check_pattern(buf, at, n);
        at += n;
    }
    check_eq(read(fd, buf, 1), 0);
    close(fd);
}

TEST("files of all sizes around the borders of the block tree come back whole")
{
    static const uint blocks[] = { 1, 11, 12, 13, 11 + 128, 12 + 128 };

    enter();
    for (uint i = 0; i < COUNT(blocks); i++) {
        for (int more = -1; more <= 1; more++) {
            write_and_read("a", blocks[i] * BSIZE + more, 1000);
            check_eq(unlink("a"), 0);
        }
    }
    leave();
}

TEST("a file of a megabyte comes back whole, written in odd pieces")
{
    enter();
    write_and_read("a", 1000000, 8191);
    check_eq(unlink("a"), 0);
    leave();
}

TEST("a file grows as large as it can be, and no larger")
{
    uint size = 0;
    int fd, n;

    enter();
    fd = create("a");
    fill_pattern(buf, 0, sizeof(buf));
    while ((n = write(fd, buf, sizeof(buf))) == (int)sizeof(buf))
        size += n;
    check(size >= 140 * BSIZE - sizeof(buf));
    check_eq(n, -1); /* not a short count, though a part was written: whole pieces of three blocks */
    uint more = stat_of("a").size - size;
    check(more < sizeof(buf));
    check_eq(more % (3 * BSIZE), 0);
    size += more;
    while ((n = write(fd, buf, 1)) == 1)
        size += n;
    check_eq(n, -1);
    check_eq(size % BSIZE, 0);
    check_eq(write(fd, buf, 0), 0);
    check_eq(stat_of("a").size, size);
    close(fd);
    fd = open("a", O_RDONLY);
    check_eq(read(fd, buf, 512), 512);
    check_pattern(buf, 0, 512);
    close(fd);
    check_eq(unlink("a"), 0);
    leave();
}

TEST("a full disk is free again when the files are removed")
{
    char name[DIRSIZ + 1];
    int nfiles = 0, fd, n = 1;

    enter();
    for (; nfiles < 40 && n > 0; nfiles++) {
        snprintf(name, sizeof(name), "full%d", nfiles);
        fd = open(name, O_CREATE | O_WRONLY);
        if (fd < 0)
            break;
        while ((n = write(fd, buf, sizeof(buf))) == (int)sizeof(buf))
            ;
        if (stat_of(name).size >= 140 * BSIZE) /* this one is full; is the disk? */
            n = write(fd, buf, 1) == 1 || stat_of(name).size % sizeof(buf) == 0;
        close(fd);
    }
    while (nfiles > 0) {
        snprintf(name, sizeof(name), "full%d", --nfiles);
        unlink(name);
    }
    write_and_read("a", 20000, 1000);
    check_eq(unlink("a"), 0);
    leave();
}

TEST("descriptors share a position if they are copies, and only then")
{
    int fd, copy, other, pid;

    enter();
    fd = create("a");
    write(fd, "0123456789", 10);
    close(fd);
    fd = open("a", O_RDONLY);
    copy = dup(fd);
    other = open("a", O_RDONLY);
    check_eq(read(fd, buf, 3), 3);
    check_eq(read(copy, buf, 1), 1);
    check_eq(buf[0], '3');
    check_eq(read(other, buf, 1), 1);
    check_eq(buf[0], '0');
    pid = fork();
    if (pid == 0)
        exits(read(fd, buf, 2) == 2 && buf[0] == '4' ? 0 : 1);
    tap_join(pid);
    check_eq(read(copy, buf, 1), 1);
    check_eq(buf[0], '6');
    close(fd);
    check_eq(read(copy, buf, 1), 1);
    close(copy);
    check_eq(read(copy, buf, 1), -1);
    close(other);
    check_eq(unlink("a"), 0);
    leave();
}

TEST("a file whose last link goes lives until it is closed")
{
    int fd;

    enter();
    fd = create("a");
    check_eq(unlink("a"), 0);
    check_eq(open("a", O_RDONLY), -1);
    check_eq(write(fd, "still", 5), 5);
    close(fd);
    fd = create("a"); /* a new one */
    check_eq(read(fd, buf, 5), 0);
    close(fd);
    check_eq(unlink("a"), 0);
    leave();
}

TEST("link gives a file a second name, and nlink counts them")
{
    int fd;

    enter();
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
    leave();
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

TEST("rename gives a file another name, and what had that is gone once it is closed")
{
    enter();
    put("a", "first");
    put("b", "second");
    int fd = open("b", O_RDONLY);
    check_eq(rename("a", "/t_file.dir/b"), 0);
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
    leave();
}

TEST("two processes change a file by rename, and a third one always finds it whole")
{
    enter();
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
    leave();
}

TEST("a directory has . and .., and cannot be removed while something is in it")
{
    enter();
    check_eq(mkdir("d"), 0);
    check_eq(mkdir("d"), -1);
    check_eq(mkdir("d/e"), 0);
    check_eq(mkdir("none/e"), -1);
    check_eq(stat_of("d").type, T_DIR);
    check_eq(stat_of("d/e/..").ino, stat_of("d").ino);
    check_eq(stat_of("d/./e/../.").ino, stat_of("d").ino);
    check_eq(stat_of("/..").ino, ROOTINO);
    check_eq(stat_of("d//e").ino, stat_of("/t_file.dir/d/e").ino);
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
    leave();
}

TEST("a directory's bytes are its entries, and cannot be written")
{
    struct dirent entries[8];
    int fd, n = 0;

    enter();
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
    leave();
}

TEST("names have 14 bytes, and longer ones are cut")
{
    enter();
    close(create("12345678901234"));
    check_eq(stat_of("123456789012345").ino, stat_of("12345678901234").ino);
    check_eq(open("1234567890123", O_RDONLY), -1);
    check_eq(mkdir("12345678901234xx"), -1);
    check_eq(unlink("12345678901234yy"), 0);
    check_eq(open("12345678901234", O_RDONLY), -1);
    leave();
}

TEST("a file is no directory")
{
    enter();
    close(create("a"));
    check_eq(open("a/b", O_RDONLY), -1);
    check_eq(open("a/b", O_CREATE | O_RDWR), -1);
    check_eq(open("a/..", O_RDONLY), -1);
    check_eq(mkdir("a/b"), -1);
    check_eq(chdir("a"), -1);
    check_eq(unlink("a"), 0);
    leave();
}

TEST("a directory takes a hundred files, and gives them up in any order")
{
    char name[DIRSIZ + 1];

    enter();
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        close(create(name));
    }
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "f%d", i * 37 % 100);
        check_eq(unlink(name), 0);
    }
    leave();
}

TEST("directories nest deeply, by relative and by absolute paths")
{
    char path[200] = "/t_file.dir";
    uint root = strlen(path), n = root;

    enter();
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
    leave();
}

TEST("a working directory that is removed takes no names, and is left by ..")
{
    struct stat st;
    int fd;

    enter();
    close(create("a"));
    check_eq(mkdir("d"), 0);
    check_eq(chdir("d"), 0);
    check_eq(unlink("../d"), 0);
    check_eq(unlink("../d"), -1);
    check_eq(stat(".", &st), 0);
    check_eq(st.nlink, 0);
    check_eq(stat_of("../a").ino, stat_of("/t_file.dir/a").ino);
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
    leave();
}

TEST(".. leads out of several removed directories, also when their numbers are in use again")
{
    char name[DIRSIZ + 1];

    enter();
    check_eq(mkdir("d"), 0);
    check_eq(mkdir("d/e"), 0);
    check_eq(mkdir("d/e/f"), 0);
    check_eq(chdir("d/e/f"), 0);
    check_eq(unlink("/t_file.dir/d/e/f"), 0);
    check_eq(unlink("/t_file.dir/d/e"), 0);
    check_eq(unlink("/t_file.dir/d"), 0);
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof(name), "/t_file.dir/%d", i);
        close(create(name));
    }
    check_eq(stat_of("..").type, T_DIR);
    check_eq(stat_of("..").nlink, 0);
    check_eq(stat_of("../../../19").ino, stat_of("/t_file.dir/19").ino);
    check_eq(chdir("../.."), 0);
    check_eq(stat_of("..").ino, stat_of("/t_file.dir").ino);
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof(name), "/t_file.dir/%d", i);
        check_eq(unlink(name), 0);
    }
    leave();
}

TEST("directories have the link counts of xv6")
{
    enter();
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
    leave();
}

TEST("names are cut in the middle of a path, in link, and in the entry")
{
    struct dirent e[4];
    int fd;

    enter();
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
    leave();
}

TEST("an open file without a name gets none, and still takes and gives bytes")
{
    struct stat st;
    int fd;

    enter();
    fd = create("a");
    check_eq(unlink("a"), 0);
    check_eq(fstat(fd, &st), 0);
    check_eq(st.nlink, 0);
    check_eq(link("a", "b"), -1);
    check_eq(write(fd, "abc", 3), 3);
    check_eq(fstat(fd, &st), 0);
    check_eq(st.size, 3);
    close(fd);
    leave();
}

TEST("a path may be long, but not longer than there is room for")
{
    static char path[5000];

    enter();
    memset(path, '/', sizeof(path));
    strcpy(path + 900, "t_file.dir");
    check_eq(stat_of(path).ino, stat_of(".").ino);
    path[910] = '/';
    strcpy(path + 4900, "t_file.dir");
    check_eq(open(path, O_RDONLY), -1);
    check_eq(mkdir(path), -1);
    leave();
}

TEST("mknod makes a device file, once for each name")
{
    enter();
    check_eq(mknod("dev", 1, 7), 0);
    check_eq(stat_of("dev").type, T_DEV);
    check_eq(mknod("dev", 1, 7), -1);
    check_eq(unlink("dev"), 0);
    leave();
}

TEST("O_CREATE opens files alone, and a device without a driver can neither be read nor written")
{
    int fd;

    enter();
    check_eq(mknod("dev", 99, 7), 0);
    check_eq(mkdir("d"), 0);
    check_eq(open("dev", O_CREATE | O_RDWR), -1);
    check_eq(open("dev", O_CREATE), -1);
    check_eq(open("d", O_CREATE), -1);
    fd = open("dev", O_RDWR);
    check(fd >= 0);
    check_eq(read(fd, buf, 1), -1);
    check_eq(write(fd, buf, 1), -1);
    close(fd);
    check_eq(unlink("d"), 0);
    check_eq(unlink("dev"), 0);
    leave();
}

TEST("a buffer of 0 bytes must lie in memory too")
{
    char *const nowhere = (char *)0x70000000, *const kernel = (char *)0x80000000;
    int fd;

    enter();
    fd = create("a");
    check_eq(write(fd, buf, 0), 0);
    check_eq(read(fd, buf, 0), 0);
    check_eq(write(fd, nowhere, 0), -1);
    check_eq(read(fd, nowhere, 0), -1);
    check_eq(write(fd, kernel, 0), -1);
    check_eq(read(fd, kernel, 0), -1);
    check_eq(write(fd, (char *)-1, 0), -1);
    close(fd);
    check_eq(unlink("a"), 0);
    leave();
}

TEST("open uses all descriptors up, and takes the lowest free one")
{
    int fds[NOFILE + 1], n = 0;

    enter();
    close(create("a"));
    while (n <= NOFILE && (fds[n] = open("a", O_RDONLY)) >= 0)
        n++;
    check(n >= 13 && n < NOFILE);
    check_eq(open("b", O_CREATE | O_RDWR), -1);
    check_eq(dup(0), -1);
    close(fds[5]);
    check_eq(open("a", O_RDONLY), fds[5]);
    for (int i = 0; i < n; i++)
        check_eq(close(fds[i]), 0);
    check_eq(close(fds[0]), -1);
    unlink("b");
    check_eq(unlink("a"), 0);
    leave();
}

/* Several processes. */

static void own_file(void *arg)
{
    char name[2] = { 'a' + *(int *)arg, 0 };

    for (int round = 0; round < 5; round++) {
        write_and_read(name, 30000 + 512 * *(int *)arg, 900);
        check_eq(unlink(name), 0);
    }
}

static void same_file(void *arg)
{
    for (int i = 0; i < 50; i++) {
        int fd = open("same", O_CREATE | O_RDWR);

        if (fd >= 0) {
            write(fd, "xxxxxxxx", 1 + *(int *)arg);
            close(fd);
        }
        unlink("same");
    }
}

static void same_directory(void *arg)
{
    for (int i = 0; i < 50; i++) {
        mkdir("same");
        if (*(int *)arg % 2)
            close(open("same/x", O_CREATE | O_RDWR));
        unlink("same/x");
        unlink("same");
    }
}

static void all_together(void (*fn)(void *))
{
    int numbers[4];

    for (int i = 0; i < 4; i++) {
        numbers[i] = i;
        tap_start(fn, &numbers[i]);
    }
    tap_join_all(4);
}

TEST("several processes write a file each")
{
    enter();
    all_together(own_file);
    leave();
}

TEST("several processes create and unlink the same name")
{
    enter();
    all_together(same_file);
    unlink("same");
    all_together(same_directory);
    unlink("same/x");
    unlink("same");
    leave();
}

static void append_records(void *arg)
{
    char record[20];

    memset(record, 'a' + *(int *)arg, sizeof(record));
    for (int i = 0; i < 50; i++)
        check_eq(write(3, record, sizeof(record)), sizeof(record));
}

TEST("several processes append through one position, each write whole")
{
    int counts[4] = { 0 }, fd;

    enter();
    check_eq(create("a"), 3);
    all_together(append_records);
    close(3);
    check_eq(stat_of("a").size, 4 * 50 * 20);
    fd = open("a", O_RDONLY);
    while (read(fd, buf, 20) == 20) {
        for (int i = 1; i < 20; i++)
            check(buf[i] == buf[0]);
        counts[buf[0] - 'a']++;
    }
    close(fd);
    for (int i = 0; i < 4; i++)
        check_eq(counts[i], 50);
    check_eq(unlink("a"), 0);
    leave();
}

TEST("sync returns, with and without something to write")
{
    enter();
    check_eq(sync(), 0);
    write_and_read("a", 5000, 500);
    check_eq(sync(), 0);
    check_eq(unlink("a"), 0);
    check_eq(sync(), 0);
    leave();
}

TAP_MAIN(NULL)

/* A file of n bytes that count up. */
static void make_file(const char *path, int n)
{
    int fd = open(path, O_CREATE | O_TRUNC | O_WRONLY);
    char c;

    check(fd >= 0);
    for (int i = 0; i < n; i++) {
        c = (char)i;
        check_eq(write(fd, &c, 1), 1);
    }
    check_eq(close(fd), 0);
}

TEST("lseek moves to any place in a file, and to none outside")
{
    char c;
    int fds[2], fd;

    make_file("/seek", 100);
    fd = open("/seek", O_RDWR);
    check_eq(lseek(fd, 30, SEEK_SET), 30);
    check_eq(read(fd, &c, 1), 1);
    check_eq(c, 30);
    check_eq(lseek(fd, -2, SEEK_CUR), 29);
    check_eq(lseek(fd, -1, SEEK_END), 99);
    check_eq(read(fd, &c, 1), 1);
    check_eq(c, 99);
    check_eq(read(fd, &c, 1), 0);
    check_eq(lseek(fd, 0, SEEK_CUR), 100);
    check_eq(lseek(fd, 1, SEEK_END), -1);
    check_eq(lseek(fd, -1, SEEK_SET), -1);
    check_eq(lseek(fd, -101, SEEK_END), -1);
    check_eq(lseek(fd, -0x7FFFFFFF - 1, SEEK_CUR), -1);
    check_eq(lseek(fd, 0x7FFFFFFF, SEEK_END), -1);
    check_eq(lseek(fd, 0, 3), -1);
    check_eq(lseek(fd, 0, -1), -1);
    check_eq(lseek(fd, 0, SEEK_CUR), 100);
    check_eq(lseek(fd, 10, SEEK_SET), 10);
    check_eq(write(fd, "x", 1), 1);
    check_eq(lseek(fd, 10, SEEK_SET), 10);
    check_eq(read(fd, &c, 1), 1);
    check_eq(c, 'x');
    close(fd);
    check_eq(lseek(fd, 0, SEEK_SET), -1);
    check_eq(pipe(fds), 0);
    check_eq(lseek(fds[0], 0, SEEK_SET), -1);
    close(fds[0]);
    close(fds[1]);
    fd = open("/console", O_RDONLY);
    check_eq(lseek(fd, 0, SEEK_SET), -1);
    close(fd);
    unlink("/seek");
}

TEST("O_APPEND writes at the end, whoever else writes and wherever the file was read")
{
    int a = open("/append", O_CREATE | O_RDWR | O_APPEND), b = open("/append", O_WRONLY | O_APPEND);
    char back[8] = "";

    check_eq(write(a, "1", 1), 1);
    check_eq(write(b, "2", 1), 1);
    check_eq(lseek(a, 0, SEEK_SET), 0);
    check_eq(write(a, "3", 1), 1);
    check_eq(write(b, "4", 1), 1);
    check_eq(lseek(a, 0, SEEK_SET), 0);
    check_eq(read(a, back, sizeof(back)), 4);
    check_str(back, "1234");
    close(a);
    close(b);
    unlink("/append");
}

TEST("O_TRUNC empties a file that is opened for writing, and no other")
{
    struct stat st;
    char c;
    int reader, writer;

    make_file("/trunc", 20000);
    close(open("/trunc", O_RDONLY | O_TRUNC));
    check_eq(stat("/trunc", &st), 0);
    check_eq(st.size, 20000);
    reader = open("/trunc", O_RDONLY);
    check_eq(read(reader, &c, 1), 1);
    writer = open("/trunc", O_WRONLY | O_TRUNC);
    check_eq(fstat(writer, &st), 0);
    check_eq(st.size, 0);
    check_eq(read(reader, &c, 1), 0);
    check_eq(write(writer, "ab", 2), 2);
    check_eq(read(reader, &c, 1), 1);
    check_eq(c, 'b');
    close(reader);
    close(writer);
    unlink("/trunc");
    check_eq(open("/", O_WRONLY | O_TRUNC), -1);
}

TEST("what O_TRUNC frees can be used again")
{
    static char block[4096];
    int before, fd;

    /* More than the disk holds, in all. */
    for (int round = 0; round < 40; round++) {
        fd = open("/again", O_CREATE | O_TRUNC | O_WRONLY);
        for (before = 0; before < 200; before++) {
            if (write(fd, block, sizeof(block)) != (int)sizeof(block))
                break;
        }
        check_eq(before, 200);
        close(fd);
    }
    unlink("/again");
}
