/*
 * expand.c - variables and patterns in words: see expand.h.
 *
 * First the values replace the marks of variables, then the files replace a pattern.  A value is text: it is not taken
 * apart into words, and a * in it is a character.
 */
#include "expand.h"

#include "fcntl.h"
#include "fs.h"
#include "stat.h"

#include "arena.h"
#include "cmdline.h"

#define MARK_ITSELF MARK_NAME /* once values are in place: before a character of one that would be a mark */

struct variable {
    struct variable *next;
    char *value;
    char name[];
};

static struct variable *variables;
static char status[12]; /* $? */

static struct variable *find(const char *name, uint n)
{
    for (struct variable *v = variables; v; v = v->next) {
        if (strncmp(v->name, name, n) == 0 && !v->name[n])
            return v;
    }
    return NULL;
}

void expand_set(const char *name, const char *value)
{
    struct variable *v = find(name, strlen(name));
    char *copy = strdup(value);

    if (!v && copy) {
        v = calloc(1, sizeof(*v) + strlen(name) + 1);
        if (v) {
            strcpy(v->name, name);
            v->next = variables;
            variables = v;
        }
    }
    if (!v || !copy)
        fail(1, "out of memory");
    free(v->value);
    v->value = copy;
}

/* The value of the variable whose name begins at p, after a mark; *end is after the mark that ends it. */
static const char *value_of(const char *p, const char **end)
{
    const char *mark = strchr(p, MARK_NAME);
    struct variable *v = find(p, mark - p);

    *end = mark + 1;
    return mark == p ? status : v ? v->value : "";
}

static uint room_for(const char *word)
{
    uint size = 1;

    while (*word) {
        if (*word == MARK_NAME) {
            size += 2 * strlen(value_of(word + 1, &word));
        } else {
            size++;
            word++;
        }
    }
    return size;
}

/* A value may come from the name of a file, which can be any characters. */
static char *put_value(char *to, const char *value)
{
    for (; *value; value++) {
        if (*value >= MARK_NOT && *value < MARK_END)
            *to++ = MARK_ITSELF;
        *to++ = *value;
    }
    return to;
}

/* Replaces $NAME and $?.  The marks of patterns stay. */
static char *substitute(const char *word, int last_status)
{
    char *result, *to;

    snprintf(status, sizeof(status), "%d", last_status);
    to = result = arena_alloc(room_for(word));
    while (*word) {
        if (*word == MARK_NAME)
            to = put_value(to, value_of(word + 1, &word));
        else
            *to++ = *word++;
    }
    *to = 0;
    return result;
}

/* The character that a mark stands for, or another one as it is. */
static char plain(char c)
{
    if (c == MARK_NOT)
        return '!';
    return c >= MARK_ANY && c < MARK_END ? CMDLINE_MARKS[c - MARK_ANY] : c;
}

static char *unmark(char *word)
{
    char *to = word;

    for (const char *p = word; *p; p++)
        *to++ = *p == MARK_ITSELF ? *++p : plain(*p);
    *to = 0;
    return word;
}

char *expand_word(const char *word, int last_status) { return unmark(substitute(word, last_status)); }

/* Is c in the set that begins at p, after its [; or, if that begins with !, not in it?  *end is after the ], which is
   in the set if it is the first there.  A [ without ] is a character. */
static bool set_has(const char *p, char c, const char **end)
{
    static const char stops[] = { MARK_CLOSE, '/', 0 };
    bool negated = *p == MARK_NOT, found = false;
    const char *last = p + negated;

    last += *last == MARK_CLOSE;
    last += strcspn(last, stops);
    if (*last != MARK_CLOSE) {
        *end = p;
        return c == '[';
    }
    *end = last + 1;
    p += negated;
    while (p < last) {
        bool range = p[1] == MARK_RANGE && p + 2 < last;

        found |= range ? c >= plain(p[0]) && c <= plain(p[2]) : c == plain(*p);
        p += range ? 3 : 1;
    }
    return found != negated;
}

