/*
 * fs_files.c - the file system over a memory disk: what calls promise, in xv6's layout and in the extended
 * one.
 */
#include <stdlib.h>
#include <string.h>

#include "fs/blockio.h"
#include "fs_world.h"
#include "include/fcntl.h"
#include "mm/page.h"
#include "tap.h"

static const struct layout *layout;

static void before(void)
{
    if (!world)
        world_init();
}

static void after(void) {}

static struct file *open_file(const char *path, int mode) { return file_open(world_root(), path, mode); }

/* Does a call of open() work?  Closes again. */
static bool opens(const char *path, int mode)
{
    struct file *f = open_file(path, mode);

    if (f)
        file_close(f);
    return f;
}

static int make_dir(const char *path) { return fs_mkdir(world_root(), path); }
static int unlink_path(const char *path) { return fs_unlink(world_root(), path); }
static int link_paths(const char *old, const char *new) { return fs_link(world_root(), old, new); }

/* Formats, runs, and checks the disk before and after a second mount. */
static void run_on(const struct layout *l, void (*run)(void *), void *arg)
{
    struct check_result result;

    layout = l;
    world_format(l);
    CHECK(world_is_consistent(&result));
    CHECK(world_boot(run, arg));
    CHECK(world_is_consistent(&result));
}

static void on_both(void (*run)(void *))
{
    run_on(&world_xv6, run, NULL);
    run_on(&world_small, run, NULL);
}

/* Files. */

static void use_files(void *unused)
{
    (void)unused;
    uchar bytes[100];
    WORLD_CHECK(!opens("a", O_RDONLY));
    WORLD_INT(world_write_file("a", 0, 5000, 1), 5000);
    WORLD_CHECK(world_file_is("a", 5000, 1));
    WORLD_INT(world_write_file("a", 100, 700, 1), 700);
    WORLD_CHECK(world_file_is("a", 5000, 1)); /* opening with O_CREATE does not truncate */

    struct file *f = open_file("a", O_RDONLY);
    WORLD_INT(file_write(f, bytes, 10), -1);
    WORLD_INT(file_read(f, bytes, 0), 0);
    WORLD_INT(file_read(f, bytes, -1), -1);
    struct file *g = file_dup(f);
    WORLD_INT(file_read(f, bytes, 50), 50);
    WORLD_INT(file_read(g, bytes, 50), 50); /* one position */
    WORLD_INT(bytes[0], world_byte(1, 50));
    file_close(f);
    WORLD_INT(file_read(g, bytes, 1), 1);
    file_close(g);

    f = open_file("a", O_WRONLY);
    WORLD_INT(file_read(f, bytes, 10), -1);
    WORLD_INT(file_write(f, bytes, 10), 10);
    struct stat st;
    WORLD_INT(file_stat(f, &st), 0);
    WORLD_INT(st.size, 5000);
    WORLD_INT(st.type, T_FILE);
    WORLD_INT(st.nlink, 1);
    WORLD_INT(st.dev, 1);
    file_close(f);
    WORLD_INT(unlink_path("a"), 0);
    WORLD_INT(unlink_path("a"), -1);
    WORLD_CHECK(!opens("a", O_RDONLY));
}

static void test_files(void) { on_both(use_files); }

static void use_names(void *unused)
{
    (void)unused;
    WORLD_INT(make_dir("d"), 0);
    WORLD_INT(make_dir("d"), -1);
    WORLD_INT(make_dir("/d/e/"), 0);
    WORLD_INT(make_dir("nothing/e"), -1);
    WORLD_INT(make_dir(""), -1);
    WORLD_INT(make_dir("/"), -1);
    WORLD_CHECK(opens("d", O_RDONLY));
    WORLD_CHECK(!opens("d", O_WRONLY));
    WORLD_CHECK(!opens("d", O_RDWR));
    WORLD_CHECK(!opens("d", O_CREATE | O_RDWR));
    WORLD_CHECK(opens("", O_RDONLY));
    WORLD_INT(world_write_file("d/e/12345678901234567", 0, 10, 2), 10);
    WORLD_CHECK(world_file_is("d/../d//e/./12345678901234", 10, 2)); /* names are cut at 14 */
    WORLD_CHECK(!opens("d/e/1234567890123", O_RDONLY));
    WORLD_CHECK(!opens("d/e/12345678901234/x", O_RDONLY)); /* a file is no folder */
    WORLD_CHECK(!opens("d/e/12345678901234/x", O_CREATE | O_RDWR));
    WORLD_CHECK(opens("../../d/e", O_RDONLY)); /* the root's parent is the root */

    WORLD_INT(link_paths("d/e/12345678901234", "two"), 0);
    WORLD_INT(link_paths("d/e/12345678901234", "two"), -1);
    WORLD_INT(link_paths("nothing", "three"), -1);
    WORLD_INT(link_paths("d", "three"), -1);
    WORLD_INT(link_paths("two", "nothing/three"), -1);
    WORLD_INT(link_paths("two", ""), -1);
    WORLD_INT(unlink_path("d/e/12345678901234"), 0);
    WORLD_CHECK(world_file_is("two", 10, 2));
    WORLD_INT(unlink_path("d"), -1); /* not empty */
    WORLD_INT(unlink_path("d/."), -1);
    WORLD_INT(unlink_path("d/e/.."), -1);
    WORLD_INT(unlink_path("/"), -1);
    WORLD_INT(unlink_path(""), -1);
    WORLD_INT(unlink_path("d/e"), 0);
    WORLD_INT(unlink_path("d"), 0);
    WORLD_CHECK(world_file_is("two", 10, 2));
}

