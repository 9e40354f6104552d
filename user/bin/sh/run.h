/*
 * run.h - runs a line of commands.
 */
#ifndef RUN_H
#define RUN_H

#include "cmdline.h"

/* Runs a list, whose words are expanded when their turn comes.  Returns its last pipeline's status.  Sleeps: may. */
int run_list(struct list *list);

/* $?: the status of the last pipeline.  Sleeps: no. */
int run_status(void);
void run_set_status(int status);

#endif
