/*
 * fs_names.c - directories and names over a memory disk: what calls promise, in xv6's layout and in the extended one.
 */
#include <stdio.h>

#include "fs/inode.h"
#include "fs_use.h"
#include "host.h"
#include "include/fcntl.h"

static void use_names(void *unused)
{
    (void)unused;
    check_eq(make_dir("d"), 0);
    check_eq(make_dir("d"), -1);
    check_eq(make_dir("/d/e/"), 0);
    check_eq(make_dir("nothing/e"), -1);
    check_eq(make_dir(""), -1);
    check_eq(make_dir("/"), -1);
    check(opens("d", O_RDONLY));
    check(!opens("d", O_WRONLY));
    check(!opens("d", O_RDWR));
    check(!opens("d", O_CREATE | O_RDWR));
    check(opens("", O_RDONLY));
    check_eq(world_write_file("d/e/12345678901234567", 0, 10, 2), 10);
    check(world_file_is("d/../d//e/./12345678901234", 10, 2)); /* names are cut at 14 */
    check(!opens("d/e/1234567890123", O_RDONLY));
    check(!opens("d/e/12345678901234/x", O_RDONLY)); /* a file is no directory */
    check(!opens("d/e/12345678901234/x", O_CREATE | O_RDWR));
    check(opens("../../d/e", O_RDONLY)); /* the root's parent is the root */

    check_eq(link_paths("d/e/12345678901234", "two"), 0);
    check_eq(link_paths("d/e/12345678901234", "two"), -1);
    check_eq(link_paths("nothing", "three"), -1);
    check_eq(link_paths("d", "three"), -1);
    check_eq(link_paths("two", "nothing/three"), -1);
    check_eq(link_paths("two", ""), -1);
    check_eq(unlink_path("d/e/12345678901234"), 0);
    check(world_file_is("two", 10, 2));
    check_eq(unlink_path("d"), -1); /* not empty */
    check_eq(unlink_path("d/."), -1);
    check_eq(unlink_path("d/e/.."), -1);
    check_eq(unlink_path("/"), -1);
    check_eq(unlink_path(""), -1);
    check_eq(unlink_path("d/e"), 0);
    check_eq(unlink_path("d"), 0);
    check(world_file_is("two", 10, 2));
}

TEST("names: directories, links, what can't be removed") { on_both(use_names); }

static int rename_paths(const char *old, const char *new) { return fs_rename(world_root(), old, new); }

static void rename_files(void *unused)
{
    (void)unused;
    check_eq(world_write_file("a", 0, 5000, 1), 5000);
    check_eq(world_write_file("b", 0, 60000, 2), 60000);
    check_eq(make_dir("d"), 0);
    check_eq(rename_paths("a", "c"), 0);
    check(world_file_is("c", 5000, 1));
    check(!opens("a", O_RDONLY));
    check_eq(rename_paths("c", "d/c"), 0);
    struct file *f = open_file("b", O_RDWR);
    check_eq(rename_paths("d/c", "b"), 0); /* what had the name lives until it is closed */
    check(world_file_is("b", 5000, 1));
    check_eq(file_write(f, (uchar[]){ 1 }, 1), 1);
    file_close(f);
    check_eq(link_paths("b", "d/two"), 0);
    check_eq(rename_paths("b", "d/two"), 0); /* two names of one file stay */
    check_eq(rename_paths("b", "b"), 0);
    check(world_file_is("b", 5000, 1));
    check(world_file_is("d/two", 5000, 1));

    check_eq(rename_paths("none", "x"), -1);
    check_eq(rename_paths("b", "none/x"), -1);
    check_eq(rename_paths("b", ""), -1);
    check_eq(rename_paths("b", "d"), -1);
    check_eq(rename_paths("d", "b"), -1);
    check_eq(rename_paths("b", "d/two/x"), -1);
    check_eq(rename_paths("d/.", "x"), -1);
    check_eq(rename_paths("b", "d/.."), -1);
    check(world_file_is("b", 5000, 1));
    check_eq(fs_mknod(world_root(), "dev", 7, 1), 0);
    check_eq(rename_paths("dev", "b"), 0);
    check(world_file_is("d/two", 5000, 1));
}

TEST("rename: a file gets another name, and replaces a file") { on_both(rename_files); }

static uint links_of(const char *path)
{
    struct inode *ip = fs_lookup(world_root(), path);
    struct stat st;

    inode_stat(ip, &st);
    inode_put(ip);
    return st.nlink;
}