static void test_names(void) { on_both(use_names); }

static void use_devices(void *unused)
{
    (void)unused;
    char bytes[8];
    struct stat st;
    WORLD_INT(fs_mknod(world_root(), "console", 1, 1), 0);
    WORLD_INT(fs_mknod(world_root(), "console", 1, 1), -1);
    WORLD_INT(fs_mknod(world_root(), "other", 7, 1), 0);
    struct file *f = open_file("console", O_RDWR);
    WORLD_INT(file_read(f, bytes, 8), 8);
    WORLD_INT(bytes[0], 'd');
    WORLD_INT(file_write(f, bytes, 8), 8);
    WORLD_INT(file_stat(f, &st), 0);
    WORLD_INT(st.type, T_DEV);
    file_close(f);
    f = open_file("other", O_RDWR);
    WORLD_INT(file_read(f, bytes, 8), -1);
    file_close(f);
    WORLD_INT(unlink_path("other"), 0);
    WORLD_INT(inode_read(world_root(), bytes, 0, 8), 8);
}

static void test_devices(void) { on_both(use_devices); }

static void use_open_unlinked(void *unused)
{
    (void)unused;
    char bytes[10];
    WORLD_INT(world_write_file("f", 0, 3000, 1), 3000);
    WORLD_INT(make_dir("d"), 0);
    struct file *f = open_file("f", O_RDWR), *d = open_file("d", O_RDONLY);
    struct inode *inside = fs_lookup(world_root(), "d");
    WORLD_INT(unlink_path("f"), 0);
    WORLD_INT(unlink_path("d"), 0);
    WORLD_INT(world_write_file("f", 0, 3000, 2), 3000); /* another one */
    WORLD_INT(file_read(f, bytes, 10), 10);
    WORLD_INT((uchar)bytes[9], world_byte(1, 9));
    WORLD_INT(file_write(f, bytes, 10), 10);
    WORLD_CHECK(!file_open(inside, "x", O_CREATE | O_RDWR)); /* a folder without a name stays empty */
    WORLD_INT(fs_mkdir(inside, "x"), -1);
    WORLD_INT(fs_link(inside, "/f", "x"), -1);
    WORLD_CHECK(!fs_lookup(inside, ".."));
    file_close(f);
    file_close(d);
    inode_put(inside);
    WORLD_CHECK(world_file_is("f", 3000, 2));
}

static void test_open_unlinked(void) { on_both(use_open_unlinked); }

/* What a power cut leaves of files that are open without a name. */
static void leave_orphans(void *unused)
{
    (void)unused;
    WORLD_INT(world_write_file("f", 0, 30000, 1), 30000);
    WORLD_INT(make_dir("d"), 0);
    WORLD_CHECK(open_file("f", O_RDWR) && open_file("d", O_RDONLY));
    WORLD_INT(unlink_path("f"), 0);
    WORLD_INT(unlink_path("d"), 0);
    WORLD_INT(fs_settle(), 0);
}

static void use_nothing(void *unused) { (void)unused; }

static void test_orphans(void)
{
    struct check_result result;

    run_on(&world_small, leave_orphans, NULL);
    CHECK(world_is_consistent(&result));
    CHECK_INT(result.norphans, 2);
    CHECK(world_boot(use_nothing, NULL));
    CHECK(world_is_consistent(&result));
    CHECK_INT(result.norphans, 0);
}

/* Limits. */

