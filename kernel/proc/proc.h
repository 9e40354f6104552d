/*
 * proc.h - processes: fork, exec, exit, wait, kill.
 *
 * A process is a thread with an address space, files, shared memory and a place in the tree of processes.
 * Unless it says otherwise, a call is made by a process about itself.
 */
#ifndef KERNEL_PROC_H
#define KERNEL_PROC_H

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

/* Fields: I immutable after creation   P proc lock   o only the process itself */
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
    int job;                    /* [I] the console's job it belongs to; see console_foreground() */
    bool controls_jobs;         /* [o] it called foreground(): each child is a job of its own */
    uint depth;                 /* [I] init 0, the console's shell 1, what that starts 2 */
    struct ksm_task ksm;        /* [o] */
    struct inode *cwd;          /* [o] */
    uint nfiles;                /* [o] files[] is empty from here on */
    struct file *files[NOFILE]; /* [o] */
    char name[16];              /* [P to change] */
};

static inline struct proc *proc_self(void) { return (struct proc *)thread_self(); }

/* Makes process 1 from the program at `path`, which it gets as its argument.  Where that can't be done,
   says so and switches off.  `path` stays valid. */
void proc_start_init(const char *path);

/* The child's pid; it returns to user mode with a copy of *tf and 0.  -1: a limit, or want of memory; no
   trace is left. */
int proc_fork(const struct trapframe *tf);
/* argv and its strings are kernel memory.  0 (and *tf starts the program) or -1 with nothing changed. */
int proc_exec(struct trapframe *tf, const char *path, uint argc, char *const argv[]);
/* status: what the program gave to exits(), or STATUS_KILLED. */
void proc_exit(int status) __attribute__((noreturn));
/* A dead child's pid, and its status; -1: no children, or killed. */
int proc_wait(int *status);
/* 0, or -1: nobody has this pid, or it is process 1, which nobody may end. */
int proc_kill(int pid);
/* Kills all of a job, which is not 0.  Any thread. */
void proc_kill_job(int job);
/* 0, or -1 for a pid that is not alive. */
int proc_info(int pid, struct procinfo *info);
/* The smallest living pid above `pid`, or -1. */
int proc_next(int pid);
void proc_print_all(void); /* Ctrl-P: one line for each, in pieces; any thread */

#endif
