/*
 * cmdline.c - the shell's scanner and parser.
 *
 * The parser works by recursive descent, one token ahead.  Words may be quoted: '...' keeps all characters, "..." all but
 * \ and $?, and \ keeps one; # at the start of a word begins a comment.  After the first error the token stays END, so
 * every rule just returns.
 *
 * All memory comes from an arena, a list of chunks that is freed as a whole.
 */
#include "cmdline.h"

#include "ctype.h"

#define CHUNK_SIZE  2000u
#define MAX_NESTING 100 /* open parentheses, each of which is a recursion of the parser */

struct chunk {
    struct chunk *next;
    uint used, size;
};

static struct chunk *arena;

/* Memory that is not zeroed. */
static void *arena_take(uint n)
{
    n = (n + 3) & ~3u;
    if (!arena || arena->size - arena->used < n) {
        uint size = 2 * n > CHUNK_SIZE ? 2 * n : CHUNK_SIZE;
        struct chunk *c = malloc(sizeof(*c) + size);

        if (!c)
            fail(1, "out of memory");
        *c = (struct chunk){ arena, 0, size };
        arena = c;
    }

    void *p = (char *)(arena + 1) + arena->used;

    arena->used += n;
    return p;
}

void *cmdline_alloc(uint nbytes) { return memset(arena_take(nbytes), 0, nbytes); }

void cmdline_free(void)
{
    while (arena) {
        struct chunk *next = arena->next;

        free(arena);
        arena = next;
    }
}

enum token { END, NEWLINE, WORD, AND_IF, OR_IF, PIPE, AMP, SEMI, OPEN, CLOSE, REDIRECT };

static struct {
    const char *at, *end;
    enum token token;
    const char *start;              /* of the token, for messages */
    char *word;                     /* WORD */
    struct redirection redirection; /* REDIRECT: kind and fd */
    enum cmdline_outcome outcome;   /* of the parse */
    uint nesting;
} in;

static void syntax(enum cmdline_outcome outcome)
{
    if (in.outcome == CMDLINE_OK)
        in.outcome = outcome;
    in.token = END;
}

/* A file may have lines that end in \r\n. */
static bool is_blank(char c) { return isblank(c) || c == '\r'; }

static bool ends_word(char c) { return !c || is_blank(c) || strchr("\n;&|<>()", c); }

/* Copies the text between a pair of quotes.  false: the second one is missing. */
static bool scan_quoted(char quote, char **to)
{
    for (in.at++; *in.at && *in.at != quote; in.at++) {
        char c = *in.at;

        if (quote == '"' && c == '\\' && in.at[1] && strchr("\"\\$\n", in.at[1])) {
            c = *++in.at;
            if (c == '\n')
                continue;
        } else if (quote == '"' && c == '$' && in.at[1] == '?') {
            in.at++;
            c = CMDLINE_LAST_STATUS;
        }
        *(*to)++ = c;
    }
    if (!*in.at)
        return false;
    in.at++;
    return true;
}

/* Skips a \ at the end of a line together with the line's end.  If the text ends there, it is incomplete. */
static bool skip_line_end(void)
{
    if (in.at[0] != '\\' || in.at[1] != '\n')
        return false;
    in.at += 2;
    if (!*in.at)
        syntax(CMDLINE_INCOMPLETE);
    return true;
}

static void scan_word(void)
{
    char *to = arena_take(in.end - in.at + 1); /* no word is longer than the rest of the text */

    in.word = to;
    in.token = WORD;
    while (!ends_word(*in.at)) {
        if (*in.at == '\'' || *in.at == '"') {
            if (!scan_quoted(*in.at, &to)) {
                syntax(CMDLINE_INCOMPLETE);
                return;
            }
        } else if (*in.at == '\\' && in.at[1]) {
            if (skip_line_end())
                continue;
            *to++ = in.at[1];
            in.at += 2;
        } else if (*in.at == '$' && in.at[1] == '?') {
            *to++ = CMDLINE_LAST_STATUS;
            in.at += 2;
        } else {
            *to++ = *in.at++;
        }
    }
    *to++ = 0;
    arena->used = (to - (char *)(arena + 1) + 3) & ~3u; /* gives back what was not needed */
}

/* Scans [n] and < > >> or >& at in.at.  false: there is none. */
static bool scan_redirection(void)
{
    const char *p = in.at;
    int fd = -1;

    if (*p >= '0' && *p <= '0' + CMDLINE_MAX_FD)
        fd = *p++ - '0';
    if (*p != '<' && *p != '>')
        return false;
    in.redirection.kind = *p == '<' ? REDIRECT_FROM : REDIRECT_TO;
    in.redirection.fd = fd >= 0 ? fd : *p == '>';
    p++;
    if (in.redirection.kind == REDIRECT_TO && (*p == '>' || *p == '&'))
        in.redirection.kind = *p++ == '>' ? REDIRECT_APPEND : REDIRECT_SAME;
    in.at = p;
    in.token = REDIRECT;
    return true;
}

