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

static char scratch[] = "/tmp/fs_tools.XXXXXX";
static char output[4096];

/* Runs a command line with mkfs and fsck as commands, in our scratch; its exit status, and what it said in
   output[]. */
static int run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static int run(const char *fmt, ...)
{
    char command[9000];
    int n = snprintf(command, sizeof(command), "cd %s && { ", scratch);
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

    snprintf(path, sizeof(path), "%s/%s", scratch, name);
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
    char path[2000] = "", tools[8000];

    if (world)
        return;
    if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
        abort();
    snprintf(tools, sizeof(tools), "%s/../../host:%s", dirname(path), getenv("PATH"));
    setenv("PATH", tools, 1);
    world_init();
    if (!mkdtemp(scratch))
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

TEST("mkfs: files and directories")
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
    check_eq(run("ln -s b.img link.img; mkfs -x link.img small; test -L link.img && fsck -q b.img"), 0);
    check(load_image("b.img"));
    check_eq(world->nblocks, 1000); /* what the link leads to was replaced */
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
    check_eq(run("! ls z.img*"), 0); /* nothing is left of it */
}

TEST("mkfs refuses clearly")
{
    refused("", "usage");
    refused("z.img -q", "usage");
    refused("z.img -s", "-s wants");
    refused("z.img -s 0", "-s wants");
    refused("z.img -s 12x", "-s wants");
    refused("z.img -i 70000", "-i wants");
    refused("z.img -i 1", "-i wants a number from 2");
    refused("z.img nothing", "can't open nothing");
    refused("z.img .", "not a regular file");
    refused("z.img small=.", "can't be .");
    refused("z.img small small", "a file of that name");
    refused("z.img small=12345678901234x small=12345678901234y", "cut to 14");
    refused("z.img small=a small=a/b", "is a file in the image");
    refused("z.img small=a/b small=a", "a directory or device");
    refused("z.img small=a/../b", "can't be . or ..");
    refused("z.img small=", "is empty");
    refused("--add", "usage");
    refused("--add z.img", "usage");
    refused("--add -s 100 z.img small", "usage");
    refused("--add z.img small", "can't open z.img");
    refused("--info z.img small", "usage");
    refused("-x z.img toolong", "too large");
    refused("z.img huge", "too large");
    refused("z.img -s 500 big", "don't fit");
    refused("z.img -i 3 small empty", "too many files");
    refused("/nowhere/z.img small", "can't create");
    check_eq(run("mkfifo device && { mkfs device small; test $? -eq 1 -a -p device; }"),
             0); /* and it stays what it is */
    check(strstr(output, "not a regular file"));
}

/* Adding. */

static void look_at_added(void *unused)
{
    (void)unused;
    struct stat st;
    check_eq(world_size("old"), 70000);
    check_eq(world_size("small"), 5);
    check_eq(world_size("d/e/small"), 5);
    check_eq(world_size("a=b"), 256);
    struct file *f = file_open(world_root(), "a=b", 0);
    uchar bytes[256] = { 0 };
    check_eq(file_read(f, bytes, sizeof(bytes)), 256);
    for (uint i = 0; i < sizeof(bytes); i++)
        check_eq(bytes[i], i);
    check_eq(file_stat(f, &st), 0);
    check_eq(st.nlink, 1);
    file_close(f);
}

TEST("mkfs --add: new files and old ones, in both layouts")
{
    struct check_result result;
    static const char *const formats[] = { "", "--xv6" };

    check_eq(run("i=0; while [ $i -lt 256 ]; do printf \"\\\\$(printf %%o $i)\"; i=$((i + 1)); done >a=b; "
                 "head -c 70000 big >medium"),
             0);
    for (uint i = 0; i < 2; i++) {
        check_eq(run("mkfs %s a.img medium=old small=d/x && chmod 640 a.img && ln -sf a.img link.img && "
                     "mkfs --add link.img small=old a=b small small=/d/e/small medium=old",
                     formats[i]),
                 0);
        check_eq(run("fsck -q a.img && test -L link.img && test $(stat -c %%a a.img) = 640 && "
                     "! ls a.img.*"),
                 0);
        check(load_image("a.img"));
        check(world_is_consistent(&result));
        check(world_boot(look_at_added, NULL));
        check(world_is_consistent(&result));
        /* In a loop: what a replacement frees is used again. */
        check_eq(run("for i in 1 2 3 4 5 6 7 8 9 10 11 12; do mkfs --add a.img medium=old small=old || "
                     "exit; done; "
                     "mkfs --add a.img medium=old; fsck a.img"),
                 0);
    }
    check_eq(run("mkfs --info a.img && mkfs --info -- ./a.img"), 0);
    check(strcmp(output, "xv6: 1000 blocks, 200 inodes, 30 blocks of log\n"
                         "xv6: 1000 blocks, 200 inodes, 30 blocks of log\n") == 0);
}

