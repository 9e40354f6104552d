/*
 * pwd.c - prints the path of the current directory.
 *
 *   pwd
 *
 * A directory does not know its name: its parent does.  So pwd climbs to the root, and looks in each parent for the
 * number of the directory that it came from.
 */
#include "fcntl.h"
#include "fs.h"
#include "stat.h"
#include "ulib.h"

/* Puts the name of the directory number `ino`, as the current directory has it, into name. */
static void find_name(uint ino, char name[DIRSIZ + 1])
{
    struct dirent entry;
    int fd = open(".", O_RDONLY);

    if (fd < 0)
        fail(1, "cannot open a directory above this one");
    while (read(fd, &entry, sizeof(entry)) == (int)sizeof(entry)) {
        if (entry.inum == ino && strncmp(entry.name, "..", DIRSIZ) != 0) {
            snprintf(name, DIRSIZ + 1, "%.*s", DIRSIZ, entry.name);
            close(fd);
            return;
        }
    }
    fail(1, "the current directory has been removed");
}

/* Moves to the parent.  false: there is none. */
static bool climb(uint *ino)
{
    struct stat here, parent;

    if (stat(".", &here) < 0 || stat("..", &parent) < 0 || chdir("..") < 0)
        fail(1, "the current directory has been removed");
    *ino = here.ino;
    return here.ino != parent.ino;
}

int main(int argc, char *argv[])
{
    char *path = strdup("");
    uint ino;

    if (getopt(argc, argv, "") >= 0 || optind < argc)
        fail(2, "usage: pwd");
    while (path && climb(&ino)) {
        char name[DIRSIZ + 1];

        find_name(ino, name);

        uint size = strlen(name) + strlen(path) + 2;
        char *longer = malloc(size);

        if (longer)
            snprintf(longer, size, "/%s%s", name, path);
        free(path);
        path = longer;
    }
    if (!path)
        fail(1, "out of memory");
    must_print("%s\n", *path ? path : "/"); /* NOLINT(clang-analyzer-unix.Malloc): exit frees it */
    return 0;
}