static void next_token(void)
{
    static const struct {
        const char *text;
        enum token token;
    } operators[] = {
        { "&&", AND_IF }, { "||", OR_IF }, { "|", PIPE },  { "&", AMP },
        { ";", SEMI },    { "(", OPEN },   { ")", CLOSE }, { "\n", NEWLINE },
    };

    do {
        while (is_blank(*in.at))
            in.at++;
    } while (skip_line_end());
    if (*in.at == '#') {
        while (*in.at && *in.at != '\n')
            in.at++;
    }
    in.start = in.at;
    if (!*in.at) {
        in.token = END;
        return;
    }
    for (uint i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        uint n = strlen(operators[i].text);

        if (strncmp(in.at, operators[i].text, n) == 0) {
            in.at += n;
            in.token = operators[i].token;
            return;
        }
    }
    if (!scan_redirection())
        scan_word();
}

static struct list *parse_list(enum token end);

/* Something is missing here: more may come on the next line, or it is an error. */
static void parse_missing(void) { syntax(in.token == END ? CMDLINE_INCOMPLETE : CMDLINE_BAD); }

static void parse_redirection(struct redirection ***end)
{
    struct redirection *r = cmdline_alloc(sizeof(*r));

    *r = in.redirection;
    next_token();
    if (in.token != WORD) {
        syntax(CMDLINE_BAD);
        return;
    }
    r->word = in.word;
    **end = r;
    *end = &r->next;
    next_token();
}

static void add_word(struct command *c, uint *room)
{
    if (c->argc + 1 >= *room) {
        char **larger = cmdline_alloc((*room = *room * 2 + 8) * sizeof(char *));

        memmove(larger, c->argv, c->argc * sizeof(char *));
        c->argv = larger;
    }
    c->argv[c->argc++] = in.word;
}

static struct command *parse_command(void)
{
    struct command *c = cmdline_alloc(sizeof(*c));
    struct redirection **end = &c->redirections;
    uint room = 0;

    if (in.token == OPEN) {
        if (++in.nesting > MAX_NESTING) {
            syntax(CMDLINE_BAD);
            return c;
        }
        next_token();
        c->body = parse_list(CLOSE);
        if (in.token != CLOSE || !c->body) {
            parse_missing();
            return c;
        }
        in.nesting--;
        next_token();
    } else if (in.token != WORD && in.token != REDIRECT) {
        parse_missing();
        return c;
    }
    for (;;) {
        if (in.token == REDIRECT) {
            parse_redirection(&end);
        } else if (in.token == WORD && !c->body) {
            add_word(c, &room);
            next_token();
        } else {
            return c;
        }
    }
}

static void skip_newlines(void)
{
    while (in.token == NEWLINE)
        next_token();
}

static struct pipeline *parse_pipeline(void)
{
    struct pipeline *p = cmdline_alloc(sizeof(*p));
    struct command **end = &p->first;

    for (;;) {
        *end = parse_command();
        end = &(*end)->next;
        p->ncommands++;
        if (in.token != PIPE)
            return p;
        next_token();
        skip_newlines();
    }
}

static struct pipeline *parse_chain(void)
{
    struct pipeline *first = parse_pipeline(), *p = first;

    while (in.token == AND_IF || in.token == OR_IF) {
        enum token operator= in.token;

        next_token();
        skip_newlines();
        p->next = parse_pipeline();
        p = p->next;
        p->when = operator== AND_IF ? IF_OK : IF_FAILED;
    }
    return first;
}

/* Parses up to the token `end`, which stays.  NULL: the list is empty. */
static struct list *parse_list(enum token end)
{
    struct list *first = NULL, **last = &first;

    for (skip_newlines(); in.token != END && in.token != end; skip_newlines()) {
        struct list *item = cmdline_alloc(sizeof(*item));

        item->chain = parse_chain();
        *last = item;
        last = &item->next;
        item->background = in.token == AMP;
        if (in.token == AMP || in.token == SEMI || in.token == NEWLINE)
            next_token();
        else if (in.token != END && in.token != end)
            syntax(CMDLINE_BAD);
    }
    return first;
}

enum cmdline_outcome cmdline_parse(const char *text, struct list **list, const char **near)
{
    in.at = text;
    in.end = text + strlen(text);
    in.outcome = CMDLINE_OK;
    in.nesting = 0;
    next_token();
    *list = parse_list(END);
    *near = in.start;
    return in.outcome;
}
