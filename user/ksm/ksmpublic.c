/*
 * ksmpublic.c - looks for the segments whose names are public.
 */
#include "ksmpublic.h"

#include "fcntl.h"
#include "ulib.h"

#define NAMES "/share/ksm.names"

/* false: nothing has this name now. */
static bool find(const char *name, struct ksmpublic *segment)
{
    int handle;

    segment->id = ksmid(name);
    snprintf(segment->name, sizeof(segment->name), "%s", name);
    handle = ksmget(segment->id, 0, KSM_OPEN);
    return handle > 0 && ksminfo(handle, &segment->info) == 0;
}

int ksmpublic_each(void (*see)(const struct ksmpublic *segment))
{
    int fd = open(NAMES, O_RDONLY), nfound = 0;
    struct line_reader reader = LINE_READER(fd);
    struct ksmpublic segment;
    char *line;
    uint n;

    if (fd < 0)
        return 0;
    while ((line = line_next(&reader, &n))) {
        if (n == 0 || *line == '#' || !find(line, &segment))
            continue;
        see(&segment);
        nfound++;
    }
    free(reader.buf);
    close(fd);
    return nfound;
}
