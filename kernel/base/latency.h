/*
 * latency.h - how long interrupts are off, spin locks are held and the kernel keeps the processor; debug builds alone.
 *
 * A length is a count of instructions, which the processor's cycle counter gives only under QEMU's
 * -icount shift=0,sleep=off with one processor.  The boot parameter latency=BOUND starts it.
 *
 * Called with interrupts off, except where the contract says otherwise.  Sleeps: no.
 */
#ifndef LATENCY_H
#define LATENCY_H

#include "include/types.h"

#if defined(DEBUG) && !__STDC_HOSTED__ /* not in host tests */
/* From now on; interrupts may be on. */
void latency_start(uint bound);
/* Reports the longest of each kind, and all places above the bound.  Any context. */
void latency_report(void);
/* Interrupts were on until now, or will be on in a moment. */
void latency_irq_off(void);
void latency_irq_on(void);
/* Around the serving of an interrupt, whose time does not count for what it interrupted. */
void latency_interrupt_begins(void);
void latency_interrupt_ends(void);
/* The clock that everything here goes by: instructions, without those of the checks that are bracketed by
   latency_pause() and latency_resume(), whose argument is the former's result.  Interrupts may be on. */
uint latency_clock(void);
uint latency_pause(void);
void latency_resume(uint paused);
/* A spin lock was released at `to`, which was acquired at `from` when the counter showed `since`. */
void latency_held(const char *lock, uint since, uint from, uint to);
/* Here others could run: the end of a system call, sched_checkpoint(), another thread's turn.  Interrupts may be on. */
void latency_yielded(void);
/* Here work for a program begins, by the function `by`; 0: the idle thread's.  The first program's first call begins
   the measuring of this kind: booting is left out.  Interrupts may be on. */
void latency_entered(uint by);
#else
static inline void latency_start(uint bound) { (void)bound; }
static inline void latency_report(void) {}
static inline uint latency_pause(void) { return 0; }
static inline void latency_resume(uint paused) { (void)paused; }
static inline void latency_irq_off(void) {}
static inline void latency_irq_on(void) {}
static inline void latency_interrupt_begins(void) {}
static inline void latency_interrupt_ends(void) {}
static inline void latency_yielded(void) {}
static inline void latency_entered(uint by) { (void)by; }
#endif

#endif
