/*
 * ksm_driver.h - random calls of several processes with shared memory, compared with a naive model after each.
 */
#ifndef KSM_DRIVER_H
#define KSM_DRIVER_H

#include <stddef.h>
#include <stdint.h>

/* Carries out the operations that the bytes stand for, in a fresh system that is emptied in the end.  Aborts where the
   core and the model differ.  Returns the number of operations. */
unsigned driver_run(const uint8_t *bytes, size_t n);

#endif
