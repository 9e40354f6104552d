/*
 * tsan.c - what the thread sanitizer is told about the kernel.
 *
 * A volatile word is one that the kernel means to share: reading or writing one is like a relaxed atomic, and orders
 * nothing.  So the sanitizer, which knows nothing of volatile, is asked to call these functions
 * (tsan-distinguish-volatile).
 */
#include "include/types.h"

#define VOLATILE(nbytes)                                                    \
    void __tsan_volatile_read##nbytes(void *word);                          \
    void __tsan_volatile_write##nbytes(void *word);                         \
    void __tsan_unaligned_volatile_read##nbytes(void *word);                \
    void __tsan_unaligned_volatile_write##nbytes(void *word);               \
    void __tsan_volatile_read##nbytes(void *word) { (void)word; }           \
    void __tsan_volatile_write##nbytes(void *word) { (void)word; }          \
    void __tsan_unaligned_volatile_read##nbytes(void *word) { (void)word; } \
    void __tsan_unaligned_volatile_write##nbytes(void *word) { (void)word; }

VOLATILE(1)
VOLATILE(2)
VOLATILE(4)
VOLATILE(8)
VOLATILE(16)

/* What is not reported:
   - The tests and their fakes run one at a time, whatever the sanitizer takes them for.
   - Whether a list is empty may be asked without its lock: whatever acts on that asks again, or nothing is added any
     more.
   - page_alloc_zeroed() looks whether there are zeroed frames; take() looks again.
   - cache_is_changed() may be wrong in the next moment, as its caller expects.
   - A write that races with another one on the same open file may end where either of them does. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "race_top:tests/host/*.c\n"
           "race_top:fakes/fiber.h\n"
           "race_top:tests/chance.h\n"
           "race_top:list_empty\n"
           "race_top:list_linked\n"
           "race_top:page_alloc_zeroed\n"
           "race_top:cache_is_changed\n"
           "race_top:fitting\n";
}
