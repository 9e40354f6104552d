/*
 * cmdline.c - the shell's parser.
 *
 * It works by recursive descent, one token ahead (scan.c).  After the first error the token stays END, so every rule
 * just returns.
 */
#include "cmdline.h"

#include "arena.h"
#include "scan.h"

#define MAX_NESTING 100 /* open compounds, each of which is a recursion of the parser */

static struct list *parse_list(enum token end);

/* Something is missing here: more may come on the next line, or it is an error. */
static void parse_missing(const char *expected)
{
    scan_fail(scan.token == END ? CMDLINE_INCOMPLETE : CMDLINE_BAD, expected);
}

/* Is the token this word, without quotes?  It has a meaning where a command can begin. */
static bool is_keyword(const char *word)
{
    uint n = strlen(word);

    return scan.token == WORD && scan.at - scan.start == (int)n && strncmp(scan.start, word, n) == 0;
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
        scan_next();
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
    struct redirection *r = arena_alloc(sizeof(*r));

    *r = scan.redirection;
    scan_next();
    if (scan.token != WORD) {
        scan_fail(CMDLINE_BAD, "a file after < or >");
        return;
    }
    r->word = scan.word;
    **end = r;
    *end = &r->next;
    scan_next();
}

static void skip_newlines(void)
{
    while (scan.token == NEWLINE)
        scan_next();
}

static void parse_group(struct command *c)
{
    c->kind = GROUP;
    c->body = parse_list(CLOSE);
    if (scan.token != CLOSE || !c->body)
        parse_missing(c->body ? "`)'" : "a command");
}

/* Parses a compound after its first token, up to its last one. */
static void parse_nested(struct command *c, void (*parse)(struct command *))
{
    if (++scan.nesting > MAX_NESTING) {
        scan_fail(CMDLINE_BAD, "fewer commands inside each other");
        return;
    }
    scan_next();
    parse(c);
    scan.nesting--;
}

/* The next command, after an operator: it may be on the next line. */
static void next_command(void)
{
    scan.nesting++;
    scan_next();
    skip_newlines();
    scan.nesting--;
}

/* After if or elif, up to what follows the body. */
static void parse_branch(struct command *c)
{
    c->kind = IF;
    c->condition = parse_part();
    parse_keyword("then");
    c->body = parse_part();
}

static void parse_if(struct command *c)
{
    for (parse_branch(c); is_keyword("elif"); parse_branch(c)) {
        scan_next();
        c = c->elif = arena_alloc(sizeof(*c));
    }
    if (is_keyword("else")) {
        scan_next();
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
    struct words words = { 0 };

    c->kind = FOR;
    if (scan.token != WORD || scan_name(scan.word) != strlen(scan.word)) {
        parse_missing("a variable's name");
        return;
    }
    c->name = scan.word;
    scan_next();
    for (parse_keyword("in"); scan.token == WORD; scan_next())
        words_add(&words, scan.word);
    c->argv = words.at;
    c->argc = words.count;
    if (scan.token != SEMI && scan.token != NEWLINE) {
        parse_missing("`;' or the end of the line");
        return;
    }
    scan_next();
    skip_newlines();
    parse_keyword("do");
    c->body = parse_part();
    parse_end("done");
}

/* false: the token begins none. */
static bool parse_compound(struct command *c)
{
    void (*parse)(struct command *) = scan.token == OPEN    ? parse_group
                                      : is_keyword("if")    ? parse_if
                                      : is_keyword("while") ? parse_while
                                      : is_keyword("for")   ? parse_for
                                                            : NULL;

    if (!parse)
        return false;
    parse_nested(c, parse);
    if (scan.token != END)
        scan_next();
    return true;
}

static void parse_words(struct command *c, struct redirection **end)
{
    struct words words = { 0 };

    c->assigns = scan.token == WORD;
    while (scan.token == WORD || scan.token == REDIRECT) {
        if (scan.token == REDIRECT) {
            parse_redirection(&end);
        } else {
            c->assigns &= scan.assigns;
            words_add(&words, scan.word);
            scan_next();
        }
    }
    c->argv = words.at;
    c->argc = words.count;
}

static struct command *parse_command(void)
{
    struct command *c = arena_alloc(sizeof(*c));
    struct redirection **end = &c->redirections;

    if (parse_compound(c)) {
        while (scan.token == REDIRECT)
            parse_redirection(&end);
    } else if ((scan.token == WORD && !is_closing()) || scan.token == REDIRECT) {
        parse_words(c, end);
    } else {
        parse_missing("a command");
    }
    return c;
}

static struct pipeline *parse_pipeline(void)
{
    struct pipeline *p = arena_alloc(sizeof(*p));
    struct command **end = &p->first;

    for (;;) {
        *end = parse_command();
        end = &(*end)->next;
        p->ncommands++;
        if (scan.token != PIPE)
            return p;
        next_command();
    }
}

static struct pipeline *parse_chain(void)
{
    struct pipeline *first = parse_pipeline(), *p = first;

    while (scan.token == AND_IF || scan.token == OR_IF) {
        enum token joint = scan.token;

        next_command();
        p->next = parse_pipeline();
        p = p->next;
        p->when = joint == AND_IF ? IF_OK : IF_FAILED;
    }
    return first;
}

/* Parses up to the token `end`, or to a keyword that ends a list, which stays.  NULL: the list is empty. */
static struct list *parse_list(enum token end)
{
    struct list *first = NULL, **last = &first;

    for (skip_newlines(); scan.token != END && scan.token != end && !is_closing(); skip_newlines()) {
        struct list *item = arena_alloc(sizeof(*item));

        item->chain = parse_chain();
        *last = item;
        last = &item->next;
        item->background = scan.token == AMP;
        if (scan.token == AMP || scan.token == SEMI || scan.token == NEWLINE)
            scan_next();
        else if (scan.token != END && scan.token != end && !is_closing())
            scan_fail(CMDLINE_BAD, "an operator or the end of the line");
    }
    return first;
}

enum cmdline_outcome cmdline_parse(const char *text, cmdline_more *more, struct list **list,
                                   struct cmdline_error *error)
{
    scan_begin(text, more);
    *list = parse_list(END);
    if (scan.token != END)
        scan_fail(CMDLINE_BAD, "a command");
    *error = (struct cmdline_error){ scan.start, scan.expected };
    return scan.outcome;
}
