/*
 * user.h - the system calls and the small C library, under the names that xv6's programs use.
 *
 * Nothing else is declared here, so that a program for xv6 may define what xv6 left out (strncmp, memcpy,
 * ...) as it likes.  This system's own programs include ulib.h, which has more.  Results: -1 is failure,
 * if nothing else is said.
 */
#ifndef USER_H
#define USER_H

#include "types.h"

struct stat;
struct procinfo;

/* xv6's system calls. */

int fork(void);                            /* 0 in the child, its pid in the parent */
int exit(void) __attribute__((noreturn));  /* with status 0 */
int wait(void);                            /* a dead child's pid */
int pipe(int *fds);                        /* fds[0] reads what fds[1] wrote */
int write(int fd, const void *buf, int n); /* bytes written */
int read(int fd, void *buf, int n);        /* bytes read; 0 at the end */
int close(int fd);
int kill(int pid);
int exec(char *path, char **argv);    /* returns only to fail */
int open(const char *path, int mode); /* fcntl.h's modes */
int mknod(const char *path, short major, short minor);
int unlink(const char *path);
int fstat(int fd, struct stat *st);
int link(const char *old, const char *new);
int mkdir(const char *path);
int chdir(const char *path);
int dup(int fd); /* the lowest free descriptor */
int getpid(void);
char *sbrk(int n); /* the old break; (char *)-1 is failure */
int sleep(int ticks);
int uptime(void); /* ticks since boot, 100 a second */

/* This system's own. */

int exits(int status) __attribute__((noreturn)); /* exit() with a status, for waits() */
int waits(int *status);                          /* wait() with the child's status; -1: it was killed */
int sync(void);                                  /* all finished file operations are on the disk */
int halt(int status);                            /* powers off; status is what the host is told */
int procinfo(int pid, struct procinfo *info);    /* of a living process */
int procnext(int pid);                           /* the next living pid above */
int foreground(int pid);                         /* Ctrl-C ends this job; 0: none */
int bootarg(const char *name, char *buf, int n); /* value of a boot parameter */

/* xv6's library. */

int stat(const char *path, struct stat *st);
char *strcpy(char *dst, const char *src);
void *memmove(void *dst, const void *src, int n);
char *strchr(const char *s, char c);
int strcmp(const char *a, const char *b);
char *gets(char *buf, int max); /* a line from descriptor 0, with its \n; "" at the end of file */
uint strlen(const char *s);
void *memset(void *dst, int c, uint n);
int atoi(const char *s);

/* Formats and writes with one write(), so that lines of several processes do not mix.
   %d %i %u %x %p %c %s %%, the flags 0 and -, widths (* too), .precision of strings, l and ll; hexadecimal
   digits are capitals, as xv6 has them. */
void printf(int fd, const char *fmt, ...);

/* Memory is 16-byte aligned.  NULL: there is none.  free(NULL) is fine. */
void *malloc(uint n);
void free(void *p);

#endif
