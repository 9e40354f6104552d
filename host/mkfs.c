/*
 * mkfs - makes a file system image from files of the host, or adds files to one.
 *
 *   mkfs [-x | --xv6] IMAGE [-s BLOCKS] [-i INODES] HOSTFILE[=NAME]...
 *   mkfs --add IMAGE HOSTFILE[=NAME]...
 *   mkfs --info IMAGE
 *
 * A new image gets the extended layout of include/fs.h, a log of 126 blocks and room to spare; with --xv6 it is
 * one that xv6 itself could have made: 1,000 blocks, 200 inodes, a log of 29 blocks.  --add works on both
 * layouts, replaces a file that is there already, and replays a full log first, as a kernel would.  --info
 * prints the layout, "xv6" or "extended", and its numbers.
 *
 * NAME is a path in the image; its directories are made.  Without it, a file goes into the root directory under
 * its own name.  A HOSTFILE with a '=' in its name is found all the same.  Names are cut to 14 bytes, as the
 * kernel cuts them; --add refuses longer ones, since it would replace a file that was not meant.
 *
 * The image is built in memory.  It is written to a new file, which is then renamed: no one sees half an image,
 * and one that can't be changed as asked stays as it was.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/fsimage.h"
#include "host/imagefile.h"

#define XV6_BLOCKS   1000u
#define XV6_INODES   200u
#define XV6_NLOG     30u
#define OUR_NLOG     127u      /* what one header block can name, and the header */
#define OUR_INODES   1024u     /* at least */
#define SPARE_BLOCKS 24576u    /* free space, unless -s says otherwise: 12 MB */
#define MAX_BLOCKS   0x400000u /* 2 GB */
#define MIN_INODES   2u        /* number 0, which is not used, and the root */
#define MAX_INODES   FSIMAGE_INUM_MAX

/* A file to be put into the image. */
struct source {
    char *path; /* on the host */
    char *name; /* in the image */
    uchar *bytes;
    uint nbytes;
    uint inum;
};

static struct source *sources;
static uint nsources;

static void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
static void die(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fprintf(stderr, "mkfs: ");
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fprintf(stderr, "\n");
    exit(1);
}

static void usage(void) __attribute__((noreturn));
static void usage(void)
{
    fprintf(stderr, "usage: mkfs [-x | --xv6] IMAGE [-s BLOCKS] [-i INODES] HOSTFILE[=NAME]...\n"
                    "       mkfs --add IMAGE HOSTFILE[=NAME]...\n"
                    "       mkfs --info IMAGE\n");
    exit(2);
}

static void *allocate(size_t n)
{
    void *p = calloc(1, n ? n : 1);

    if (!p)
        die("out of memory");
    return p;
}

/* The files. */

static void read_source(struct source *s, uint limit)
{
    struct stat st;
    int fd;
    size_t got = 0;
    const char *wrong = imagefile_open(s->path, &fd, &st);

    if (wrong)
        die("%s", wrong);
    if ((unsigned long long)st.st_size > limit)
        die("%s is too large: a file in the image holds at most %u bytes", s->path, limit);
    s->bytes = allocate(st.st_size);
    while (got < (size_t)st.st_size) {
        ssize_t n = read(fd, s->bytes + got, st.st_size - got);
        if (n < 0)
            die("can't read %s: %s", s->path, strerror(errno));
        if (n == 0)
            die("can't read %s: it became shorter", s->path);
        got += n;
    }
    s->nbytes = got;
    close(fd);
}

/* HOSTFILE or HOSTFILE=NAME. */
static void add_source(const char *arg)
{
    struct source *s = &sources[nsources++];

    s->path = strdup(arg);
    if (!s->path)
        die("out of memory");
    s->name = access(arg, F_OK) == 0 ? NULL : strrchr(s->path, '=');
    if (s->name) {
        *s->name++ = 0;
        return;
    }
    s->name = strrchr(s->path, '/');
    s->name = s->name ? s->name + 1 : s->path;
}

static uint max_bytes(bool extended) { return (extended ? EXT_MAXFILE : MAXFILE) * BSIZE; }

static void refuse_long_names(const char *path)
{
    char name[DIRSIZ + 1];
    size_t length;

    for (const char *p = path; (p = fsimage_next_name(p, name, &length));)
        if (length > DIRSIZ)
            die("%s: names in the image have at most %d bytes", path, DIRSIZ);
}

/* All names first, so that directories lie in consecutive blocks; then the contents. */
static void put_sources(struct fsimage *im, bool replace)
{
    const char *wrong;

    for (uint i = 0; i < nsources; i++)
        if ((wrong = fsimage_create(im, sources[i].name, replace, &sources[i].inum)))
            die("%s: %s", sources[i].name, wrong);
    for (uint i = 0; i < nsources; i++)
        if ((wrong = fsimage_fill(im, sources[i].inum, sources[i].bytes, sources[i].nbytes)))
            die("%s: %s", sources[i].name, wrong);
}

/* Writing. */

static void write_image(const char *path, mode_t mode, const uchar *bytes, size_t nbytes)
{
    const char *wrong = imagefile_write(path, mode, bytes, nbytes);

    if (wrong)
        die("%s", wrong);
}

/* A new image. */

