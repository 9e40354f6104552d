/*
 * ls.c - lists files and directories.
 *
 *   ls [FILE]...                 prints NAME TYPE INODE SIZE; the types are 1 directory, 2 file, 3 device
 */
#include "fcntl.h"
#include "fs.h"
#include "stat.h"
#include "ulib.h"

static void print(const char *name, const struct stat *st)
{
    printf(1, "%-14s %d %u %u\n", name, st->type, st->ino, st->size);
}

static int list_directory(int fd, const char *path)
{
    uint size = strlen(path) + DIRSIZ + 2;
    char *entry_path = malloc(size);
    struct dirent entry;
    int status = 0;

    if (!entry_path)
        fail(1, "out of memory");
    while (read(fd, &entry, sizeof(entry)) == (int)sizeof(entry)) {
        struct stat st;

        if (entry.inum == 0)
            continue;
        snprintf(entry_path, size, "%s/%.*s", path, DIRSIZ, entry.name);
        if (stat(entry_path, &st) < 0) {
            warn("%s: cannot open", entry_path);
            status = 1;
            continue;
        }
        print(entry_path + strlen(path) + 1, &st);
    }
    free(entry_path);
    return status;
}

static const char *last_part(const char *path)
{
    const char *last = path;

    for (; *path; path++) {
        if (path[0] == '/' && path[1])
            last = path + 1;
    }
    return last;
}

static int list(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY), status = 0;

    if (fd < 0 || fstat(fd, &st) < 0) {
        warn("%s: cannot open", path);
        status = 1;
    } else if (st.type == T_DIR) {
        status = list_directory(fd, path);
    } else {
        print(last_part(path), &st);
    }
    if (fd >= 0)
        close(fd);
    return status;
}

int main(int argc, char *argv[])
{
    int status = 0;

    if (argc == 1)
        return list(".");
    for (int i = 1; i < argc; i++)
        status |= list(argv[i]);
    return status;
}