static void fill_file(void *unused)
{
    (void)unused;
    uint limit = (layout->extended ? EXT_MAXFILE : MAXFILE) * BSIZE;
    uchar *bytes = calloc(1, limit + 1000);
    for (uint i = 0; i < limit; i++)
        bytes[i] = world_byte(3, i);
    struct file *f = open_file("big", O_CREATE | O_RDWR);
    uint done = 0;
    for (int n; done < limit && (n = file_write(f, bytes + done, done % 7000 + 1)) > 0;)
        done += n;
    WORLD_INT(done, limit);
    WORLD_INT(file_write(f, bytes, 1), -1);
    file_close(f);
    WORLD_CHECK(world_file_is("big", limit, 3));
    f = open_file("big2", O_CREATE | O_RDWR);
    WORLD_INT(file_write(f, bytes, limit + 1000), limit); /* short */
    WORLD_INT(file_write(f, bytes, 1000), -1);
    file_close(f);
    WORLD_CHECK(world_file_is("big2", limit, 3));
    WORLD_INT(unlink_path("big"), 0);
    WORLD_CHECK(world_file_is("big2", limit, 3));
    WORLD_INT(unlink_path("big2"), 0);
    free(bytes);
}

static void test_largest_file(void)
{
    run_on(&world_xv6, fill_file, NULL);
    run_on(&world_large, fill_file, NULL);
}

static void fill_disk(void *unused)
{
    (void)unused;
    char name[DIRSIZ + 1];
    uint nfiles = 0, sizes[200];
    for (int n = 1; n > 0 && nfiles < 200;) {
        snprintf(name, sizeof(name), "f%u", nfiles);
        sizes[nfiles] = 0;
        struct file *f = open_file(name, O_CREATE | O_RDWR);
        if (!f)
            break;
        uchar bytes[3000];
        for (uint piece = 0; piece < 20 && n > 0; piece++) {
            for (uint i = 0; i < sizeof(bytes); i++)
                bytes[i] = world_byte(nfiles, sizes[nfiles] + i);
            n = file_write(f, bytes, sizeof(bytes));
            sizes[nfiles] += n > 0 ? n : 0;
        }
        file_close(f);
        nfiles++;
    }
    WORLD_CHECK(nfiles > 3 && nfiles < 200);
    WORLD_INT(world_write_file("more", 0, 5000, 9), -1);
    WORLD_INT(make_dir("folder"), -1);
    for (uint i = 0; i < nfiles; i++) {
        snprintf(name, sizeof(name), "f%u", i);
        WORLD_CHECK(world_file_is(name, sizes[i], i));
    }
    fs_check();
    /* What was freed can be used at once, though it has to be committed first. */
    for (uint round = 0; round < 5; round++) {
        WORLD_INT(unlink_path("f0"), 0);
        WORLD_INT(world_write_file("f0", 0, sizes[0], 0), sizes[0]);
    }
    WORLD_CHECK(world_file_is("f0", sizes[0], 0));
    WORLD_CHECK(opens("more", O_RDONLY)); /* an empty file could be made */
    WORLD_INT(unlink_path("more"), 0);
    WORLD_CHECK(world_file_is("f1", sizes[1], 1));
}

static void test_full_disk(void) { on_both(fill_disk); }

static void use_all_inodes(void *unused)
{
    (void)unused;
    char name[DIRSIZ + 1];
    for (uint round = 0; round < 2; round++) {
        uint n = 0;
        for (; n < 300; n++) {
            snprintf(name, sizeof(name), "f%u", n);
            if (!opens(name, O_CREATE | O_RDWR))
                break;
        }
        WORLD_INT(n, 198); /* 200, less number 0 and the root */
        WORLD_INT(make_dir("d"), -1);
        WORLD_INT(link_paths("f0", "l"), 0);
        WORLD_INT(unlink_path("f100"), 0);
        WORLD_INT(make_dir("d"), 0);
        WORLD_INT(unlink_path("d"), 0);
        WORLD_INT(unlink_path("l"), 0);
        for (uint i = 0; i < n; i++) {
            snprintf(name, sizeof(name), "f%u", i);
            WORLD_INT(unlink_path(name), i == 100 ? -1 : 0);
        }
    }
}

static void test_inodes(void) { on_both(use_all_inodes); }

/* Memory. */

