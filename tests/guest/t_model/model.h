/*
 * model.h - what the parts of t_model share.
 *
 *   ../t_model.c   the run, and processes that start and end
 *   calls.c        calls on shared memory and the heap, with random arguments
 *   compare.c      requests to the helpers, and their results beside the model's
 *
 * A difference ends the test, with the last request in its message.  Sleeps: may.
 */
#ifndef MODEL_H
#define MODEL_H

#include "chance.h"
#include "helper.h"
#include "ksmtest.h"
#include "naive.h"

#define NIDS      20u
#define HUGE_SIZE (100 * MB)

extern uint model_random, model_step; /* the state of the random numbers; the number of the step */
extern uint model_ids[NIDS];

static inline uint pick(uint n) { return chance(&model_random, n); }

/* Sends a request to a helper, and receives the reply.  naive.now is the time between the two. */
void model_send(uint helper, enum helper_op op, uint a, uint b, uint c);
struct helper_reply model_receive(void);
/* Both; the result. */
int model_call(uint helper, enum helper_op op, uint a, uint b, uint c);

/* What the last request gave must be what the model gives. */
void model_expect(const char *what, uint got, uint want);
/* Each figure of all segments, and the totals. */
void model_compare(void);

/* One call of a helper's on shared memory or the heap, of the kind that `what` chooses, below MODEL_CALLS. */
#define MODEL_CALLS 185u
void model_make_call(uint helper, uint what);

#endif
