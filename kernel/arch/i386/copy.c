/*
 * copy.c - moving and clearing memory by the vector registers; see copy.h.
 *
 * Each function brackets one loop of inline assembly by vector_begin() and vector_end().  Between them it
 * owns the registers xmm0 to xmm3.  A fault on a user address inside the loop runs aspace_fault(), which
 * zeroes or copies a page with the same functions: that call finds TS clear, so it saves the registers of
 * the loop that it interrupts, and restores them.
 *
 * The loops are unrolled until their overhead is a few per cent.
 */
#include "arch.h"
#include "io.h"

/* Below these sizes saving registers costs more than it gains. */
#define COPY_MIN  160u
#define WORDS_MIN 24u

struct vector_state {
    uint cr0;
    uchar registers[4][16];
};

/* Saves the first n of the four registers, 1 or 4, if a thread's state is in them. */
static inline __attribute__((always_inline)) void vector_begin(struct vector_state *s, int n)
{
    s->cr0 = cr0_read();
    if (s->cr0 & CR0_TS) {
        ts_clear();
        return;
    }
    asm volatile("movups %%xmm0, %0" : "=m"(s->registers[0]));
    if (n > 1) {
        asm volatile("movups %%xmm1, %0" : "=m"(s->registers[1]));
        asm volatile("movups %%xmm2, %0" : "=m"(s->registers[2]));
        asm volatile("movups %%xmm3, %0" : "=m"(s->registers[3]));
    }
}

static inline __attribute__((always_inline)) void vector_end(const struct vector_state *s, int n)
{
    if (s->cr0 & CR0_TS) {
        cr0_write(s->cr0);
        return;
    }
    asm volatile("movups %0, %%xmm0" : : "m"(s->registers[0]));
    if (n > 1) {
        asm volatile("movups %0, %%xmm1" : : "m"(s->registers[1]));
        asm volatile("movups %0, %%xmm2" : : "m"(s->registers[2]));
        asm volatile("movups %0, %%xmm3" : : "m"(s->registers[3]));
    }
}

/* clang-format off */
/* Stores of xmm0 at 16 offsets, 16 bytes apart. */
#define STORES_256(store, at)                                                       \
    store " %%xmm0, " at "+0(%0)\n" store " %%xmm0, " at "+16(%0)\n"                \
    store " %%xmm0, " at "+32(%0)\n" store " %%xmm0, " at "+48(%0)\n"               \
    store " %%xmm0, " at "+64(%0)\n" store " %%xmm0, " at "+80(%0)\n"               \
    store " %%xmm0, " at "+96(%0)\n" store " %%xmm0, " at "+112(%0)\n"              \
    store " %%xmm0, " at "+128(%0)\n" store " %%xmm0, " at "+144(%0)\n"             \
    store " %%xmm0, " at "+160(%0)\n" store " %%xmm0, " at "+176(%0)\n"             \
    store " %%xmm0, " at "+192(%0)\n" store " %%xmm0, " at "+208(%0)\n"             \
    store " %%xmm0, " at "+224(%0)\n" store " %%xmm0, " at "+240(%0)\n"

/* 64 bytes by four registers. */
#define COPY_64(load, store, at)                                                    \
    load " " at "+0(%1), %%xmm0\n" load " " at "+16(%1), %%xmm1\n"                  \
    load " " at "+32(%1), %%xmm2\n" load " " at "+48(%1), %%xmm3\n"                 \
    store " %%xmm0, " at "+0(%0)\n" store " %%xmm1, " at "+16(%0)\n"                \
    store " %%xmm2, " at "+32(%0)\n" store " %%xmm3, " at "+48(%0)\n"

/* clang-format on */

void copy_zero_page(void *page)
{
    struct vector_state s;
    char *p = page, *end = p + PAGE_SIZE;

    vector_begin(&s, 1);
    /* clang-format off */
    asm volatile("pxor %%xmm0, %%xmm0\n"
                 "1:\n"
                 STORES_256("movaps", "0") STORES_256("movaps", "256")
                 STORES_256("movaps", "512") STORES_256("movaps", "768")
                 "addl $1024, %0\n"
                 "cmpl %1, %0\n"
                 "jne 1b\n"
                 : "+r"(p) : "r"(end) : "memory", "cc");
    /* clang-format on */
    vector_end(&s, 1);
}

