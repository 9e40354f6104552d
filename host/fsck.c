/*
 * fsck - checks a file system image, names what is wrong with it, and mends it.
 *
 *   fsck [-q] [-n | -y] IMAGE
 *
 *   -n   changes nothing: the default, unless standard input and output are a terminal; there it asks
 *   -y   mends what it finds
 *   -q   a good image produces no output
 *
 * Exit status, as that of other systems' fsck:  0: consistent   1: it was not, and is mended   4: it is not
 * 8: it can't be read or written, or the arguments are wrong
 *
 * A log that holds a committed transaction is no problem: a power cut leaves it, and the next mount completes it.  The
 * same goes for files that were open and had no name left.  Mending replays the log.
 *
 * A mended image is written to a new file, which then takes the old one's name: a power cut leaves the old image or the
 * mended one.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/fscheck.h"
#include "host/fsmend.h"
#include "host/imagefile.h"

#define ROUNDS_MAX 3 /* a mend can bring to light what hid behind the damage */

enum status { GOOD = 0, MENDED = 1, LEFT = 4, FAILED = 8 };

struct options {
    bool quiet, no, yes;
};

static const char *path; /* of the image, for report() */

static void report(const char *line) { printf("%s: %s\n", path, line); }
static void ignore(const char *line) { (void)line; }

static bool parse(struct options *o, int argc, char **argv)
{
    int c;

    *o = (struct options){ 0 };
    while ((c = getopt(argc, argv, "nqy")) != -1) {
        if (c == '?')
            return false;
        *(c == 'q' ? &o->quiet : c == 'y' ? &o->yes : &o->no) = true;
    }
    path = argv[optind];
    return argc == optind + 1 && !(o->no && o->yes);
}

static void note(const struct check_result *result)
{
    if (result->nlogged)
        printf("%s: note: blocks in the log: %u; checked as the next mount will see them\n", path,
               result->nlogged);
    if (result->norphans)
        printf("%s: note: files without a name: %u; the next mount frees them\n", path, result->norphans);
}

static void conclude(const struct check_result *result)
{
    if (result->nproblems)
        printf("%s: %u problem%s\n", path, result->nproblems, result->nproblems == 1 ? "" : "s");
    else
        printf("%s: good\n", path);
}

/* Does the user agree?  Asked only at a terminal. */
static bool agrees(void)
{
    char answer[100];

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return false;
    printf("%s: mend it? (y or n) ", path);
    fflush(stdout);
    return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/* Mends the bytes, and says what was done.  False: something is left. */
static bool mend(uchar *bytes, size_t nbytes)
{
    struct check_result result;

    for (int round = 0; round < ROUNDS_MAX; round++) {
        bool whole = mend_image(bytes, nbytes, report);
        check_image(bytes, nbytes, ignore, &result);
        if (result.nproblems == 0)
            return true;
        if (!whole)
            break;
    }
    check_image(bytes, nbytes, report, &result);
    return false;
}

/* Would mending leave as many problems as there are?  The bytes are changed. */
static bool is_hopeless(uchar *bytes, size_t nbytes, uint nproblems)
{
    struct check_result result;

    if (mend_image(bytes, nbytes, ignore))
        return false;
    check_image(bytes, nbytes, ignore, &result);
    return result.nproblems >= nproblems;
}

static enum status check(int argc, char **argv)
{
    struct options o;
    struct check_result result;
    struct stat st;
    uchar *bytes;

    if (!parse(&o, argc, argv)) {
        fprintf(stderr, "usage: fsck [-q] [-n | -y] IMAGE\n");
        return FAILED;
    }
    const char *wrong = imagefile_map(path, &bytes, &st);
    if (wrong) {
        fprintf(stderr, "fsck: %s\n", wrong);
        return FAILED;
    }
    check_image(bytes, st.st_size, report, &result);
    if (!o.quiet)
        note(&result);
    if (!o.quiet || result.nproblems)
        conclude(&result);
    if (!result.nproblems && !(o.yes && result.nlogged))
        return GOOD;
    if (o.no || !(o.yes || agrees())) {
        if (result.nproblems && is_hopeless(bytes, st.st_size, result.nproblems))
            printf("%s: it can't be mended\n", path);
        return result.nproblems ? LEFT : GOOD;
    }
    bool mended = mend(bytes, st.st_size);
    wrong = imagefile_write(path, st.st_mode & 07777, bytes, st.st_size);
    if (wrong) {
        fprintf(stderr, "fsck: %s\n", wrong);
        return FAILED;
    }
    printf("%s: %s\n", path, mended ? "mended" : "not all of it could be mended");
    return mended ? MENDED : LEFT;
}

int main(int argc, char **argv)
{
    imagefile_begin();
    return imagefile_end("fsck", check(argc, argv), FAILED);
}
