/*
 * xv6_files.h - tests of xv6's calls on files and directories, written from the interface: see xv6.h.
 */

/* open, close, dup. */

TEST("open fails for a file that does not exist, and makes it with O_CREATE")
{
    int fd;

    check_eq(open(ABSENT, O_RDONLY), -1);
    check_eq(open(ABSENT, O_RDWR), -1);
    check_eq(open(ABSENT "/f", O_CREATE | O_RDWR), -1);
    fd = open("xv6.f", O_CREATE | O_RDWR);
    check(fd >= 0);
    check_eq(read(fd, buf, 1), 0);
    close(fd);
    check(exists("xv6.f"));
    unlink("xv6.f");
}

TEST("O_CREATE opens what exists without truncating it, and neither directory nor device")
{
    int fd;

    make("xv6.f", "abcd", 4);
    fd = open("xv6.f", O_CREATE | O_RDWR);
    check_eq(read(fd, buf, 10), 4);
    close(fd);
    check_eq(mkdir("xv6.d"), 0);
    check_eq(open("xv6.d", O_CREATE | O_RDONLY), -1);
    check_eq(mknod("xv6.n", 9, 9), 0);
    check_eq(open("xv6.n", O_CREATE | O_RDWR), -1);
    unlink("xv6.f");
    unlink("xv6.d");
    unlink("xv6.n");
}

TEST("open gives the access that its mode says")
{
    static const struct {
        int mode, reads, writes;
    } modes[] = { { O_RDONLY, 1, 0 }, { O_WRONLY, 0, 1 }, { O_RDWR, 1, 1 }, { O_RDWR | O_WRONLY, 0, 1 } };

    make("xv6.f", "abcd", 4);
    for (unsigned i = 0; i < COUNT(modes); i++) {
        int fd = open("xv6.f", modes[i].mode);

        check(fd >= 0);
        check_eq(read(fd, buf, 1), modes[i].reads ? 1 : -1);
        check_eq(write(fd, "x", 1), modes[i].writes ? 1 : -1);
        close(fd);
    }
    unlink("xv6.f");
}

TEST("a directory opens for reading alone, and the empty name means the working directory")
{
    int fd;
    struct stat here = status_of("."), empty;

    check_eq(open(".", O_WRONLY), -1);
    check_eq(open(".", O_RDWR), -1);
    check_eq(open("/", O_WRONLY), -1);
    fd = open("", O_RDONLY);
    check(fd >= 0);
    check_eq(fstat(fd, &empty), 0);
    check_eq(empty.ino, here.ino);
    close(fd);
    check_eq(chdir(""), 0);
    check_eq(open("", O_CREATE | O_RDWR), -1);
    check_eq(mkdir(""), -1);
    check_eq(mknod("", 1, 1), -1);
    check_eq(unlink(""), -1);
}

TEST("close gives the descriptor back, and the lowest free one comes next")
{
    int a = dup(0), b = dup(0);

    check(a >= 0 && b > a);
    check_eq(close(a), 0);
    check_eq(close(a), -1);
    check_eq(open(".", O_RDONLY), a);
    check_eq(close(a), 0);
    check_eq(dup(b), a);
    check_eq(close(a), 0);
    check_eq(close(b), 0);
}

TEST("calls refuse descriptors that are not open")
{
    static const int numbers[] = { -1, 10000, (int)0x80000000, 0x7fffffff };
    struct stat st;

    for (unsigned i = 0; i <= COUNT(numbers); i++) {
        int fd = i < COUNT(numbers) ? numbers[i] : lowest_free();

        check_eq(read(fd, buf, 1), -1);
        check_eq(write(fd, buf, 1), -1);
        check_eq(fstat(fd, &st), -1);
        check_eq(dup(fd), -1);
        check_eq(close(fd), -1);
    }
}

