/*
 * regexp.c - regular expressions: see regexp.h.
 *
 * A pattern is a row of atoms; each is a set of characters, of which one or any number may be there.  Matching
 * keeps the set of places in the row that the characters so far may have led to, so one run over a line takes time in
 * proportion to the lengths of line and pattern, whatever they contain.  To find where a match begins may take a run
 * for each place in the line.
 */
#include "regexp.h"

#include "ulib.h"

struct regexp_atom {
    uint set[8]; /* a bit for each character */
    bool repeats;
};

static void set_add(uint *set, uchar c) { set[c / 32] |= 1u << c % 32; }

static bool set_has(const uint *set, uchar c) { return set[c / 32] >> c % 32 & 1; }

/* Reads [...] from after its bracket; returns what follows it, or NULL: it has no end. */
static const char *parse_set(const char *p, uint *set)
{
    bool negated = *p == '^';
    const char *first = p += negated;

    for (; *p && (*p != ']' || p == first); p++) {
        uchar low = *p, high = low;

        if (p[1] == '-' && p[2] && p[2] != ']') {
            high = p[2];
            p += 2;
        }
        for (uint c = low; c <= high; c++)
            set_add(set, c);
    }
    if (!*p)
        return NULL;
    for (uint i = 0; negated && i < 8; i++)
        set[i] = ~set[i];
    return p + 1;
}

/* Reads one atom without its *; returns what follows it, or NULL. */
static const char *parse_atom(const char *p, struct regexp_atom *atom)
{
    if (*p == '[')
        return parse_set(p + 1, atom->set);
    if (*p == '.') {
        memset(atom->set, 0xFF, sizeof(atom->set));
        return p + 1;
    }
    p += *p == '\\' && p[1];
    set_add(atom->set, *p);
    return p + 1;
}

/* false: a [ has no end. */
static bool parse(struct regexp *re, const char *p)
{
    re->at_start = *p == '^';
    p += re->at_start;
    while (*p) {
        if (p[0] == '$' && !p[1]) {
            re->at_end = true;
            break;
        }

        struct regexp_atom *atom = &re->atoms[re->natoms++];

        p = parse_atom(p, atom);
        if (!p)
            return false;
        atom->repeats = *p == '*';
        p += atom->repeats;
    }
    return true;
}

const char *regexp_compile(struct regexp *re, const char *pattern)
{
    uint most = strlen(pattern) + 1;

    *re = (struct regexp){ .atoms = calloc(most, sizeof(*re->atoms)),
                           .places = { malloc(most), malloc(most) } };
    if (!re->atoms || !re->places[0] || !re->places[1]) {
        regexp_free(re);
        return "out of memory";
    }
    if (!parse(re, pattern)) {
        regexp_free(re);
        return "[ without ]";
    }
    return NULL;
}

void regexp_free(struct regexp *re)
{
    free(re->atoms);
    free(re->places[0]);
    free(re->places[1]);
    *re = (struct regexp){ 0 };
}

/* Atoms that may match nothing can be passed at once. */
static void skip_repeats(const struct regexp *re, uchar *places)
{
    for (uint i = 0; i < re->natoms; i++)
        places[i + 1] |= places[i] && re->atoms[i].repeats;
}

/* places[i]: the first i atoms may be done; after one more character, next[i].  false: none of them. */
static bool step(const struct regexp *re, const uchar *places, uchar *next, uchar c)
{
    bool any = false;

    memset(next, 0, re->natoms + 1);
    for (uint i = 0; i < re->natoms; i++) {
        if (places[i] && set_has(re->atoms[i].set, c)) {
            next[re->atoms[i].repeats ? i : i + 1] = 1;
            any = true;
        }
    }
    return any;
}

/* Stores the end of the longest match that begins at `at`; if `floats`, of the first that begins there or later. */
static bool run(struct regexp *re, const char *line, uint n, uint at, bool floats, uint *end)
{
    uchar *places = re->places[0], *next = re->places[1];
    bool found = false, any = true;

    memset(places, 0, re->natoms + 1);
    places[0] = 1;
    for (; any; at++) {
        places[0] |= floats;
        skip_repeats(re, places);
        if (places[re->natoms] && (!re->at_end || at == n)) {
            *end = at;
            found = true;
        }
        if (at == n || (found && floats))
            break;
        any = step(re, places, next, line[at]) || floats;

        uchar *swap = places;

        places = next;
        next = swap;
    }
    return found;
}

bool regexp_matches(struct regexp *re, const char *line, uint n)
{
    uint end;

    return run(re, line, n, 0, !re->at_start, &end);
}

bool regexp_find(struct regexp *re, const char *line, uint n, uint *start, uint *end)
{
    if (re->at_start)
        return *start == 0 && run(re, line, n, 0, false, end);
    if (*start > n || !run(re, line, n, *start, true, end))
        return false;
    while (!run(re, line, n, *start, false, end))
        ++*start;
    return true;
}
