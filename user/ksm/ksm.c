/*
 * ksm.c - the part of shared memory that needs no kernel: names, and errors in words.
 */
#include "ksm.h"

#include "ctype.h"
#include "fnv.h"
#include "ulib.h"

int ksmid(const char *name) { return fnv_id(name); }

int ksmid_parse(const char *text)
{
    int id;

    return parse_number(text, &id) ? id : ksmid(text);
}

/* The operator is told the name, if the segment may be new; nothing depends on that.  No other segment ever has the
   same handle (§3.8). */
int ksmget_named(const char *name, uint size, int flags)
{
    static int told;
    int handle = (ksmget)(ksmid(name), size, flags);

    if (handle > 0 && handle != told && flags != KSM_OPEN) {
        told = handle;
        ksmname(handle, name);
    }
    return handle;
}

int ksmget_parse(const char *text, uint size, int flags)
{
    int id;

    return parse_number(text, &id) ? (ksmget)(id, size, flags) : ksmget_named(text, size, flags);
}

const char *ksmid_show(const char *text)
{
    static char shown[sizeof("0x00000000 \"\"") + KSM_NAME_SIZE];
    bool named;
    int id;

    named = !parse_number(text, &id);
    snprintf(shown, sizeof(shown), "0x%08x", (uint)(named ? ksmid(text) : id));
    for (char *c = shown; *c; c++)
        *c = (char)tolower(*c); /* as the kernel prints it */
    if (named)
        snprintf(shown + strlen(shown), sizeof(shown) - strlen(shown), " \"%.*s\"", KSM_NAME_SIZE - 1, text);
    return shown;
}

int ksmerror(const volatile void *result)
{
    int value = (int)result;

    return value < 0 ? value : 0;
}

const char *ksmstrerror(int error)
{
    switch (error) {
    case KSM_EINVAL:
        return "invalid argument";
    case KSM_EHANDLE:
        return "no such handle";
    case KSM_ENOENT:
        return "no such segment";
    case KSM_EEXIST:
        return "segment exists";
    case KSM_ESIZE:
        return "too large for a segment";
    case KSM_ENOMEM:
        return "not enough memory";
    case KSM_ENOSPC:
        return "limit reached";
    case KSM_ENOVA:
        return "no room in the address space";
    case KSM_ENOTATT:
        return "not attached";
    case KSM_EFAULT:
        return "bad pointer";
    case KSM_ENOTSUP:
        return "not offered";
    case KSM_EAGAIN:
        return "look again";
    case KSM_ETIMEDOUT:
        return "timed out";
    case KSM_EOWNERDEAD:
        return "its holder died";
    case -1:
        return "failed";
    default:
        return error < 0 ? "unknown error" : "no error";
    }
}
