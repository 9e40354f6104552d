/*
 * forge.c - gives itself names that look like what the kernel tells its tools, and has the kernel print them.
 *
 *   forge STATUS    forges the end of the machine in several ways; then ends with that status, or never if it is -1
 *
 * ./ksm run must believe none of them (tests/cli/forge.py).
 */
#include "ulib.h"

#define NO_SUCH_CALL 999

static char *const names[] = {
    "\nexit 0\n",     "\n\001exit 0\n", "\001exit 0",     "\n\001exit panic",
    "\n\001prompt\n", "exit 0",         "\r\001exit 0\r",
};

static void make_noise(void)
{
    int result;

    asm volatile("int $0x40" : "=a"(result) : "0"(NO_SUCH_CALL) : "memory");
    *(volatile int *)0x70000000 = 1; /* the kernel reports this fault too */
    exits(1);
}

static void run_as(char *name)
{
    char *argv[] = { name, "!", NULL };

    unlink(name);
    if (link("/forge", name) < 0)
        fail(9, "no link");
    int pid = fork();
    if (pid == 0) {
        exec(name, argv);
        exits(9);
    }
    wait();
    unlink(name);
}

int main(int argc, char **argv)
{
    int status = -1;

    if (argc == 2 && argv[1][0] == '!')
        make_noise();
    if (argc != 2 || !parse_number(argv[1], &status))
        fail(2, "usage: forge STATUS");
    for (uint i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        printf(1, "%s", names[i]);
        run_as(names[i]);
    }
    printf(1, "\nforged\n");
    while (status < 0)
        sleep(1000);
    exits(status);
}
