/*
 * fault.c - what ended a program, in words.
 *
 *   null pointer, read at 0x0, in 0x10a2, called from 0x10c8, 0x1101
 *
 * The addresses are of the instruction itself, and of the calls that led to it: tools/run/symbols.py puts functions and
 * lines there.  All that is read comes from the program, which may mean harm: user_check() checks each address as in
 * a system call, frames must ascend, and an address is shown only if the program has code there.
 */
#include "fault.h"
#include "base/printk.h"
#include "mm/user.h"
#include "proc/proc.h"

#define CALLERS    6u
#define NEAR       0x10000u /* bytes past the end of something that still point to it as the cause */
#define PUSHED_MAX 64u      /* bytes below the stack pointer that one instruction writes */

static const void USER *user_pointer(uint va) { return (const void USER *)(uintptr_t)va; }
static bool readable(uint va) { return user_check(user_pointer(va), 1, false); }
static bool writable(uint va) { return user_check(user_pointer(va), 1, true); }

/* All pages of a program for xv6 are writable, its code too. */
static bool is_code(uint va)
{
    return va < aspace_brk(thread_self()->aspace) && readable(va) && (proc_self()->foreign || !writable(va));
}

static bool read_word(uint va, uint *word) { return !user_copy_in(word, user_pointer(va), sizeof(*word)); }

/* course 2: */
/* The name of the error that a pointer is; NULL: it is none. */
static const char *failed_call(uint pointer)
{
    static const char *const names[] = {
        [-KSM_EINVAL] = "EINVAL",       [-KSM_EHANDLE] = "EHANDLE",       [-KSM_ENOENT] = "ENOENT",
        [-KSM_EEXIST] = "EEXIST",       [-KSM_ESIZE] = "ESIZE",           [-KSM_ENOMEM] = "ENOMEM",
        [-KSM_ENOSPC] = "ENOSPC",       [-KSM_ENOVA] = "ENOVA",           [-KSM_ENOTATT] = "ENOTATT",
        [-KSM_EFAULT] = "EFAULT",       [-KSM_ENOTSUP] = "ENOTSUP",       [-KSM_EAGAIN] = "EAGAIN",
        [-KSM_ETIMEDOUT] = "ETIMEDOUT", [-KSM_EOWNERDEAD] = "EOWNERDEAD",
    };

    return -pointer < sizeof(names) / sizeof(names[0]) ? names[-pointer] : NULL;
}

/* The guard page is the only hole below the break.  A frame that is larger than all that lies below the stack takes the
   stack pointer out of the program's memory, or below 0. */
static bool is_overflow(const struct trap_info *info)
{
    if (info->address < aspace_brk(thread_self()->aspace) && !readable(info->address))
        return info->sp <= info->address + PUSHED_MAX;
    return !writable(info->sp) && (info->write || info->address != info->sp);
}

static const char *private_words(const struct trap_info *info)
{
    uint brk = aspace_brk(thread_self()->aspace);

    if (info->address >= USER_END)
        return "address of the kernel";
    if (info->address >= brk)
        return info->address - brk < NEAR ? "past the end of the heap" : "no memory there";
    return readable(info->address) ? "the program's code or constants" : "the guard page below the stack";
}

static void attachment_words(const struct trap_info *info, const struct ksm_place *place, struct text *t)
{
    static const char *const parts[] = {
        [KSM_PLACE_IN] = "to a read-only attachment of",
        [KSM_PLACE_PAST] = "past the end of",
        [KSM_PLACE_DETACHED] = "in a segment after its detach",
    };

    text_add(t, "%s %s", info->write ? "write" : "read", parts[place->kind]);
    if (place->kind != KSM_PLACE_DETACHED)
        text_add(t, place->name[0] ? " segment 0x%08x \"%s\"" : " segment 0x%08x", place->id, place->name);
    text_add(t, ", at +0x%x", place->offset);
}

/* course end */
static void touch_words(const struct trap_info *info, uint base, struct text *t)
{
    /* course 2:
    (void)base;
    text_add(t, "%s at 0x%x", info->write ? "write" : "read", info->address);
    */
    const char *access = info->write ? "write" : "read", *error = failed_call(base);
    struct ksm_place place;

    if (error)
        text_add(t, "use of a failed ksmattach (KSM_%s), %s at 0x%x", error, access, info->address);
    else if (base == ~0u)
        text_add(t, "use of a failed sbrk (-1), %s at 0x%x", access, info->address);
    else if (info->address < PAGE_SIZE)
        text_add(t, "null pointer, %s at 0x%x", access, info->address);
    else if (is_overflow(info))
        text_add(t, "stack overflow, %s at 0x%x", access, info->address);
    else if (ksm_find_place(&proc_self()->ksm, info->address, &place))
        attachment_words(info, &place, t);
    else
        text_add(t, "%s, %s at 0x%x", private_words(info), access, info->address);
    /* course end */
}

/* A return has taken its address off the stack, where it still is; but so may be an old null pointer.  A call has
   put the address after it there. */
static uint jump_words(const struct trap_info *info, struct text *t)
{
    uint after = 0, popped = ~info->ip;
    bool called = read_word(info->sp, &after) && is_code(after - 1);

    (void)read_word(info->sp - sizeof(uint), &popped);
    if (popped == info->ip && !(called && info->ip < PAGE_SIZE)) {
        text_add(t, "return to 0x%x, where no code is: the stack was overwritten", info->ip);
        return 0;
    }
    if (info->ip < PAGE_SIZE)
        text_add(t, "null pointer, call of 0x%x", info->ip);
    else
        text_add(t, "jump to 0x%x, where no code is", info->ip);
    return after - 1;
}

static void callers(uint at, struct text *t)
{
    struct {
        uint next, address;
    } frame = { .next = at };

    for (uint i = 0; i < CALLERS; i++, at = frame.next) {
        if (user_copy_in(&frame, user_pointer(at), sizeof(frame)) || !is_code(frame.address - 1))
            return;
        text_add(t, i ? ", 0x%x" : ", called from 0x%x", frame.address - 1);
        if (frame.next <= at)
            return;
    }
}

void fault_words(const struct trap_info *info, char text[FAULT_WORDS])
{
    struct text t = { text, FAULT_WORDS, 0 };
    uint at = info->ip;
    uchar code[CODE_BYTES] = { 0 };

    for (uint i = 0; i < CODE_BYTES; i++)
        if (user_copy_in(&code[i], user_pointer(at + i), 1))
            break;
    text[0] = 0;
    if (!info->touch)
        text_add(&t, is_code(at) ? "%s" : "%s at 0x%x, where no code is", arch_fault_words(info, code), at);
    else if (info->address == info->ip)
        at = jump_words(info, &t);
    else
        touch_words(info, arch_fault_pointer(info, code), &t);
    if (is_code(at))
        text_add(&t, ", in 0x%x", at);
    callers(info->frame, &t);
}
