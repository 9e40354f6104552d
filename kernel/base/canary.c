/*
 * canary.c - the guard words of debug builds.
 *
 * The compiler puts a copy of __stack_chk_guard between a function's arrays and its return address, and
 * compares it at the end.  The value contains a carriage return, a newline and bytes above 127: no text does.
 */
#ifdef DEBUG
#include <stdint.h>

#include "base/printk.h"

extern uintptr_t __stack_chk_guard;
uintptr_t __stack_chk_guard = 0xD00A0DFF;
void __stack_chk_fail(void) __attribute__((noreturn));

void __stack_chk_fail(void)
{
    panic("a function wrote past its arrays, called from %p", __builtin_return_address(0));
}

#else
typedef int canary_is_empty; /* a file must declare something */
#endif
