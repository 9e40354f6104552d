/* fcntl.h - the modes of open(). */
#ifndef FCNTL_H
#define FCNTL_H

#define O_RDONLY 0x000
#define O_WRONLY 0x001
#define O_RDWR   0x002
#define O_CREATE 0x200 /* create, or open an existing file without truncating it */
#define O_TRUNC  0x400 /* empty a file that is opened for writing */
#define O_APPEND 0x800 /* each write goes to the end, whoever else writes */

/* What lseek() counts from: the beginning, the place now, the end. */
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2

#endif
