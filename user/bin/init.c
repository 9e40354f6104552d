/*
 * init.c - process 1.
 *
 * It makes the device files that are missing, and opens the console as descriptors 0, 1 and 2.  With the boot
 * parameter run=COMMAND, a shell runs that command, and the machine powers off with its status.  Otherwise there is
 * always a shell: a new one is started whenever the last has ended.  Meanwhile init reaps orphans, whose memory is
 * free only then.
 *
 * The line before the shell's first prompt is xv6's: test scripts wait for it.  The greeting for newcomers comes before
 * that line.
 */
#include "devices.h"
#include "fcntl.h"
#include "fs.h"
#include "stat.h"
#include "ulib.h"

#define DEVICE_MINOR 1
#define RETRY_TICKS  100  /* between attempts to start a shell that cannot start */
#define COMMAND_SIZE 1024 /* run=COMMAND comes from the boot loader's line, which is shorter */

/* A file may have the name instead, after `rm console; echo text > console'.  It gets another one. */
static void make_device_file(const char *name, short major)
{
    char old[DIRSIZ + 1];
    struct stat st;

    if (stat(name, &st) == 0 && st.type == T_DEV)
        return;
    snprintf(old, sizeof(old), "%s.old", name);
    rename(name, old);
    mknod(name, major, DEVICE_MINOR);
}

static void open_console(void)
{
    int fd = open("console", O_RDWR);

    while (fd >= 0 && fd < 2)
        fd = dup(fd);
}

/* Runs the shell until it ends.  Returns its status, or -1 if it was killed or could not be started. */
static int run_shell(char **argv)
{
    int pid = fork(), died, status = -1;

    if (pid == 0) {
        exec("/sh", argv);
        fail(127, "cannot execute /sh");
    }
    if (pid < 0) {
        warn("cannot start the shell");
        sleep(RETRY_TICKS);
        return -1;
    }
    while ((died = waits(&status)) != pid && died > 0)
        ;
    return status;
}

/* No line is longer than 40 characters: a telephone shows hardly more. */
static void greet(void)
{
    printf(1, "\nThis is KSM, a small Unix whose programs\n"
              "can share memory.  Try:\n"
              "  help     lists the programs\n"
              "  man sh   says how commands are typed\n"
              "  mathserver & mathclient -e 2^10\n"
              "           talk in shared memory\n"
              "Ctrl-C ends what runs, halt powers off.\n\n");
}

int main(void)
{
    static char command[COMMAND_SIZE];

    if (getpid() != 1)
        fail(2, "process 1 runs it already");
#define MAKE_DEVICE_FILE(name, major) make_device_file(name, major);
    DEVICE_FILES(MAKE_DEVICE_FILE)
    open_console();
    if (bootarg("run", command, sizeof(command)) >= 0) {
        int status = run_shell((char *[]){ "sh", "-c", command, NULL });

        halt(status >= 0 && status <= 255 ? status : 255);
    }
    greet();
    for (;;) {
        printf(1, "init: starting sh\n");
        if (run_shell((char *[]){ "sh", NULL }) == 127)
            sleep(RETRY_TICKS);
    }
}