static void count_pages(void *unused)
{
    (void)unused;
    WORLD_CHECK(world_root() != NULL);
    uint start = page_used();
    for (uint round = 0; round < 3; round++) {
        WORLD_INT(world_write_file("a", 0, 60000, 1), 60000);
        WORLD_INT(make_dir("d"), 0);
        WORLD_CHECK(world_file_is("a", 60000, 1));
        WORLD_INT(unlink_path("a"), 0);
        WORLD_INT(unlink_path("d"), 0);
        WORLD_INT(page_used(), start); /* at once: a few changed blocks fit into the pool */
    }
    WORLD_INT(world_write_file("b", 0, 60000, 1), 60000);
    WORLD_INT(fs_settle(), 0);
    WORLD_INT(page_used(), start);
    struct file *r, *w;
    WORLD_INT(pipe_create(&r, &w), 0);
    WORLD_CHECK(page_used() > start);
    file_close(r);
    file_close(w);
    WORLD_INT(page_used(), start);
}

static void count_dirty_pages(void *unused)
{
    (void)unused;
    uint start = page_used();
    uint n = 1u << 20; /* more than the pool holds */
    WORLD_INT(world_write_file("a", 0, n, 1), n);
    WORLD_CHECK(page_used() > start + 100);
    WORLD_INT(unlink_path("a"), 0);
    WORLD_INT(page_used(), start);
    WORLD_INT(world_write_file("a", 0, n, 1), n);
    WORLD_CHECK(page_used() > start + 100);
    uint nfree = page_free_count();
    WORLD_INT(page_reclaim(10, false), 10);
    WORLD_INT(page_free_count(), nfree + 10);
    WORLD_CHECK(page_promise(nfree + 200)); /* cached blocks, dirty ones too, make room */
    WORLD_INT(page_used(), start);
    WORLD_CHECK(world_file_is("a", n, 1));
}

static void test_memory(void)
{
    on_both(count_pages);
    run_on(&world_large, count_dirty_pages, NULL);
}

/* Next to no memory: the cache lives in its pool. */
static void test_little_memory(void)
{
    for (uint npages = 100; npages < 330; npages += 10) {
        layout = &world_small;
        world_format(layout);
        bool good = world_boot_with(npages, 0, use_files, NULL);
        CHECK(good || strstr(world->wrong, "too little memory"));
        if (good) {
            world_format(layout);
            CHECK(world_boot_with(npages, 0, fill_disk, NULL));
        }
        CHECK(world_is_consistent(NULL));
        CHECK(good || npages < 300);
    }
}

/* A failing disk. */

static void use_until_failure(void *unused)
{
    (void)unused;
    for (uint i = 0; i < 40; i++) {
        char name[DIRSIZ + 1];
        snprintf(name, sizeof(name), "f%u", i % 10);
        if (i % 3 == 2)
            unlink_path(name);
        else if (i % 3 == 1)
            make_dir(name);
        else
            world_write_file(name, 0, i * 300, i);
        if (i % 5 == 0)
            fs_sync();
    }
    WORLD_INT(world->fail_at && world->ntransfers >= world->fail_at ? fs_sync() : -1, -1);
    WORLD_CHECK(world_fingerprint() != 0);
}

static void test_failing_disk(void)
{
    for (uint n = 1; n < 150; n += n < 40 ? 1 : 7) {
        world_format(&world_xv6);
        world->ntransfers = 0;
        world->fail_at = n;
        bool mounted = world_boot(use_until_failure, NULL);
        CHECK(mounted || strstr(world->wrong, "read") || strstr(world->wrong, "damaged"));
        world->fail_at = 0;
        CHECK(world_boot(use_files, NULL)); /* what was committed is whole */
        CHECK(world_is_consistent(NULL));
    }
}

/* Disks that are none. */

static const char *mount_error(void)
{
    world_boot(use_nothing, NULL);
    return world->wrong;
}

static struct superblock *super(void) { return (struct superblock *)(world->disk + BSIZE); }

static void test_bad_super_blocks(void)
{
    world->nblocks = 0;
    CHECK(strstr(mount_error(), "none"));
    world_format(&world_small);
    memset(super(), 0, BSIZE);
    CHECK(strstr(mount_error(), "not a file system"));
    world_format(&world_small);
    memset(super(), 0xff, BSIZE);
    CHECK(mount_error()[0]);
    world_format(&world_small);
    super()->features = 5;
    CHECK(strstr(mount_error(), "features"));
    world_format(&world_small);
    super()->size++;
    CHECK(strstr(mount_error(), "cut short"));
    world_format(&world_small);
    super()->nlog = 8;
    CHECK(strstr(mount_error(), "log is too small"));
    world_format(&world_small);
    super()->ninodes = 1u << 30;
    CHECK(mount_error()[0]);
    world_format(&world_small);
    *(int *)(world->disk + (size_t)super()->logstart * BSIZE) = -5;
    CHECK(strstr(mount_error(), "log is damaged"));
    world_format(&world_small);
    memset(world->disk + (size_t)super()->inodestart * BSIZE, 0, BSIZE);
    CHECK(strstr(mount_error(), "root folder"));
    world_format(&world_small);
    CHECK(strcmp(mount_error(), "") == 0);
}