/* Does the next part of the pattern match c?  Moves *pattern past it. */
static bool matches_one(const char **pattern, char c)
{
    const char *p = (*pattern)++;

    if (*p == MARK_ITSELF)
        return *(*pattern)++ == c;
    return *p == MARK_SET ? set_has(p + 1, c, pattern) : *p == MARK_ONE || plain(*p) == c;
}

/* Does the pattern, which ends at a slash or with the string, match the whole name?  What a * stood for grows where the
   rest does not match; only the last one's has to, so the time is bounded by the product of the lengths. */
static bool matches(const char *pattern, const char *name)
{
    const char *after_star = NULL, *rest = NULL;

    for (;;) {
        bool ends = !*pattern || *pattern == '/';

        if (ends && !*name)
            return true;
        if (!ends && *pattern == MARK_ANY) {
            after_star = ++pattern;
            rest = name;
            continue;
        }
        if (*name && !ends && matches_one(&pattern, *name)) {
            name++;
            continue;
        }
        if (!after_star || !*rest)
            return false;
        pattern = after_star;
        name = ++rest;
    }
}

static bool ends_with_slash(const char *path) { return *path && path[strlen(path) - 1] == '/'; }

/* Is there a *, a ? or a [? */
static bool has_pattern(const char *p, const char *end)
{
    while (p < end && !(*p >= MARK_ANY && *p < MARK_CLOSE))
        p += *p == MARK_ITSELF ? 2 : 1;
    return p < end;
}

/* The first part of a path, between slashes, that has a *, a ? or a [; or the path's end. */
static const char *find_pattern(const char *path)
{
    while (*path && !has_pattern(path, path + strcspn(path, "/"))) {
        path += strcspn(path, "/");
        path += strspn(path, "/");
    }
    return path;
}

/* Adds all paths that begin with `before` and go on as the pattern says.  It calls itself once for each part with a *,
   a ? or a [, and is bounded by the descriptors that this takes; a path may have hundreds of other parts. */
static void add_matches(struct words *found, const char *before, const char *pattern)
{
    const char *part = find_pattern(pattern), *end = part + strcspn(part, "/");
    uint nbefore = strlen(before);
    char *path = arena_alloc(nbefore + (part - pattern) + 1);
    struct dirent entry;
    struct stat st;

    memmove(path, before, nbefore);
    memmove(path + nbefore, pattern, part - pattern);
    unmark(path + nbefore);
    if (stat(path, &st) < 0 || (st.type != T_DIR && (*part || ends_with_slash(path))))
        return;
    if (!*part) {
        words_add(found, path);
        return;
    }

    int fd = open(path, O_RDONLY);

    while (fd >= 0 && read(fd, &entry, sizeof(entry)) == (int)sizeof(entry)) {
        char name[DIRSIZ + 1];

        snprintf(name, sizeof(name), "%.*s", DIRSIZ, entry.name);
        if (entry.inum && (name[0] != '.' || *part == '.') && matches(part, name)) {
            uint size = strlen(path) + strlen(name) + 1;
            char *longer = arena_alloc(size);

            snprintf(longer, size, "%s%s", path, name);
            add_matches(found, longer, end);
        }
    }
    if (fd >= 0)
        close(fd);
}

static int compare(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

char **expand_words(char **words, uint *n, int last_status)
{
    struct words result = { 0 };

    for (uint i = 0; i < *n; i++) {
        char *word = substitute(words[i], last_status);
        uint first = result.count;

        if (has_pattern(word, word + strlen(word)))
            add_matches(&result, "", word);
        if (result.count == first)
            words_add(&result, unmark(word));
        qsort(result.at + first, result.count - first, sizeof(*result.at), compare);
    }
    *n = result.count;
    return result.at; /* which has room for a NULL, and it is there: the arena is zeroed */
}
