/*
 * fs_files.c - files over a memory disk: what calls promise, in xv6's layout and in the extended one, also when disk
 * or memory is full, or the disk fails.
 */
#include <stdlib.h>
#include <string.h>

#include "base/min.h"
#include "fs/blockio.h"
#include "fs/inode.h"
#include "fs_use.h"
#include "host.h"
#include "include/fcntl.h"
#include "mm/page.h"
#include "mm/slab.h"

static void use_files(void *unused)
{
    (void)unused;
    uchar bytes[100];
    check(!opens("a", O_RDONLY));
    check_eq(world_write_file("a", 0, 5000, 1), 5000);
    check(world_file_is("a", 5000, 1));
    check_eq(world_write_file("a", 100, 700, 1), 700);
    check(world_file_is("a", 5000, 1)); /* opening with O_CREATE does not truncate */

    struct file *f = open_file("a", O_RDONLY);
    check_eq(file_write(f, bytes, 10), -1);
    check_eq(file_read(f, bytes, 0), 0);
    check_eq(file_read(f, bytes, -1), -1);
    struct file *g = file_dup(f);
    check_eq(file_read(f, bytes, 50), 50);
    check_eq(file_read(g, bytes, 50), 50); /* one position */
    check_eq(bytes[0], fsops_byte(1, 50));
    file_close(f);
    check_eq(file_read(g, bytes, 1), 1);
    file_close(g);

    f = open_file("a", O_WRONLY);
    check_eq(file_read(f, bytes, 10), -1);
    check_eq(file_write(f, bytes, 10), 10);
    struct stat st;
    check_eq(file_stat(f, &st), 0);
    check_eq(st.size, 5000);
    check_eq(st.type, T_FILE);
    check_eq(st.nlink, 1);
    check_eq(st.dev, 1);
    file_close(f);
    check_eq(unlink_path("a"), 0);
    check_eq(unlink_path("a"), -1);
    check(!opens("a", O_RDONLY));
}

TEST("files: modes, offsets, sizes") { on_both(use_files); }

static void use_open_unlinked(void *unused)
{
    (void)unused;
    char bytes[10];
    check_eq(world_write_file("f", 0, 3000, 1), 3000);
    check_eq(make_dir("d"), 0);
    struct file *f = open_file("f", O_RDWR), *d = open_file("d", O_RDONLY);
    struct inode *inside = fs_lookup(world_root(), "d");
    check_eq(unlink_path("f"), 0);
    check_eq(unlink_path("d"), 0);
    check_eq(world_write_file("f", 0, 3000, 2), 3000); /* another one */
    check_eq(file_read(f, bytes, 10), 10);
    check_eq((uchar)bytes[9], fsops_byte(1, 9));
    check_eq(file_write(f, bytes, 10), 10);
    check(!file_open(inside, "x", O_CREATE | O_RDWR)); /* a directory without a name stays empty */
    check_eq(fs_mkdir(inside, "x"), -1);
    check_eq(fs_link(inside, "/f", "x"), -1);
    struct inode *outside = fs_lookup(inside, "..");
    check(outside == world_root());
    inode_put(outside);
    file_close(f);
    file_close(d);
    inode_put(inside);
    check(world_file_is("f", 3000, 2));
}

TEST("an open file lives without a name") { on_both(use_open_unlinked); }

/* What a power cut leaves of files that are open without a name. */
static void leave_orphans(void *unused)
{
    (void)unused;
    check_eq(world_write_file("f", 0, 30000, 1), 30000);
    check_eq(make_dir("d"), 0);
    check(open_file("f", O_RDWR) && open_file("d", O_RDONLY));
    check_eq(unlink_path("f"), 0);
    check_eq(unlink_path("d"), 0);
    check_eq(fs_settle(), 0);
}

static void use_nothing(void *unused) { (void)unused; }

TEST("a mount frees what a crash left without a name")
{
    struct check_result result;

    run_on(&world_small, leave_orphans, NULL);
    check(world_is_consistent(&result));
    check_eq(result.norphans, 2);
    check(world_boot(use_nothing, NULL));
    check(world_is_consistent(&result));
    check_eq(result.norphans, 0);
}

/* Limits. */

