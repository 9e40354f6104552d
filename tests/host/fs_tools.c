/*
 * fs_tools.c - mkfs and fsck as programs: images that are good and hold what they should, and clear refusals.
 *
 * The programs lie beside this one: ../tools/mkfs, ../tools/fsck.
 */
#include <libgen.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs_world.h"
#include "tap.h"

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
    if (world)
        return;
    world_init();
    if (!mkdtemp(folder))
        abort();
    CHECK_INT(run("head -c 300000 /dev/zero | tr '\\0' x >big; printf hello >small; : >empty; "
                  "head -c 71681 /dev/zero >toolong; head -c 9000000 /dev/zero >huge"),
              0);
}

static void after(void) {}

static void look_inside(void *unused)
{
    (void)unused;
    char bytes[300];
    WORLD_INT(world_size("small"), 5);
    WORLD_INT(world_size("empty"), 0);
    WORLD_INT(world_size("share/deep/big"), 300000);
    WORLD_INT(world_size("share/deep/../small2"), 5);
    WORLD_INT(world_size("12345678901234"), 5);
    struct file *f = file_open(world_root(), "share/deep/big", 0);
    uint total = 0;
    for (int n; (n = file_read(f, bytes, sizeof(bytes))) > 0; total += n)
        for (int i = 0; i < n; i++)
            WORLD_INT(bytes[i], 'x');
    WORLD_INT(total, 300000);
    file_close(f);
    WORLD_INT(world_write_file("new", 0, 3000000, 1), 3000000); /* there is space */
    fs_unlink(world_root(), "new");
}

static void test_contents(void)
{
    struct check_result result;

    CHECK_INT(run("mkfs a.img small empty big=share/deep/big small=/share/small2 small=123456789012345"), 0);
    CHECK(load_image("a.img"));
    CHECK(world_is_consistent(&result));
    CHECK(world_boot(look_inside, NULL));
    CHECK(world_is_consistent(&result));
    CHECK_INT(run("fsck -q a.img"), 0);
    CHECK(output[0] == 0);
    CHECK_INT(run("mkfs b.img; fsck b.img"), 0);
    CHECK(strstr(output, "good"));
}

static void look_inside_xv6(void *unused)
{
    (void)unused;
    WORLD_INT(world_size("small"), 5);
    WORLD_INT(world_write_file("new", 0, 71680, 1), 71680);
}

static void test_xv6(void)
{
    struct superblock *sb = (struct superblock *)(world->disk + BSIZE);

    CHECK_INT(run("mkfs --xv6 x.img small && fsck -q x.img"), 0);
    CHECK(load_image("x.img"));
    CHECK_INT(world->nblocks, 1000);
    CHECK_INT(sb->size, 1000);
    CHECK_INT(sb->nblocks, 941);
    CHECK_INT(sb->ninodes, 200);
    CHECK_INT(sb->nlog, 30);
    CHECK_INT(sb->logstart, 2);
    CHECK_INT(sb->inodestart, 32);
    CHECK_INT(sb->bmapstart, 58);
    CHECK_INT(sb->features, 0);
    CHECK(world_boot(look_inside_xv6, NULL));
    CHECK(world_is_consistent(NULL));
    CHECK_INT(run("mkfs -x -s 3000 -i 50 x.img small && fsck -q x.img"), 0);
    CHECK(load_image("x.img"));
    CHECK_INT(world->nblocks, 3000);
    CHECK_INT(sb->ninodes, 50);
}

static void refused(const char *arguments, const char *because)
{
    int status = run("rm -f z.img; mkfs %s", arguments);

    CHECK(status == 1 || status == 2);
    if (!strstr(output, because)) {
        printf("# mkfs %s: %s\n", arguments, output);
        CHECK(!"the reason is given");
    }
    CHECK_INT(run("test -e z.img -o -e z.img.new"), 1); /* nothing is left of it */
}

static void test_refusals(void)
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

static void test_fsck(void)
{
    CHECK_INT(run("fsck"), 2);
    CHECK_INT(run("fsck a b"), 2);
    CHECK_INT(run("fsck nothing"), 2);
    CHECK_INT(run("fsck small"), 1);
    CHECK_INT(run("fsck big"), 1);
    CHECK_INT(run("mkfs c.img small && printf '\\1' | dd of=c.img bs=1 seek=1024 conv=notrunc status=none && "
                  "fsck c.img"),
              1);
    CHECK(strstr(output, "log: copy 0 belongs to block 0"));
    CHECK_INT(run("rm -rf %s", folder), 0);
}

static const struct test tests[] = {
    { "mkfs: files and folders", test_contents },
    { "mkfs --xv6", test_xv6 },
    { "mkfs refuses clearly", test_refusals },
    { "fsck", test_fsck },
};

int main(int argc, char **argv)
{
    char path[2000];

    (void)argc;
    if (!realpath(argv[0], path))
        return 1;
    snprintf(tools, sizeof(tools), "%s/../tools", dirname(path));
    return tap_run(tests, sizeof(tests) / sizeof(tests[0]), before, after);
}
