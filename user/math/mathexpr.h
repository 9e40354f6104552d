/*
 * mathexpr.h - arithmetic expressions: text to a double, or to a reason why not.
 *
 *      expression:  operand { operator operand }     operators, the loosest first:  + -   * / %   unary -   ^
 *      operand:     - operand | ( expression ) | number | pi | e | function ( expression [ , expression ] )
 *
 * ^ is right-associative and binds tighter than a minus on its left: -2^2 is -4, 2^-1 is 0.5.  The others are
 * left-associative.  The functions are sqrt abs floor ceil fact fib isprime sin cos ln exp, and with two arguments
 * min max gcd.  Blanks between the parts are skipped.  Sleeps: no.
 */
#ifndef MATHEXPR_H
#define MATHEXPR_H

#define MATH_MAX_LENGTH 1000 /* characters of an expression */
#define MATH_MAX_DEPTH  64   /* parentheses open at once, those of calls included */

enum math_status {
    MATH_OK,
    MATH_ZERO,     /* division by zero */
    MATH_DOMAIN,   /* the function is not defined there */
    MATH_INTEGER,  /* the function takes only integers */
    MATH_OVERFLOW, /* a result is not finite */
    MATH_LENGTH,   /* the expression is too long */
    MATH_DEPTH,    /* nested too deep */
    /* Syntax errors. */
    MATH_OPERAND,   /* a number, a name or '(' is missing */
    MATH_OPERATOR,  /* an operator, ')' or the end is missing */
    MATH_NAME,      /* unknown name */
    MATH_CHARACTER, /* a character that no expression contains */
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
    unsigned short column; /* of the error, from 1; 0 for MATH_OK */
};

/* Computes the n characters at text.  A syntax error anywhere is reported before a computing error; of the latter the
   first is.  It uses about 14 KB of stack, and at most as much time as the text's length times fact(170). */
void math_evaluate(const char *text, int n, struct math_result *result);

#define MATH_MESSAGE_SIZE 96

/* Writes what a result's status means: "syntax error at column 3: ...", "division by zero", ...  buf has
   MATH_MESSAGE_SIZE bytes.  Any result is accepted, also one that another process made up.  Returns the length. */
int math_message(const struct math_result *result, char *buf);

#endif
