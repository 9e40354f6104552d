/*
 * user.h - the system calls and the small C library, under the names that xv6's programs use.
 *
 * Nothing else is declared here, so a program for xv6 may define what xv6 left out (strncmp, rename, ...) as it
 * likes.  This system's own programs include ulib.h, which has more, its other calls too.  A call returns 0, or -1 on
 * failure, unless it says otherwise.  Each has a man page.
 */
#ifndef USER_H
#define USER_H

#include "types.h"
#include "xv6lib.h"

struct stat;

/* xv6's system calls.  dup, getpid, kill and uptime never sleep.  Sleeps: may. */

int fork(void);                            /* returns 0 in the child, the child's pid in the parent */
int wait(void);                            /* returns the pid of a child that ended; exit() is in xv6lib.h */
int pipe(int *fds);                        /* fds[0] reads what was written to fds[1] */
int write(int fd, const void *buf, int n); /* returns the bytes written */
int read(int fd, void *buf, int n);        /* returns the bytes read; 0 at the end */
int close(int fd);
int kill(int pid);
int exec(char *path, char **argv);    /* returns only if it fails */
int open(const char *path, int mode); /* fcntl.h has the modes; returns a descriptor */
int mknod(const char *path, short major, short minor);
int unlink(const char *path);
int fstat(int fd, struct stat *st);
int link(const char *old, const char *new);
int mkdir(const char *path);
int chdir(const char *path);
int dup(int fd); /* returns the lowest free descriptor */
int getpid(void);
char *sbrk(int n); /* returns the old end of the heap; (char *)-1 on failure */
int sleep(int ticks);
int uptime(void); /* ticks since boot, 100 a second */

/* This system's own: wait() with the child's status; -1: it was killed.  exits() is in xv6lib.h.  Sleeps: may. */
int waits(int *status);

/* As newer systems have it, wait() may be given where the child's status goes, or 0. */
#define wait(...) LIB_THIRD(_, ##__VA_ARGS__, waits, wait, 0)(__VA_ARGS__)

/* xv6's library besides xv6lib.h's.  Sleeps: may. */

int stat(const char *path, struct stat *st);
char *gets(char *buf, int max); /* a line from descriptor 0 with its \n; "" at the end of file */

#endif
