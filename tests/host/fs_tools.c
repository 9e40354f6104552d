/*
 * fs_tools.c - mkfs and fsck as programs: images that are good and hold what they should, and clear refusals.
 *
 * The programs are: ../../host/mkfs, ../../host/fsck.
 */
#include <libgen.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs_world.h"
#include "host.h"

static char tools[4000]; /* their folder */
static char folder[] = "/tmp/fs_tools.XXXXXX";
static char output[4096];

/* Runs a command line with mkfs and fsck as commands, in our folder; its exit status, and what it said in
   output[]. */
static int run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static int run(const char *fmt, ...)
{
    char command[9000];
    int n = snprintf(command, sizeof(command), "cd %s && PATH=%s:$PATH && { ", folder, tools);
    va_list ap;

    va_start(ap, fmt);
    n += vsnprintf(command + n, sizeof(command) - n, fmt, ap);
    va_end(ap);
    snprintf(command + n, sizeof(command) - n, "; } 2>&1");
    FILE *f = popen(command, "r");
    size_t got = fread(output, 1, sizeof(output) - 1, f);
    output[got] = 0;
    int status = pclose(f);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool load_image(const char *name)
{
    char path[100];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        return false;
    world_format(&world_small);
    memset(world->disk, 0, sizeof(world->disk));
    world->nblocks = fread(world->disk, 1, sizeof(world->disk), f) / BSIZE;
    fclose(f);
    return true;
}

static void before(void)
{
    char path[2000] = "";

    if (world)
        return;
    if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
        abort();
    snprintf(tools, sizeof(tools), "%s/../../host", dirname(path));
    world_init();
    if (!mkdtemp(folder))
        abort();
    check_eq(run("head -c 300000 /dev/zero | tr '\\0' x >big; printf hello >small; : >empty; "
                 "head -c 71681 /dev/zero >toolong; head -c 9000000 /dev/zero >huge"),
             0);
}

static void look_inside(void *unused)
{
    (void)unused;
    char bytes[300];
    check_eq(world_size("small"), 5);
    check_eq(world_size("empty"), 0);
    check_eq(world_size("share/deep/big"), 300000);
    check_eq(world_size("share/deep/../small2"), 5);
    check_eq(world_size("12345678901234"), 5);
    struct file *f = file_open(world_root(), "share/deep/big", 0);
    uint total = 0;
    for (int n; (n = file_read(f, bytes, sizeof(bytes))) > 0; total += n)
        for (int i = 0; i < n; i++)
            check_eq(bytes[i], 'x');
    check_eq(total, 300000);
    file_close(f);
    check_eq(world_write_file("new", 0, 3000000, 1), 3000000); /* there is space */
    fs_unlink(world_root(), "new");
}

TEST("mkfs: files and folders")
{
    struct check_result result;

    check_eq(run("mkfs a.img small empty big=share/deep/big small=/share/small2 small=123456789012345"), 0);
    check(load_image("a.img"));
    check(world_is_consistent(&result));
    check(world_boot(look_inside, NULL));
    check(world_is_consistent(&result));
    check_eq(run("fsck -q a.img"), 0);
    check(output[0] == 0);
    check_eq(run("mkfs b.img; fsck b.img"), 0);
    check(strstr(output, "good"));
}

static void look_inside_xv6(void *unused)
{
    (void)unused;
    check_eq(world_size("small"), 5);
    check_eq(world_write_file("new", 0, 71680, 1), 71680);
}

TEST("mkfs --xv6")
{
    struct superblock *sb = (struct superblock *)(world->disk + BSIZE);

    check_eq(run("mkfs --xv6 x.img small && fsck -q x.img"), 0);
    check(load_image("x.img"));
    check_eq(world->nblocks, 1000);
    check_eq(sb->size, 1000);
    check_eq(sb->nblocks, 941);
    check_eq(sb->ninodes, 200);
    check_eq(sb->nlog, 30);
    check_eq(sb->logstart, 2);
    check_eq(sb->inodestart, 32);
    check_eq(sb->bmapstart, 58);
    check_eq(sb->features, 0);
    check(world_boot(look_inside_xv6, NULL));
    check(world_is_consistent(NULL));
    check_eq(run("mkfs -x -s 3000 -i 50 x.img small && fsck -q x.img"), 0);
    check(load_image("x.img"));
    check_eq(world->nblocks, 3000);
    check_eq(sb->ninodes, 50);
}

static void refused(const char *arguments, const char *because)
{
    int status = run("rm -f z.img; mkfs %s", arguments);

    check(status == 1 || status == 2);
    if (!strstr(output, because)) {
        printf("# mkfs %s: %s\n", arguments, output);
        check(!"the reason is given");
    }
    check_eq(run("test -e z.img -o -e z.img.new"), 1); /* nothing is left of it */
}

TEST("mkfs refuses clearly")
{
    refused("", "usage");
    refused("z.img -q", "usage");
    refused("z.img -s", "-s wants");
    refused("z.img -s 0", "-s wants");
    refused("z.img -s 12x", "-s wants");
    refused("z.img -i 70000", "-i wants");
    refused("z.img nothing", "can't open nothing");
    refused("z.img .", "can't be .");
    refused("z.img .=d", "can't read");
    refused("z.img small small", "twice");
    refused("z.img small=a small=a/b", "a file and a folder");
    refused("z.img small=a/b small=a", "twice");
    refused("z.img small=a/../b", "can't be ..");
    refused("z.img small=", "empty name");
    refused("-x z.img toolong", "too large");
    refused("z.img huge", "too large");
    refused("z.img -s 500 big", "don't fit");
    refused("z.img -i 3 small empty", "too many files");
    refused("/nowhere/z.img small", "can't create");
}

TEST("fsck")
{
    check_eq(run("fsck"), 2);
    check_eq(run("fsck a b"), 2);
    check_eq(run("fsck nothing"), 2);
    check_eq(run("fsck small"), 1);
    check_eq(run("fsck big"), 1);
    check_eq(run("mkfs c.img small && printf '\\1' | dd of=c.img bs=1 seek=1024 conv=notrunc status=none && "
                 "fsck c.img"),
             1);
    check(strstr(output, "log: copy 0 belongs to block 0"));
    check_eq(run("rm -rf %s", folder), 0);
}

TAP_MAIN(before, NULL)