static void rename_directories(void *unused)
{
    (void)unused;
    check_eq(make_dir("a"), 0);
    check_eq(make_dir("a/b"), 0);
    check_eq(make_dir("a/b/c"), 0);
    check_eq(make_dir("e"), 0);
    check_eq(world_write_file("a/b/f", 0, 10, 1), 10);
    check_eq(rename_paths("a", "a/b/x"), -1); /* it can't be inside itself */
    check_eq(rename_paths("a", "a/x"), -1);
    check_eq(rename_paths("a/b", "a"), -1); /* not empty */
    check_eq(rename_paths("/", "x"), -1);
    struct inode *inside = fs_lookup(world_root(), "a/b"), *e = fs_lookup(world_root(), "e");
    check_eq(rename_paths("a/b", "e"), 0);
    check(world_file_is("e/f", 10, 1));
    check_eq(fs_rename(inside, "../e/f", "g"), 0); /* its ".." leads to where it is now */
    check_eq(fs_rename(e, "../e/g", "g"), -1);     /* what it has replaced is no place */
    inode_put(inside);
    inode_put(e);
    check(world_file_is("e/c/../g", 10, 1));
    check_eq(links_of("a"), 1);
    check_eq(links_of("e"), 2);
    check_eq(links_of("/"), 3);
    check_eq(rename_paths("e", "a/deep"), 0);
    check_eq(rename_paths("a/deep/c", "a/deep/d"), 0);
    check_eq(links_of("a"), 2);
    check_eq(links_of("a/deep"), 2);
    check_eq(links_of("/"), 2);
    check(world_file_is("a/deep/d/../../deep/g", 10, 1));
    check_eq(unlink_path("a/deep/d"), 0);
}

TEST("rename: a directory moves with what is in it, but not into itself") { on_both(rename_directories); }

/* A directory that must grow on a full disk; what was begun is taken back. */
static void rename_when_full(void *unused)
{
    (void)unused;
    char name[16];
    check_eq(make_dir("a"), 0);
    check_eq(make_dir("d"), 0);
    check_eq(make_dir("d/sub"), 0);
    check_eq(world_write_file("f", 0, 1, 1), 1);
    for (uint i = 0; i < BSIZE / sizeof(struct dirent) - 2; i++) {
        sprintf(name, "a/%u", i);
        check_eq(link_paths("f", name), 0);
    }
    for (uint i = 0; i < 100; i++) {
        sprintf(name, "big%u", i);
        if (world_write_file(name, 0, 60000, i) < 60000)
            break;
    }
    while (world_write_file("last", world_size("last") == ~0u ? 0 : world_size("last"), BSIZE, 1) == BSIZE)
        ;
    check_eq(rename_paths("f", "a/f"), -1);
    check_eq(rename_paths("d/sub", "a/sub"), -1);
    check(world_file_is("f", 1, 1));
    check_eq(links_of("d"), 2);
    check_eq(links_of("a"), 1);
    check_eq(rename_paths("f", "a/0"), 0); /* the same file */
    check_eq(rename_paths("d/sub/../sub", "d/other"), 0);
    check_eq(rename_paths("last", "a/0"), 0); /* no room is needed */
}

TEST("rename: on a full disk all stays as it was") { on_both(rename_when_full); }

/* How often others may run: once for each part of a directory that is searched, and for each lock. */
static uint nturns;
static void count_turn(void) { nturns++; }

static uint turns_to_look_up(uint from, uint to)
{
    char name[DIRSIZ + 1];

    nturns = 0;
    for (uint i = from; i < to; i++) {
        snprintf(name, sizeof(name), "./%u", i);
        struct inode *ip = fs_lookup(world_root(), name);
        check(ip);
        inode_put(ip);
    }
    return nturns;
}

static void look_up_in_order(void *unused)
{
    (void)unused;
    enum { NAMES = 4000, MANY = 500 };
    char name[DIRSIZ + 1];
    check_eq(world_write_file("0", 0, 10, 1), 10);
    for (uint i = 1; i < NAMES; i++) {
        snprintf(name, sizeof(name), "%u", i);
        check_eq(link_paths("0", name), 0);
    }
    fake_on_switch = count_turn;
    actors_jitter(1);
    uint first = turns_to_look_up(0, MANY), last = turns_to_look_up(NAMES - MANY, NAMES);
    check(last < 2 * first);
    check(!opens("no", O_RDONLY));
    check_eq(unlink_path("1"), 0); /* far from the last one */
    check(!opens("1", O_RDONLY));
    check(opens("2", O_RDONLY));
}

TEST("the last names of a large directory are found as fast as the first, if they are looked up in order")
{
    on_both(look_up_in_order);
}

static void use_devices(void *unused)
{
    (void)unused;
    char bytes[8];
    struct stat st;
    check_eq(fs_mknod(world_root(), "console", 1, 1), 0);
    check_eq(fs_mknod(world_root(), "console", 1, 1), -1);
    check_eq(fs_mknod(world_root(), "other", 7, 1), 0);
    struct file *f = open_file("console", O_RDWR);
    check_eq(file_read(f, bytes, 8), 8);
    check_eq(bytes[0], 'd');
    check_eq(file_write(f, bytes, 8), 8);
    check_eq(file_stat(f, &st), 0);
    check_eq(st.type, T_DEV);
    file_close(f);
    f = open_file("other", O_RDWR);
    check_eq(file_read(f, bytes, 8), -1);
    file_close(f);
    check(!opens("other", O_CREATE | O_RDWR)); /* O_CREATE opens files alone */
    check(!opens("console", O_CREATE));
    check(!opens(".", O_CREATE));
    check_eq(unlink_path("other"), 0);
    check_eq(inode_read(world_root(), bytes, 0, 8), 8);
}

TEST("device files") { on_both(use_devices); }

TAP_MAIN(world_init, NULL)