static uint count_names(void)
{
    uint n = 0;
    char name[DIRSIZ + 1];
    size_t length;

    for (uint i = 0; i < nsources; i++)
        for (const char *p = sources[i].name; (p = fsimage_next_name(p, name, &length));)
            n++;
    return n;
}

/* The numbers that were not given (0): enough for the files, and for a block of directory for each name. */
static void choose_shape(struct fsimage_shape *shape)
{
    uint nnames = count_names();

    shape->nlog = shape->extended ? OUR_NLOG : XV6_NLOG;
    if (!shape->ninodes) {
        shape->ninodes = shape->extended ? OUR_INODES : XV6_INODES;
        if (shape->extended && nnames > OUR_INODES / 2)
            shape->ninodes = nnames < MAX_INODES / 2 ? 2 * nnames : MAX_INODES;
    }
    if (!shape->nblocks && !shape->extended)
        shape->nblocks = XV6_BLOCKS;
    if (!shape->nblocks) {
        uint content = nnames;
        for (uint i = 0; i < nsources; i++)
            content += fsimage_blocks_for(true, sources[i].nbytes);
        shape->nblocks = content + SPARE_BLOCKS;
        shape->nblocks += fsimage_metadata_blocks(shape);
    }
    if (shape->nblocks > MAX_BLOCKS)
        die("an image of %u blocks is too large: the limit is %u", shape->nblocks, MAX_BLOCKS);
}

static void make_image(const char *path, struct fsimage_shape *shape)
{
    struct fsimage im;

    for (uint i = 0; i < nsources; i++)
        read_source(&sources[i], max_bytes(shape->extended));
    choose_shape(shape);
    size_t nbytes = (size_t)shape->nblocks * BSIZE;
    uchar *bytes = allocate(nbytes);
    const char *wrong = fsimage_format(&im, bytes, shape);
    if (wrong)
        die("%s: %s", path, wrong);
    put_sources(&im, false);
    write_image(path, 0, bytes, nbytes);
}

/* An image that is there. */

static uchar *open_image(struct fsimage *im, const char *path, struct stat *st)
{
    uchar *bytes;
    const char *wrong = imagefile_map(path, &bytes, st);

    if (wrong)
        die("%s", wrong);
    if ((wrong = fsimage_open(im, bytes, st->st_size)))
        die("%s is not a disk image with a file system: %s", path, wrong);
    return bytes;
}

static void add_to_image(const char *path)
{
    struct fsimage im;
    struct stat st;
    uchar *bytes = open_image(&im, path, &st);

    for (uint i = 0; i < nsources; i++) {
        refuse_long_names(sources[i].name);
        read_source(&sources[i], im.layout.max_blocks * BSIZE);
    }
    put_sources(&im, true);
    write_image(path, st.st_mode & 07777, bytes, st.st_size);
}

static void print_info(const char *path)
{
    struct fsimage im;
    struct stat st;

    open_image(&im, path, &st);
    const struct superblock *sb = &im.layout.sb;
    printf("%s: %u blocks, %u inodes, %u blocks of log\n", sb->features ? "extended" : "xv6", sb->size,
           sb->ninodes, sb->nlog);
}

static uint number(const char *option, const char *text, uint least, uint limit)
{
    char *end;
    unsigned long n = text ? strtoul(text, &end, 10) : 0;

    if (!text || *text < '0' || *text > '9' || *end || n < least || n > limit)
        die("%s wants a number from %u to %u", option, least, limit);
    return n;
}

static bool is_xv6_option(const char *arg) { return strcmp(arg, "-x") == 0 || strcmp(arg, "--xv6") == 0; }

/* What the command line asks for. */
struct job {
    bool adding, info; /* else a new image is made */
    const char *path;
    struct fsimage_shape shape;
    bool shaped; /* the shape was given, or a part of it */
};

/* -s or -i; text is its number. */
static void parse_size(struct job *job, const char *option, const char *text)
{
    if (option[1] == 's')
        job->shape.nblocks = number(option, text, 1, MAX_BLOCKS);
    else
        job->shape.ninodes = number(option, text, MIN_INODES, MAX_INODES);
    job->shaped = true;
}

static void parse(struct job *job, int argc, char **argv)
{
    bool options = true;

    job->adding = argc > 1 && strcmp(argv[1], "--add") == 0;
    job->info = argc > 1 && strcmp(argv[1], "--info") == 0;
    for (int i = job->adding || job->info ? 2 : 1; i < argc; i++) {
        if (!options || argv[i][0] != '-') {
            if (job->path)
                add_source(argv[i]);
            else
                job->path = argv[i];
        } else if (strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (is_xv6_option(argv[i])) {
            job->shape.extended = false;
            job->shaped = true;
        } else if (strcmp(argv[i], "-s") == 0 || strcmp(argv[i], "-i") == 0) {
            parse_size(job, argv[i], argv[i + 1]);
            i++;
        } else {
            usage();
        }
    }
    if (!job->path || ((job->adding || job->info) && job->shaped) || (job->adding && !nsources) ||
        (job->info && nsources))
        usage();
}

int main(int argc, char **argv)
{
    struct job job = { .shape.extended = true };

    imagefile_begin();
    sources = allocate(argc * sizeof(*sources));
    parse(&job, argc, argv);
    if (job.info)
        print_info(job.path);
    else if (job.adding)
        add_to_image(job.path);
    else
        make_image(job.path, &job.shape);
    return imagefile_end("mkfs", 0, 1);
}