/* Random use against a model. */

#define NSLOTS    12u
#define MODEL_MAX 90000u

struct model {
    bool exists;
    uint size;
    uchar bytes[MODEL_MAX];
};

static void check_against_model(struct model *files)
{
    uchar *bytes = malloc(MODEL_MAX + 1);

    for (uint i = 0; i < NSLOTS; i++) {
        char name[DIRSIZ + 1];
        snprintf(name, sizeof(name), "d%u/f%u", i % 3, i);
        struct file *f = open_file(name, O_RDONLY);
        WORLD_INT(f != NULL, files[i].exists);
        if (!f)
            continue;
        WORLD_INT(file_read(f, bytes, MODEL_MAX + 1), files[i].size);
        WORLD_CHECK(memcmp(bytes, files[i].bytes, files[i].size) == 0);
        file_close(f);
    }
    free(bytes);
}

static void random_write(struct model *m, struct file *f)
{
    uint limit = layout->extended ? MODEL_MAX : MAXFILE * BSIZE;
    uint offset = fake_random() % 3 ? m->size : fake_random() % (m->size + 1), n = fake_random() % 9000;

    if (n > limit - offset)
        n = limit - offset;
    uchar *bytes = malloc(offset + n + 1);
    for (uint i = 0; i < n; i++)
        bytes[i] = fake_random() >> 3;
    memcpy(m->bytes + offset, bytes, n);
    if (offset + n > m->size)
        m->size = offset + n;
    uchar *skip = malloc(offset + 1);
    WORLD_INT(file_read(f, skip, offset), offset);
    WORLD_INT(file_write(f, bytes, n), n);
    free(skip);
    free(bytes);
}

static void use_randomly(void *arg)
{
    struct model *files = calloc(NSLOTS, sizeof(*files));
    uint nsteps = *(uint *)arg;

    make_dir("d0");
    make_dir("d1");
    make_dir("d2");
    for (uint step = 0; step < nsteps; step++) {
        uint i = fake_random() % NSLOTS, what = fake_random() % 16;
        char name[DIRSIZ + 1];
        snprintf(name, sizeof(name), "d%u/f%u", i % 3, i);
        if (what < 10) {
            struct file *f = open_file(name, O_CREATE | O_RDWR);
            files[i].exists = true;
            random_write(&files[i], f);
            file_close(f);
        } else if (what < 14) {
            WORLD_INT(unlink_path(name), files[i].exists ? 0 : -1);
            files[i].exists = false;
            files[i].size = 0;
        } else if (what == 14) {
            WORLD_INT(fs_sync(), 0);
        } else {
            check_against_model(files);
        }
    }
    check_against_model(files);
    WORLD_INT(fs_settle(), 0);
    free(files);
}

static void test_random(void)
{
    uint nsteps = 400;
    static const struct layout roomy = { false, 4000, 200, 30 };

    run_on(&roomy, use_randomly, &nsteps);
    run_on(&world_large, use_randomly, &nsteps);
    layout = &world_large;
    world_format(layout);
    CHECK(world_boot_with(500, 0, use_randomly, &nsteps)); /* the cache can't hold it all */
    CHECK(world_is_consistent(NULL));
}

static const struct test tests[] = {
    { "files: modes, offsets, sizes", test_files },
    { "names: folders, links, what can't be removed", test_names },
    { "device files", test_devices },
    { "an open file lives without a name", test_open_unlinked },
    { "a mount frees what a crash left without a name", test_orphans },
    { "the largest file of each layout", test_largest_file },
    { "a full disk: short counts, nothing lost", test_full_disk },
    { "all inodes in use", test_inodes },
    { "pgused is exact; the cache gives memory back", test_memory },
    { "with little memory", test_little_memory },
    { "a disk that fails", test_failing_disk },
    { "super blocks and logs that are wrong", test_bad_super_blocks },
    { "random use against a model", test_random },
};

int main(void) { return tap_run(tests, sizeof(tests) / sizeof(tests[0]), before, after); }