static void fill_file(void *unused)
{
    (void)unused;
    uint limit = (layout->extended ? EXT_MAXFILE : MAXFILE) * BSIZE;
    uchar *bytes = calloc(1, limit + 1000);
    for (uint i = 0; i < limit; i++)
        bytes[i] = fsops_byte(3, i);
    struct file *f = open_file("big", O_CREATE | O_RDWR);
    uint done = 0;
    for (int n;
         done < limit && (n = file_write(f, bytes + done, min_uint(done % 7000 + 1, limit - done))) > 0;)
        done += n;
    check_eq(done, limit);
    check_eq(file_write(f, bytes, 1), -1);
    file_close(f);
    check(world_file_is("big", limit, 3));
    f = open_file("big2", O_CREATE | O_RDWR);
    check_eq(file_write(f, bytes, limit + 1000), -1); /* as xv6, which writes pieces of three blocks */
    uint fits = limit - limit % (3 * BSIZE);
    check(world_file_is("big2", fits, 3));
    check_eq(file_write(f, bytes + fits, limit - fits + 1), -1);
    check(world_file_is("big2", fits, 3));
    check_eq(file_write(f, bytes + fits, limit - fits), limit - fits);
    check_eq(file_write(f, bytes, 1000), -1);
    check_eq(file_write(f, bytes, 0), 0);
    file_close(f);
    check(world_file_is("big2", limit, 3));
    check_eq(unlink_path("big"), 0);
    check(world_file_is("big2", limit, 3));
    check_eq(unlink_path("big2"), 0);
    free(bytes);
}

TEST("the largest file of each layout")
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
                bytes[i] = fsops_byte(nfiles, sizes[nfiles] + i);
            n = file_write(f, bytes, sizeof(bytes));
            sizes[nfiles] += n > 0 ? n : 0;
        }
        file_close(f);
        nfiles++;
    }
    check(nfiles > 3 && nfiles < 200);
    check_eq(world_write_file("more", 0, 5000, 9), -1);
    check_eq(make_dir("more2"), -1);
    for (uint i = 0; i < nfiles; i++) {
        snprintf(name, sizeof(name), "f%u", i);
        check(world_file_is(name, sizes[i], i));
    }
    fs_check();
    /* What was freed can be used at once, though it has to be committed first. */
    for (uint round = 0; round < 5; round++) {
        check_eq(unlink_path("f0"), 0);
        check_eq(world_write_file("f0", 0, sizes[0], 0), sizes[0]);
    }
    check(world_file_is("f0", sizes[0], 0));
    check(opens("more", O_RDONLY)); /* an empty file could be made */
    check_eq(unlink_path("more"), 0);
    check(world_file_is("f1", sizes[1], 1));
}

TEST("a full disk: short counts, nothing lost") { on_both(fill_disk); }

/* How often others may run: once for each lock, and for each part of the disk that is searched. */
static uint nturns;
static void count_turn(void) { nturns++; }

static uint turns_to_replace(const char *name)
{
    uint total = 0;

    for (uint i = 0; i < 20; i++) {
        check_eq(unlink_path(name), 0);
        check_eq(fs_settle(), 0);
        nturns = 0;
        check_eq(world_write_file(name, 0, 10, i), 10);
        total += nturns;
        check_eq(fs_settle(), 0);
    }
    return total;
}

/* The blocks of "first" come before those of two large files, and those of "last" after them. */
static void replace_files(void *unused)
{
    enum { LARGE = 8000000 };

    (void)unused;
    check_eq(world_write_file("first", 0, 10, 1), 10);
    check_eq(world_write_file("large", 0, LARGE, 1), LARGE);
    check_eq(world_write_file("larger", 0, LARGE, 1), LARGE);
    check_eq(world_write_file("last", 0, 10, 1), 10);
    check_eq(fs_settle(), 0);
    fake_on_switch = count_turn;
    actors_jitter(1);
    uint first = turns_to_replace("first"), last = turns_to_replace("last");
    check(last < first + first / 4);
    fake_on_switch = NULL;
}

TEST("what was freed behind large files is found as fast as what was freed before them")
{
    run_on(&world_large, replace_files, NULL);
}

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
        check_eq(n, 198); /* 200, less number 0 and the root */
        check_eq(make_dir("d"), -1);
        check_eq(link_paths("f0", "l"), 0);
        check_eq(unlink_path("f100"), 0);
        check_eq(make_dir("d"), 0);
        check_eq(unlink_path("d"), 0);
        check_eq(unlink_path("l"), 0);
        for (uint i = 0; i < n; i++) {
            snprintf(name, sizeof(name), "f%u", i);
            check_eq(unlink_path(name), i == 100 ? -1 : 0);
        }
    }
}

TEST("all inodes in use") { on_both(use_all_inodes); }