TEST("copies of a descriptor share its offset, and two opens do not")
{
    int a, copy, other;

    make("xv6.f", "abcd", 4);
    a = open("xv6.f", O_RDONLY);
    copy = dup(a);
    other = open("xv6.f", O_RDONLY);
    check_eq(read(a, buf, 1), 1);
    check_eq(read(copy, buf, 1), 1);
    check_eq(buf[0], 'b');
    check_eq(read(other, buf, 1), 1);
    check_eq(buf[0], 'a');
    close(a);
    check_eq(read(copy, buf, 10), 2);
    close(copy);
    close(other);
    unlink("xv6.f");
}

/* read, write. */

TEST("read and write move one offset, and a file ends where it was written last")
{
    int fd = open("xv6.f", O_CREATE | O_RDWR);

    check_eq(write(fd, "abc", 3), 3);
    check_eq(read(fd, buf, 3), 0);
    check_eq(write(fd, "de", 2), 2);
    close(fd);
    check_eq(status_of("xv6.f").size, 5);
    fd = open("xv6.f", O_RDWR);
    check_eq(write(fd, "X", 1), 1);
    check_eq(read(fd, buf, 100), 4);
    check_eq(buf[0], 'b');
    check_eq(read(fd, buf, 100), 0);
    close(fd);
    check_eq(status_of("xv6.f").size, 5);
    unlink("xv6.f");
}

TEST("read and write refuse negative lengths and addresses out of reach, and do nothing")
{
    int fd;

    make("xv6.f", "abc", 3);
    fd = open("xv6.f", O_RDWR);
    check_eq(read(fd, buf, -1), -1);
    check_eq(write(fd, buf, -1), -1);
    check_eq(read(fd, KERNEL, 1), -1);
    check_eq(write(fd, KERNEL, 1), -1);
    check_eq(read(fd, (void *)0xffffffff, 10), -1);
    check_eq(write(fd, buf, 0), 0);
    check_eq(read(fd, buf, 0), 0);
    check_eq(read(fd, buf, 10), 3);
    close(fd);
    unlink("xv6.f");
}

TEST("a file that spans many blocks comes back as it was written")
{
    int fd = open("xv6.f", O_CREATE | O_RDWR), n = 0, got;

    for (int piece = 0; piece < 30; piece++) {
        for (int i = 0; i < 777; i++)
            buf[i] = (char)(n + i);
        check_eq(write(fd, buf, 777), 777);
        n += 777;
    }
    close(fd);
    fd = open("xv6.f", O_RDONLY);
    n = 0;
    while ((got = read(fd, buf, 1000)) > 0) {
        for (int i = 0; i < got; i++)
            check_eq(buf[i], (char)(n + i));
        n += got;
    }
    check_eq(n, 30 * 777);
    close(fd);
    unlink("xv6.f");
}

/* fstat, mknod. */

TEST("fstat tells files, directories and devices apart, and a pipe has no status")
{
    int fds[2];
    struct stat st;

    make("xv6.f", "abc", 3);
    check_eq(mkdir("xv6.d"), 0);
    check_eq(mknod("xv6.n", 9, 9), 0);
    check_eq(status_of("xv6.f").type, T_FILE);
    check_eq(status_of("xv6.f").size, 3);
    check_eq(status_of("xv6.f").dev, 1);
    check_eq(status_of("xv6.d").type, T_DIR);
    check_eq(status_of("xv6.n").type, T_DEV);
    check_eq(status_of("/").ino, 1);
    check_eq(pipe(fds), 0);
    check_eq(fstat(fds[0], &st), -1);
    check_eq(fstat(0, KERNEL), -1);
    close(fds[0]);
    close(fds[1]);
    unlink("xv6.f");
    unlink("xv6.d");
    unlink("xv6.n");
}

TEST("mknod makes a device once, which without a driver opens, but neither reads nor writes")
{
    int fd;

    check_eq(mknod("xv6.n", 9, 9), 0);
    check_eq(mknod("xv6.n", 9, 9), -1);
    check_eq(mknod(ABSENT "/n", 9, 9), -1);
    check_eq(mkdir("xv6.n"), -1);
    fd = open("xv6.n", O_RDWR);
    check(fd >= 0);
    check_eq(read(fd, buf, 1), -1);
    check_eq(write(fd, buf, 1), -1);
    close(fd);
    check_eq(unlink("xv6.n"), 0);
    check(!exists("xv6.n"));
}