void page_copy(void *dst, const void *src)
{
    struct vector_state s;
    char *to = dst, *end = to + PAGE_SIZE;

    vector_begin(&s, 4);
    /* clang-format off */
    asm volatile("1:\n"
                 COPY_64("movaps", "movaps", "0") COPY_64("movaps", "movaps", "64")
                 COPY_64("movaps", "movaps", "128") COPY_64("movaps", "movaps", "192")
                 COPY_64("movaps", "movaps", "256") COPY_64("movaps", "movaps", "320")
                 COPY_64("movaps", "movaps", "384") COPY_64("movaps", "movaps", "448")
                 "addl $512, %1\n"
                 "addl $512, %0\n"
                 "cmpl %2, %0\n"
                 "jne 1b\n"
                 : "+r"(to), "+r"(src) : "r"(end) : "memory", "cc");
    /* clang-format on */
    vector_end(&s, 4);
}

static inline void copy_small(void *dst, const void *src, size_t n)
{
    size_t nwords = n / 4;

    asm volatile("rep movsl\n"
                 "movl %3, %%ecx\n"
                 "rep movsb\n"
                 : "+&D"(dst), "+&S"(src), "+&c"(nwords)
                 : "r"(n & 3)
                 : "memory");
}

/* Copies the whole 64s among n bytes; n is at least 64. */
static void copy_blocks(void *dst, const void *src, size_t n)
{
    struct vector_state s;
    size_t nlarge = n / 256, nsmall = n / 64 % 4;

    vector_begin(&s, 4);
    /* clang-format off */
    asm volatile("testl %2, %2\n"
                 "jz 2f\n"
                 "1:\n"
                 COPY_64("movups", "movups", "0") COPY_64("movups", "movups", "64")
                 COPY_64("movups", "movups", "128") COPY_64("movups", "movups", "192")
                 "addl $256, %1\n"
                 "addl $256, %0\n"
                 "decl %2\n"
                 "jnz 1b\n"
                 "2:\n"
                 "testl %3, %3\n"
                 "jz 4f\n"
                 "3:\n"
                 COPY_64("movups", "movups", "0")
                 "addl $64, %1\n"
                 "addl $64, %0\n"
                 "decl %3\n"
                 "jnz 3b\n"
                 "4:\n"
                 : "+r"(dst), "+r"(src), "+r"(nlarge), "+r"(nsmall) : : "memory", "cc");
    /* clang-format on */
    vector_end(&s, 4);
}

void bytes_copy(void *dst, const void *src, size_t n)
{
    size_t nblocks = 0;

    if (n >= COPY_MIN) {
        nblocks = n & ~(size_t)63;
        copy_blocks(dst, src, n);
    }
    copy_small((char *)dst + nblocks, (const char *)src + nblocks, n - nblocks);
}

void words_copy(uint *dst, const uint *src, size_t nwords) { bytes_copy(dst, src, nwords * sizeof(uint)); }

void words_copy_masked(uint *dst, const uint *src, uint mask, size_t nwords)
{
    size_t nblocks = nwords / 4;

    if (nwords >= WORDS_MIN) {
        struct vector_state s;
        vector_begin(&s, 4);
        asm volatile("movd %3, %%xmm1\n"
                     "pshufd $0, %%xmm1, %%xmm1\n"
                     "1:\n"
                     "movups (%1), %%xmm0\n"
                     "pand %%xmm1, %%xmm0\n"
                     "movups %%xmm0, (%0)\n"
                     "addl $16, %1\n"
                     "addl $16, %0\n"
                     "decl %2\n"
                     "jnz 1b\n"
                     : "+r"(dst), "+r"(src), "+r"(nblocks)
                     : "r"(mask)
                     : "memory", "cc");
        vector_end(&s, 4);
        nwords %= 4;
    }
    for (size_t i = 0; i < nwords; i++)
        dst[i] = src[i] & mask;
}

void words_fill(uint *dst, uint word, size_t nwords)
{
    size_t nblocks = nwords / 16;

    if (nwords >= WORDS_MIN) {
        struct vector_state s;
        vector_begin(&s, 1);
        asm volatile("movd %2, %%xmm0\n"
                     "pshufd $0, %%xmm0, %%xmm0\n"
                     "1:\n"
                     "movups %%xmm0, (%0)\n"
                     "movups %%xmm0, 16(%0)\n"
                     "movups %%xmm0, 32(%0)\n"
                     "movups %%xmm0, 48(%0)\n"
                     "addl $64, %0\n"
                     "decl %1\n"
                     "jnz 1b\n"
                     : "+r"(dst), "+r"(nblocks)
                     : "r"(word)
                     : "memory", "cc");
        vector_end(&s, 1);
        nwords %= 16;
    }
    asm volatile("rep stosl" : "+D"(dst), "+c"(nwords) : "a"(word) : "memory");
}

void words_zero(uint *dst, size_t nwords) { words_fill(dst, 0, nwords); }
