/*
 * params.h - boot parameters: words NAME=VALUE on the kernel's command line.
 *
 * `run` is always the last: its value is the rest of the line.  Sleeps: no.
 */
#ifndef PARAMS_H
#define PARAMS_H

#include <stdbool.h>
#include <stddef.h>

#include "include/mustcheck.h"
#include "include/types.h"

/* Copies the value of `name`, cut to size-1 bytes, with its 0; size > 0.  Returns its whole length, or -1: there is no
   such parameter. */
MUST_CHECK int params_get(const char *line, const char *name, char *value, size_t size);

/* Stores a number, decimal or 0x hexadecimal, without sign or blanks; false: it is none, or above 0xffffffff,
   and *value is as before. */
MUST_CHECK bool params_parse_uint(const char *text, uint *value);

#endif
