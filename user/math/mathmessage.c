/*
 * mathmessage.c - what went wrong with an expression, in words.
 */
#include "mathexpr.h"

#include "stdio.h"

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

int math_message(const struct math_result *result, char *buf)
{
    const char *message = result->status < MATH_NSTATUS ? messages[result->status] : "unknown error";

    if (result->status < MATH_OPERAND || result->status >= MATH_NSTATUS)
        return snprintf(buf, MATH_MESSAGE_SIZE, "%s", message);
    return snprintf(buf, MATH_MESSAGE_SIZE, "syntax error at column %u: %s", (unsigned int)result->column,
                    message);
}
