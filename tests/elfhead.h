/* elfhead.h - the header of a program that a test writes itself: its segments' table comes after it. */
#ifndef ELFHEAD_H
#define ELFHEAD_H

#include "elf.h"

static inline struct elf_header elf_head(uint entry, uint nsegments)
{
    return (struct elf_header){
        .magic = ELF_MAGIC,
        .class = ELF_CLASS32,
        .data = ELF_LSB,
        .ident_version = 1,
        .type = ET_EXEC,
        .machine = EM_386,
        .version = 1,
        .entry = entry,
        .phoff = sizeof(struct elf_header),
        .ehsize = sizeof(struct elf_header),
        .phentsize = sizeof(struct elf_segment),
        .phnum = (ushort)nsegments,
    };
}

#endif
