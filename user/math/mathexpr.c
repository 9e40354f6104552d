/*
 * mathexpr.c - parses and computes an expression in one pass from left to right, without recursion.
 *
 * There are two stacks: values, and operators that wait for their right operand.  An operator is applied when one
 * that binds no tighter, a comma, a ')' or the end follows; an entry for '(' or a call stops that.  Both stacks are
 * as large as the longest expression, so neither can overflow.
 *
 * After a computing error the parse goes on with zeroes, because a syntax error further right takes precedence.
 */
#include "mathexpr.h"

#include "ctype.h"
#include "decimal.h"
#include "mathfn.h"
#include "mathint.h"
#include "mathtrig.h"

enum op_kind {
    OP_ADD,
    OP_SUBTRACT,
    OP_MULTIPLY,
    OP_DIVIDE,
    OP_MODULO,
    OP_NEGATE,
    OP_POWER,
    OP_OPEN,
    OP_CALL,
};

enum function {
    FN_ABS,
    FN_CEIL,
    FN_COS,
    FN_EXP,
    FN_FACT,
    FN_FIB,
    FN_FLOOR,
    FN_GCD,
    FN_ISPRIME,
    FN_LN,
    FN_MAX,
    FN_MIN,
    FN_SIN,
    FN_SQRT,
    CONST_E,
    CONST_PI,
};

struct name {
    char text[8];
    unsigned char length;
    unsigned char what; /* enum function */
    unsigned char nargs;
};

static const struct name names[] = {
    { "abs", 3, FN_ABS, 1 },         { "ceil", 4, FN_CEIL, 1 },   { "cos", 3, FN_COS, 1 },
    { "e", 1, CONST_E, 0 },          { "exp", 3, FN_EXP, 1 },     { "fact", 4, FN_FACT, 1 },
    { "fib", 3, FN_FIB, 1 },         { "floor", 5, FN_FLOOR, 1 }, { "gcd", 3, FN_GCD, 2 },
    { "isprime", 7, FN_ISPRIME, 1 }, { "ln", 2, FN_LN, 1 },       { "max", 3, FN_MAX, 2 },
    { "min", 3, FN_MIN, 2 },         { "pi", 2, CONST_PI, 0 },    { "sin", 3, FN_SIN, 1 },
    { "sqrt", 4, FN_SQRT, 1 },
};

struct op {
    unsigned char kind;
    unsigned char function; /* of a call */
    unsigned char missing;  /* of a call: arguments after the one that is being read */
    unsigned short column;
};

struct parser {
    const char *text;
    int n, at;
    int nvalues, nops, depth;
    int status, column; /* the first computing error */
    double values[MATH_MAX_LENGTH];
    struct op ops[MATH_MAX_LENGTH];
};

static void note_error(struct parser *p, int status, int column)
{
    if (p->status == MATH_OK) {
        p->status = status;
        p->column = column;
    }
}

/* Computing. */

static double power(double x, double y, int *status)
{
    if (x == 0 && y < 0)
        *status = MATH_ZERO;
    else if (x < 0 && !math_is_integer(y))
        *status = MATH_DOMAIN;
    else
        return math_pow(x, y);
    return 0;
}

static double combine(int kind, double x, double y, int *status)
{
    switch (kind) {
    case OP_ADD:
        return x + y;
    case OP_SUBTRACT:
        return x - y;
    case OP_MULTIPLY:
        return x * y;
    case OP_POWER:
        return power(x, y, status);
    }
    if (y == 0) {
        *status = MATH_ZERO;
        return 0;
    }
    return kind == OP_DIVIDE ? x / y : math_fmod(x, y);
}

/* A function of one integer, or two for gcd. */
static double call_integer(int function, double x, double y, int *status)
{
    if (!math_is_integer(x) || !math_is_integer(y)) {
        *status = MATH_INTEGER;
        return 0;
    }
    if ((function == FN_FACT || function == FN_FIB) && x < 0) {
        *status = MATH_DOMAIN;
        return 0;
    }
    switch (function) {
    case FN_FACT:
        return math_fact(x);
    case FN_FIB:
        return math_fib(x);
    case FN_ISPRIME:
        return math_isprime(x);
    default:
        return math_gcd(x, y);
    }
}

