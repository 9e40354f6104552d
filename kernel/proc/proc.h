/*
 * proc.h - processes: fork, exec, exit, wait, kill.
 *
 * A process is a thread with an address space, files, shared memory and a place in the tree of processes.
 * Unless it says otherwise, a call is made by a process about itself.
 *
 * Lock: RANK_PROC, taken and released inside.
 */
#ifndef KERNEL_PROC_H
#define KERNEL_PROC_H

#include "include/mustcheck.h"
#include "include/param.h"
#include "include/procinfo.h"
#include "ksm/ksm.h"
#include "mm/table.h"
#include "sched/thread.h"

struct file;
struct inode;

/* The status of a process that did not end by exits(): it was killed, or it faulted. */
#define STATUS_KILLED (-1)

/* exec: strings, argv and the start frame together; they fill at most one page of stack. */
#define ARGUMENT_BYTES PAGE_SIZE

/* Fields:  I immutable after creation   P proc lock   o only the process itself, or the fork that makes it */
struct proc {
    struct thread thread;                              /* first: the running thread is the current process */
    int pid;                                           /* [I] */
    uint start_tick;                                   /* [I] */
    struct proc *parent;                               /* [P] */
    struct list children;                              /* [P] */
    struct list sibling;                               /* [P] in parent's children, or its dead */
    struct list dead;                                  /* [P] zombies, in the order of their deaths */
    struct waitq child_died;                           /* [P] */
    enum { PROC_FORMING, PROC_ALIVE, PROC_DEAD } life; /* [P] forming: only its number is taken */
    int status;                                        /* [P] of the dead: see STATUS_KILLED */
    int job;                                           /* [I] the console's job it belongs to: see job.c */
    bool controls_jobs;  /* [P] it is the console's shell, and called foreground() */
    int session;         /* [I] the pid of the child of init from which all in it descend */
    uint nesting;        /* [I] how often the console was handed over in that line of descent */
    uint depth;          /* [I] init 0, the console's shell 1, the programs that it starts 2, theirs 3 */
    bool foreign;        /* [o] its program is not this system's own: calls behave as xv6's in every corner */
    struct ksm_task ksm; /* [o] see ksm_task.h */
    struct inode *cwd;   /* [o] */
    uint nfiles;         /* [o] files[] is empty from here on */
    struct file *files[NOFILE]; /* [o] */
    char name[16];              /* [P to change] */
    uint guard, stack_top;      /* [P to change] as in struct image: see load.h */
};

/* Process 1 is not this system's own: the console shows what xv6's shows.  [I] once process 1 is a program */
extern bool proc_foreign;

/* Sleeps: no. */
static inline struct proc *proc_self(void) { return (struct proc *)thread_self(); }

/* Makes process 1 from the program at `path`, which it gets as its argument.  If that fails, reports it and
   powers off.  `path` stays valid.  At boot, by a kernel thread.  Sleeps: may. */
void proc_start_init(const char *path);

/* The child's pid; the child returns to user mode with a copy of *tf and 0.  -1: a limit, or no memory; no trace
   is left.  Sleeps: may. */
MUST_CHECK int proc_fork(const struct trapframe *tf);
/* argv and its strings are kernel memory, the caller's.  0, and *tf starts the program; or -1 with nothing
   changed.  Sleeps: may. */
MUST_CHECK int proc_exec(struct trapframe *tf, const char *path, uint argc, char *const argv[]);
/* Where xv6 would say so, reports that a process's memory can't grow.  Sleeps: no. */
void proc_report_no_memory(void);
/* status: the argument of exits(), or STATUS_KILLED.  Does not return.  Sleeps: may. */
void proc_exit(int status) __attribute__((noreturn));
/* A dead child's pid, and its status; -1: there are no children, or the caller was killed.  Sleeps: may. */
MUST_CHECK int proc_wait(int *status);
/* 0, or -1: there is no such process, or it is process 1, which can't be killed.  Any thread.  Sleeps: no. */
int proc_kill(int pid);
/* Kills every process of a job, and every child that one of them is making.  0, or -1: there is no such job.  Any
   thread.  Sleeps: no. */
int proc_kill_job(int job);
/* The console's shell says which job is in the foreground: Ctrl-C ends it, and it may take the last pages (§10).
   pid: the job's first process; the caller's own: the next one that it forks; minus the caller's own: none, and the
   next one that it forks is the console's shell until it ends; 0: none.  -1: the caller is not the console's shell, or
   it has no such child.  Sleeps: no. */
MUST_CHECK int proc_set_foreground(int pid);
/* The job in the foreground; none if it is not positive.  Any context.  Sleeps: no. */
int proc_foreground(void);
/* Is the caller the console's shell: a child of init, or one to which such a shell handed the console?  Sleeps: no. */
bool proc_is_shell(void);
/* From now on the caller is the process that reads keys from the console: the shell while no job is in the foreground,
   or a process of the job that is; until another job is there.  false, in any context: nobody is.  Sleeps: no. */
void proc_read_keys(bool on);
/* That process, which is alive; 0: there is none.  Any context.  Sleeps: no. */
int proc_keys_reader(void);
/* 0, or -1 for a pid that is not alive.  Any thread.  Sleeps: no. */
MUST_CHECK int proc_info(int pid, struct procinfo *info);
/* Has a sleeper woken when this process ends (§11.7); false: it is not alive.  Any thread.  Sleeps: no. */
bool proc_watch(int pid, struct ksm_sleeper *sleeper);
/* The smallest living pid above `pid`, or -1.  Any thread.  Sleeps: no. */
int proc_next(int pid);
/* All processes into a snapshot, for the feed (docs/feed.md), and who runs where.  A kernel thread.  Sleeps: may. */
void proc_snapshot(void);
#define PROC_SNAPSHOT_BYTES 240u /* for each, at most */
/* Ctrl-P: prints one line for each process, a line at a time.  Any thread.  Sleeps: may. */
void proc_print_all(void);

#endif
