/*
 * word.c - the one place where shared memory's code reads memory of a user.
 *
 * It is a file of its own so that host tests, whose words are not at user addresses, link another.
 */
#include "ksm/ksm_impl.h"

uint word_load(const struct ksm_task *task, uint va)
{
    (void)task; /* the caller's own: its address space is loaded */
    return __atomic_load_n((const uint *)(uintptr_t)va, __ATOMIC_SEQ_CST);
}
