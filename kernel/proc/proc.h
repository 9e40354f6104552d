/*
 * proc.h - processes: fork, exec, exit, wait, kill.
 */
#ifndef KERNEL_PROC_H
#define KERNEL_PROC_H

#include "ksm/ksm.h"
#include "include/param.h"
#include "include/procinfo.h"
#include "lib/table.h"
#include "sched/thread.h"

struct file;
struct inode;

/* Fields: I immutable after creation   P proc lock   o only the process itself */
struct proc {
    struct thread thread;    /* first: the running thread is the current process */
    int pid;                 /* [I] */
    uint start_tick;         /* [I] */
    struct proc *parent;     /* [P] */
    struct list children;    /* [P] */
    struct list sibling;     /* [P] in parent's children, or its dead */
    struct list dead;        /* [P] zombies, in the order of their deaths */
    struct waitq child_died; /* [P] */
    int status;              /* [P] what exits() was given */
    int job;                 /* [I] the console's job it belongs to; see console_foreground() */
    bool controls_jobs;      /* [o] it called foreground(): each child is a job of its own */
    uint depth;              /* [I] init 0, the console's shell 1, what that starts 2 */
    struct ksm_task ksm;     /* [o] */
    struct inode *cwd;       /* [o] */
    struct file *files[NOFILE]; /* [o] */
    char name[16];           /* [o] */
};

static inline struct proc *proc_self(void) { return (struct proc *)thread_self(); }

void proc_init(void);
/* Makes process 1 from the program at `path`; it gets `path` as its argument. */
void proc_start_init(const char *path);

int proc_fork(const struct trapframe *tf);
/* argv and its strings are kernel memory.  0 (and *tf starts the program) or -1 with nothing changed. */
int proc_exec(struct trapframe *tf, const char *path, uint argc, char *const argv[]);
void proc_exit(int status) __attribute__((noreturn));
/* A dead child's pid, and its status; -1: no children, or killed. */
int proc_wait(int *status);
int proc_kill(int pid);
void proc_kill_job(int job);
/* 0, or -1 for a pid that is not alive. */
int proc_info(int pid, struct procinfo *info);
/* The smallest living pid above `pid`, or -1. */
int proc_next(int pid);
void proc_print_all(void); /* Ctrl-P */

#endif
