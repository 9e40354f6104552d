/*
 * cmdline.c - the shell's scanner and parser.
 *
 * The parser works by recursive descent, one token ahead.  Words may be quoted: '...' keeps all characters, "..." all but
 * \ and $, and \ keeps one; # at the start of a word begins a comment.  What is not quoted and more than a character
 * becomes a mark in the word.  After the first error the token stays END, so every rule just returns.
 *
 * There is no command substitution: ` is a token that no rule takes, so it is an error rather than a character.
 *
 * Where the text ends and the command does not, the scanner asks for another line and goes on.
 *
 * All memory comes from an arena, a list of chunks that is freed as a whole.
 */
#include "cmdline.h"

#include "ctype.h"

#define CHUNK_SIZE  2000u
#define MAX_NESTING 100 /* open compounds, each of which is a recursion of the parser */

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

struct cmdline_place cmdline_place(void) { return (struct cmdline_place){ arena, arena ? arena->used : 0 }; }

void cmdline_release(struct cmdline_place place)
{
    while (arena != place.chunk) {
        struct chunk *next = arena->next;

        free(arena);
        arena = next;
    }
    if (arena)
        arena->used = place.used;
}

void cmdline_free(void) { cmdline_release((struct cmdline_place){ NULL, 0 }); }

enum token { END, NEWLINE, WORD, AND_IF, OR_IF, PIPE, AMP, SEMI, OPEN, CLOSE, REDIRECT, BACKQUOTE };

static struct {
    cmdline_more *more;
    const char *text, *at, *end;
    uint ndollars; /* in the text that is left, at least */
    enum token token;
    const char *start;              /* of the token, for messages */
    char *word;                     /* WORD */
    struct redirection redirection; /* REDIRECT: kind and fd */
    bool assigns;                   /* WORD: it is NAME=VALUE */
    enum cmdline_outcome outcome;   /* of the parse */
    const char *expected;           /* where it failed */
    uint nesting;                   /* while there is one, the command goes on after the line */
} in;

static void set_text(const char *text)
{
    in.at = text + (in.at - in.text);
    in.start = text + (in.start - in.text);
    in.text = text;
    in.end = in.at + strlen(in.at);
    in.ndollars = 0;
    for (const char *p = in.at; *p; p++)
        in.ndollars += *p == '$';
}

/* Has the text continued by a line. */
static bool get_more(void)
{
    const char *text = in.more();

    if (text)
        set_text(text);
    return text;
}

static void syntax(enum cmdline_outcome outcome, const char *expected)
{
    if (in.outcome == CMDLINE_OK) {
        in.outcome = outcome;
        in.expected = expected;
    }
    in.token = END;
}

/* A file may have lines that end in \r\n. */
static bool is_blank(char c) { return isblank(c) || c == '\r'; }

static bool ends_word(char c) { return !c || is_blank(c) || strchr("\n;&|<>()`", c); }

uint cmdline_name(const char *text)
{
    uint n = 0;

    while (text[n] == '_' || (n ? isalnum(text[n]) : isalpha(text[n])))
        n++;
    return n;
}

/* Scans $?, $NAME or ${NAME}.  false: the $ is a character. */
static bool scan_dollar(char **to)
{
    bool braces = in.at[1] == '{';
    const char *name = in.at + 1 + braces;
    uint n = cmdline_name(name);

    if (in.at[1] == '?') {
        *(*to)++ = MARK_STATUS;
        in.at += 2;
        return true;
    }
    if (n == 0 || (braces && name[n] != '}'))
        return false;
    in.at = name + n + braces;
    *(*to)++ = MARK_NAME;
    memmove(*to, name, n);
    *to += n;
    *(*to)++ = MARK_NAME;
    return true;
}

/* Copies the text between a pair of quotes.  false: the second one is missing. */
static bool scan_quoted(char quote, char **to)
{
    for (in.at++; *in.at && *in.at != quote;) {
        char c = *in.at++;

        if (quote == '"' && c == '\\' && *in.at && strchr("\"\\$\n", *in.at)) {
            c = *in.at++;
            if (c == '\n')
                continue;
        } else if (quote == '"' && c == '$') {
            in.at--;
            if (scan_dollar(to))
                continue;
            in.at++;
        }
        *(*to)++ = c;
    }
    if (!*in.at)
        return false;
    in.at++;
    return true;
}

/* Skips a \ at the end of a line together with the line's end. */
static bool skip_line_end(void)
{
    if (in.at[0] != '\\' || in.at[1] != '\n')
        return false;
    in.at += 2;
    return true;
}

