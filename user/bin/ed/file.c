/*
 * file.c - the text comes from files and goes to them.
 *
 * It is not to be lost: all of it is written to a new file before anything happens to the old one.  So a full disk
 * leaves the old file as it was, or the text in the new one.
 */
#include "ed.h"
#include "fcntl.h"
#include "stat.h"

static void print_count(uint nbytes)
{
    if (!silent)
        printf("%u\n", nbytes);
}

bool file_read(const char *name)
{
    int fd = open(name, O_RDONLY);
    struct line_reader reader = LINE_READER(fd);
    struct stat st;
    uint nbytes = 0, n;
    char *line;
    bool good = true;

    if (fd < 0)
        return wrong("cannot open the file");
    if (fstat(fd, &st) == 0 && st.type == T_DIR) /* its bytes are no text */
        good = wrong("it is a directory");
    while (good && (line = line_next(&reader, &n))) {
        good = text_insert(line, n);
        nbytes += n + 1;
    }
    if (good && reader.failed)
        good = wrong("cannot read the file, or out of memory");
    free(reader.buf);
    close(fd);
    if (good)
        print_count(nbytes);
    return good;
}

/* Writes lines first to last to a descriptor: the number of bytes, or -1. */
static int write_lines(int fd, uint first, uint last)
{
    static char buffer[4096];
    uint used = 0, nbytes = 0;

    for (uint i = first; i <= last && i > 0; i++) {
        const struct line *line = text.lines[i - 1];

        nbytes += line->n + 1;
        for (uint at = 0; at <= line->n; at++) {
            buffer[used++] = at < line->n ? line->text[at] : '\n';
            if (used == sizeof(buffer)) {
                if (write_all(fd, buffer, (int)used) < 0)
                    return -1;
                used = 0;
            }
        }
    }
    return write_all(fd, buffer, (int)used) < 0 ? -1 : (int)nbytes;
}

static int write_to(const char *name, uint first, uint last)
{
    int fd = open_output(name, O_TRUNC), n;

    if (fd < 0)
        return -1;
    n = write_lines(fd, first, last);
    close(fd);
    return n;
}

/* The name of a file beside this one that is not there yet. */
static void name_beside(const char *name, char other[PATH_SIZE + 16])
{
    struct stat st;
    int n = path_last(name) - name;
    uint number = (uint)getpid();

    do {
        snprintf(other, PATH_SIZE + 16, "%.*sed%u", n, name, number++ % 100000000);
    } while (stat(other, &st) == 0);
}

/* Writes to a new file, which takes the old one's name.  If the old one has other names as well, they are to lead to
   the new text, too: then the new file is a copy in case that fails, and goes when it is done. */
static bool replace(const char *name, bool several, uint first, uint last, int *n)
{
    static char kept[PATH_SIZE + 80];
    char other[PATH_SIZE + 16];

    name_beside(name, other);
    *n = write_to(other, first, last);
    if (*n >= 0 && !several && rename(other, name) == 0)
        return true;
    if (*n >= 0 && several && write_to(name, first, last) < 0) {
        snprintf(kept, sizeof(kept), "cannot write all of the file: the text is here still, and in %s",
                 other);
        return wrong(kept);
    }
    unlink(other);
    return (*n >= 0 && several) ||
           wrong("cannot write the file: the text is here still, and so is what was in the file");
}

bool file_write(const char *name, uint first, uint last)
{
    struct stat st;
    bool there = stat(name, &st) == 0;
    int n;

    if (there && st.type != T_FILE) {
        n = write_to(name, first, last);
        if (n < 0)
            return wrong("cannot write all of it: the text is here still");
    } else if (!replace(name, there && st.nlink > 1, first, last, &n)) {
        return false;
    }
    print_count((uint)n);
    if (first <= 1 && last == text.n)
        changed = false;
    return true;
}
