/*
 * files.c - loads of bulk: files, directories, and a pipe.
 */
#include "bulk.h"

#include "fcntl.h"

void load_files(uint n)
{
    char name[16], buf[4096];

    need(mkdir("bulk.d") == 0 && chdir("bulk.d") == 0, "mkdir");
    memset(buf, 'x', sizeof(buf));
    for (uint i = 0; i < n; i++) {
        snprintf(name, sizeof(name), "file%u", i);
        int fd = open(name, O_CREATE | O_RDWR);
        need(fd >= 0 && write(fd, buf, i == 0 ? 4096 : 600) > 0, "write");
        for (uint j = 0; i == 0 && j < 200; j++)
            need(write(fd, buf, sizeof(buf)) > 0, "write");
        close(fd);
    }
    need(sync() == 0, "sync");
    for (uint i = 0; i < n; i++) {
        snprintf(name, sizeof(name), "file%u", i);
        need(unlink(name) == 0, "unlink");
    }
    need(sync() == 0 && chdir("/") == 0 && unlink("bulk.d") == 0, "unlink");

    int ends[2];
    need(pipe(ends) == 0, "pipe");
    for (int i = 0; i < 2; i++)
        need(write(ends[1], buf, 4096) == 4096, "write");
    char *fresh = sbrk(2 * 4096); /* the reader's pages are made under the pipe's lock */
    need(read(ends[0], fresh, 8192) == 8192, "read");
    close(ends[0]);
    close(ends[1]);
}

void load_paths(uint n)
{
    static const char step[] = "0000000000last/../";
    char name[16], path[1000];

    need(mkdir("bulk.d") == 0 && chdir("bulk.d") == 0, "mkdir");
    close(open("name", O_CREATE | O_RDWR));
    for (uint i = 0; i < n; i++) {
        snprintf(name, sizeof(name), "0000000000%04u", i);
        need(link("name", name) == 0, "link");
    }
    need(mkdir("0000000000last") == 0, "mkdir");
    for (uint at = 0; at + sizeof(step) <= sizeof(path); at += sizeof(step) - 1)
        strcpy(path + at, step);
    int fd = open(path, O_RDONLY);
    need(fd >= 0, "open");
    close(fd);
    for (uint i = 0; i < n; i++) {
        snprintf(name, sizeof(name), "0000000000%04u", i);
        need(unlink(name) == 0, "unlink");
    }
    need(unlink("name") == 0 && unlink("0000000000last") == 0 && chdir("/") == 0 && unlink("bulk.d") == 0,
         "unlink");
}

void load_removal(uint nkb)
{
    static char buf[16384];
    int fd = open("bulk.f", O_CREATE | O_WRONLY);

    need(fd >= 0, "open");
    for (uint done = 0; done < nkb * 1024; done += sizeof(buf))
        need(write(fd, buf, sizeof(buf)) == (int)sizeof(buf), "write");
    close(fd);
    need(unlink("bulk.f") == 0, "unlink");
}

void load_deep(uint n)
{
    for (uint i = 0; i < n; i++)
        need(mkdir("bulk.d") == 0 && chdir("bulk.d") == 0, "mkdir");
    need(mkdir("a") == 0 && rename("a", "../a") == 0 && unlink("../a") == 0, "rename");
    for (uint i = 0; i < n; i++)
        need(chdir("..") == 0 && unlink("bulk.d") == 0, "unlink");
}

void load_inodes(uint n)
{
    char name[16];
    uint depth = 0;

    for (; mkdir("bulk.d") == 0; depth++) {
        need(chdir("bulk.d") == 0, "chdir");
        for (uint i = 0; i < 64; i++) {
            snprintf(name, sizeof(name), "%u", i);
            mknod(name, 1, 1);
        }
    }
    for (uint i = 0; i < n; i++)
        need(mkdir("bulk.d") < 0, "mkdir");
    for (; depth > 0; depth--) {
        for (uint i = 0; i < 64; i++) {
            snprintf(name, sizeof(name), "%u", i);
            unlink(name);
        }
        need(chdir("..") == 0 && unlink("bulk.d") == 0, "unlink");
    }
}
