#!/usr/bin/env python3
"""problems - makes share/problems.txt: expressions for the Math Server, and the results that they must have.

usage: problems.py >share/problems.txt

The results are Python's.  Its parser groups the operators (** stands for ^), its floats add, multiply and divide, and
its integers and the decimal module compute the functions, with digits to spare.  Lines:

    EXPR = VALUE      the value to the last digit
    EXPR ~ VALUE      2 units in the last place are allowed: functions and powers that no double holds exactly
    EXPR: message     it can't be computed
"""

import math
import random
import re
from decimal import Decimal, getcontext
from fractions import Fraction

getcontext().prec = 400
LIMIT = 1000  # characters of an expression
DEPTH = 64    # levels of parentheses


def arctan_of_inverse(n):
    total, term, k = Decimal(0), Decimal(1) / n, 1
    while abs(term) > Decimal(10) ** -395:
        total += term / k
        term /= -n * n
        k += 2
    return total


PI = 16 * arctan_of_inverse(5) - 4 * arctan_of_inverse(239)


def sine(x):
    """Of a Decimal; the angle is brought near 0 first."""
    x -= (x / (2 * PI)).to_integral_value() * 2 * PI
    total, term, k = Decimal(0), x, 1
    while abs(term) > Decimal(10) ** -390:
        total += term
        term *= -x * x / ((k + 1) * (k + 2))
        k += 2
    return total


class Number:
    """A double whose operators are those of the Math Server."""

    exact = True  # of the expression that is being computed: nothing in it was rounded by a function

    def __init__(self, value):
        self.value = float(value)
        if not math.isfinite(self.value):
            raise OverflowError

    def __add__(self, other):
        return Number(self.value + other.value)

    def __sub__(self, other):
        return Number(self.value - other.value)

    def __mul__(self, other):
        return Number(self.value * other.value)

    def __truediv__(self, other):
        return Number(self.value / other.value)

    def __mod__(self, other):
        return Number(math.fmod(self.value, other.value))

    def __neg__(self):
        return Number(-self.value)

    def __pow__(self, other):
        x, y = self.value, other.value
        if y == int(y) and abs(y) < 2000:
            true = Fraction(x) ** int(y)
            return rounded(true)
        return inexact((Decimal(y) * Decimal(x).ln()).exp())


def rounded(fraction):
    """A power: exact only if a double holds it."""
    value = float(fraction)
    Number.exact = Number.exact and Fraction(value) == fraction
    return Number(value)


def inexact(value):
    result = float(value)
    Number.exact = Number.exact and Decimal(result) == value
    return Number(result)


def is_prime(n):
    """Miller and Rabin's test; below 3 * 10^24 these bases decide."""
    bases = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41)
    if n < 2 or any(n % base == 0 for base in bases):
        return n in bases
    twos = (n - 1 & 1 - n).bit_length() - 1
    return all(pow(base, n - 1 >> twos, n) == 1 or any(pow(base, n - 1 >> k, n) == n - 1 for k in range(1, twos + 1))
               for base in bases)


def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


NAMES = {
    "X": Number,
    "pi": Number(math.pi),
    "e": Number(math.e),
    "sqrt": lambda x: Number(math.sqrt(x.value)),
    "abs": lambda x: Number(abs(x.value)),
    "floor": lambda x: Number(math.floor(x.value)),
    "ceil": lambda x: Number(math.ceil(x.value)),
    "min": lambda x, y: Number(min(x.value, y.value)),
    "max": lambda x, y: Number(max(x.value, y.value)),
    "gcd": lambda x, y: Number(math.gcd(int(x.value), int(y.value))),
    "fact": lambda x: Number(math.factorial(int(x.value))),
    "fib": lambda x: Number(fibonacci(int(x.value))),
    "isprime": lambda x: Number(is_prime(int(x.value))),
    "sin": lambda x: inexact(sine(Decimal(x.value))),
    "cos": lambda x: inexact(sine(Decimal(x.value) + PI / 2)),
    "ln": lambda x: inexact(Decimal(x.value).ln()),
    "exp": lambda x: inexact(Decimal(x.value).exp()),
}