/* y is 0 for functions of one argument. */
static double call(int function, double x, double y, int *status)
{
    if ((function == FN_SQRT && x < 0) || (function == FN_LN && x <= 0)) {
        *status = MATH_DOMAIN;
        return 0;
    }
    switch (function) {
    case FN_ABS:
        return math_abs(x);
    case FN_CEIL:
        return math_ceil(x);
    case FN_COS:
        return math_cos(x);
    case FN_EXP:
        return math_exp(x);
    case FN_FLOOR:
        return math_floor(x);
    case FN_LN:
        return math_log(x);
    case FN_MAX:
        return x < y ? y : x;
    case FN_MIN:
        return y < x ? y : x;
    case FN_SIN:
        return math_sin(x);
    case FN_SQRT:
        return math_sqrt(x);
    default:
        return call_integer(function, x, y, status);
    }
}

static void apply(struct parser *p, const struct op *op)
{
    double y = 0, value;
    int status = MATH_OK;

    if (op->kind == OP_NEGATE) {
        p->values[p->nvalues - 1] = -p->values[p->nvalues - 1];
        return;
    }
    if (op->kind != OP_CALL || names[op->function].nargs == 2)
        y = p->values[--p->nvalues];
    value = 0;
    if (p->status == MATH_OK) {
        double x = p->values[p->nvalues - 1];

        value = op->kind == OP_CALL ? call(names[op->function].what, x, y, &status)
                                    : combine(op->kind, x, y, &status);
        if (status == MATH_OK && !math_is_finite(value))
            status = MATH_OVERFLOW;
        if (status != MATH_OK) {
            note_error(p, status, op->column);
            value = 0;
        }
    }
    p->values[p->nvalues - 1] = value;
}

/* Parsing.  Each function returns a status; p->at is where an error is. */

/* How tightly operators bind; 0 stops a reduction. */
static const unsigned char binding[] = {
    [OP_ADD] = 1,    [OP_SUBTRACT] = 1, [OP_MULTIPLY] = 2, [OP_DIVIDE] = 2, [OP_MODULO] = 2,
    [OP_NEGATE] = 3, [OP_POWER] = 4,    [OP_OPEN] = 0,     [OP_CALL] = 0,
};

/* Applies the waiting operators that bind at least as tightly as `least`, which is 1 or more. */
static void reduce(struct parser *p, int least)
{
    while (p->nops > 0 && binding[p->ops[p->nops - 1].kind] >= least)
        apply(p, &p->ops[--p->nops]);
}

static struct op *push(struct parser *p, int kind)
{
    struct op *op = &p->ops[p->nops++];

    *op = (struct op){ .kind = (unsigned char)kind, .column = (unsigned short)(p->at + 1) };
    return op;
}

static int is_letter(char c) { return isalpha((unsigned char)c) || c == '_'; }

static int is_digit(char c) { return isdigit((unsigned char)c); }

static char skip_blanks(struct parser *p)
{
    for (; p->at < p->n; p->at++) {
        char c = p->text[p->at];

        if (c != ' ' && c != '\t')
            return c;
    }
    return 0;
}

static int find_name(const char *text, int n)
{
    for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++) {
        int k = 0;

        if (names[i].length != n)
            continue;
        while (k < n && text[k] == names[i].text[k])
            k++;
        if (k == n)
            return i;
    }
    return -1;
}

static int open_parenthesis(struct parser *p)
{
    if (++p->depth > MATH_MAX_DEPTH)
        return MATH_DEPTH;
    p->at++;
    return MATH_OK;
}

/* A constant, or a function up to its '('. */
static int parse_name(struct parser *p, int *want_operand)
{
    int start = p->at, end = start, index;
    struct op *op;

    while (end < p->n && (is_letter(p->text[end]) || is_digit(p->text[end])))
        end++;
    index = find_name(p->text + start, end - start);
    if (index < 0)
        return MATH_NAME;
    if (names[index].nargs == 0) {
        p->at = end;
        p->values[p->nvalues++] = names[index].what == CONST_E ? 0x1.5bf0a8b145769p+1 : 0x1.921fb54442d18p+1;
        *want_operand = 0;
        return MATH_OK;
    }
    op = push(p, OP_CALL);
    op->function = (unsigned char)index;
    op->missing = names[index].nargs - 1;
    p->at = end;
    if (skip_blanks(p) != '(')
        return MATH_CALL;
    return open_parenthesis(p);
}

