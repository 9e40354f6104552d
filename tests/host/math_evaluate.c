/*
 * math_evaluate.c - the evaluator: share/problems.txt, whose results Python computed, the limits, and garbage.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "host.h"
#include "user/libc/decimal.h"
#include "user/math/mathexpr.h"
#include "user/math/mathfn.h"

#define PROBLEMS     "share/problems.txt"
#define MIN_PROBLEMS 400

static unsigned random_state = 362436069;

static unsigned pick(unsigned n) { return chance(&random_state, n); }

static struct math_result evaluate(const char *text)
{
    struct math_result result;
    size_t n = strlen(text);
    char *exact = malloc(n + 1); /* without a 0 at its end: the sanitizer sees a read beyond it */

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

TEST(PROBLEMS)
{
    FILE *file = fopen(PROBLEMS, "r");
    char line[4096];
    int n = 0;

    check(file != NULL);
    while (file && fgets(line, sizeof(line), file)) {
        char relation, *want = "a relation";

        line[strcspn(line, "\n")] = 0;
        if (line[0] == 0 || line[0] == '#')
            continue;
        n++;
        if (!split(line, &relation, &want) || !is_right(line, relation, want))
            tap_fail("wrong: %.60s: %s expected", line, want);
    }
    if (file)
        fclose(file);
    tap_note("%d problems", n);
    check(n >= MIN_PROBLEMS);
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

TEST("expressions that are too long or too deep are refused")
{
    check_eq(evaluate(repeat("-", 999, "1")).status, MATH_OK);
    check_eq(evaluate(repeat("-", 1000, "1")).status, MATH_LENGTH);
    check_eq(evaluate(repeat(" ", 999, "1")).status, MATH_OK);
    check_eq(evaluate(repeat("1^", 499, "1")).status, MATH_OK);
    check_eq(evaluate(repeat("1+(", 64, "1")).status, MATH_UNCLOSED);
    check_eq(evaluate(repeat("1+(", 65, "1")).status, MATH_DEPTH);
    check_eq(evaluate(repeat("min(1,", 64, "1")).status, MATH_UNCLOSED);
    check_eq(evaluate(repeat("(1)+", 200, "1")).status, MATH_OK);
    check_eq(evaluate(repeat("isprime(9007199254740881)+", 38, "0")).value, 38);
    check_eq(evaluate("").status, MATH_OPERAND);
    check_eq(evaluate("1\0").status, MATH_OK);
    check_eq(evaluate("1\n").status, MATH_CHARACTER);
}

TEST("an error has the column where it is")
{
    check_eq(evaluate("1+2)").column, 4);
    check_eq(evaluate("  foo").column, 3);
    check_eq(evaluate("1 +").column, 4);
    check_eq(evaluate("1/0+(2").column, 7);
    check_eq(evaluate("1").column, 0);
}

TEST("each status has its own message")
{
    char text[MATH_MESSAGE_SIZE];

    for (unsigned status = 0; status < 0x10000; status++) {
        struct math_result result = { 0, (unsigned short)status, 65535 };
        int n = math_message(&result, text);

        check_eq(n, strlen(text));
        check(n > 0 && n < MATH_MESSAGE_SIZE);
        for (unsigned other = 1; other < status && status < MATH_NSTATUS; other++) {
            char again[MATH_MESSAGE_SIZE];

            result.status = (unsigned short)other;
            math_message(&result, again);
            check(strcmp(text, again) != 0);
        }
    }
}

/* Mostly nonsense, which must get a status and nothing worse. */
TEST("parts of expressions in any order do no harm")
{
    static const char *const parts[] = {
        "1", "2.5",   "0",    "(",    "(",    ")",     ")",      "+",        "-",    "*",    "/",   "%",
        "^", "sqrt(", "min(", "max(", "gcd(", "fact(", "fib(",   "isprime(", "sin(", "cos(", "ln(", "exp(",
        ",", "pi",    "e",    " ",    ".",    "1e300", "1e-300", "\t",       "\x80", "#",
    };

    for (int i = 0; i < 300000; i++) {
        char text[300] = "";
        struct math_result result;
        unsigned n = pick(30);

        while (n-- > 0)
            strcat(text, parts[pick(COUNT(parts))]);
        result = evaluate(text);
        check(result.status < MATH_NSTATUS && math_is_finite(result.value));
        check(result.column <= strlen(text) + 1);
    }
}

TEST("any bytes do no harm")
{
    for (int i = 0; i < 100000; i++) {
        char text[64];
        struct math_result result;
        int n = (int)pick(sizeof(text));

        for (int k = 0; k < n; k++)
            text[k] = (char)pick(256);
        math_evaluate(text, n, &result);
        check(result.status < MATH_NSTATUS);
    }
}

TAP_MAIN(NULL, NULL)
