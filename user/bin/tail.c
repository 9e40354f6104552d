/*
 * tail.c - prints the last lines of files.
 *
 *   tail [-n LINES | -LINES] [FILE]...    10 lines; several files have headings
 *
 * It keeps only the last lines of what it has read, so its input can be endless.
 */
#include "ulib.h"

#define PART (16 * 1024) /* what is read at once */

static struct {
    char *text;
    uint length, size;
} kept;

/* Where the last nlines lines of the text begin.  A last line may have no \n. */
static uint last_lines(int nlines)
{
    uint at = kept.length;

    if (nlines == 0)
        return at;
    if (at > 0 && kept.text[at - 1] == '\n')
        at--;
    for (; at > 0; at--) {
        if (kept.text[at - 1] == '\n' && --nlines == 0)
            break;
    }
    return at;
}

static void make_room(int nlines)
{
    uint start = last_lines(nlines);

    memmove(kept.text, kept.text + start, kept.length - start);
    kept.length -= start;
    if (kept.size - kept.length >= PART)
        return;
    kept.size = 2 * kept.length + PART;
    kept.text = realloc(kept.text, kept.size);
    if (!kept.text)
        fail(1, "out of memory");
}

static int print(int fd, const char *name, int nlines)
{
    int n;

    for (kept.length = 0;; kept.length += n) {
        if (kept.size - kept.length < PART)
            make_room(nlines);
        n = read(fd, kept.text + kept.length, PART);
        if (n <= 0)
            break;
    }
    if (n < 0)
        warn("%s: read error", name);

    uint start = last_lines(nlines);

    if (write_all(1, kept.text + start, kept.length - start) < 0)
        fail(1, "write error");
    return n < 0;
}

int main(int argc, char *argv[]) { return lines_main(argc, argv, print); }