/* At a digit or a point. */
static int parse_number(struct parser *p)
{
    int start = p->at, length;
    double value;

    length = decimal_parse(p->text + start, p->n - start, &value);
    if (length == 0)
        return MATH_OPERAND; /* a lone point */
    if (!math_is_finite(value)) {
        note_error(p, MATH_OVERFLOW, start + 1);
        value = 0;
    }
    p->values[p->nvalues++] = value;
    p->at += length;
    return MATH_OK;
}

/* Can c be part of any expression?  If not, the character itself is the error. */
static int is_known(char c)
{
    for (const char *known = "+-*/%^(),."; *known; known++)
        if (c == *known)
            return 1;
    return is_letter(c) || is_digit(c);
}

/* c is 0 at the end. */
static int parse_operand(struct parser *p, char c, int *want_operand)
{
    if (is_digit(c) || c == '.') {
        *want_operand = 0;
        return parse_number(p);
    }
    if (is_letter(c))
        return parse_name(p, want_operand);
    if (c == '(') {
        push(p, OP_OPEN);
        return open_parenthesis(p);
    }
    if (c == '-') {
        push(p, OP_NEGATE);
        p->at++;
        return MATH_OK;
    }
    return p->at == p->n || is_known(c) ? MATH_OPERAND : MATH_CHARACTER;
}

static int close_parenthesis(struct parser *p)
{
    struct op *open;

    reduce(p, 1);
    if (p->nops == 0)
        return MATH_UNOPENED;
    open = &p->ops[p->nops - 1];
    if (open->kind == OP_CALL && open->missing > 0)
        return MATH_FEW;
    p->nops--;
    p->depth--;
    p->at++;
    if (open->kind == OP_CALL)
        apply(p, open);
    return MATH_OK;
}

static int next_argument(struct parser *p)
{
    struct op *open;

    reduce(p, 1);
    if (p->nops == 0 || p->ops[p->nops - 1].kind != OP_CALL)
        return MATH_OPERATOR;
    open = &p->ops[p->nops - 1];
    if (open->missing == 0)
        return MATH_MANY;
    open->missing--;
    p->at++;
    return MATH_OK;
}

static int binary_operator(struct parser *p, int kind)
{
    if (kind != OP_POWER) /* which is right-associative: nothing that waits is applied */
        reduce(p, binding[kind]);
    push(p, kind);
    p->at++;
    return MATH_OK;
}

/* What follows an operand; c is not the end. */
static int parse_operator(struct parser *p, char c, int *want_operand)
{
    if (c == ')')
        return close_parenthesis(p);
    *want_operand = 1;
    switch (c) {
    case '+':
        return binary_operator(p, OP_ADD);
    case '-':
        return binary_operator(p, OP_SUBTRACT);
    case '*':
        return binary_operator(p, OP_MULTIPLY);
    case '/':
        return binary_operator(p, OP_DIVIDE);
    case '%':
        return binary_operator(p, OP_MODULO);
    case '^':
        return binary_operator(p, OP_POWER);
    case ',':
        return next_argument(p);
    default:
        return is_known(c) ? MATH_OPERATOR : MATH_CHARACTER;
    }
}

static int parse(struct parser *p)
{
    int want_operand = 1;

    for (;;) {
        char c = skip_blanks(p);
        int status;

        if (want_operand)
            status = parse_operand(p, c, &want_operand);
        else if (p->at < p->n)
            status = parse_operator(p, c, &want_operand);
        else
            break;
        if (status != MATH_OK)
            return status;
    }
    reduce(p, 1);
    return p->nops > 0 ? MATH_UNCLOSED : MATH_OK;
}

void math_evaluate(const char *text, int n, struct math_result *result)
{
    struct parser p;
    int status;

    *result = (struct math_result){ 0, MATH_LENGTH, MATH_MAX_LENGTH + 1 };
    if (n > MATH_MAX_LENGTH)
        return;
    p.text = text;
    p.n = n;
    p.at = p.nvalues = p.nops = p.depth = p.column = 0;
    p.status = MATH_OK;
    status = parse(&p);
    if (status == MATH_OK) {
        result->value = p.status == MATH_OK ? p.values[0] : 0;
        result->status = (unsigned short)p.status;
        result->column = (unsigned short)p.column;
    } else {
        result->status = (unsigned short)status;
        result->column = (unsigned short)(p.at + 1);
    }
}