NUMBER = re.compile(r"(?<![\w.])(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)")


def compute(text):
    """The double that text stands for, and whether it must be met to the last digit."""
    Number.exact = True
    python = NUMBER.sub(r"X('\1')", text).replace("^", "**")
    value = eval(python, {"__builtins__": {}}, NAMES).value  # our own text
    return value, Number.exact


def show(value):
    text = repr(value)
    return text[:-2] if text.endswith(".0") else text


GIVEN = """
1+2|2*3+4|2+3*4|(2+3)*4|10-4-3|2*3%4|7/2|1/3|2/3|10/4/5|100/7*7|-5+3|--5|-(-5)|- - 7|3--3|3- -3|2*-3|-2*-3
-2^2|(-2)^2|2^-1|2^3^2|(2^3)^2|2^-2^2|-2^-2|2^10|2^52|2^53|2^-1074|2^1023|3^20|10^15|10^16|10^22|0.5^3
4^0.5|2^0.5|10^-5|0^0|0^5|1^1000|(-1)^7|(-3)^3|(-8)^3|1.1^10|0.1^2|9^1.5|2^(1/3)|1.0000001^1e7|1e100^3
1e-100^3|0.999999^1e6|7%3|-7%3|7%-3|-7%-3|5.5%2|1e20%7|1e308%3|0.3%0.1|1%0.1|2^70%1000|5%1e-300|-1%1e300
0.1+0.2|0.1*3|1-0.9|0.1+0.7|1.1*1.1|4.35*100|1.005*1000|0.1/3|3.14159|2.5e3|2.5E-3|1e3|1.e2|.5|.5e1|5.
00012|1e+2|1e22|1e23|123456789012345678|9007199254740993|9007199254740992|9999999999999999|1e15|1e16
123456.789e-10|1e-5|0.0001|0.00001234|1.7976931348623157e308|2.2250738585072014e-308|5e-324
4.9406564584124654e-324|3e-324|1e-400|0.1000000000000000055511151231257827021181583404541015625
179769313486231570814527423731704356798070e267|2.2250738585072011e-308|6.02214076e23/1000
299792458*299792458|1/49*49|1e16+1|1e16+2|1e-16+1|2^53+1|sqrt(2)|sqrt(0)|sqrt(16)|sqrt(1e300)|sqrt(1e-300)
sqrt(0.1)|sqrt(3)*sqrt(3)|sqrt(2)^2|sqrt(12345678987654321)|abs(-3)|abs(3.5)|abs(-0.1)|floor(2.7)
floor(-2.7)|floor(5)|ceil(2.1)|ceil(5)|ceil(2.000000001)|floor(1e300)|ceil(123456789.5)
floor(4503599627370497.5)|floor(0.49999999999999994)|min(1,2)|min(2,1)|min(-1,-2)|max(1,2)|max(-1,-2)
min(0.1,0.10000000000000001)|max(pi,e)|min(min(3,1),max(2,0))|max(1,max(2,max(3,max(4,5))))|gcd(12,18)
gcd(18,12)|gcd(0,5)|gcd(5,0)|gcd(0,0)|gcd(-12,18)|gcd(17,13)|gcd(1e15,35)|gcd(2^50,6^20)
gcd(fact(20),2^40)|fact(0)|fact(1)|fact(5)|fact(10)|fact(18)|fact(20)|fact(22)|fact(23)|fact(25)|fact(50)
fact(100)|fact(170)|fact(3+2)|fib(0)|fib(1)|fib(2)|fib(10)|fib(50)|fib(78)|fib(79)|fib(90)|fib(100)
fib(300)|fib(1000)|fib(1476)|fib(fib(7))|isprime(0)|isprime(1)|isprime(2)|isprime(3)|isprime(4)
isprime(25)|isprime(97)|isprime(91)|isprime(561)|isprime(7919)|isprime(3215031751)|isprime(2147483647)
isprime(4294967297)|isprime(999999999989)|isprime(999999999961)|isprime(-7)|isprime(1e300)
isprime(67280421310721)|isprime(3536776716544193)|isprime(5055159403646549)|isprime(5803761544210633)
isprime(1000003*1000033)|isprime(2^31-1)|sin(0)|sin(1)|sin(-1)|sin(0.5)|sin(3)
sin(pi)|sin(pi/2)|sin(pi/6)|sin(1e-10)|sin(100)|sin(12345.678)|sin(1e5)|sin(99999)|sin(-54321.5)|sin(710)
sin(355)|sin(22)|sin(1e22)|cos(0)|cos(1)|cos(-1)|cos(pi)|cos(pi/2)|cos(pi/3)|cos(1e-8)|cos(100)
cos(98765.4321)|cos(1e5)|cos(11)|cos(-2.5)|cos(1e22)|sin(1)^2+cos(1)^2|sin(30*pi/180)
sin(0.7853981633974483)|ln(1)|ln(2)|ln(10)|ln(e)|ln(0.5)|ln(1e300)|ln(1e-300)|ln(5e-324)
ln(1.0000000000000002)|ln(0.9999999999999999)|ln(1e5)|ln(2^100)/ln(2)|exp(0)|exp(1)|exp(-1)|exp(0.5)
exp(10)|exp(-10)|exp(100)|exp(709.7)|exp(-700)|exp(-745)|exp(-746)|exp(1e-10)|exp(-1e-10)|exp(ln(2))
exp(1)-e|exp(2.302585092994046)|exp(-1e5)|pi|e|-pi|2*pi|pi^2|e^2|e^pi|pi^e|e^(pi*sqrt(163))|pi*1e5
(1+sqrt(5))/2|((1+sqrt(5))/2)^20/sqrt(5)|4/3*pi*6371^3|  1 + 2|1+2  | ( 1 )|sqrt ( 2 )|min( 1 , 2 )
3 * ( 4 - 5 )|((((((1))))))|1+(2+(3+(4+(5+6))))|((1+2)*(3+4))/((5+6)*(7+8))|1-2-3-4-5-6-7-8-9|1/2/4/8
2^2^2^2|1+2*3-4/5%6^7|-1-1|-1*-1|1-1|8%5%2|100%30*2|2*100%30|-3%2*4|-(1+2)^2|-(2)|-pi^2|abs(-5)^2|-abs(-5)
sqrt(abs(-16))|floor(ceil(floor(2.5)))|max(min(5,3),2)^2|gcd(48,36)^fact(3)|fib(10)*fact(5)/gcd(100,75)
"""

