/*
 * inline.h - the parts of arch.h that are a few instructions each.
 */
#ifndef INLINE_H
#define INLINE_H

#include "base/latency.h"
#include "layout.h"

/* What a trap leaves on the kernel stack; pushed by the processor from eip on, by entry.S before.  A trap
   from virtual-8086 mode leaves four words more at the end, so that the frame is not where trapframe_of()
   says: whatever comes from there is killed before anything else looks. */
struct trapframe {
    uint edi, esi, ebp; /* in the order of pusha, whose stack pointer gives its place to %gs */
    ushort gs, unused;
    uint ebx, edx, ecx, eax;
    uint code; /* the processor's error code, or 0 */
    uint eip, cs, eflags;
    uint esp, ss; /* only of traps from user mode */
};

static inline struct cpu *cpu_self(void)
{
    struct cpu *c;

    asm volatile("movl %%gs:0, %0" : "=r"(c));
    return c;
}

/* Not volatile: a flow of control stays the same thread wherever it runs, so the compiler may keep the
   value. */
static inline struct thread *thread_self(void)
{
    struct thread *t;

    asm("movl %%gs:4, %0" : "=r"(t));
    return t;
}

static inline bool irq_enabled(void)
{
    uint flags;

    asm volatile("pushfl; popl %0" : "=r"(flags));
    return flags & FLAG_INTERRUPT;
}
static inline void irq_enable(void)
{
    latency_irq_on();
    asm volatile("sti" : ::"memory");
}
static inline uint irq_save(void)
{
    uint flags;

    asm volatile("pushfl; popl %0; cli" : "=r"(flags)::"memory");
    if (flags & FLAG_INTERRUPT)
        latency_irq_off();
    return flags;
}
static inline void irq_restore(uint was)
{
    if (was & FLAG_INTERRUPT)
        irq_enable();
}
static inline void cpu_relax(void) { asm volatile("pause" : ::"memory"); }

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
    return __atomic_compare_exchange_n(p, &old, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline uint pa_of(const void *va) { return (uint)va - KERNEL_BASE; }
static inline void *va_of(uint pa) { return (void *)(pa + KERNEL_BASE); }

static inline uint trapframe_syscall(const struct trapframe *tf) { return tf->eax; }
static inline const void USER *trapframe_args(const struct trapframe *tf)
{
    return (const void USER *)(tf->esp + 4);
}
static inline void trapframe_result(struct trapframe *tf, uint value) { tf->eax = value; }

/* Three bytes without effect, where smap_init() puts an instruction if the processor has it: see smap.c. */
#define SMAP_SITE(instruction)                                        \
    asm volatile("1: .byte 0x0F, 0x1F, 0x00\n"                        \
                 ".pushsection smap_sites, \"a\"\n"                   \
                 ".long 1b\n" instruction "\n.byte 0\n.popsection" :: \
                     : "memory")
#define SMAP_STAC ".byte 0x0F, 0x01, 0xCB"
#define SMAP_CLAC ".byte 0x0F, 0x01, 0xCA"

static inline void *user_opened(const void USER *p)
{
    SMAP_SITE(SMAP_STAC);
    return (void *)user_va(p);
}
static inline void user_close(void) { SMAP_SITE(SMAP_CLAC); }

static inline void bytes_to_user(void USER *dst, const void *src, size_t n)
{
    bytes_copy(user_opened(dst), src, n);
    user_close();
}
static inline void bytes_from_user(void *dst, const void USER *src, size_t n)
{
    bytes_copy(dst, user_opened(src), n);
    user_close();
}
static inline uint word_from_user(const void USER *src)
{
    uint word = __atomic_load_n((const uint *)user_opened(src), __ATOMIC_SEQ_CST);

    user_close();
    return word;
}

#include "copy.h"

#endif
