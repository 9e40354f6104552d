/*
 * substitute.c - s: replaces what the pattern finds in lines.
 */
#include "ctype.h"
#include "ed.h"

/* Text that grows. */
struct growing {
    char *bytes;
    uint n, size;
};

static bool append(struct growing *to, const char *bytes, uint n)
{
    if (to->n + n > to->size) {
        uint size = 2 * (to->n + n) + 100;
        char *more = realloc(to->bytes, size);

        if (!more)
            return wrong("out of memory");
        to->bytes = more;
        to->size = size;
    }
    memmove(to->bytes + to->n, bytes, (int)n);
    to->n += n;
    return true;
}

/* & is what was found, \ takes a character as it is. */
static bool append_replacement(struct growing *to, const char *with, const char *found, uint n)
{
    for (; *with; with++) {
        bool plain = with[0] == '\\' && with[1];

        with += plain;
        if (*with == '&' && !plain ? !append(to, found, n) : !append(to, with, 1))
            return false;
    }
    return true;
}

/* The line with its nth match replaced, nth 0: all of them.  *done: there was one. */
static bool replace(const struct line *line, const char *with, uint nth, struct growing *to, bool *done)
{
    uint at = 0, start = 0, end, count = 0, last = ~0u;
    bool good = true;

    *done = false;
    while (good && !(*done && nth) && pattern_find(line, &start, &end)) {
        bool counts = start < end || start != last; /* an empty match right after another one is none */
        bool here = counts && (nth == 0 || ++count == nth);

        if (here) {
            good = append(to, line->text + at, start - at) &&
                   append_replacement(to, with, line->text + start, end - start);
            at = end;
            *done = true;
        }
        last = end;
        start = end + (start == end);
    }
    return good && append(to, line->text + at, line->n - at);
}

static bool replace_line(uint i, const char *with, uint nth, bool *done)
{
    struct growing to = { 0 };
    bool good = replace(text.lines[i - 1], with, nth, &to, done);

    if (good && *done)
        good = text_replace(i, to.n ? to.bytes : "", to.n);
    free(to.bytes);
    return good;
}

bool substitute(char **p, struct range *range, bool may_miss)
{
    char end = *(*p)++;
    uint nth = 1;
    bool any = false, done;

    if (!end || end == ' ')
        return wrong("s needs /pattern/text/");
    if (!range_need(range, false) || !pattern_set(pattern_take(p, end)))
        return false;

    char *with = pattern_take(p, end);

    while (**p == 'g' || isdigit(**p)) {
        nth = isdigit(**p) ? (uint)strtol(*p, p, 10) : 0;
        *p += **p == 'g' && nth == 0;
    }
    for (uint i = range->first; i <= range->last; i++) {
        if (!replace_line(i, with, nth, &done))
            return false;
        any |= done;
    }
    return any || may_miss || wrong("nothing to replace");
}
