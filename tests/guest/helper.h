/*
 * helper.h - processes that make calls on request, one at a time.
 *
 * Each helper gets its requests through a pipe of its own; all send their replies through one.  A helper goes on after
 * an exec() of its program, which therefore calls helper_main() first.
 */
#ifndef HELPER_H
#define HELPER_H

#include "ksmtest.h"

/* clang-format off */
#define HELPER_OPS(OP)                                                 \
    OP(GET)       /* id, size, flags */                                \
    OP(ATTACH)    /* handle, flags */                                  \
    OP(DETACH)    /* handle */                                         \
    OP(DETACH_AT) /* va */                                             \
    OP(DELETE)    /* handle */                                         \
    OP(INFO)      /* handle; the record comes with the reply */        \
    OP(INFO_AT)   /* handle, va */                                     \
    OP(SBRK)      /* delta */                                          \
    OP(FORK)      /* the child's number; the child does not reply */   \
    OP(EXIT)                                                           \
    OP(EXEC)      /* does the file exist?  The result is the break */  \
    OP(WAIT)                                                           \
    OP(PEEK)      /* va */                                             \
    OP(POKE)      /* va, value */
/* clang-format on */

#define HELPER_ENUM(name) name,
enum helper_op { HELPER_OPS(HELPER_ENUM) };
extern const char *const helper_op_names[];

struct helper_request {
    enum helper_op op;
    uint a, b, c;
};

struct helper_reply {
    int result;
    struct ksminfo_t info;
};

/* The first descriptor of the pipe for replies; the helpers' pipes follow. */
extern int helper_first_fd;
/* The descriptor from which that helper reads; the sender writes to the next one. */
int helper_fd(uint helper);

/* Serves requests until one is to exit. */
void helper_obey(uint helper) __attribute__((noreturn));
/* If a helper started this program, goes on as that helper and does not return. */
void helper_main(int argc, char *argv[]);

#endif
