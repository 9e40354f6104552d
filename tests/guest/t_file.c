/*
 * t_file.c - files and descriptors.  Everything happens in a directory that each test makes and removes.
 */
#include "fcntl.h"
#include "fs.h"
#include "param.h"
#include "scratch.h"

#define DIRECTORY "/t_file.dir"

static char buf[8192];

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

    scratch_enter(DIRECTORY);
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
    scratch_leave(DIRECTORY);
}

TEST("open with O_CREATE keeps what is in an existing file")
{
    int fd;

    scratch_enter(DIRECTORY);
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
    scratch_leave(DIRECTORY);
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

    scratch_enter(DIRECTORY);
    for (uint i = 0; i < COUNT(blocks); i++) {
        for (int more = -1; more <= 1; more++) {
            write_and_read("a", blocks[i] * BSIZE + more, 1000);
            check_eq(unlink("a"), 0);
        }
    }
    scratch_leave(DIRECTORY);
}

TEST("a file of a megabyte comes back whole, written in odd pieces")
{
    scratch_enter(DIRECTORY);
    write_and_read("a", 1000000, 8191);
    check_eq(unlink("a"), 0);
    scratch_leave(DIRECTORY);
}

TEST("a file grows as large as it can be, and no larger")
{
    uint size = 0;
    int fd, n;

    scratch_enter(DIRECTORY);
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
    scratch_leave(DIRECTORY);
}

TEST("a full disk is free again when the files are removed")
{
    char name[DIRSIZ + 1];
    int nfiles = 0, fd, n = 1;

    scratch_enter(DIRECTORY);
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
    scratch_leave(DIRECTORY);
}

TEST("descriptors share a position if they are copies, and only then")
{
    int fd, copy, other, pid;

    scratch_enter(DIRECTORY);
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
    scratch_leave(DIRECTORY);
}

TEST("a file whose last link goes lives until it is closed")
{
    int fd;

    scratch_enter(DIRECTORY);
    fd = create("a");
    check_eq(unlink("a"), 0);
    check_eq(open("a", O_RDONLY), -1);
    check_eq(write(fd, "still", 5), 5);
    close(fd);
    fd = create("a"); /* a new one */
    check_eq(read(fd, buf, 5), 0);
    close(fd);
    check_eq(unlink("a"), 0);
    scratch_leave(DIRECTORY);
}

TEST("an open file without a name gets none, and still takes and gives bytes")
{
    struct stat st;
    int fd;

    scratch_enter(DIRECTORY);
    fd = create("a");
    check_eq(unlink("a"), 0);
    check_eq(fstat(fd, &st), 0);
    check_eq(st.nlink, 0);
    check_eq(link("a", "b"), -1);
    check_eq(write(fd, "abc", 3), 3);
    check_eq(fstat(fd, &st), 0);
    check_eq(st.size, 3);
    close(fd);
    scratch_leave(DIRECTORY);
}

TEST("O_CREATE opens files alone, and a device without a driver can neither be read nor written")
{
    int fd;

    scratch_enter(DIRECTORY);
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
    scratch_leave(DIRECTORY);
}

TEST("a buffer of 0 bytes must lie in memory too")
{
    char *const nowhere = (char *)0x70000000, *const kernel = (char *)0x80000000;
    int fd;

    scratch_enter(DIRECTORY);
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
    scratch_leave(DIRECTORY);
}

TEST("open uses all descriptors up, and takes the lowest free one")
{
    int fds[NOFILE + 1], n = 0;

    scratch_enter(DIRECTORY);
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
    scratch_leave(DIRECTORY);
}

/* Several processes. */

static void own_file(void *arg)
{
    char name[2] = { (char)('a' + (int)arg), 0 };

    for (int round = 0; round < 5; round++) {
        write_and_read(name, 30000 + 512 * (int)arg, 900);
        check_eq(unlink(name), 0);
    }
}

TEST("several processes write a file each")
{
    scratch_enter(DIRECTORY);
    tap_run_all(4, own_file);
    scratch_leave(DIRECTORY);
}

static void append_records(void *arg)
{
    char record[20];

    memset(record, 'a' + (int)arg, sizeof(record));
    for (int i = 0; i < 50; i++)
        check_eq(write(3, record, sizeof(record)), sizeof(record));
}

TEST("several processes append through one position, each write whole")
{
    int counts[4] = { 0 }, fd;

    scratch_enter(DIRECTORY);
    check_eq(create("a"), 3);
    tap_run_all(4, append_records);
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
    scratch_leave(DIRECTORY);
}

TEST("sync returns, with and without something to write")
{
    scratch_enter(DIRECTORY);
    check_eq(sync(), 0);
    write_and_read("a", 5000, 500);
    check_eq(sync(), 0);
    check_eq(unlink("a"), 0);
    check_eq(sync(), 0);
    scratch_leave(DIRECTORY);
}

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

TAP_MAIN(NULL)
