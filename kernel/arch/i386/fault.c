/*
 * fault.c - what a program's fault says about the program.
 *
 * Intel SDM 2A 2.1 has the form of an instruction: prefixes, one to three bytes of opcode, ModRM, SIB; 3A 6.15 the
 * exceptions and their error codes.
 */
#include "i386_impl.h"

enum {
    EXCEPTION_DIVIDE = 0,
    EXCEPTION_DEBUG = 1,
    EXCEPTION_BOUND = 5,
    EXCEPTION_OPCODE = 6,
    EXCEPTION_STACK = 12,
    EXCEPTION_PROTECTION = 13,
    EXCEPTION_X87 = 16,
    EXCEPTION_ALIGNMENT = 17,
    EXCEPTION_SIMD = 19
};

#define CODE_IDT 2u /* the error code is the number of an interrupt, times 8 */

#define PREFIXES_MAX 14u /* an instruction has 15 bytes at most */
#define NEGATIVES    16u /* results of failed calls are above minus this */

static bool is_prefix(uchar byte)
{
    return (byte & 0xE7) == 0x26 || (byte >= 0x64 && byte <= 0x67) || byte == 0xF0 || byte == 0xF2 ||
           byte == 0xF3;
}

/* The index of the opcode's first byte. */
static uint opcode_at(const uchar code[])
{
    uint i = 0;

    while (i < PREFIXES_MAX && is_prefix(code[i]))
        i++;
    return i;
}

/* Instructions that are the kernel's alone; NULL: it is none. */
static const char *privileged(const uchar *op)
{
    switch (op[0]) {
    case 0xF4:
        return "the kernel's own instruction hlt";
    case 0xFA:
        return "the kernel's own instruction cli";
    case 0xFB:
        return "the kernel's own instruction sti";
    case 0x6C ... 0x6D:
    case 0xE4 ... 0xE5:
    case 0xEC ... 0xED:
        return "the kernel's own instruction in";
    case 0x6E ... 0x6F:
    case 0xE6 ... 0xE7:
    case 0xEE ... 0xEF:
        return "the kernel's own instruction out";
    case 0x0F:
        /* descriptor tables, clts, caches, control and debug registers, model-specific registers */
        return op[1] <= 0x09 || (op[1] >= 0x20 && op[1] <= 0x23) || (op[1] >= 0x30 && op[1] <= 0x33)
                   ? "an instruction of the kernel's own"
                   : NULL;
    default:
        return NULL;
    }
}

static const char *protection_words(const struct trap_info *info, const uchar *op)
{
    if (info->code & CODE_IDT)
        return info->code >> 3 == 3 ? "breakpoint (int3) without a debugger"
                                    : "int with a number that is no system call's (that is int 64)";
    if (info->code)
        return "a segment register with a bad value";
    const char *words = privileged(op);
    if (words)
        return words;
    return op[0] == 0x0F ? "a vector instruction with an address that is no multiple of 16"
                         : "an instruction that the processor forbids here";
}

const char *arch_fault_words(const struct trap_info *info, const uchar code[])
{
    if (info->tf->eflags & FLAG_VM86)
        return "virtual-8086 mode, which programs can't have";
    switch (info->number) {
    case EXCEPTION_DIVIDE:
        return "division by zero, or a quotient that is too large";
    case EXCEPTION_DEBUG:
        return "single step without a debugger";
    case EXCEPTION_BOUND:
        return "an index outside the limits of bound";
    case EXCEPTION_OPCODE:
        return "illegal instruction";
    case EXCEPTION_STACK:
        return "an address outside the stack's segment";
    case EXCEPTION_PROTECTION:
        return protection_words(info, code + opcode_at(code));
    case EXCEPTION_X87:
    case EXCEPTION_SIMD:
        return "floating-point exception";
    case EXCEPTION_ALIGNMENT:
        return "misaligned address";
    default:
        return "an exception of the processor";
    }
}

static uint register_value(const struct trapframe *tf, uint number)
{
    const uint values[] = { tf->eax, tf->ecx, tf->edx, tf->ebx, tf->esp, tf->ebp, tf->esi, tf->edi };

    return values[number & 7];
}

/* The number of the base register of a memory operand; of a string instruction, the one for its target or source. */
static uint base_register(const uchar code[], bool write)
{
    const uchar *op = code + opcode_at(code);

    if (op[0] >= 0xA4 && op[0] <= 0xAF)
        return write ? 7 : 6;
    if ((op[0] & 0xF8) == 0x50 || (op[0] & 0xFD) == 0x68 || op[0] == 0xE8)
        return 4; /* a push or a call: the stack pointer */
    const uchar *modrm = op + 1;
    if (op[0] == 0x0F)
        modrm = op[1] == 0x38 || op[1] == 0x3A ? op + 3 : op + 2;
    return (*modrm & 7) == 4 ? modrm[1] & 7 : *modrm & 7;
}

uint arch_fault_pointer(const struct trap_info *info, const uchar code[])
{
    uint value = register_value(info->tf, base_register(code, info->write));

    return -value < NEGATIVES ? value : info->address;
}
