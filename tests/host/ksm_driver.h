/*
 * ksm_driver.h - random life of several processes with shared memory, compared with a naive model at each
 * step.
 */
#ifndef KSM_DRIVER_H
#define KSM_DRIVER_H

#include <stddef.h>
#include <stdint.h>

/* Carries out the operations that the bytes stand for, in a fresh system that is emptied in the end.
   Aborts where the core and the model differ.  Returns how many operations it were. */
unsigned driver_run(const uint8_t *bytes, size_t n);

#endif
