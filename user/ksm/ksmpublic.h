/*
 * ksmpublic.h - the segments that everybody may know of: those whose names are in /share/ksm.names (§13).
 */
#ifndef KSMPUBLIC_H
#define KSMPUBLIC_H

#include <stdbool.h>

#include "ksm.h"

struct ksmpublic {
    char name[KSM_NAME_SIZE];
    int id;
    struct ksminfo_t info;
};

/* Calls see() with each public segment that exists; the number of them.  Sleeps: may. */
int ksmpublic_each(void (*see)(const struct ksmpublic *segment));

#endif
