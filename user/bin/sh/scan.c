/*
 * scan.c - the shell's scanner.
 *
 * Words may be quoted: '...' keeps all characters, "..." all but \ and $, and \ keeps one; # at the start of a word
 * begins a comment.  What is not quoted and more than a character becomes a mark in the word.
 *
 * There is no command substitution: ` is a token that no rule takes, so it is an error rather than a character.
 */
#include "scan.h"

#include "ctype.h"

#include "arena.h"

struct scan scan;

static cmdline_more *more;
static const char *text, *end;
static uint ndollars; /* in the text that is left, at least */

static void set_text(const char *new)
{
    scan.at = new + (scan.at - text);
    scan.start = new + (scan.start - text);
    text = new;
    end = scan.at + strlen(scan.at);
    ndollars = 0;
    for (const char *p = scan.at; *p; p++)
        ndollars += *p == '$';
}

/* Has the text continued by a line. */
static bool get_more(void)
{
    const char *longer = more();

    if (longer)
        set_text(longer);
    return longer;
}

void scan_fail(enum cmdline_outcome outcome, const char *expected)
{
    if (scan.outcome == CMDLINE_OK) {
        scan.outcome = outcome;
        scan.expected = expected;
    }
    scan.token = END;
}

/* A file may have lines that end in \r\n. */
static bool is_blank(char c) { return isblank(c) || c == '\r'; }

static bool ends_word(char c) { return !c || is_blank(c) || strchr("\n;&|<>()`", c); }

uint scan_name(const char *text)
{
    uint n = 0;

    while (text[n] == '_' || (n ? isalnum(text[n]) : isalpha(text[n])))
        n++;
    return n;
}

/* Scans $?, $NAME or ${NAME}.  false: the $ is a character. */
static bool scan_dollar(char **to)
{
    bool braces = scan.at[1] == '{';
    const char *name = scan.at + 1 + braces;
    uint n = scan_name(name);

    if (scan.at[1] == '?') {
        *(*to)++ = MARK_NAME;
        *(*to)++ = MARK_NAME;
        scan.at += 2;
        return true;
    }
    if (n == 0 || (braces && name[n] != '}'))
        return false;
    scan.at = name + n + braces;
    *(*to)++ = MARK_NAME;
    memmove(*to, name, n);
    *to += n;
    *(*to)++ = MARK_NAME;
    return true;
}

/* Copies the text between a pair of quotes.  false: the second one is missing. */
static bool scan_quoted(char quote, char **to)
{
    for (scan.at++; *scan.at && *scan.at != quote;) {
        char c = *scan.at++;

        if (quote == '"' && c == '\\' && *scan.at && strchr("\"\\$\n", *scan.at)) {
            c = *scan.at++;
            if (c == '\n')
                continue;
        } else if (quote == '"' && c == '$') {
            scan.at--;
            if (scan_dollar(to))
                continue;
            scan.at++;
        }
        *(*to)++ = c;
    }
    if (!*scan.at)
        return false;
    scan.at++;
    return true;
}

/* Skips a \ at the end of a line together with the line's end. */
static bool skip_line_end(void)
{
    if (scan.at[0] != '\\' || scan.at[1] != '\n')
        return false;
    scan.at += 2;
    return true;
}

/* NULL, or what is missing at the end of the text. */
static const char *scan_known_word(void)
{
    char *to = arena_take(end - scan.at + ndollars + 1); /* the longest word: a mark more for each $ */
    uint name = scan_name(scan.at);

    scan.word = to;
    scan.token = WORD;
    scan.assigns = name > 0 && scan.at[name] == '=';
    while (!ends_word(*scan.at)) {
        if (*scan.at == '\'' || *scan.at == '"') {
            if (!scan_quoted(*scan.at, &to))
                return "a closing quote";
        } else if (skip_line_end()) {
            if (!*scan.at)
                return "the next line";
        } else if (*scan.at == '\\' && scan.at[1]) {
            *to++ = scan.at[1];
            scan.at += 2;
        } else if (*scan.at == '$' && scan_dollar(&to)) {
            continue;
        } else if (*scan.at == '!') {
            *to++ = MARK_NOT;
            scan.at++;
        } else if (strchr(CMDLINE_MARKS, *scan.at)) {
            *to++ = MARK_ANY + (strchr(CMDLINE_MARKS, *scan.at++) - CMDLINE_MARKS);
        } else {
            *to++ = *scan.at++;
        }
    }
    *to++ = 0;
    arena_give_back(to);
    return NULL;
}

static void scan_word(void)
{
    struct arena_place place = arena_place();
    const char *missing;

    while ((missing = scan_known_word())) {
        arena_release(place);
        scan.at = scan.start;
        if (!get_more()) {
            scan_fail(CMDLINE_INCOMPLETE, missing);
            return;
        }
    }
}

/* Scans [n] and < > >> or >& at scan.at.  false: there is none. */
static bool scan_redirection(void)
{
    const char *p = scan.at;
    int fd = -1;

    if (*p >= '0' && *p <= '0' + CMDLINE_MAX_FD)
        fd = *p++ - '0';
    if (*p != '<' && *p != '>')
        return false;
    scan.redirection.kind = *p == '<' ? REDIRECT_FROM : REDIRECT_TO;
    scan.redirection.fd = fd >= 0 ? fd : *p == '>';
    p++;
    if (scan.redirection.kind == REDIRECT_TO && (*p == '>' || *p == '&'))
        scan.redirection.kind = *p++ == '>' ? REDIRECT_APPEND : REDIRECT_SAME;
    scan.at = p;
    scan.token = REDIRECT;
    return true;
}

/* Skips what is between tokens; false: the text ends, and so does the command. */
static bool skip_blanks(void)
{
    bool goes_on = scan.nesting > 0;

    for (;;) {
        while (is_blank(*scan.at))
            scan.at++;
        if (*scan.at == '#')
            scan.at += strcspn(scan.at, "\n");
        if (skip_line_end())
            goes_on = true;
        else if (*scan.at)
            return true;
        if (!*scan.at && !(goes_on && get_more()))
            return false;
    }
}

void scan_next(void)
{
    static const struct {
        const char *text;
        enum token token;
    } operators[] = {
        { "&&", AND_IF }, { "||", OR_IF }, { "|", PIPE },     { "&", AMP },       { ";", SEMI },
        { "(", OPEN },    { ")", CLOSE },  { "\n", NEWLINE }, { "`", BACKQUOTE },
    };

    bool found = skip_blanks();

    scan.start = scan.at;
    if (!found) {
        scan.token = END;
        return;
    }
    for (uint i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        uint n = strlen(operators[i].text);

        if (strncmp(scan.at, operators[i].text, n) == 0) {
            scan.at += n;
            scan.token = operators[i].token;
            return;
        }
    }
    if (!scan_redirection())
        scan_word();
}

void scan_begin(const char *first, cmdline_more *next_line)
{
    more = next_line;
    text = scan.at = scan.start = first;
    set_text(first);
    scan.outcome = CMDLINE_OK;
    scan.nesting = 0;
    scan_next();
}
