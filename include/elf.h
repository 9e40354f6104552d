/* elf.h - the parts of ELF32 that a loader needs (System V ABI, chapters 4 and 5). */
#ifndef ELF_H
#define ELF_H

#include "types.h"

#define ELF_MAGIC   0x464c457fu /* "\x7f" "ELF" */
#define ELF_CLASS32 1
#define ELF_LSB     1
#define ET_EXEC     2
#define EM_386      3

struct elf_header {
    uint magic;
    uchar class;
    uchar data;
    uchar ident_version;
    uchar pad[9];
    ushort type;
    ushort machine;
    uint version;
    uint entry;
    uint phoff;
    uint shoff;
    uint flags;
    ushort ehsize;
    ushort phentsize;
    ushort phnum;
    ushort shentsize;
    ushort shnum;
    ushort shstrndx;
};

#define PT_LOAD 1
#define PT_NOTE 4
#define PF_W    2

struct elf_segment {
    uint type;
    uint offset;
    uint vaddr;
    uint paddr;
    uint filesz;
    uint memsz;
    uint flags;
    uint align;
};

/* The note that marks this system's own programs: user/user.ld makes it.  Others are laid out as xv6 does. */
struct elf_note {
    uint namesz; /* 4 */
    uint descsz; /* 4 */
    uint type;   /* 1 */
    uint name;
    uint desc; /* 1 */
};
#define ELF_MARK_NAME 0x004d534bu /* "KSM" */

#endif