/* A refusal leaves the image as it was. */
static void add_refused(const char *arguments, const char *because)
{
    check_eq(run("cp a.img before.img; mkfs --add a.img %s", arguments), 1);
    if (!strstr(output, because)) {
        printf("# mkfs --add a.img %s: %s\n", arguments, output);
        check(!"the reason is given");
    }
    check_eq(run("cmp a.img before.img && ! ls a.img.*"), 0);
}

TEST("mkfs --add refuses clearly, and then changes nothing")
{
    check_eq(run("mkfs --xv6 a.img small=d/x; mkfifo fifo; head -c 60000 big >large"), 0);
    add_refused("nothing", "can't open nothing");
    add_refused("fifo", "not a regular file");
    add_refused("small=123456789012345", "at most 14 bytes");
    add_refused("small=d/123456789012345/x", "at most 14 bytes");
    add_refused("small=d", "a directory or device");
    add_refused("small=d/x/y", "is a file in the image");
    add_refused("toolong", "too large");
    add_refused("small=$(seq -s ' small=' 1 300)", "no free inode");
    add_refused("large=$(seq -s ' large=' 1 30)", "no free block");
    check_eq(run("mkfs --add small big"), 1);
    check(strstr(output, "small is not a disk image"));
    check_eq(run("mkfs --info fifo"), 1);
    check(strstr(output, "not a regular file"));
    check_eq(run("mkfs --info empty"), 1);
    check(strstr(output, "too short"));
}

static void write_and_crash(void *unused)
{
    (void)unused;
    world_write_file("kept", 0, 10, 1);
    check_eq(fs_sync(), 0); /* and no fs_settle(): the log is full */
}

static void look_at_recovered(void *unused)
{
    (void)unused;
    check(world_file_is("kept", 10, 1));
    check_eq(world_size("small"), 5);
}

static void store_image(const char *name)
{
    char path[100];

    snprintf(path, sizeof(path), "%s/%s", scratch, name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(world->disk, BSIZE, world->nblocks, f) != world->nblocks || fclose(f))
        abort();
}

/* A power cut after the commit, before anything is in its place. */
TEST("mkfs --add to an image with a full log")
{
    struct check_result result;
    struct superblock sb;

    world_format(&world_small);
    memcpy(&sb, world->disk + BSIZE, sizeof(sb));
    uchar *start = malloc((size_t)world->nblocks * BSIZE);
    memcpy(start, world->disk, (size_t)world->nblocks * BSIZE);
    world->recording = true;
    check(world_boot(write_and_crash, NULL));
    memcpy(world->disk, start, (size_t)world->nblocks * BSIZE);
    free(start);
    for (uint i = 0; i < world->nevents; i++) {
        const struct event *e = &world->events[i];
        if (e->blockno != EVENT_FLUSH)
            memcpy(world->disk + (size_t)e->blockno * BSIZE, e->bytes, BSIZE);
        if (e->blockno == sb.logstart)
            break;
    }
    check(world_is_consistent(&result));
    check(result.nlogged > 0);
    store_image("full.img");
    store_image("full2.img");
    check_eq(run("mkfs --add full.img small && fsck -q full.img"), 0);
    check(load_image("full.img"));
    check(world_is_consistent(&result));
    check_eq(result.nlogged, 0);
    check(world_boot(look_at_recovered, NULL));
}

static void enter_in_root(void *unused)
{
    (void)unused;
    check_eq(world_size("/"), ENTRIES_IN_BLOCK * sizeof(struct dirent));
    check_eq(world_size("30"), 5);
    check_eq(world_write_file("31", 0, 10, 1), 10);
    check_eq(fs_mkdir(world_root(), "32"), 0);
}

TEST("a root directory that xv6's mkfs made counts a block too many when the last one is full")
{
    check_eq(run("mkfs --xv6 r.img small=$(seq -s ' small=' 1 30)"), 0); /* and "." and ".." */
    check(load_image("r.img"));
    struct dinode *root = (struct dinode *)(world->disk + 32 * BSIZE) + ROOTINO;
    check_eq(root->size, BSIZE);
    root->size += BSIZE;
    store_image("r.img");
    check(world_boot(enter_in_root, NULL));
    check(world_is_consistent(NULL));
    check_eq(run("fsck -q r.img && mkfs --add r.img small=31 && fsck -q r.img"), 0);
    check(load_image("r.img"));
    check_eq(root->size, BSIZE + sizeof(struct dirent));
}

TEST("fsck says by its status whether an image is good, and changes nothing by itself")
{
    check_eq(run("fsck"), 8);
    check_eq(run("fsck a b"), 8);
    check_eq(run("fsck -n -y a.img"), 8);
    check_eq(run("fsck -x a.img"), 8);
    check_eq(run("fsck nothing"), 8);
    check_eq(run("fsck fifo"), 8);
    check_eq(run("fsck small"), 4);
    check_eq(run("fsck -y small"), 4);
    check_eq(run("fsck -y empty"), 4);
    check_eq(run("mkfs c.img small && printf '\\1' | dd of=c.img bs=1 seek=1024 conv=notrunc status=none && "
                 "cp c.img d.img && "
                 "fsck c.img"),
             4);
    check(strstr(output, "log: its header is damaged"));
    check_eq(run("fsck -n c.img </dev/null"), 4);
    check(!strstr(output, "it can't be mended"));
    check_eq(run("fsck -n small"), 4);
    check(strstr(output, "small: it can't be mended"));
    check_eq(run("cmp c.img d.img"), 0);
}

