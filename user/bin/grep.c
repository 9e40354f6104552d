/*
 * grep.c - prints the lines that match a pattern.
 *
 *   grep [-v] PATTERN [FILE]...
 *
 * ^ and $ are the ends of a line, . is any character, [a-z_] and [^...] are one of a set, X* is any number of X, and
 * \ takes the next character as it is.  Status 0: some line matched; 1: none did; 2: an error.
 *
 * A pattern is a row of atoms; each is a set of characters, of which one or any number may stand there.  Matching
 * keeps the set of places in the row that the characters so far may have led to, so its time is proportional to the
 * lengths of line and pattern, whatever they contain.
 */
#include "fcntl.h"
#include "ulib.h"

struct atom {
    uint set[8]; /* a bit for each character */
    bool repeats;
};

static struct atom *atoms;
static uint natoms;
static bool at_start, at_end;       /* ^, $ */
static bool inverted;               /* -v */
static uchar *places, *next_places; /* places[i]: the first i atoms may be done */

static void set_add(uint *set, uchar c) { set[c / 32] |= 1u << c % 32; }

static bool set_has(const uint *set, uchar c) { return set[c / 32] >> c % 32 & 1; }

/* Reads [...] from after its bracket; returns what follows it. */
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
        fail(2, "[ without ]");
    for (uint i = 0; negated && i < 8; i++)
        set[i] = ~set[i];
    return p + 1;
}

static void parse_pattern(const char *p)
{
    uint most = strlen(p) + 1;

    atoms = calloc(most, sizeof(*atoms));
    places = malloc(most);
    next_places = malloc(most);
    if (!atoms || !places || !next_places)
        fail(2, "out of memory");
    if (*p == '^') {
        at_start = true;
        p++;
    }
    while (*p) {
        struct atom *atom = &atoms[natoms];

        if (p[0] == '$' && !p[1]) {
            at_end = true;
            break;
        }
        if (*p == '[') {
            p = parse_set(p + 1, atom->set);
        } else if (*p == '.') {
            memset(atom->set, 0xFF, sizeof(atom->set));
            p++;
        } else {
            p += *p == '\\' && p[1];
            set_add(atom->set, *p++);
        }
        natoms++;
        if (*p == '*') {
            atom->repeats = true;
            p++;
        }
    }
}

/* Atoms that may match nothing can be passed at once. */
static void skip_repeats(uchar *set)
{
    for (uint i = 0; i < natoms; i++)
        set[i + 1] |= set[i] && atoms[i].repeats;
}

static bool matches(const char *line, uint n)
{
    memset(places, 0, natoms + 1);
    for (uint at = 0;; at++) {
        if (at == 0 || !at_start)
            places[0] = 1;
        skip_repeats(places);
        if (places[natoms] && (!at_end || at == n))
            return true;
        if (at == n)
            return false;

        memset(next_places, 0, natoms + 1);
        for (uint i = 0; i < natoms; i++) {
            if (places[i] && set_has(atoms[i].set, line[at]))
                next_places[atoms[i].repeats ? i : i + 1] = 1;
        }

        uchar *swap = places;

        places = next_places;
        next_places = swap;
    }
}

/* Prints the lines of a file that match.  Returns whether there was one. */
static bool search(int fd, const char *name, bool show_name, int *status)
{
    struct line_reader reader = LINE_READER(fd);
    bool found = false;
    char *line;
    uint n;

    while ((line = line_next(&reader, &n))) {
        if (matches(line, n) == inverted)
            continue;
        found = true;

        int length = printf(1, show_name ? "%s:%s\n" : "%.0s%s\n", name, line);

        if (length < 0)
            fail(2, "write error");
    }
    if (reader.failed) {
        warn("%s: read error", name);
        *status = 2;
    }
    free(reader.buf);
    return found;
}

static void usage(void) { fail(2, "usage: grep [-v] PATTERN [FILE]..."); }

int main(int argc, char *argv[])
{
    bool found = false;
    int status = 0, first, option;

    while ((option = getopt(argc, argv, "v")) >= 0) {
        if (option != 'v')
            usage();
        inverted = true;
    }
    first = optind;
    if (first >= argc)
        usage();
    parse_pattern(argv[first++]);
    if (first == argc)
        found = search(0, "input", false, &status);
    for (int i = first; i < argc; i++) {
        int fd = open(argv[i], O_RDONLY);

        if (fd < 0) {
            warn("%s: cannot open", argv[i]);
            status = 2;
            continue;
        }
        found |= search(fd, argv[i], argc - first > 1, &status);
        close(fd);
    }
    return status ? status : !found;
}
