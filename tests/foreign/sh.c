/* sh.c - a shell of one command a line, with the prompt that xv6's users know.  After a last word `&` it does not wait:
   a child starts the command and ends, as in xv6. */
#include "foreign.h"

static int read_line(char *line, int size)
{
    int n = 0;

    while (n < size - 1 && read(0, line + n, 1) == 1)
        if (line[n++] == '\n')
            break;
    line[n] = 0;
    return n;
}

int main(void)
{
    static char line[128];
    char *argv[16];

    for (;;) {
        write(2, "$ ", 2);
        if (read_line(line, sizeof(line)) == 0)
            exit();
        int argc = 0;
        for (char *s = line; *s && argc < 15;) {
            while (*s == ' ' || *s == '\n')
                *s++ = 0;
            if (*s)
                argv[argc++] = s;
            while (*s && *s != ' ' && *s != '\n')
                s++;
        }
        argv[argc] = 0;
        if (argc == 0)
            continue;
        int in_background = argc > 1 && argv[argc - 1][0] == '&';
        if (in_background)
            argv[argc - 1] = 0;
        if (fork() == 0) {
            if (in_background && fork() > 0)
                exit();
            exec(argv[0], argv);
            say("exec failed\n");
            exit();
        }
        wait();
    }
}