TEST("mkfs and fsck say when standard output is full, and write into no image when it is closed")
{
    check_eq(run("mkfs --info a.img >/dev/full"), 1);
    check(strstr(output, "mkfs: can't write to standard output: "));
    check_eq(run("fsck a.img >/dev/full"), 8);
    check(strstr(output, "fsck: can't write to standard output: "));
    check_eq(run("mkfs --info a.img >&-"), 0);
    check_eq(run("cp c.img e.img; cp c.img f.img; fsck -y e.img; fsck -y f.img >&-"), 1);
    check_eq(run("cmp e.img f.img"), 0);
    check_eq(
        run("cp a.img e.img; cp a.img f.img; mkfs --add e.img small; mkfs --add f.img small <&- >&- 2>&-"),
        0);
    check_eq(run("cmp e.img f.img; rm e.img f.img"), 0);
}

TEST("fsck -y mends the image behind a link, keeps its mode, and finds nothing afterwards")
{
    check_eq(run("chmod 640 c.img; ln -s c.img l.img; fsck -y l.img"), 1);
    check(strstr(output, "what it held is dropped"));
    check(strstr(output, "mended"));
    check_eq(
        run("test -L l.img && test $(stat -c %%a c.img) = 640 && ! ls c.img.* 2>/dev/null && fsck -q c.img"),
        0);
    check_eq(output[0], 0);
    check_eq(run("cp c.img d.img; fsck -y c.img && cmp c.img d.img"), 0);
    check_eq(run("fsck -y full2.img"), 1);
    check(strstr(output, "log: "));
    check_eq(run("fsck -y full2.img && mkfs --add full2.img small"), 0);
    check(load_image("full2.img"));
    check(world_boot(look_at_recovered, NULL));
}

TEST("an image that root mends, adds to or makes anew stays its owner's")
{
    if (geteuid() != 0)
        return;
    check_eq(run("mkfs o.img; printf '\\1' | dd of=o.img bs=1 seek=1024 conv=notrunc status=none; chown "
                 "12:34 o.img; "
                 "fsck -y o.img; stat -c %%u:%%g o.img; mkfs --add o.img small; stat -c %%u:%%g o.img; "
                 "mkfs o.img small; stat -c %%u:%%g o.img"),
             0);
    check(strstr(output, "mended\n12:34\n12:34\n12:34\n"));
}

TEST("fsck counts one of a kind in words that fit")
{
    check_eq(run("mkfs -x one.img small"), 0);
    check(load_image("one.img"));
    struct superblock *sb = (struct superblock *)(world->disk + BSIZE);
    struct dinode *inodes = (struct dinode *)(world->disk + (size_t)sb->inodestart * BSIZE);
    inodes[ROOTINO + 1].nlink = 2;
    inodes[ROOTINO + 2].type = T_FILE; /* without a name */
    world->disk[sb->bmapstart * BSIZE + (sb->size - 1) / 8] ^= 1u << (sb->size - 1) % 8;
    store_image("one.img");
    check_eq(run("fsck -y one.img"), 1);
    check(strstr(output, "its link count is 2 instead of 1"));
    check(strstr(output, "its link count of 2 becomes 1"));
    check(strstr(output, "files without a name: 1;"));
    check(strstr(output, "blocks that differ: 1"));
}

TEST("mkfs and fsck change no file but the image, whatever names others have")
{
    check_eq(run("umask 27; echo mine >e.img.new; cp e.img.new mine; mkfs e.img small; "
                 "mkfs --add e.img small=other; "
                 "printf '\\1' | dd of=e.img bs=1 seek=1024 conv=notrunc status=none; fsck -y e.img"),
             1);
    check_eq(run("cmp mine e.img.new && rm e.img.new && ! ls e.img.* && test $(stat -c %%a e.img) = 640"), 0);
}

TEST("fsck asks at a terminal")
{
    static const char damage[] =
        "cp c.img t.img; printf '\\1' | dd of=t.img bs=1 seek=1024 conv=notrunc status=none; ";

    check_eq(run("%s echo n | script -qec 'fsck t.img' /dev/null", damage), 4);
    check(strstr(output, "mend it?"));
    check_eq(run("%s echo y | script -qec 'fsck t.img' /dev/null", damage), 1);
    check_eq(run("fsck -q t.img"), 0);
    check_eq(run("rm -rf %s", scratch), 0);
}

TAP_MAIN(before, NULL)