SYNTAX = "syntax error at column %d: "
OPERAND = SYNTAX + "a number, a name or '(' expected"
OPERATOR = SYNTAX + "an operator expected"
NAME = SYNTAX + "unknown name"
CHARACTER = SYNTAX + "unknown character"
CALL = SYNTAX + "'(' expected after the function"
FEW = SYNTAX + "too few arguments"
MANY = SYNTAX + "too many arguments"
UNCLOSED = SYNTAX + "')' expected"
UNOPENED = SYNTAX + "')' without '('"
ZERO = "division by zero"
DOMAIN = "domain error: not defined there"
INTEGERS = "domain error: integers only"
OVERFLOW = "overflow: the result is too large"
TOO_LONG = "expression too long: at most %d characters" % LIMIT
TOO_DEEP = "nested too deep: at most %d parentheses" % DEPTH

REFUSED = [
    ("1/0", ZERO), ("0/0", ZERO), ("-1/0", ZERO), ("5%0", ZERO), ("0^-1", ZERO), ("1/(2-2)", ZERO),
    ("0^-0.5", ZERO),
    ("1/0-1/0", ZERO), ("sqrt(1/0)", ZERO), ("1/1e-400", ZERO), ("(1/0)^0", ZERO), ("1/-0", ZERO),
    ("sqrt(-1)", DOMAIN), ("sqrt(-1e-300)", DOMAIN), ("ln(0)", DOMAIN), ("ln(-1)", DOMAIN),
    ("(-8)^(1/3)", DOMAIN),
    ("(-2)^0.5", DOMAIN), ("fact(-1)", DOMAIN), ("fib(-1)", DOMAIN), ("ln(-0)", DOMAIN),
    ("fact(2.5)", INTEGERS), ("fib(0.5)", INTEGERS), ("gcd(1.5,2)", INTEGERS), ("gcd(2,pi)", INTEGERS),
    ("isprime(2.5)", INTEGERS), ("fact(-0.5)", INTEGERS),
    ("fact(171)", OVERFLOW), ("fib(1477)", OVERFLOW), ("fact(1e300)", OVERFLOW), ("exp(710)", OVERFLOW),
    ("1e308*10", OVERFLOW), ("10^309", OVERFLOW), ("2^1024", OVERFLOW), ("1e309", OVERFLOW),
    ("1e308+1e308", OVERFLOW),
    ("-1e308-1e308", OVERFLOW), ("1e308/0.1", OVERFLOW), ("(-10)^309", OVERFLOW), ("2^2^2^2^2", OVERFLOW),
    ("1e999999999", OVERFLOW), ("1/(1e308*10)", OVERFLOW), ("1e-300^-2", OVERFLOW),
    ("1e308/1e-10*1e-20", OVERFLOW),
    ("1+", OPERAND % 3), ("+1", OPERAND % 1), ("*2", OPERAND % 1), ("1+*2", OPERAND % 3),
    ("1++2", OPERAND % 3),
    ("()", OPERAND % 2), ("sqrt()", OPERAND % 6), ("min(,1)", OPERAND % 5), ("min(1,)", OPERAND % 7),
    ("-", OPERAND % 2),
    (".", OPERAND % 1), ("1-(", OPERAND % 4), (",", OPERAND % 1), ("2^", OPERAND % 3), ("1/0+", OPERAND % 5),
    ("1 2", OPERATOR % 3), ("2pi", OPERATOR % 2), ("2(3)", OPERATOR % 2), ("(1)(2)", OPERATOR % 4),
    ("2e", OPERATOR % 2),
    ("1e+", OPERATOR % 2), ("1.2.3", OPERATOR % 4), ("pi(2)", OPERATOR % 3), ("1,2", OPERATOR % 2),
    ("(1,2)", OPERATOR % 3),
    ("3 sqrt(4)", OPERATOR % 3), ("1e5.5", OPERATOR % 4),
    ("foo", NAME % 1), ("1+x", NAME % 3), ("tan(1)", NAME % 1), ("Pi", NAME % 1), ("SQRT(4)", NAME % 1),
    ("sqrtt(4)", NAME % 1), ("e2", NAME % 1), ("log(2)", NAME % 1), ("2*(3+nan)", NAME % 6),
    ("inf", NAME % 1),
    ("a_very_long_name_that_is_no_function", NAME % 1),
    ("1#2", CHARACTER % 2), ("$", CHARACTER % 1), ("2**3", OPERAND % 3), ("1;2", CHARACTER % 2),
    ("5!", CHARACTER % 2),
    ("[1]", CHARACTER % 1), ("1 & 2", CHARACTER % 3), ("2 x 3", OPERATOR % 3), ("1\u00d72", CHARACTER % 2),
    ("sqrt", CALL % 5), ("sqrt 4", CALL % 6), ("min+1", CALL % 4), ("1+sin", CALL % 6), ("sin pi", CALL % 5),
    ("min(1)", FEW % 6), ("max(1+2)", FEW % 8), ("gcd((3))", FEW % 8),
    ("sqrt(1,2)", MANY % 7), ("min(1,2,3)", MANY % 8), ("abs(1,)", MANY % 6),
    ("(1", UNCLOSED % 3), ("((1+2)*3", UNCLOSED % 9), ("sqrt(4", UNCLOSED % 7), ("min(1,2", UNCLOSED % 8),
    ("2*(3+4", UNCLOSED % 7), ("1/0+(2", UNCLOSED % 7),
    (")", OPERAND % 1), ("1)", UNOPENED % 2), ("(1))", UNOPENED % 4), ("1+2)*3", UNOPENED % 4),
    ("1/0)", UNOPENED % 4),
    ("(" * (DEPTH + 1) + "1" + ")" * (DEPTH + 1), TOO_DEEP),
    ("abs(" * (DEPTH + 1) + "1" + ")" * (DEPTH + 1), TOO_DEEP),
    ("(" * LIMIT, TOO_DEEP), ("1+" * (LIMIT // 2) + "1", TOO_LONG), ("9" * (LIMIT + 1), TOO_LONG),
]

LONG = [
    "(" * DEPTH + "7" + ")" * DEPTH,
    "abs(" * DEPTH + "0-7" + ")" * DEPTH,
    "1+" * (LIMIT // 2 - 1) + "10",
    "0." + "3" * (LIMIT - 2),
    "1" * 308 + "/" + "3" * 308,
    "-" * (LIMIT - 1) + "1",
    "2^" + "-" * (LIMIT - 3) + "1",
    "1^" * (LIMIT // 2 - 1) + "10",
    "0.5" + "0" * 760 + "1",
]


def random_number(rng):
    kind = rng.randrange(5)
    if kind == 0:
        return str(rng.randrange(100))
    if kind == 1:
        return "%.*f" % (rng.randrange(1, 4), rng.uniform(0, 50))
    if kind == 2:
        return "%.3ge%d" % (rng.uniform(1, 10), rng.randrange(-8, 9))
    if kind == 3:
        return repr(rng.uniform(0, 1))
    return rng.choice(["pi", "e", "2", "10"])


def random_expression(rng, depth):
    kind = rng.random()
    if depth == 0 or kind < 0.2:
        return random_number(rng)
    inner = random_expression(rng, depth - 1)
    if kind < 0.4:
        return "(%s)" % inner
    if kind < 0.48:
        return "-%s" % inner
    if kind < 0.6:
        return "%s(%s)" % (rng.choice(["sqrt", "abs", "floor", "ceil"]), inner)
    other = random_expression(rng, depth - 1)
    if kind < 0.66:
        return "%s(%s, %s)" % (rng.choice(["min", "max"]), inner, other)
    return inner + rng.choice(["+", "-", "*", "/", "%", " + ", " - "]) + other


def random_expressions(count):
    rng = random.Random(20)
    while count > 0:
        text = random_expression(rng, 4)
        try:
            value, _ = compute(text)
        except (ZeroDivisionError, ValueError, OverflowError):
            continue
        if 6 < len(text) < 90 and value != 0:
            count -= 1
            yield text


def random_calls(count):
    """One function each, so that nothing magnifies what it may be off."""
    rng = random.Random(21)
    for _ in range(count):
        yield "sin(%r)" % rng.uniform(-1e5, 1e5)
        yield "cos(%r)" % rng.uniform(-1e5, 1e5)
        yield "ln(%r)" % (rng.uniform(1, 10) * 10.0 ** rng.randrange(-300, 300))
        yield "exp(%r)" % rng.uniform(-700, 700)
        yield "%r^%r" % (rng.uniform(0, 100), rng.uniform(-100, 100))


def print_section(title, expressions):
    print("\n# " + title)
    for text in expressions:
        value, exact = compute(text)
        print(text, "=" if exact else "~", show(value))


def main():
    print("# Expressions, and the results that Python computes for them.  Made by tools/build/problems.py.")
    print_section("Of all kinds", GIVEN.strip("\n").replace("\n", "|").split("|"))
    print_section("As long and as deep as can be", LONG)
    print_section("Random ones", random_expressions(60))
    print_section("Functions of random numbers", random_calls(12))
    print("\n# Not to be computed")
    for text, message in REFUSED:
        print("%s: %s" % (text, message))


if __name__ == "__main__":
    main()
