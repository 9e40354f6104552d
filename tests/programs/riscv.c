/* riscv.c - a program written for xv6 on RISC-V, by its headers: tests/cli/build.py builds it as a user's source. */
#include "kernel/riscv.h"
#include "kernel/fcntl.h"
#include "kernel/fs.h"
#include "kernel/memlayout.h"
#include "kernel/param.h"
#include "kernel/stat.h"
#include "kernel/syscall.h"
#include "kernel/types.h"
#include "user/user.h"

int main(int argc, char *argv[])
{
    int status, fds[2];
    struct stat st;

    if (pipe(fds) < 0)
        exit(1);
    if (fork() == 0) {
        fprintf(2, "child %d\n", getpid() > 0);
        exit(3);
    }
    wait(&status);
    if (status != 3 || wait(0) != -1 || wait((int *)0) != -1 || fstat(2, &st) < 0 || st.type != T_DEVICE ||
        sizeof(uint64) != 8 || PGROUNDUP(1) != PGSIZE || SYS_fork != 1) {
        fprintf(2, "bad\n");
        exit(1);
    }
    char *heap = sbrklazy(PGSIZE);
    if (pause(1) != 0 || heap[PGSIZE - 1] != 0 || sbrk(0) != heap + PGSIZE)
        exit(1);
    printf("riscv %d %s\n", status, memcmp("a", "a", 1) == 0 ? "same" : "other");
    exit(0);
}

/* A program may have its own function of that name. */
#undef pause
static void pause(void) { sleep(0); }
void rest(void) { pause(); }