static void truncate_without_inodes(void *unused)
{
    (void)unused;
    char name[DIRSIZ + 1];
    uint limit = (layout->extended ? EXT_MAXFILE : MAXFILE) * BSIZE;
    uchar *bytes = calloc(1, limit);
    struct file *f = open_file("large", O_CREATE | O_WRONLY);
    check(file_write(f, bytes, limit) > 0); /* all of it, or what the disk holds */
    file_close(f);
    check_eq(unlink_path("large"), 0);
    check_eq(world_write_file("other", 0, 300, 1), 300);
    f = open_file("large", O_CREATE | O_WRONLY);
    check(file_write(f, bytes, limit) > 0);
    file_close(f);
    for (uint n = 0;; n++) {
        snprintf(name, sizeof(name), "f%u", n);
        if (!opens(name, O_CREATE | O_RDWR))
            break;
    }
    for (uint round = 0; round < 2; round++) {
        check(opens("large", O_WRONLY | O_TRUNC));
        check_eq(world_size("large"), 0);
        check_eq(world_write_file("large", 0, 50000, 3), 50000);
    }
    check(world_file_is("large", 50000, 3));
    check(world_file_is("other", 300, 1));
    check_eq(fs_settle(), 0);
    fs_check();
    free(bytes);
}

TEST("all inodes in use: a file can still be emptied and written anew")
{
    on_both(truncate_without_inodes);
    run_on(&world_large, truncate_without_inodes, NULL);
}

/* Memory. */

static void count_pages(void *unused)
{
    (void)unused;
    check(world_root() != NULL);
    uint start = page_used();
    for (uint round = 0; round < 3; round++) {
        check_eq(world_write_file("a", 0, 60000, 1), 60000);
        check_eq(make_dir("d"), 0);
        check(world_file_is("a", 60000, 1));
        check_eq(unlink_path("a"), 0);
        check_eq(unlink_path("d"), 0);
        check_eq(page_used(), start); /* at once: a few changed blocks fit into the pool */
    }
    check_eq(world_write_file("b", 0, 60000, 1), 60000);
    check_eq(fs_settle(), 0);
    check_eq(page_used(), start);
    struct file *r, *w;
    check_eq(pipe_create(&r, &w), 0);
    check(page_used() > start);
    file_close(r);
    file_close(w);
    check_eq(page_used(), start);
}

static void count_dirty_pages(void *unused)
{
    (void)unused;
    uint start = page_used();
    uint n = 1u << 20; /* more than the pool holds */
    check_eq(world_write_file("a", 0, n, 1), n);
    check(page_used() > start + 100);
    check_eq(unlink_path("a"), 0);
    check_eq(page_used(), start);
    check_eq(world_write_file("a", 0, n, 1), n);
    check(page_used() > start + 100);
    uint nfree = page_free_count();
    check_eq(page_reclaim(10, false), 10);
    check_eq(page_free_count(), nfree + 10);
    check(page_promise(nfree + 200)); /* cached blocks, dirty ones too, make room */
    check_eq(page_used(), start);
    check(world_file_is("a", n, 1));
}

TEST("pgused is exact; the cache gives memory back")
{
    on_both(count_pages);
    run_on(&world_large, count_dirty_pages, NULL);
}

/* Next to no memory: the cache lives in its pool. */
TEST("with little memory")
{
    for (uint npages = 100; npages < 330; npages += 10) {
        layout = &world_small;
        world_format(layout);
        bool good = world_boot_with(npages, 0, use_files, NULL);
        check(good || strstr(world->wrong, "too little memory"));
        if (good) {
            world_format(layout);
            check(world_boot_with(npages, 0, fill_disk, NULL));
        }
        check(world_is_consistent(NULL));
        check(good || npages < 300);
    }
}

static void open_without_memory(void *unused)
{
    (void)unused;
    void *files = NULL, **p, *inode = kmalloc(sizeof(struct inode));
    check(opens(".", O_RDONLY)); /* the root is in memory */
    for (uint i = 0; i < 2; i++) /* a chain of all that is left, first as large as an inode */
        while ((p = kmalloc(i ? 48 : sizeof(struct inode)))) {
            *p = files;
            files = p;
        }
    kfree(inode);
    check(!opens("new", O_CREATE | O_RDWR));
    for (; files; files = p) {
        p = *(void **)files;
        kfree(files);
    }
    check(!opens("new", O_RDONLY)); /* and it has not been made */
    check(opens("new", O_CREATE | O_RDWR));
}

