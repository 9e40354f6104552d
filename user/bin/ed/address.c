/*
 * address.c - the addresses before a command, and the pattern that they and other commands look for.
 */
#include "ctype.h"
#include "ed.h"
#include "regexp.h"

static struct regexp pattern; /* the last one */
static bool has_pattern;

bool pattern_set(const char *from)
{
    struct regexp re;
    const char *error;

    if (!*from)
        return has_pattern || wrong("there is no pattern yet");
    error = regexp_compile(&re, from);
    if (error)
        return wrong(error);
    if (has_pattern)
        regexp_free(&pattern);
    pattern = re;
    has_pattern = true;
    return true;
}

char *pattern_take(char **p, char end)
{
    char *first = *p, *from = first, *to = first;

    while (*from && *from != end) {
        if (from[0] == '\\' && from[1]) {
            if (from[1] != end)
                *to++ = '\\';
            from++;
        }
        *to++ = *from++;
    }
    *p = from + (*from == end);
    *to = 0;
    return first;
}

bool pattern_matches(uint i)
{
    return regexp_matches(&pattern, text.lines[i - 1]->text, text.lines[i - 1]->n);
}

bool pattern_find(const struct line *line, uint *start, uint *end)
{
    return regexp_find(&pattern, line->text, line->n, start, end);
}

/* /re/ or ?re?: the next line that matches, round the end of the text if need be. */
static bool search(char **p, uint *found)
{
    char end = *(*p)++;
    uint from = end == '/' ? text.dot
                : text.dot ? text.dot - 2
                           : text.n - 1; /* counted from 0; -1 is the last */

    if (!pattern_set(pattern_take(p, end)))
        return false;
    for (uint i = 0; i < text.n; i++) {
        *found = (from + (end == '/' ? i : text.n - i) + text.n) % text.n + 1;
        if (pattern_matches(*found))
            return true;
    }
    return wrong("no line matches");
}

/* An address, if there is one; *given: there is. */
static bool parse_address(char **p, uint *line, bool *given)
{
    long long value = text.dot; /* sums of numbers that fit an int */
    uint found = 0;
    bool good = true;

    *given = true;
    if (isdigit(**p)) {
        value = strtol(*p, p, 10);
    } else if (**p == '.') {
        ++*p;
    } else if (**p == '$') {
        ++*p;
        value = text.n;
    } else if (**p == '/' || **p == '?') {
        good = search(p, &found);
        value = found;
    } else {
        *given = **p == '+' || **p == '-';
    }
    while (good && (**p == '+' || **p == '-')) {
        int sign = *(*p)++ == '+' ? 1 : -1;

        value += sign * (isdigit(**p) ? strtol(*p, p, 10) : 1ll);
    }
    *line = (uint)value;
    return good && ((value >= 0 && value <= text.n) || wrong("there is no such line"));
}

bool range_parse(char **p, struct range *range)
{
    bool given, second;
    uint line;

    *range = (struct range){ .first = text.dot, .last = text.dot };
    if (!parse_address(p, &line, &given))
        return false;
    if (given)
        *range = (struct range){ line, line, 1 };
    if (**p != ',' && **p != ';')
        return true;
    if (*(*p)++ == ';') {
        text.dot = range->first;
    } else if (!given) {
        range->first = 1;
    }
    if (!parse_address(p, &line, &second))
        return false;
    range->last = second ? line : given ? range->first : text.n;
    range->naddresses = 2;
    return range->first <= range->last || wrong("the range is the wrong way round");
}

bool range_need(struct range *range, bool all)
{
    if (range->naddresses == 0 && all)
        *range = (struct range){ text.n > 0, text.n, 0 };
    return range->first > 0 || (all && text.n == 0) || wrong("there is no such line");
}
