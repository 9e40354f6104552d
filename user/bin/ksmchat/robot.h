/*
 * robot.h - somebody to talk to, for a person that is alone.
 */
#ifndef ROBOT_H
#define ROBOT_H

#include "room.h"

/* Starts a process, which comes into the person's room.  Its pid.  It ends when it hears that the person leaves: then
   its answers are in our inbox.  Sleeps: may. */
int start_robot(struct person *person);

#endif
