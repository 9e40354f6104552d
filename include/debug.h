/* debug.h - the operations of debug(), which debug kernels offer to tests. */
#ifndef DEBUG_H
#define DEBUG_H

enum debug_op {
    DEBUG_CHECK = 1,           /* checks the kernel's structures: 0, or -1 */
    DEBUG_FAIL_ALLOCATION = 2, /* the nth allocation from now on fails, for the caller and its children */
    DEBUG_PRINT_PAGES = 3,     /* prints the caller's page tables: a line for each run of pages of a kind */
};

#endif
