/*
 * inline.h - the machine of the host tests, whose one processor is this process.
 *
 * There are no interrupts.  Physical memory, for tests that need it, is an arena at host_ram that a fake provides.
 */
#ifndef INLINE_H
#define INLINE_H

#include <string.h>

struct trapframe {
    uint unused;
};

extern struct cpu *host_cpu; /* the processor whose turn it is */
extern char *host_ram;

/* To the thread sanitizer, the fakes race where they give another processor its turn. */
static inline __attribute__((no_sanitize("thread"))) struct cpu *cpu_self(void) { return host_cpu; }
static inline struct thread *thread_self(void) { return cpu_self()->thread; }

static inline uint irq_save(void) { return 0; }
static inline void irq_restore(uint was) { (void)was; }
static inline bool irq_enabled(void) { return true; }
static inline void irq_enable(void) {}

#ifdef HOST_ORDERS
/* Where another processor may come in between: see fakes/orders.h. */
void orders_point(void);
void orders_spin(void);
static inline void cpu_relax(void) { orders_spin(); }
#define __atomic_load_n(...)    (orders_point(), __atomic_load_n(__VA_ARGS__))
#define __atomic_sub_fetch(...) (orders_point(), __atomic_sub_fetch(__VA_ARGS__))
#define __atomic_fetch_add(...) (orders_point(), __atomic_fetch_add(__VA_ARGS__))
#else
static inline void orders_point(void) {}
/* Nothing else runs meanwhile, so a spin that lasts never ends. */
static inline void cpu_relax(void)
{
    static uint nspins;

    if (++nspins == 1000000000)
        __builtin_trap();
}
#endif

static inline uint atomic_swap(volatile uint *p, uint value)
{
    return __atomic_exchange_n(p, value, __ATOMIC_SEQ_CST);
}
static inline uint atomic_add(volatile uint *p, uint value)
{
    return __atomic_fetch_add(p, value, __ATOMIC_SEQ_CST);
}
static inline bool atomic_cas(volatile uint *p, uint old, uint value)
{
    if (old) /* 0: it is a lock's word, and lock_debug_acquire() was a point already */
        orders_point();
    return __atomic_compare_exchange_n(p, &old, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline uint trapframe_syscall(const struct trapframe *tf) { return tf->unused; }
static inline const void *trapframe_args(const struct trapframe *tf) { return tf; }
static inline void trapframe_result(struct trapframe *tf, uint value) { tf->unused = value; }

static inline uint pa_of(const void *va) { return (uint)((const char *)va - host_ram); }
static inline void *va_of(uint pa) { return host_ram + pa; }
static inline void page_zero(void *page) { memset(page, 0, PAGE_SIZE); }
static inline void *user_opened(const void *p) { return (void *)(uintptr_t)p; }
static inline void user_close(void) {}
static inline void bytes_to_user(void *dst, const void *src, size_t n) { memcpy(dst, src, n); }
static inline void bytes_from_user(void *dst, const void *src, size_t n) { memcpy(dst, src, n); }
static inline uint word_from_user(const void *src)
{
    return __atomic_load_n((const uint *)src, __ATOMIC_SEQ_CST);
}

#endif
