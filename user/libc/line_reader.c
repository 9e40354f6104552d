/*
 * line_reader.c - lines of any length.
 */
#include "ulib.h"

#define FIRST_LINE_SIZE 1024u

/* Makes room after the bytes that are left, and reads once.  false: nothing more comes. */
static bool line_fill(struct line_reader *r)
{
    if (r->at > 0) {
        memmove(r->buf, r->buf + r->at, r->end - r->at);
        r->end -= r->at;
        r->at = 0;
    }
    if (r->end + 1 >= r->size) {
        uint size = r->size ? r->size * 2 : FIRST_LINE_SIZE;
        char *larger = realloc(r->buf, size);

        if (!larger) {
            r->failed = true;
            return false;
        }
        r->buf = larger;
        r->size = size;
    }

    int n = read(r->fd, r->buf + r->end, r->size - 1 - r->end); /* one byte is kept for the 0 */

    if (n < 0)
        r->failed = true;
    if (n <= 0)
        return false;
    r->end += n;
    return true;
}

char *line_next(struct line_reader *r, uint *n)
{
    uint searched = 0;

    for (;;) {
        uint left = r->end - r->at;
        char *newline = left > searched ? memchr(r->buf + r->at + searched, '\n', left - searched) : NULL;

        if (newline) {
            char *line = r->buf + r->at;

            *newline = 0;
            *n = newline - line;
            r->at += *n + 1;
            return line;
        }
        searched = left;
        if (!line_fill(r))
            break;
    }
    if (r->at == r->end)
        return NULL;

    char *line = r->buf + r->at; /* the last one has no \n */

    *n = r->end - r->at;
    line[*n] = 0;
    r->at = r->end;
    return line;
}
