/*
 * run.h - runs a line of commands.
 */
#ifndef RUN_H
#define RUN_H

#include "cmdline.h"

/* Runs a list, with its words expanded when their turn comes.  Returns the status of its last pipeline.  Sleeps: may. */
int run_list(struct list *list);

/* $?: the status of the last pipeline.  Sleeps: no. */
int run_status(void);
void run_set_status(int status);

#endif
