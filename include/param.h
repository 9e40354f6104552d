/* param.h - the system's limits, for the kernel and programs. */
#ifndef PARAM_H
#define PARAM_H

#define NPROC   960 /* processes alive at once */
#define NOFILE  64  /* open files of a process */
#define MAXARG  64  /* arguments of exec() */
#define ROOTDEV 1   /* device number of the file system */
#define NCPU    8   /* processors used */
#define HZ      100 /* clock ticks a second */

/* Sizes by which programs for xv6 choose what they write: xv6's own, since nothing here has such a limit. */
#define MAXOPBLOCKS 10
#define FSSIZE      1000

#endif
