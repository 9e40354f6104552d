/*
 * params.c - boot parameters on the kernel's command line: pure functions over strings.
 *
 * A word without '=' has an empty value.  Of several words with one name the first counts.
 */
#include "base/params.h"
#include "base/kstring.h"

/* `run` takes the rest of the line. */
static size_t word_length(const char *s)
{
    bool to_end = strncmp(s, "run=", 4) == 0;
    size_t n = 0;

    while (s[n] && (to_end || s[n] != ' '))
        n++;
    return n;
}

int params_get(const char *line, const char *name, char *value, size_t size)
{
    size_t name_length = strlen(name), length;

    for (; *line; line += length ? length : 1) { /* a blank is a word of no length */
        length = word_length(line);
        if (length < name_length || !length || strncmp(line, name, name_length) != 0)
            continue;
        const char *at = line + name_length, *end = line + length;
        if (at < end && *at++ != '=')
            continue;
        size_t n = (size_t)(end - at);
        string_copy(value, at, n < size ? n + 1 : size);
        return (int)n;
    }
    return -1;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 16;
}

bool params_parse_uint(const char *text, uint *value)
{
    uint base = 10, n = 0;

    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    if (!*text)
        return false;
    for (; *text; text++) {
        uint digit = (uint)digit_value(*text);

        if (digit >= base || n > (0xFFFFFFFFu - digit) / base)
            return false;
        n = n * base + digit;
    }
    *value = n;
    return true;
}
