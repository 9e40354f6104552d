/*
 * complete.c - completes names: see complete.h.
 *
 * A word may be quoted.  It is taken apart into a directory and the start of a name, which is compared with the names
 * of the directory.  In what replaces the word, each special character has a \ before it.  That does not help against
 * the control characters, some of which a line cannot have in words at all, so names with one are left out.
 */
#include "complete.h"

#include "ctype.h"
#include "elf.h"
#include "fcntl.h"
#include "fs.h"
#include "stat.h"

#include "screen.h"

#define SPECIAL " \t'\"\\$*?[]#;&|<>()`"

static void *need(void *p)
{
    if (!p)
        fail(1, "out of memory");
    return p;
}

/* Removes the quotes of the word that ends at line[at], and says where it starts.  The caller frees it. */
static char *read_word(const char *line, uint at, uint *start)
{
    char *word = need(malloc(at + 1)), quote = 0;
    uint n = 0;

    *start = 0;
    for (uint i = 0; i < at; i++) {
        char c = line[i];

        if (quote ? c == quote : c == '\'' || c == '"') {
            quote = quote ? 0 : c;
        } else if (c == '\\' && quote != '\'' && i + 1 < at) {
            word[n++] = line[++i];
        } else if (!quote && strchr(" \t\n;&|<>()=", c)) {
            n = 0;
            *start = i + 1;
        } else {
            word[n++] = c;
        }
    }
    word[n] = 0;
    return word;
}

/* Does a command begin at line[start]? */
static bool begins_command(const char *line, uint start)
{
    static const char *const keywords[] = { "if", "then", "elif", "else", "while", "do" };
    uint end, n;

    while (start > 0 && line[start - 1] == ' ')
        start--;
    if (start == 0 || strchr(";&|(\n", line[start - 1]))
        return true;
    for (end = start; start > 0 && !strchr(" ;&|(\n", line[start - 1]);)
        start--;
    n = end - start;
    for (uint i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (strlen(keywords[i]) == n && memcmp(line + start, keywords[i], n) == 0)
            return begins_command(line, start);
    }
    return false;
}

static bool is_directory(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && st.type == T_DIR;
}

static bool is_program(const char *path)
{
    uint magic = 0;
    int fd = open(path, O_RDONLY);
    bool is = fd >= 0 && read(fd, &magic, sizeof(magic)) == (int)sizeof(magic) && magic == ELF_MAGIC;

    if (fd >= 0)
        close(fd);
    return is;
}

static bool has_control(const char *text)
{
    while (*text && (*text == '\t' || !iscntrl((uchar)*text)))
        text++;
    return *text;
}

static void add(struct completion *c, const char *name)
{
    if (c->count % 64 == 0)
        c->names = need(realloc(c->names, (c->count + 64) * sizeof(char *)));
    c->names[c->count++] = need(strdup(name));
}

/* Adds the names in a directory that begin like this: of all files, or of programs alone. */
static void add_names(struct completion *c, const char *directory, const char *begin, bool programs)
{
    int fd = open(directory, O_RDONLY);
    struct dirent entry;

    while (fd >= 0 && read(fd, &entry, sizeof(entry)) == (int)sizeof(entry)) {
        char name[DIRSIZ + 1], *path;

        snprintf(name, sizeof(name), "%.*s", DIRSIZ, entry.name);
        if (!entry.inum || strncmp(name, begin, strlen(begin)) != 0 || (name[0] == '.' && !*begin))
            continue;
        path = path_join(directory, name);
        if (!has_control(path) && (!programs || is_program(path)))
            add(c, name);
        free(path);
    }
    if (fd >= 0)
        close(fd);
}

static int compare(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* The current directory may be the root, whose programs are found twice then. */
static void sort(struct completion *c)
{
    uint n = 0;

    qsort(c->names, c->count, sizeof(char *), compare);
    for (uint i = 0; i < c->count; i++) {
        if (n > 0 && strcmp(c->names[n - 1], c->names[i]) == 0)
            free(c->names[i]);
        else
            c->names[n++] = c->names[i];
    }
    c->count = n;
}

static uint common_length(const struct completion *c)
{
    uint n = strlen(c->names[0]);
    const char *last = c->names[c->count - 1]; /* what the first and the last share, all share */

    for (uint i = 0; i < n; i++) {
        if (c->names[0][i] != last[i])
            n = i;
    }
    while (n > 0 && screen_is_continuation(c->names[0][n])) /* whole characters */
        n--;
    return n;
}

static char *quote(const char *text, uint n, char *to)
{
    for (uint i = 0; i < n; i++) {
        if (strchr(SPECIAL, text[i]))
            *to++ = '\\';
        *to++ = text[i];
    }
    return to;
}

/* directory: as it was typed, up to its last slash. */
static void make_word(struct completion *c, const char *directory, uint ndirectory)
{
    uint n = common_length(c);
    char *path = need(malloc(ndirectory + n + 1)), *to;

    memmove(path, directory, ndirectory);
    memmove(path + ndirectory, c->names[0], n);
    path[ndirectory + n] = 0;
    c->word = need(malloc(2 * (ndirectory + n) + 2));
    to = quote(path, ndirectory + n, c->word);
    if (c->count == 1)
        *to++ = is_directory(path) ? '/' : ' ';
    *to = 0;
    free(path);
}

void complete(const char *line, uint at, struct completion *c)
{
    char *word, *slash, *name;

    *c = (struct completion){ 0 };
    word = read_word(line, at, &c->start);
    slash = strrchr(word, '/');
    name = slash ? slash + 1 : word;
    if (!slash && begins_command(line, c->start)) {
        static const char *const own[] = { "cd", "exit", "wait" };

        for (uint i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
            if (strncmp(own[i], name, strlen(name)) == 0)
                add(c, own[i]);
        }
        add_names(c, "/", name, true);
        add_names(c, ".", name, true);
    } else {
        char *directory = need(strdup(word));

        directory[name - word] = 0;
        add_names(c, slash ? directory : ".", name, false);
        free(directory);
    }
    sort(c);
    if (c->count > 0)
        make_word(c, word, name - word);
    else
        c->word = need(strdup(""));
    free(word);
}

void complete_free(struct completion *c)
{
    for (uint i = 0; i < c->count; i++)
        free(c->names[i]);
    free(c->names);
    free(c->word);
}
