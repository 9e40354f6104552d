/*
 * word.c - the one place where kernel/ksm reads user memory.
 *
 * It is a file of its own because the host tests, whose words are not at user addresses, link another.
 */
#include "ksm/ksm_impl.h"

#include "mm/user.h"

uint word_read(const struct ksm_task *task, uint va)
{
    (void)task; /* the caller's own: its address space is loaded */
    return word_from_user((const void USER *)(uintptr_t)va);
}

bool word_readable(const struct ksm_task *task, uint va)
{
    (void)task;
    return user_check((const void USER *)(uintptr_t)va, sizeof(uint), false);
}
