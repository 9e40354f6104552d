/*
 * ls.c - lists files and directories, sorted by name.
 *
 *   ls [-l | -C] [FILE]...       prints NAME TYPE INODE SIZE; the types are 1 directory, 2 file, 3 device
 *
 * -l: as a table with a heading.  -C: names alone, in columns if descriptor 1 is a terminal; the same without an option
 * where the terminal answers.  Elsewhere the lines are xv6's, also on the console: scripts that were written for xv6
 * look for them.
 */
#include "fcntl.h"
#include "fs.h"
#include "stat.h"
#include "ulib.h"

#define COLUMN_WIDTH (DIRSIZ + 2)

struct file {
    char name[DIRSIZ + 1];
    struct stat st;
};

static struct {
    bool table;
    bool heading; /* of the table, still to be printed */
    bool names;
    bool columns;
} options;

/* What is in the directory that is being listed. */
static struct {
    struct file *files;
    uint count, room;
} found;

static void print(const char *name, const struct stat *st)
{
    if (options.heading)
        must_print("%-14s %s %s %10s\n", "NAME", "TYPE", "INODE", "SIZE");
    options.heading = false;
    if (options.names)
        must_print("%s\n", name);
    else if (options.table)
        must_print("%-14s %4d %5u %10u\n", name, st->type, st->ino, st->size);
    else
        must_print("%-14s %d %u %u\n", name, st->type, st->ino, st->size);
}

static struct file *add_file(const char *name)
{
    if (found.count == found.room) {
        found.room = 2 * found.room + 64;
        found.files = realloc(found.files, found.room * sizeof(*found.files));
        if (!found.files)
            fail(1, "out of memory");
    }

    struct file *f = &found.files[found.count++];

    snprintf(f->name, sizeof(f->name), "%.*s", DIRSIZ, name);
    return f;
}

static int read_directory(int fd, const char *path)
{
    struct dirent entry;
    int status = 0, n;

    found.count = 0;
    while ((n = read(fd, &entry, sizeof(entry))) == (int)sizeof(entry)) {
        if (entry.inum == 0)
            continue;

        struct file *f = add_file(entry.name);
        char *file_path = path_join(path, f->name);

        if (stat(file_path, &f->st) < 0) {
            warn("%s: cannot open", file_path);
            status = 1;
            found.count--;
        }
        free(file_path);
    }
    if (n < 0) {
        warn("%s: read error", path);
        status = 1;
    }
    return status;
}

/* Names must not control a terminal. */
static void make_name_printable(char *name)
{
    if (is_terminal(1))
        make_printable(name, strlen(name));
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->name, ((const struct file *)b)->name);
}

/* Down each column, then the next. */
static void print_columns(void)
{
    uint width = terminal_columns() ? terminal_columns() : SCREEN_COLUMNS;
    uint ncolumns = (width + 2) / COLUMN_WIDTH, nrows = (found.count + ncolumns - 1) / ncolumns;

    for (uint row = 0; row < nrows; row++) {
        for (uint i = row; i < found.count; i += nrows) {
            bool last = i + nrows >= found.count;

            must_print("%-*s", last ? 0 : COLUMN_WIDTH, found.files[i].name);
        }
        must_print("\n");
    }
}

static int list_directory(int fd, const char *path)
{
    int status = read_directory(fd, path);

    qsort(found.files, found.count, sizeof(*found.files), compare);
    for (uint i = 0; i < found.count; i++)
        make_name_printable(found.files[i].name);
    if (options.columns) {
        print_columns();
        return status;
    }
    for (uint i = 0; i < found.count; i++)
        print(found.files[i].name, &found.files[i].st);
    return status;
}

static int list(char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY), status = 0;

    if (fd < 0 || fstat(fd, &st) < 0) {
        warn("%s: cannot open", path);
        status = 1;
    } else if (st.type == T_DIR) {
        status = list_directory(fd, path);
    } else {
        make_name_printable(path);
        print(path_last(path), &st);
    }
    if (fd >= 0)
        close(fd);
    return status;
}

int main(int argc, char *argv[])
{
    int option, status = 0;

    options.names = is_terminal(1) && terminal_columns() > 0;
    while ((option = getopt(argc, argv, "lC")) >= 0) {
        if (option == '?')
            fail(2, "usage: ls [-l | -C] [FILE]...");
        options.table = options.heading = option == 'l';
        options.names = option == 'C';
    }
    options.columns = options.names && is_terminal(1);
    if (optind == argc)
        return list((char[]){ "." });
    for (int i = optind; i < argc; i++)
        status |= list(argv[i]);
    return status;
}
