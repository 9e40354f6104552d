/*
 * mathmessage.c - what went wrong with an expression, in words.
 *
 * Like the arithmetic, it is compiled for the host's tests as well, and so does without the programs' printf().
 */
#include "mathexpr.h"

static const char *const messages[MATH_NSTATUS] = {
    [MATH_OK] = "no error",
    [MATH_ZERO] = "division by zero",
    [MATH_DOMAIN] = "domain error: not defined there",
    [MATH_INTEGER] = "domain error: integers only",
    [MATH_OVERFLOW] = "overflow: the result is too large",
    [MATH_LENGTH] = "expression too long: at most 1000 characters",
    [MATH_DEPTH] = "nested too deep: at most 64 parentheses",
    [MATH_OPERAND] = "a number, a name or '(' expected",
    [MATH_OPERATOR] = "an operator expected",
    [MATH_NAME] = "unknown name",
    [MATH_CHARACTER] = "unknown character",
    [MATH_CALL] = "'(' expected after the function",
    [MATH_FEW] = "too few arguments",
    [MATH_MANY] = "too many arguments",
    [MATH_UNCLOSED] = "')' expected",
    [MATH_UNOPENED] = "')' without '('",
};

static char *append(char *out, const char *text)
{
    while (*text)
        *out++ = *text++;
    return out;
}

static char *append_number(char *out, unsigned int n)
{
    char digits[8];
    char *p = digits + sizeof(digits);

    *--p = 0;
    do
        *--p = (char)('0' + n % 10);
    while (n /= 10);
    return append(out, p);
}

int math_message(const struct math_result *result, char *buf)
{
    char *out = buf;

    if (result->status >= MATH_OPERAND && result->status < MATH_NSTATUS) {
        out = append(out, "syntax error at column ");
        out = append_number(out, result->column);
        out = append(out, ": ");
    }
    out = append(out, result->status < MATH_NSTATUS ? messages[result->status] : "unknown error");
    *out = 0;
    return (int)(out - buf);
}
