/* userptr.h - all memory is the test's own, so that a user pointer is like any other. */
#ifndef USERPTR_H
#define USERPTR_H

#define USER

#endif
