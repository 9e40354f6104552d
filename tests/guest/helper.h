/*
 * helper.h - processes that call what they are told to call, one at a time.
 *
 * Orders go through a pipe of each helper, answers through one for all.  A helper goes on after exec() of its
 * program, which therefore calls helper_main() first.
 */
#ifndef HELPER_H
#define HELPER_H

#include "ksmtest.h"

/* get(id, size, flags), attach(handle, flags), detach(handle), detachat(va), delete(handle), info(handle)
   which returns the record, info_at(handle, va), sbrk(delta), fork(number of the child, which answers
   nothing), exit(), exec(does the file exist?) which answers with the break, wait(), peek(va),
   poke(va, value). */
#define HELPER_OPS(OP) \
    OP(GET)            \
    OP(ATTACH)         \
    OP(DETACH)         \
    OP(DETACH_AT)      \
    OP(DELETE) OP(INFO) OP(INFO_AT) OP(SBRK) OP(FORK) OP(EXIT) OP(EXEC) OP(WAIT) OP(PEEK) OP(POKE)

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

/* The first descriptor of the answers' pipe; the helpers' pipes follow. */
extern int helper_first_fd;
/* Where helper number `helper` reads; who sends writes to the next one. */
int helper_fd(uint helper);

/* Does as it is told until it is told to exit. */
void helper_obey(uint helper) __attribute__((noreturn));
/* Is this program started by a helper?  Then it goes on as one. */
void helper_main(int argc, char *argv[]);

#endif
