/*
 * mathexpr.h - arithmetic expressions: text to a double, or to a reason why not.
 *
 *      expression:  operand { operator operand }     operators, the loosest first:  + -   * / %   unary -   ^
 *      operand:     - operand | ( expression ) | number | pi | e | function ( expression [ , expression ] )
 *
 * ^ is right-associative and binds tighter than a minus on its left: -2^2 is -4, 2^-1 is 0.5.  The others are
 * left-associative.  Functions: sqrt abs floor ceil fact fib isprime sin cos ln exp, and min max gcd of
 * two.  Blanks between parts are passed over.
 */
#ifndef MATHEXPR_H
#define MATHEXPR_H

#define MATH_MAX_LENGTH 1000 /* characters of an expression */
#define MATH_MAX_DEPTH  64   /* parentheses open at once, those of calls included */

enum math_status {
    MATH_OK,
    MATH_ZERO,     /* division by zero */
    MATH_DOMAIN,   /* the function is not defined there */
    MATH_INTEGER,  /* the function takes integers only */
    MATH_OVERFLOW, /* a result is not finite */
    MATH_LENGTH,   /* the expression is too long */
    MATH_DEPTH,    /* nested too deep */
    /* Syntax errors. */
    MATH_OPERAND,   /* a number, a name or '(' should stand there */
    MATH_OPERATOR,  /* an operator, ')' or the end should */
    MATH_NAME,      /* no such name */
    MATH_CHARACTER, /* belongs to no expression */
    MATH_CALL,      /* a function's '(' is missing */
    MATH_FEW,       /* too few arguments */
    MATH_MANY,      /* too many arguments */
    MATH_UNCLOSED,  /* ')' is missing */
    MATH_UNOPENED,  /* ')' without '(' */
    MATH_NSTATUS,
};

struct math_result {
    double value;          /* for MATH_OK; else 0 */
    unsigned short status; /* enum math_status */
    unsigned short column; /* of what is wrong, from 1; 0 for MATH_OK */
};

/* Computes the n characters at text.  A syntax error anywhere goes before errors of computing; of those the
   first counts.  Needs about 10 KB of stack, and a time bounded by the text's length times that of
   fact(170). */
void math_evaluate(const char *text, int n, struct math_result *result);

/* "syntax error at column 3: ...", "division by zero", ...: constant text but for the column.  buf has
   MATH_MESSAGE_SIZE bytes; any result is accepted.  Returns the length. */
#define MATH_MESSAGE_SIZE 96
int math_message(const struct math_result *result, char *buf);

/* Functions that take integers, exact as long as a double holds the result, else rounded once. */
double math_fact(double n);          /* 0 <= n; infinity above 170 */
double math_fib(double n);           /* 0 <= n; infinity above 1476 */
double math_gcd(double a, double b); /* of the absolute values; gcd(0, x) is |x| */
double math_isprime(double n);       /* 1 or 0 */

#endif
