/* mustcheck.h - MUST_CHECK before a function's declaration: the compiler warns about a result that is not used. */
#ifndef MUSTCHECK_H
#define MUSTCHECK_H

#define MUST_CHECK __attribute__((warn_unused_result))

#endif
