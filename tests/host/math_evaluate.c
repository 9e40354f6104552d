/*
 * math_evaluate.c - the evaluator: share/problems.txt, whose results python computed, the limits, and
 * garbage.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "user/math/decimal.h"
#include "user/math/mathexpr.h"
#include "user/math/mathfn.h"

#define PROBLEMS     "share/problems.txt"
#define MIN_PROBLEMS 400

static uint64_t state = 362436069362436069u;

static unsigned random_below(unsigned n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 20) % n;
}

static struct math_result evaluate(const char *text)
{
    struct math_result result;
    size_t n = strlen(text);
    char *exact = malloc(n + 1); /* no 0 behind it: reading too far is seen by the tools for that */

    memcpy(exact, text, n);
    math_evaluate(exact, (int)n, &result);
    free(exact);
    return result;
}

/* Units in the last place between the two, of the same sign. */
static uint64_t distance(double a, double b)
{
    union math_bits x = { a }, y = { b };

    return x.bits < y.bits ? y.bits - x.bits : x.bits - y.bits;
}

static bool is_right(const char *text, char relation, const char *want)
{
    struct math_result result = evaluate(text);
    char got[MATH_MESSAGE_SIZE];

    if (relation == '~')
        return result.status == MATH_OK && distance(result.value, strtod(want, NULL)) <= 2;
    if (result.status == MATH_OK)
        decimal_format(result.value, got);
    else
        math_message(&result, got);
    return (relation == '=') == (result.status == MATH_OK) && strcmp(got, want) == 0;
}

static bool split(char *line, char *relation, char **want)
{
    char *at = NULL;

    for (char *p = line; *p; p++)
        if (!strncmp(p, " = ", 3) || !strncmp(p, " ~ ", 3))
            at = p;
    if (!at)
        at = strstr(line, ": ");
    if (!at)
        return false;
    *relation = at[0] == ':' ? ':' : at[1];
    *want = at[0] == ':' ? at + 2 : at + 3;
    *at = 0;
    return true;
}

static void test_problems(void)
{
    FILE *file = fopen(PROBLEMS, "r");
    char line[4096];
    int n = 0;

    CHECK(file != NULL);
    while (file && fgets(line, sizeof(line), file)) {
        char relation, *want;

        line[strcspn(line, "\n")] = 0;
        if (line[0] == 0 || line[0] == '#')
            continue;
        n++;
        if (!split(line, &relation, &want) || !is_right(line, relation, want)) {
            printf("# wrong: %.60s: %s expected\n", line, want);
            tap_failed = true;
        }
    }
    if (file)
        fclose(file);
    printf("# %d problems\n", n);
    CHECK(n >= MIN_PROBLEMS);
}

/* n times `part`, then `rest`. */
static char *repeat(const char *part, int n, const char *rest)
{
    static char text[20000];

    text[0] = 0;
    for (int i = 0; i < n; i++)
        strcat(text, part);
    return strcat(text, rest);
}

static void test_limits(void)
{
    CHECK_INT(evaluate(repeat("-", 999, "1")).status, MATH_OK);
    CHECK_INT(evaluate(repeat("-", 1000, "1")).status, MATH_LENGTH);
    CHECK_INT(evaluate(repeat(" ", 999, "1")).status, MATH_OK);
    CHECK_INT(evaluate(repeat("1^", 499, "1")).status, MATH_OK);
    CHECK_INT(evaluate(repeat("1+(", 64, "1")).status, MATH_UNCLOSED);
    CHECK_INT(evaluate(repeat("1+(", 65, "1")).status, MATH_DEPTH);
    CHECK_INT(evaluate(repeat("min(1,", 64, "1")).status, MATH_UNCLOSED);
    CHECK_INT(evaluate(repeat("(1)+", 200, "1")).status, MATH_OK);
    CHECK_INT(evaluate(repeat("isprime(9007199254740881)+", 38, "0")).value, 38);
    CHECK_INT(evaluate("").status, MATH_OPERAND);
    CHECK_INT(evaluate("1\0").status, MATH_OK);
    CHECK_INT(evaluate("1\n").status, MATH_CHARACTER);
}

static void test_columns(void)
{
    CHECK_INT(evaluate("1+2)").column, 4);
    CHECK_INT(evaluate("  foo").column, 3);
    CHECK_INT(evaluate("1 +").column, 4);
    CHECK_INT(evaluate("1/0+(2").column, 7);
    CHECK_INT(evaluate("1").column, 0);
}

static void test_messages(void)
{
    char text[MATH_MESSAGE_SIZE];

    for (unsigned status = 0; status < 0x10000; status++) {
        struct math_result result = { 0, (unsigned short)status, 65535 };
        int n = math_message(&result, text);

        CHECK_INT(n, strlen(text));
        CHECK(n > 0 && n < MATH_MESSAGE_SIZE);
        for (unsigned other = 1; other < status && status < MATH_NSTATUS; other++) {
            char again[MATH_MESSAGE_SIZE];

            result.status = (unsigned short)other;
            math_message(&result, again);
            CHECK(strcmp(text, again) != 0);
        }
    }
}

/* Parts in any order: mostly nonsense, and never more than a status. */
static void test_garbage(void)
{
    static const char *const parts[] = {
        "1", "2.5",   "0",    "(",    "(",    ")",     ")",      "+",        "-",    "*",    "/",   "%",
        "^", "sqrt(", "min(", "max(", "gcd(", "fact(", "fib(",   "isprime(", "sin(", "cos(", "ln(", "exp(",
        ",", "pi",    "e",    " ",    ".",    "1e300", "1e-300", "\t",       "\x80", "#",
    };

    for (int i = 0; i < 300000; i++) {
        char text[300] = "";
        struct math_result result;
        unsigned n = random_below(30);

        while (n-- > 0)
            strcat(text, parts[random_below(sizeof(parts) / sizeof(parts[0]))]);
        result = evaluate(text);
        CHECK(result.status < MATH_NSTATUS && math_is_finite(result.value));
        CHECK(result.column <= strlen(text) + 1);
    }
}

static void test_garbage_bytes(void)
{
    for (int i = 0; i < 100000; i++) {
        char text[64];
        struct math_result result;
        int n = (int)random_below(sizeof(text));

        for (int k = 0; k < n; k++)
            text[k] = (char)random_below(256);
        math_evaluate(text, n, &result);
        CHECK(result.status < MATH_NSTATUS);
    }
}

static void nothing(void) {}

int main(void)
{
    static const struct test tests[] = {
        { PROBLEMS, test_problems },
        { "limits of length and depth", test_limits },
        { "columns of errors", test_columns },
        { "each status has its own message", test_messages },
        { "parts in any order", test_garbage },
        { "any bytes", test_garbage_bytes },
    };

    return tap_run(tests, sizeof(tests) / sizeof(tests[0]), nothing, nothing);
}
