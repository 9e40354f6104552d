/*
 * hog.c - takes all memory there is, down to the last frame, and keeps at it.
 *
 *   hog       does it itself
 *   hog -o    has a child that does it, and ends when the child has it all
 *   hog -k    kills the shell that started it when it has it all, and tries to be faster than the next one
 *   hog -c    leaves behind as many children as it can have
 *   hog -s    leaves behind as many segments
 */
#include "ksm.h"
#include "procinfo.h"
#include "ulib.h"

/* Touches each page of a new piece; false: it could not be had. */
static bool take(int npages)
{
    char *p = sbrk(npages * (int)PAGE_SIZE);

    if (p == (char *)-1)
        return false;
    for (int i = 0; i < npages; i++)
        p[i * (int)PAGE_SIZE] = 1;
    return true;
}

static int parent(void)
{
    struct procinfo info;

    return procinfo(getpid(), &info) == 0 ? info.ppid : -1;
}

static int leave(bool (*make)(int i))
{
    int n = 0;

    while (make(n))
        n++;
    printf(1, "hog leaves %d\n", n);
    return 0;
}

static bool make_child(int i)
{
    int pid = fork();

    (void)i;
    if (pid == 0)
        for (;;)
            sleep(1000);
    return pid > 0;
}

static bool make_segment(int i) { return ksmget(getpid() << 16 | i, PAGE_SIZE, KSM_MUSTNOTEXIST) > 0; }

int main(int argc, char *argv[])
{
    bool forks = argc > 1 && strcmp(argv[1], "-o") == 0, kills = argc > 1 && strcmp(argv[1], "-k") == 0;
    int ends[2], n = 0;
    char c;

    if (argc > 1 && strcmp(argv[1], "-c") == 0)
        return leave(make_child);
    if (argc > 1 && strcmp(argv[1], "-s") == 0)
        return leave(make_segment);
    if (pipe(ends) < 0)
        fail(1, "cannot make a pipe");
    if (forks && fork() > 0) {
        close(ends[1]);
        read(ends[0], &c, 1);
        return 0;
    }

    for (int npages = 4096; npages > 0; npages /= 2)
        while (take(npages))
            n += npages;
    printf(1, "hog has %d pages\n", n);
    close(ends[0]);
    close(ends[1]);
    if (kills) {
        kill(parent());
        for (int npages = 16;; npages = npages > 1 ? npages / 2 : 16)
            sbrk(npages * (int)PAGE_SIZE); /* a page that is promised is as good as taken */
    }
    for (;;)
        if (!take(1))
            sleep(10);
}
