/* imagefile.c - see imagefile.h. */
#include "host/imagefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "include/fs.h"

static const char *wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static const char *wrong(const char *fmt, ...)
{
    static char message[4200];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    return message;
}

void imagefile_begin(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    close(fd);
}

int imagefile_end(const char *program, int status, int failed)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "%s: can't write to standard output: %s\n", program, strerror(errno));
    return failed;
}

const char *imagefile_open(const char *path, int *fd, struct stat *st)
{
    *fd = open(path, O_RDONLY | O_NONBLOCK);
    if (*fd < 0)
        return wrong("can't open %s: %s", path, strerror(errno));
    if (fstat(*fd, st) == 0 && S_ISREG(st->st_mode))
        return NULL;
    close(*fd);
    return wrong("can't read %s: it is not a regular file", path);
}

const char *imagefile_map(const char *path, uchar **bytes, struct stat *st)
{
    int fd;
    const char *problem = imagefile_open(path, &fd, st);

    if (problem)
        return problem;
    *bytes = st->st_size ? mmap(NULL, st->st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) : NULL;
    close(fd);
    return *bytes == MAP_FAILED ? wrong("can't read %s: %s", path, strerror(errno)) : NULL;
}

static bool is_zero(const uchar *block) { return block[0] == 0 && memcmp(block, block + 1, BSIZE - 1) == 0; }

/* Zeroes stay holes. */
static bool write_blocks(FILE *f, const uchar *bytes, size_t nbytes)
{
    for (size_t at = 0; at < nbytes; at += BSIZE) {
        size_t n = nbytes - at < BSIZE ? nbytes - at : BSIZE;
        if (n == BSIZE && is_zero(bytes + at)) {
            if (fseeko(f, BSIZE, SEEK_CUR) < 0)
                return false;
        } else if (fwrite(bytes + at, 1, n, f) != n) {
            return false;
        }
    }
    return fflush(f) == 0 && ftruncate(fileno(f), nbytes) == 0 && fsync(fileno(f)) == 0;
}

static const char *replace(const char *path, mode_t mode, const uchar *bytes, size_t nbytes)
{
    char *temporary;
    const char *problem = NULL;
    struct stat st;

    bool exists = stat(path, &st) == 0;
    if (exists && !S_ISREG(st.st_mode))
        return wrong("can't write %s: it is not a regular file", path);
    temporary = malloc(strlen(path) + sizeof(".XXXXXX"));
    if (!temporary)
        return "out of memory";
    sprintf(temporary, "%s.XXXXXX", path);
    int fd = mkstemp(temporary);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!f) {
        problem = wrong("can't create a file beside %s: %s", path, strerror(errno));
        free(temporary);
        return problem;
    }
    mode_t mask = umask(0);
    umask(mask);
    if (exists)
        (void)!fchown(fd, st.st_uid, st.st_gid); /* if that fails, the image is ours, and good all the same */
    bool good = write_blocks(f, bytes, nbytes) && fchmod(fd, mode ? mode : 0666 & ~mask) == 0;
    if (fclose(f) != 0 || !good || rename(temporary, path) != 0) {
        problem = wrong("can't write %s: %s", path, strerror(errno));
        remove(temporary);
    }
    free(temporary);
    return problem;
}

const char *imagefile_write(const char *path, mode_t mode, const uchar *bytes, size_t nbytes)
{
    char *real = realpath(path, NULL);
    const char *problem = replace(real ? real : path, mode, bytes, nbytes);

    free(real);
    return problem;
}