/* link, unlink. */

TEST("link gives a file another name, and unlink takes one away")
{
    make("xv6.f", "abc", 3);
    check_eq(status_of("xv6.f").nlink, 1);
    check_eq(link("xv6.f", "xv6.g"), 0);
    check_eq(status_of("xv6.g").nlink, 2);
    check_eq(status_of("xv6.g").ino, status_of("xv6.f").ino);
    check_eq(unlink("xv6.f"), 0);
    check(!exists("xv6.f"));
    check_eq(status_of("xv6.g").nlink, 1);
    check_eq(status_of("xv6.g").size, 3);
    check_eq(unlink("xv6.g"), 0);
    check_eq(unlink("xv6.g"), -1);
}

TEST("link refuses directories, names that are taken, and names in no directory, and counts nothing")
{
    make("xv6.f", "", 0);
    check_eq(mkdir("xv6.d"), 0);
    check_eq(link("xv6.d", "xv6.e"), -1);
    check_eq(link(".", "xv6.e"), -1);
    check_eq(link(ABSENT, "xv6.e"), -1);
    check_eq(link("xv6.f", "xv6.f"), -1);
    check_eq(link("xv6.f", "xv6.d"), -1);
    check_eq(link("xv6.f", ABSENT "/f"), -1);
    check_eq(link("xv6.f", "xv6.f/g"), -1);
    check_eq(link("xv6.f", ""), -1);
    check_eq(status_of("xv6.f").nlink, 1);
    check(!exists("xv6.e"));
    unlink("xv6.f");
    unlink("xv6.d");
}

TEST("a file without a name lives until it is closed, and another takes its name")
{
    int fd = open("xv6.f", O_CREATE | O_RDWR), other;
    struct stat st;

    check_eq(write(fd, "abc", 3), 3);
    check_eq(unlink("xv6.f"), 0);
    check_eq(fstat(fd, &st), 0);
    check_eq(st.nlink, 0);
    check_eq(st.size, 3);
    other = open("xv6.f", O_CREATE | O_RDWR);
    check_eq(read(other, buf, 10), 0);
    check_eq(write(fd, "de", 2), 2);
    check_eq(fstat(fd, &st), 0);
    check_eq(st.size, 5);
    check_eq(status_of("xv6.f").size, 0);
    close(fd);
    close(other);
    check_eq(unlink("xv6.f"), 0);
}

/* mkdir, chdir, paths. */

TEST("mkdir makes . and .., which count as xv6 counts links")
{
    check_eq(mkdir("xv6.d"), 0);
    check_eq(mkdir("xv6.d"), -1);
    check_eq(mkdir("/"), -1);
    check_eq(mkdir(ABSENT "/d"), -1);
    check_eq(status_of("xv6.d").nlink, 1);
    check_eq(status_of("xv6.d/.").ino, status_of("xv6.d").ino);
    check_eq(status_of("xv6.d/..").ino, status_of(".").ino);
    check_eq(mkdir("xv6.d/e"), 0);
    check_eq(status_of("xv6.d").nlink, 2);
    check_eq(unlink("xv6.d"), -1);
    check_eq(unlink("xv6.d/e"), 0);
    check_eq(status_of("xv6.d").nlink, 1);
    check_eq(unlink("xv6.d/."), -1);
    check_eq(unlink("xv6.d/.."), -1);
    check_eq(unlink("/"), -1);
    check_eq(unlink("xv6.d"), 0);
    check_eq(chdir("xv6.d"), -1);
}

