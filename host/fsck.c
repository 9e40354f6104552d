/*
 * fsck - checks a file system image and names what is wrong with it.
 *
 *   fsck [-q] IMAGE
 *
 * Exit status 0: consistent; 1: it has problems, one line each; 2: it can't be read.  With -q, a good image
 * produces no output.  A log that holds a committed transaction is no problem: a power cut leaves it, and the
 * next mount completes it.  The same goes for files that were open and had no name left.  The image is never
 * changed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/fscheck.h"

static const char *path;

static void report(const char *problem) { printf("%s: %s\n", path, problem); }

static void *read_image(size_t *nbytes)
{
    FILE *f = fopen(path, "rb");

    if (!f)
        return NULL;
    size_t room = 1u << 20, got;
    char *bytes = malloc(room);
    *nbytes = 0;
    while (bytes && (got = fread(bytes + *nbytes, 1, room - *nbytes, f)) > 0) {
        *nbytes += got;
        if (*nbytes == room)
            bytes = realloc(bytes, room *= 2);
    }
    if (ferror(f)) {
        free(bytes);
        bytes = NULL;
    }
    fclose(f);
    return bytes;
}

int main(int argc, char **argv)
{
    int quiet = argc > 1 && strcmp(argv[1], "-q") == 0;

    if (argc != 2 + quiet || (argv[1 + quiet][0] == '-' && argv[1 + quiet][1])) {
        fprintf(stderr, "usage: fsck [-q] IMAGE\n");
        return 2;
    }
    path = argv[1 + quiet];
    size_t nbytes;
    errno = 0;
    void *image = read_image(&nbytes);
    if (!image) {
        fprintf(stderr, "fsck: can't read %s: %s\n", path, strerror(errno));
        return 2;
    }
    struct check_result result;
    check_image(image, nbytes, report, &result);
    free(image);
    if (result.nlogged && !quiet)
        printf("%s: note: the log holds %u blocks; checked as the next mount will see them\n", path,
               result.nlogged);
    if (result.norphans && !quiet)
        printf("%s: note: %u files without a name; the next mount frees them\n", path, result.norphans);
    if (result.nproblems)
        printf("%s: %u problem%s\n", path, result.nproblems, result.nproblems == 1 ? "" : "s");
    else if (!quiet)
        printf("%s: good\n", path);
    return result.nproblems != 0;
}