TEST("without memory for an open file, none is made") { on_both(open_without_memory); }

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
    check_eq(world->fault.nfailed ? fs_sync() : -1, -1);
    check(world_fingerprint() != 0);
}

TEST("a disk that fails")
{
    for (uint n = 0; n < 150; n += n < 40 ? 1 : 7) {
        world_format(&world_xv6);
        world->fault = (struct fault){ .kinds = FAULT_ANY, .skip = n };
        bool mounted = world_boot(use_until_failure, NULL);
        check(mounted || strstr(world->wrong, "read") || strstr(world->wrong, "damaged"));
        world->fault.kinds = 0;
        check(world_boot(use_files, NULL)); /* what was committed is whole */
        check(world_is_consistent(NULL));
    }
}

/* Disks without a file system. */

static const char *mount_error(void)
{
    world_boot(use_nothing, NULL);
    return world->wrong;
}

static struct superblock *super(void) { return (struct superblock *)(world->disk + BSIZE); }

TEST("super blocks and logs that are wrong")
{
    world->nblocks = 0;
    check(strstr(mount_error(), "none"));
    world_format(&world_small);
    memset(super(), 0, BSIZE);
    check(strstr(mount_error(), "not a file system"));
    world_format(&world_small);
    memset(super(), 0xff, BSIZE);
    check(mount_error()[0]);
    world_format(&world_small);
    super()->features = 5;
    check(strstr(mount_error(), "features"));
    world_format(&world_small);
    super()->size++;
    check(strstr(mount_error(), "cut short"));
    world_format(&world_small);
    super()->nlog = 8;
    check(strstr(mount_error(), "log is too small"));
    world_format(&world_small);
    super()->ninodes = 1u << 30;
    check(mount_error()[0]);
    world_format(&world_small);
    *(int *)(world->disk + (size_t)super()->logstart * BSIZE) = -5;
    check(strstr(mount_error(), "log is damaged"));
    world_format(&world_small);
    memset(world->disk + (size_t)super()->inodestart * BSIZE, 0, BSIZE);
    check(strstr(mount_error(), "root directory"));
    world_format(&world_small);
    check_str(mount_error(), "");
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
        check_eq(f != NULL, files[i].exists);
        if (!f)
            continue;
        check_eq(file_read(f, bytes, MODEL_MAX + 1), files[i].size);
        check(memcmp(bytes, files[i].bytes, files[i].size) == 0);
        file_close(f);
    }
    free(bytes);
}

static void random_write(struct model *m, struct file *f)
{
    uint limit = layout->extended ? MODEL_MAX : MAXFILE * BSIZE;
    uint offset = fake_random(3) ? m->size : fake_random(m->size + 1), n = fake_random(9000);

    if (n > limit - offset)
        n = limit - offset;
    uchar *bytes = malloc(offset + n + 1);
    for (uint i = 0; i < n; i++)
        bytes[i] = fake_random(256);
    memcpy(m->bytes + offset, bytes, n);
    if (offset + n > m->size)
        m->size = offset + n;
    uchar *skip = malloc(offset + 1);
    check_eq(file_read(f, skip, offset), offset);
    check_eq(file_write(f, bytes, n), n);
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
        uint i = fake_random(NSLOTS), what = fake_random(16);
        char name[DIRSIZ + 1];
        snprintf(name, sizeof(name), "d%u/f%u", i % 3, i);
        if (what < 10) {
            struct file *f = open_file(name, O_CREATE | O_RDWR);
            files[i].exists = true;
            random_write(&files[i], f);
            file_close(f);
        } else if (what < 14) {
            check_eq(unlink_path(name), files[i].exists ? 0 : -1);
            files[i].exists = false;
            files[i].size = 0;
        } else if (what == 14) {
            check_eq(fs_sync(), 0);
        } else {
            check_against_model(files);
        }
    }
    check_against_model(files);
    check_eq(fs_settle(), 0);
    free(files);
}

TEST("random use against a model")
{
    uint nsteps = 400;
    static const struct fsimage_shape roomy = { false, 4000, 200, 30 };

    run_on(&roomy, use_randomly, &nsteps);
    run_on(&world_large, use_randomly, &nsteps);
    layout = &world_large;
    world_format(layout);
    check(world_boot_with(500, 0, use_randomly, &nsteps)); /* the cache can't hold it all */
    check(world_is_consistent(NULL));
}

TAP_MAIN(world_init, NULL)