TEST("chdir goes down, up and to the root, whose .. is itself, and into directories alone")
{
    struct stat here = status_of(".");

    make("xv6.f", "", 0);
    check_eq(mkdir("xv6.d"), 0);
    check_eq(chdir("xv6.f"), -1);
    check_eq(chdir(ABSENT), -1);
    check_eq(chdir("xv6.d"), 0);
    check(exists("../xv6.f"));
    check_eq(chdir("./.././xv6.d/.."), 0);
    check_eq(status_of(".").ino, here.ino);
    check_eq(status_of("/..").ino, 1);
    check_eq(status_of("/../..").ino, 1);
    unlink("xv6.f");
    unlink("xv6.d");
}

TEST("slashes may be repeated and may end a path, but a file is no directory")
{
    make("xv6.f", "", 0);
    check_eq(mkdir("xv6.d"), 0);
    make("xv6.d//g", "", 0);
    check(exists(".///xv6.d//g"));
    check(exists("xv6.d/"));
    check(exists("xv6.f/"));
    check(!exists("xv6.f/."));
    check(!exists("xv6.f/g"));
    check_eq(open("xv6.f/g", O_CREATE | O_RDWR), -1);
    check_eq(mkdir("xv6.f/d"), -1);
    check_eq(unlink("xv6.f/g"), -1);
    unlink("xv6.d/g");
    unlink("xv6.d");
    unlink("xv6.f");
}

TEST("names are cut to 14 bytes wherever they stand")
{
    make("12345678901234", "", 0);
    check_eq(status_of("12345678901234abc").ino, status_of("12345678901234").ino);
    check(!exists("1234567890123"));
    check_eq(mkdir("12345678901234xyz"), -1);
    check_eq(link("12345678901234", "12345678901234q"), -1);
    check_eq(unlink("123456789012345"), 0);
    check(!exists("12345678901234"));
}

struct entry {
    unsigned short inum;
    char name[NENTRY];
};

TEST("a directory reads as its entries, of 16 bytes, and a removed one has number 0")
{
    struct entry entries[5];
    int fd;

    check_eq(mkdir("xv6.d"), 0);
    make("xv6.d/a", "", 0);
    make("xv6.d/b", "", 0);
    check_eq(unlink("xv6.d/a"), 0);
    check_eq(status_of("xv6.d").size, 4 * sizeof(struct entry));
    fd = open("xv6.d", O_RDONLY);
    check_eq(read(fd, entries, sizeof(entries)), 4 * sizeof(struct entry));
    close(fd);
    check_eq(entries[0].inum, status_of("xv6.d").ino);
    check_str(entries[0].name, ".");
    check_eq(entries[1].inum, status_of(".").ino);
    check_str(entries[1].name, "..");
    check_eq(entries[2].inum, 0);
    check_eq(entries[3].inum, status_of("xv6.d/b").ino);
    check_str(entries[3].name, "b");
    make("xv6.d/c", "", 0); /* in the place that is free */
    check_eq(status_of("xv6.d").size, 4 * sizeof(struct entry));
    unlink("xv6.d/b");
    unlink("xv6.d/c");
    check_eq(unlink("xv6.d"), 0);
}

TEST("a process keeps a working directory that is removed, and leaves it by ..")
{
    check_eq(mkdir("xv6.d"), 0);
    make("xv6.f", "", 0);
    check_eq(chdir("xv6.d"), 0);
    check_eq(unlink("../xv6.d"), 0);
    check(exists("."));
    check(exists("../xv6.f"));
    check_eq(chdir(".."), 0);
    check(!exists("xv6.d"));
    unlink("xv6.f");
}

TEST("calls refuse paths out of reach")
{
    char *const bad[] = { KERNEL, (char *)-1, (char *)0xfffff000 };

    for (unsigned i = 0; i < COUNT(bad); i++) {
        check_eq(open(bad[i], O_RDONLY), -1);
        check_eq(open(bad[i], O_CREATE | O_RDWR), -1);
        check_eq(mkdir(bad[i]), -1);
        check_eq(mknod(bad[i], 1, 1), -1);
        check_eq(chdir(bad[i]), -1);
        check_eq(unlink(bad[i]), -1);
        check_eq(link(bad[i], "xv6.f"), -1);
        check_eq(link(PROGRAM, bad[i]), -1);
    }
}
