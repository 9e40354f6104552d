/* min.h - the smaller and the larger of two numbers. */
#ifndef MIN_H
#define MIN_H

#include "include/types.h"

static inline uint min_uint(uint a, uint b) { return a < b ? a : b; }
static inline uint max_uint(uint a, uint b) { return a > b ? a : b; }

#endif
