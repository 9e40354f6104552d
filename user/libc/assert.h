/*
 * assert.h - conditions that must hold.  With NDEBUG defined, nothing is checked.  NDEBUG counts at each inclusion.
 */
#undef assert
#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
/* Says on descriptor 2 which condition failed and where, and ends the process as abort() does.  Sleeps: may. */
void assert_failed(const char *condition, const char *file, int line) __attribute__((noreturn));
#define assert(condition) ((condition) ? (void)0 : assert_failed(#condition, __FILE__, __LINE__))
#endif

#ifndef static_assert
#define static_assert _Static_assert
#endif
