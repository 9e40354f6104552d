/*
 * heap.c - a program that uses its heap in the wrong way that its argument names.
 *
 *   heap WAY     the ways are listed at the end of this file
 *
 * It has malloc() as DEBUG=1 builds it, whatever the library was built with.  tests/cli/faults.py knows the messages.
 */
#ifndef DEBUG
#define DEBUG
#endif
#include "ulib.h"
/* Each keeps its caller, as in the library. */
#define APART __attribute__((noinline))
APART void *malloc(uint n);
APART void free(void *p);
APART void *calloc(uint count, uint n);
APART void *realloc(void *p, uint n);
APART char *strdup(const char *s);
APART int exits(int status);
#include "malloc.c" /* NOLINT(bugprone-suspicious-include) */
#define payload_of checked_payload_of
#include "malloc_check.c" /* NOLINT(bugprone-suspicious-include) */

static volatile uint ten = 10;

static void overrun(void)
{
    char *p = malloc(ten);

    p[ten + 2] = 'x';
    free(p);
}

static void overrun_kept(void)
{
    char *p = malloc(ten);

    p[ten] = 0;
}

static void overrun_later(void)
{
    char *p = malloc(ten);

    p[ten] = 0;
    free(malloc(5));
}

static void underrun(void)
{
    char *p = calloc(ten, 3);

    p[-(int)ten / 10] = 'x';
    free(p);
}

static void double_free(void)
{
    char *p = strdup("twice");

    free(p);
    free(p);
}

static void after_free(void)
{
    char *p = malloc(ten);

    free(p);
    p[4] = 'x';
    for (uint i = 0; i < RESTING_MAX; i++)
        free(malloc(ten));
}

static void after_realloc(void)
{
    char *p = malloc(ten), *larger = realloc(p, 2 * ten);

    larger[0] = 1;
    p[0] = 2;
}

static void middle(void)
{
    char *p = malloc(ten);

    free(p + 4);
}

static void stack(void)
{
    char here[64] __attribute__((aligned(16)));
    char *volatile p = here;

    free(p);
}

static void wild(void) { free((void *)(ten << 24)); }
static void zeroed(void)
{
    char *p = malloc(ten);

    memset(p - 32, 0, 42);
}

/* Nothing is wrong with it. */
static void right(void)
{
    static char *blocks[200];

    for (uint i = 0; i < 20000; i++) {
        uint at = i * 2654435769u >> 8;
        char **p = &blocks[at % (sizeof(blocks) / sizeof(blocks[0]))];
        uint n = at / 256 % 9000;

        *p = realloc(at % 3 ? *p : (free(*p), NULL), n);
        memset(*p, (int)i, n);
    }
    ten++;
}

static const struct {
    const char *name;
    void (*way)(void);
} ways[] = {
#define WAY(f) \
    {          \
#f, f  \
    }
    WAY(overrun),     WAY(overrun_kept), WAY(overrun_later), WAY(underrun),
    WAY(double_free), WAY(after_free),   WAY(after_realloc), WAY(middle),
    WAY(stack),       WAY(wild),         WAY(zeroed),        WAY(right),
};

int main(int argc, char **argv)
{
    for (uint i = 0; argc > 1 && i < sizeof(ways) / sizeof(ways[0]); i++)
        if (strcmp(argv[1], ways[i].name) == 0) {
            ways[i].way();
            exits(ten == 11 ? 0 : 1);
        }
    exits(2);
}
