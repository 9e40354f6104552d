/*
 * stdlib.c - numbers, sorting, searching and chance.
 */
#include "stdlib.h"

#include <stdbool.h>
#include <stdint.h>

#include "ctype.h"
#include "decimal.h"
#include "double.h"
#include "limits.h"
#include "string.h"

/* Numbers. */

static uint digit_of(char c) { return isdigit(c) ? c - '0' : isalpha(c) ? tolower(c) - 'a' + 10 : 36; }

static const char *skip_sign(const char *s, bool *negative)
{
    while (isspace(*s))
        s++;
    *negative = *s == '-';
    return s + (*s == '-' || *s == '+');
}

static const char *skip_prefix(const char *s, int *base)
{
    if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && digit_of(s[2]) < 16 && (*base == 0 || *base == 16)) {
        *base = 16;
        return s + 2;
    }
    if (*base == 0)
        *base = s[0] == '0' ? 8 : 10;
    return s;
}

/* Reads a number.  One that is larger than `max`, or `min` if it is negative, gives that limit. */
static uint64_t parse(const char *s, char **end, int base, uint64_t max, uint64_t min)
{
    bool negative, any = false, large = false;
    bool possible = base == 0 || (base >= 2 && base <= 36);
    const char *p = skip_prefix(skip_sign(s, &negative), &base);
    uint64_t limit = negative ? min : max, value = 0;

    for (uint digit; possible && (digit = digit_of(*p)) < (uint)base; p++) {
        any = true;
        large |= value > limit / (uint)base || value * (uint)base > limit - digit;
        value = value * (uint)base + digit;
    }
    if (end)
        *end = (char *)(any ? p : s);
    if (large)
        return limit;
    return negative ? -value : value;
}

unsigned long long strtoull(const char *restrict s, char **restrict end, int base)
{
    return parse(s, end, base, ULLONG_MAX, ULLONG_MAX);
}

long long strtoll(const char *restrict s, char **restrict end, int base)
{
    return (long long)parse(s, end, base, LLONG_MAX, (uint64_t)LLONG_MAX + 1); /* -min is min */
}

unsigned long strtoul(const char *restrict s, char **restrict end, int base)
{
    return (unsigned long)parse(s, end, base, ULONG_MAX, ULONG_MAX);
}

long strtol(const char *restrict s, char **restrict end, int base)
{
    return (long)parse(s, end, base, LONG_MAX, (uint64_t)LONG_MAX + 1); /* -min is min */
}

/* Is this word next, in upper or lower case? */
static bool begins(const char *s, const char *word)
{
    while (*word && tolower(*s) == *word)
        s++, word++;
    return !*word;
}

double strtod(const char *restrict s, char **restrict end)
{
    bool negative;
    const char *p = skip_sign(s, &negative);
    union math_bits u = { 0 };
    int n = decimal_parse(p, INT_MAX, &u.value);

    if (n == 0 && begins(p, "inf")) {
        n = begins(p, "infinity") ? 8 : 3;
        u.value = MATH_INFINITY;
    } else if (n == 0 && begins(p, "nan")) {
        n = 3;
        u.bits = 0x7FF8ull << 48;
    }
    if (end)
        *end = (char *)(n > 0 ? p + n : s);
    u.bits |= (uint64_t)(negative && n > 0) << 63;
    return u.value;
}

double atof(const char *s) { return strtod(s, NULL); }

/* Chance: a linear congruential generator, whose lower bits are left out because their periods are short. */

static uint64_t seed = 1;

int rand(void)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (int)(seed >> 33);
}

void srand(unsigned new_seed) { seed = new_seed; }

/* Sorting, by a heap. */

struct array {
    char *base;
    size_t size;
    int (*compare)(const void *, const void *);
};

static void swap(char *a, char *b, size_t size)
{
    for (; size > 0; size--, a++, b++) {
        char c = *a;

        *a = *b;
        *b = c;
    }
}

/* Moves the element at `i` down until it is not less than its children, within the first n. */
static void sift(const struct array *array, size_t i, size_t n)
{
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        char *larger = array->base + child * array->size, *parent = array->base + i * array->size;

        if (child + 1 < n && array->compare(larger, larger + array->size) < 0) {
            larger += array->size;
            child++;
        }
        if (array->compare(parent, larger) >= 0)
            return;
        swap(parent, larger, array->size);
    }
}

void qsort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *))
{
    struct array array = { base, size, compare };

    for (size_t i = n / 2; i-- > 0;)
        sift(&array, i, n);
    while (n-- > 1) {
        swap(array.base, array.base + n * size, size);
        sift(&array, 0, n);
    }
}

void *bsearch(const void *key, const void *base, size_t n, size_t size,
              int (*compare)(const void *, const void *))
{
    const char *low = base;

    while (n > 0) {
        const char *middle = low + n / 2 * size;
        int order = compare(key, middle);

        if (order == 0)
            return (void *)middle;
        if (order > 0) {
            low = middle + size;
            n--;
        }
        n /= 2;
    }
    return NULL;
}
