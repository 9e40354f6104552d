/*
 * power.h - the ways in which the machine is powered off.
 *
 * A line goes to the monitor port first, where tools read it: POWER_MARK, `exit`, and a word.  A number is the
 * status that a program gave to halt(); a name is one of the codes below.  No message contains the mark, and
 * no text of a program's can, since format() replaces it.
 *
 * Sleeps: no.
 */
#ifndef POWER_H
#define POWER_H

/* The code is also what arch_power_off() reports to an emulator. */
enum power_off_code {
    POWER_OFF_HALT = 0,   /* halt() */
    POWER_OFF_PANIC = 1,  /* the kernel is broken */
    POWER_OFF_MEMORY = 2, /* too little memory to start */
    POWER_OFF_DISK = 3,   /* no disk, or none with a file system on it */
    POWER_OFF_INIT = 4,   /* process 1 could not be started, or has ended */
};

#define POWER_MARK "\001"

/* Writes the line; the machine goes on. */
void power_announce(const char *word);
void power_off(enum power_off_code code) __attribute__((noreturn));
/* After halt(status). */
void power_off_status(int status) __attribute__((noreturn));

#endif
