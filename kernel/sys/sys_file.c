/*
 * sys_file.c - system calls on open files and on paths.
 *
 * A descriptor is an index into proc->files.  Only the process itself changes that array, so an entry that is
 * free stays free during a call.
 */
#include "base/kstring.h"
#include "fs/file.h"
#include "mm/user.h"
#include "sys/sys.h"

static struct file *file_of(uint fd) { return fd < NOFILE ? proc_self()->files[fd] : NULL; }

/* The lowest free descriptor from fd on, or NOFILE. */
static uint free_from(uint fd)
{
    struct file **files = proc_self()->files;

    while (fd < NOFILE && files[fd])
        fd++;
    return fd;
}

/* Enters an open file under a free descriptor. */
static void enter(uint fd, struct file *f)
{
    struct proc *self = proc_self();

    self->files[fd] = f;
    if (fd >= self->nfiles)
        self->nfiles = fd + 1;
}

/* May a file read from (or write to) n bytes at buf?  n is the user's, and may be negative.  Even an empty buffer
   must lie in the program's memory, as in xv6. */
static bool buffer_ok(const void USER *buf, uint n, bool write)
{
    return (int)n >= 0 && (n ? user_check(buf, n, write) : user_check(buf, 1, false));
}

uint sys_read(const union sys_arg arg[])
{
    struct file *f = file_of(arg[0].word);

    if (!f || !buffer_ok(arg[1].user, arg[2].word, true))
        return SYS_ERROR;
    return (uint)file_read(f, arg[1].user, arg[2].number);
}

uint sys_write(const union sys_arg arg[])
{
    struct file *f = file_of(arg[0].word);

    if (!f || !buffer_ok(arg[1].user, arg[2].word, false))
        return SYS_ERROR;
    return (uint)file_write(f, arg[1].user, arg[2].number);
}

uint sys_close(const union sys_arg arg[])
{
    struct file *f = file_of(arg[0].word);

    if (!f)
        return SYS_ERROR;
    proc_self()->files[arg[0].word] = NULL;
    file_close(f);
    return 0;
}

uint sys_dup(const union sys_arg arg[])
{
    struct file *f = file_of(arg[0].word);
    uint fd = free_from(0);

    if (!f || fd == NOFILE)
        return SYS_ERROR;
    enter(fd, file_dup(f));
    return fd;
}

uint sys_pipe(const union sys_arg arg[])
{
    uint reader = free_from(0);
    uint writer = free_from(reader + 1);
    struct file *out, *in;

    if (!user_check(arg[0].user, 2 * sizeof(uint), true) || writer >= NOFILE)
        return SYS_ERROR;
    if (pipe_create(&out, &in) < 0)
        return SYS_ERROR;
    enter(reader, out);
    enter(writer, in);
    bytes_to_user(arg[0].user, (uint[]){ reader, writer }, 2 * sizeof(uint));
    return 0;
}

uint sys_lseek(const union sys_arg arg[])
{
    struct file *f = file_of(arg[0].word);

    return f ? (uint)file_seek(f, arg[1].number, arg[2].number) : SYS_ERROR;
}

uint sys_fstat(const union sys_arg arg[])
{
    struct file *f = file_of(arg[0].word);
    struct stat st = { 0 };

    if (!f || !user_check(arg[1].user, sizeof(st), true) || file_stat(f, &st) < 0)
        return SYS_ERROR;
    bytes_to_user(arg[1].user, &st, sizeof(st));
    return 0;
}

uint sys_open(const union sys_arg arg[])
{
    char path[PATH_SIZE];
    uint fd = free_from(0);

    if (fd == NOFILE || user_copy_string(path, arg[0].user, sizeof(path)) < 0)
        return SYS_ERROR;
    struct file *f = file_open(proc_self()->cwd, path, arg[1].number);
    if (!f)
        return SYS_ERROR;
    enter(fd, f);
    return fd;
}

uint sys_mknod(const union sys_arg arg[])
{
    char path[PATH_SIZE];

    if (user_copy_string(path, arg[0].user, sizeof(path)) < 0)
        return SYS_ERROR;
    return (uint)fs_mknod(proc_self()->cwd, path, (short)arg[1].word, (short)arg[2].word);
}

/* A call on one path. */
static uint with_path(const union sys_arg arg[], int (*act)(struct inode *cwd, const char *path))
{
    char path[PATH_SIZE];

    if (user_copy_string(path, arg[0].user, sizeof(path)) < 0)
        return SYS_ERROR;
    return (uint)act(proc_self()->cwd, path);
}

static int change_directory(struct inode *cwd, const char *path)
{
    struct inode *ip = fs_lookup(cwd, path);

    if (!ip || !inode_is_dir(ip)) {
        inode_put(ip);
        return -1;
    }
    inode_put(cwd);
    proc_self()->cwd = ip;
    return 0;
}

uint sys_chdir(const union sys_arg arg[]) { return with_path(arg, change_directory); }

uint sys_mkdir(const union sys_arg arg[]) { return with_path(arg, fs_mkdir); }

uint sys_unlink(const union sys_arg arg[]) { return with_path(arg, fs_unlink); }

/* A call on two paths. */
static uint with_paths(const union sys_arg arg[],
                       int (*act)(struct inode *cwd, const char *old, const char *new))
{
    char old[PATH_SIZE], new[PATH_SIZE];

    if (user_copy_string(old, arg[0].user, sizeof(old)) < 0 ||
        user_copy_string(new, arg[1].user, sizeof(new)) < 0)
        return SYS_ERROR;
    return (uint)act(proc_self()->cwd, old, new);
}

uint sys_link(const union sys_arg arg[]) { return with_paths(arg, fs_link); }

uint sys_rename(const union sys_arg arg[]) { return with_paths(arg, fs_rename); }