/* NULL, or what is missing at the end of the text. */
static const char *scan_known_word(void)
{
    char *to = arena_take(in.end - in.at + in.ndollars + 1); /* the longest word: a mark more for each $ */
    uint name = cmdline_name(in.at);

    in.word = to;
    in.token = WORD;
    in.assigns = name > 0 && in.at[name] == '=';
    while (!ends_word(*in.at)) {
        if (*in.at == '\'' || *in.at == '"') {
            if (!scan_quoted(*in.at, &to))
                return "a closing quote";
        } else if (skip_line_end()) {
            if (!*in.at)
                return "the next line";
        } else if (*in.at == '\\' && in.at[1]) {
            *to++ = in.at[1];
            in.at += 2;
        } else if (*in.at == '$' && scan_dollar(&to)) {
            continue;
        } else if (strchr(CMDLINE_MARKS, *in.at)) {
            *to++ = MARK_ANY + (strchr(CMDLINE_MARKS, *in.at++) - CMDLINE_MARKS);
        } else {
            *to++ = *in.at++;
        }
    }
    *to++ = 0;
    arena->used = (to - (char *)(arena + 1) + 3) & ~3u; /* gives back what was not needed */
    return NULL;
}

static void scan_word(void)
{
    struct cmdline_place place = cmdline_place();
    const char *missing;

    while ((missing = scan_known_word())) {
        cmdline_release(place);
        in.at = in.start;
        if (!get_more()) {
            syntax(CMDLINE_INCOMPLETE, missing);
            return;
        }
    }
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

/* Skips what stands between tokens; false: the text ends, and so does the command. */
static bool skip_blanks(void)
{
    bool goes_on = in.nesting > 0;

    for (;;) {
        while (is_blank(*in.at))
            in.at++;
        if (*in.at == '#')
            in.at += strcspn(in.at, "\n");
        if (skip_line_end())
            goes_on = true;
        else if (*in.at)
            return true;
        if (!*in.at && !(goes_on && get_more()))
            return false;
    }
}

static void next_token(void)
{
    static const struct {
        const char *text;
        enum token token;
    } operators[] = {
        { "&&", AND_IF }, { "||", OR_IF }, { "|", PIPE },     { "&", AMP },       { ";", SEMI },
        { "(", OPEN },    { ")", CLOSE },  { "\n", NEWLINE }, { "`", BACKQUOTE },
    };

    bool found = skip_blanks();

    in.start = in.at;
    if (!found) {
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
static void parse_missing(const char *expected)
{
    syntax(in.token == END ? CMDLINE_INCOMPLETE : CMDLINE_BAD, expected);
}

/* Is the token this word, without quotes?  It has a meaning where a command can begin. */
static bool is_keyword(const char *word)
{
    uint n = strlen(word);

    return in.token == WORD && in.at - in.start == (int)n && strncmp(in.start, word, n) == 0;
}

/* Is it one that ends a list? */
static bool is_closing(void)
{
    static const char *const words[] = { "then", "elif", "else", "fi", "do", "done" };

    for (uint i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (is_keyword(words[i]))
            return true;
    }
    return false;
}

static void parse_keyword(const char *word)
{
    if (is_keyword(word))
        next_token();
    else
        parse_missing(word);
}

/* The last token of a compound stays: no line is asked for after it. */
static void parse_end(const char *word)
{
    if (!is_keyword(word))
        parse_missing(word);
}

/* A list that may not be empty. */
static struct list *parse_part(void)
{
    struct list *list = parse_list(END);

    if (!list)
        parse_missing("a command");
    return list;
}

static void parse_redirection(struct redirection ***end)
{
    struct redirection *r = cmdline_alloc(sizeof(*r));

    *r = in.redirection;
    next_token();
    if (in.token != WORD) {
        syntax(CMDLINE_BAD, "a file after < or >");
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

static void skip_newlines(void)
{
    while (in.token == NEWLINE)
        next_token();
}

static void parse_group(struct command *c)
{
    c->kind = GROUP;
    c->body = parse_list(CLOSE);
    if (in.token != CLOSE || !c->body)
        parse_missing(c->body ? "`)'" : "a command");
}

/* Parses a compound after its first token, up to its last one. */
static void parse_nested(struct command *c, void (*parse)(struct command *))
{
    if (++in.nesting > MAX_NESTING) {
        syntax(CMDLINE_BAD, "fewer commands inside each other");
        return;
    }
    next_token();
    parse(c);
    in.nesting--;
}

/* The next command, after an operator: it may be on the next line. */
static void next_command(void)
{
    in.nesting++;
    next_token();
    skip_newlines();
    in.nesting--;
}

/* After if or elif. */
static void parse_if(struct command *c)
{
    c->kind = IF;
    c->condition = parse_part();
    parse_keyword("then");
    c->body = parse_part();
    if (is_keyword("elif")) {
        struct command *other = cmdline_alloc(sizeof(*other));

        parse_nested(other, parse_if);
        c->otherwise = cmdline_alloc(sizeof(*c->otherwise));
        c->otherwise->chain = cmdline_alloc(sizeof(*c->otherwise->chain));
        *c->otherwise->chain = (struct pipeline){ .first = other, .ncommands = 1 };
        return;
    }
    if (is_keyword("else")) {
        next_token();
        c->otherwise = parse_part();
    }
    parse_end("fi");
}

static void parse_while(struct command *c)
{
    c->kind = WHILE;
    c->condition = parse_part();
    parse_keyword("do");
    c->body = parse_part();
    parse_end("done");
}

static void parse_for(struct command *c)
{
    uint room = 0;

    c->kind = FOR;
    if (in.token != WORD || cmdline_name(in.word) != strlen(in.word)) {
        parse_missing("a variable's name");
        return;
    }
    c->name = in.word;
    next_token();
    for (parse_keyword("in"); in.token == WORD; next_token())
        add_word(c, &room);
    if (in.token != SEMI && in.token != NEWLINE) {
        parse_missing("`;' or the end of the line");
        return;
    }
    next_token();
    skip_newlines();
    parse_keyword("do");
    c->body = parse_part();
    parse_end("done");
}

/* false: the token begins none. */
static bool parse_compound(struct command *c)
{
    void (*parse)(struct command *) = in.token == OPEN      ? parse_group
                                      : is_keyword("if")    ? parse_if
                                      : is_keyword("while") ? parse_while
                                      : is_keyword("for")   ? parse_for
                                                            : NULL;

    if (!parse)
        return false;
    parse_nested(c, parse);
    if (in.token != END)
        next_token();
    return true;
}

static void parse_words(struct command *c, struct redirection **end)
{
    uint room = 0;

    c->assigns = in.token == WORD;
    while (in.token == WORD || in.token == REDIRECT) {
        if (in.token == REDIRECT) {
            parse_redirection(&end);
        } else {
            c->assigns &= in.assigns;
            add_word(c, &room);
            next_token();
        }
    }
}

static struct command *parse_command(void)
{
    struct command *c = cmdline_alloc(sizeof(*c));
    struct redirection **end = &c->redirections;

    if (parse_compound(c)) {
        while (in.token == REDIRECT)
            parse_redirection(&end);
    } else if ((in.token == WORD && !is_closing()) || in.token == REDIRECT) {
        parse_words(c, end);
    } else {
        parse_missing("a command");
    }
    return c;
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
        next_command();
    }
}

static struct pipeline *parse_chain(void)
{
    struct pipeline *first = parse_pipeline(), *p = first;

    while (in.token == AND_IF || in.token == OR_IF) {
        enum token operator= in.token;

        next_command();
        p->next = parse_pipeline();
        p = p->next;
        p->when = operator== AND_IF ? IF_OK : IF_FAILED;
    }
    return first;
}

/* Parses up to the token `end`, or to a keyword that ends a list, which stays.  NULL: the list is empty. */
static struct list *parse_list(enum token end)
{
    struct list *first = NULL, **last = &first;

    for (skip_newlines(); in.token != END && in.token != end && !is_closing(); skip_newlines()) {
        struct list *item = cmdline_alloc(sizeof(*item));

        item->chain = parse_chain();
        *last = item;
        last = &item->next;
        item->background = in.token == AMP;
        if (in.token == AMP || in.token == SEMI || in.token == NEWLINE)
            next_token();
        else if (in.token != END && in.token != end && !is_closing())
            syntax(CMDLINE_BAD, "an operator or the end of the line");
    }
    return first;
}

enum cmdline_outcome cmdline_parse(const char *text, cmdline_more *more, struct list **list,
                                   struct cmdline_error *error)
{
    in.more = more;
    in.text = in.at = in.start = text;
    set_text(text);
    in.outcome = CMDLINE_OK;
    in.nesting = 0;
    next_token();
    *list = parse_list(END);
    if (in.token != END)
        syntax(CMDLINE_BAD, "a command");
    *error = (struct cmdline_error){ in.start, in.expected };
    return in.outcome;
}
