/*
 * rm.c - removes files and empty directories.
 *
 *   rm FILE...
 */
#include "stat.h"
#include "ulib.h"

static const char *reason(const char *path)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return "does not exist";
    return st.type == T_DIR ? "cannot remove: a directory must be empty" : "cannot remove";
}

int main(int argc, char *argv[])
{
    int status = 0;

    if (getopt(argc, argv, "") >= 0 || optind == argc)
        fail(2, "usage: rm FILE...");
    for (int i = optind; i < argc; i++) {
        if (unlink(argv[i]) < 0) {
            warn("%s: %s", argv[i], reason(argv[i]));
            status = 1;
        }
    }
    return status;
}
