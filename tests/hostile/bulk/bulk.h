/*
 * bulk.h - the loads of bulk, and what they share.  A load is made of n of something; see its function.
 *
 * What fails ends the program with a message.  Sleeps: may.
 */
#ifndef BULK_H
#define BULK_H

#include "ksm.h"
#include "ulib.h"

#define PAGE 4096u
#define MB   (1024u * 1024)
#define ID   1000 /* of a segment */

/* Ends the program unless the condition holds. */
void need(bool condition, const char *what);
/* Runs body(argument) in a child.  Its pid. */
int start(void (*body)(uint), uint argument);
/* The same in n children. */
void many(void (*body)(uint), uint argument, uint n);
/* Waits for n children. */
void join(uint n);
/* A child that ends at once: fork and exit walk through all that this process has. */
void fork_once(void);
/* Runs body(argument) in a child, and waits for it. */
void run_apart(void (*body)(uint), uint argument);
/* Runs a program. */
void run_program(char *name);
/* Waits until all later processes sleep or have ended. */
void until_asleep(void);
/* Kills all later processes, which those that a load has started are. */
void kill_later(void);
/* Bodies, for start() and many(). */
void nothing(uint unused);
void hold(uint unused); /* until it is killed */

/* Memory. */
void load_attachments(uint n); /* of one page: fork, exec, detach, exit */
void load_large(uint nmb);     /* a segment */
void load_heap(uint nmb);      /* heap */
void load_segments(uint n);    /* attached, with identifiers that collide */
void load_handles(uint n);     /* of segments that are not attached: fork copies them */
void load_keep(uint n);        /* segments that stay */

/* Processes. */
void load_sleepers(uint n);  /* processes that sleep in each of the ways */
void load_processes(uint n); /* zombies, and orphans */
void load_crowd(uint n);     /* processes that are there until a line is typed */
void load_readers(uint n);   /* processes that read the console's lines, until the job is ended */

/* Files. */
void load_files(uint n);     /* small ones and a large one; a pipe */
void load_paths(uint n);     /* names that differ late, and a path that meets all of them many times */
void load_removal(uint nkb); /* a file, made and removed */
void load_deep(uint n); /* directories inside each other, and a rename that has to look through all of them */
void load_inodes(uint n); /* files until no inode is left, and then n that can't be made */

#endif
