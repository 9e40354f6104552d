/*
 * values.c - arguments of calls.
 *
 * Most are good, so that calls succeed and leave something behind: open files, segments, children.  The others are what
 * a careless kernel stumbles over: limits, what is gone, and the ends of pages, of mappings and of user memory.
 */
#include "sysfuzz.h"

#include "fcntl.h"

struct possessions own;
uint luck;

/* Half of them are those of "run" and "log", for ksmname. */
#define RUN 0x2acd4eca
#define LOG 0x3f515151
const int identifiers[] = {
    1,   2,   3,   4,   5,   6,   7,   8,   0,   -1,  0x7FFFFFFF, (int)0x80000000,
    RUN, LOG, RUN, LOG, RUN, LOG, RUN, LOG, RUN, LOG, RUN,        LOG,
};
const uint nidentifiers = COUNT(identifiers);

static const uint numbers[] = {
    0,          1,          2,          3,          4,          5,          7,          8,
    15,         16,         31,         32,         63,         64,         65,         127,
    128,        255,        256,        511,        512,        513,        4095,       4096,
    4097,       8191,       8192,       0xFFFF,     0x10000,    0x3FFFFF,   0x400000,   0x400001,
    0x7FFFFFFE, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFF000, 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFC,
};

static const uint kernel_places[] = {
    0x80000000, 0x80100000, 0x80200000, 0x8FFFF000, 0xA0000000, 0xC0000000,
    0xF0000000, 0xFE000000, 0xFEC00000, 0xFEE00000, 0xFFC00000, 0xFFFFF000
};

/* A path with a part that is too long, and one that is too long as a whole. */
#define LONG_PART "a_part_that_is_much_longer_than_any_name_that_a_directory_can_hold"
#define MANY      "d/../d/../d/../d/../d/../d/../d/../d/../d/../d/../d/../d/../d/../d/../d/../d/../"

#define MANY_PARTS     (MANY "a")
#define TOO_MANY_PARTS (MANY MANY MANY MANY MANY MANY)

/* Nothing that the system needs: these are removed as well. */
static const char *const paths[] = {
    "a",
    "b",
    "c",
    "d",
    "e",
    "d/a",
    "d/b",
    "d/d",
    "d/d/a",
    "d/d/d",
    "e/a",
    "./a",
    "../fuzz/b",
    "../d/a",
    "d/../c",
    "/fuzz/a",
    "//d//a",
    "d/",
    "",
    ".",
    "..",
    "d/..",
    "e/.",
    "fourteen_chars",
    "p",
    "f",
    "e/e/e",
    "d/d/p",
    "fifteen_chars_",
    LONG_PART,
    MANY_PARTS,
    TOO_MANY_PARTS,
    FORGED,
};

/* What stays.  These texts are not copied to where a random pointer of a call that removes may find them. */
static const char *const others[] = { "/true", "/false", "/echo", "/README", "/",
                                      "/fuzz", "/fuzz",  "/fuzz", "..",      "/console" };

void values_begin(void)
{
    uint old = (uint)sbrk(0);
    uint start = (old + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;

    if (sbrk((int)(start - old + ARENA_BYTES)) == (char *)-1)
        exits(0); /* there is no memory for another worker */
    own.arena = start;
    own.heap_end = start + ARENA_BYTES;
}

uint any_number(void) { return one_in(8) ? chance_next(&luck) : numbers[pick(COUNT(numbers))]; }

uint outside(uint va) { return va >= PAGE_SIZE && va < own.arena ? KERNBASE + va : va; }

uint in_arena(uint nbytes) { return own.arena + pick(ARENA_BYTES - nbytes); }

/* Some bytes before an address, or after it. */
static uint around(uint va) { return one_in(3) ? va + pick(16) : va - pick(64); }

static uint in_attached(void)
{
    const struct attached *a;

    if (!own.nattached)
        return own.arena;
    a = &own.attached[pick(own.nattached)];
    switch (pick(4)) {
    case 0:
        return a->va;
    case 1:
        return around(a->va + a->nbytes);
    case 2:
        return around(a->va);
    default:
        return (a->va + pick(a->nbytes)) & ~3u;
    }
}

uint any_pointer(void)
{
    uint here;

    switch (pick(16)) {
    case 0:
        return pick(PAGE_SIZE);
    case 1:
        return around(KERNBASE);
    case 2:
        return kernel_places[pick(COUNT(kernel_places))] + pick(PAGE_SIZE);
    case 3:
        return around(own.heap_end);
    case 4:
        return PAGE_SIZE + pick(PAGE_SIZE); /* this program's code */
    case 5:
        return around(((uint)&here & ~(PAGE_SIZE - 1)) - (1 + pick(8)) * PAGE_SIZE); /* stack and guard */
    case 6:
        return around((1 + pick(1023)) * (4u << 20)); /* where another page table begins */
    case 7:
        return outside(any_number());
    case 8:
    case 9:
    case 10:
        return in_attached();
    case 11:
        return around(own.arena + (1 + pick(15)) * PAGE_SIZE);
    default:
        return in_arena(256) & ~3u;
    }
}

/* Where a text is that calls are to read. */
static uint place(const char *text)
{
    uint nbytes = strlen(text) + 1, at;

    switch (pick(4)) {
    case 0:
        at = own.arena + (1 + pick(8)) * PAGE_SIZE - pick(nbytes);
        break;
    case 1:
        at = own.heap_end - nbytes;
        break;
    case 2:
        at = in_arena(2048);
        break;
    default:
        return (uint)text;
    }
    if (at < own.arena || own.heap_end < own.arena + ARENA_BYTES)
        return (uint)text; /* the heap has shrunk */
    memcpy((void *)at, text, nbytes);
    return at;
}

/* A text without an end. */
static uint endless(void)
{
    if (own.heap_end < own.arena + ARENA_BYTES)
        return around(own.heap_end);
    uint n = 1 + pick(600);
    memset((void *)(own.heap_end - n), 'a', n);
    return own.heap_end - n;
}

static uint path(void)
{
    if (one_in(16))
        return any_pointer();
    if (one_in(32))
        return endless();
    if (one_in(4)) {
        static char name[4] = "n";
        name[1] = '0' + (char)pick(10);
        name[2] = '0' + (char)pick(10);
        return place(name);
    }
    return place(paths[pick(one_in(3) ? COUNT(paths) : 8)]);
}

static uint fd(void)
{
    if (one_in(8))
        return any_number();
    uint from = pick(MAX_FDS);
    for (uint i = 0; i < MAX_FDS; i++)
        if (own.fds[(from + i) % MAX_FDS].open)
            return (from + i) % MAX_FDS;
    return from;
}

static uint length(void)
{
    static const uint lengths[] = { 0, 1, 4, 16, 100, 511, 512, 513, 1024, 4096, 8192, 20000, 70000 };

    return one_in(10) ? any_number() : lengths[pick(one_in(4) ? COUNT(lengths) : 9)];
}

/* A vector of texts, good or badly ended. */
static uint vector(void)
{
    static const char *const words[] = { "sh", "echo", "", "x", "a longer argument", LONG_PART, MANY };
    uint at = own.arena + pick(8) * PAGE_SIZE, n = one_in(8) ? pick(80) : pick(6);
    uint *argv = (uint *)at;

    if (one_in(8) || own.heap_end < own.arena + ARENA_BYTES)
        return any_pointer();
    if (one_in(8)) { /* its end would lie beyond the heap's */
        argv = (uint *)(own.heap_end & ~3u) - n;
        n = n ? n - 1 : 0;
    }
    for (uint i = 0; i < n; i++)
        argv[i] = one_in(40) ? any_pointer() : (uint)words[pick(COUNT(words))];
    if (!one_in(16))
        argv[n] = 0;
    return (uint)argv;
}

bool may_kill(int pid) { return pid <= 1 || (pid >= first_pid && pid != board->keeper); }

static uint pid(void)
{
    int pid;

    switch (pick(6)) {
    case 0:
        pid = (int)any_number();
        break;
    case 1:
        pid = board->workers[pick(MAX_WORKERS)];
        break;
    case 2:
        pid = board->recent[pick(NRECENT)];
        break;
    case 3:
        pid = getpid();
        break;
    default:
        pid = own.nchildren ? own.children[pick(own.nchildren)] : 0;
    }
    return may_kill(pid) ? (uint)pid : 0;
}

static uint ticks(void)
{
    static const uint some[] = { 0, 1, 1, 1, 2, 2, 3, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFF };

    return one_in(100) ? any_number() : some[pick(COUNT(some))];
}

static uint delta(void)
{
    static const int some[] = { 0, 1, 4096, 4095, 8192, 40000, 1 << 20, 5 << 20, -1, -4096, -8192, -40000 };

    if (one_in(50))
        return any_number();
    if (own.heap_end > own.arena + ARENA_BYTES && one_in(3))
        return own.arena + ARENA_BYTES - own.heap_end; /* all but the arena */
    int n = some[pick(COUNT(some))];
    return n < 0 && own.heap_end + (uint)n < own.arena + ARENA_BYTES && !one_in(50) ? 0 : (uint)n;
}

static uint size(void)
{
    static const uint some[] = {
        1,        4096,     4097,      8192,           3 * 4096,          40000, 1 << 20, (4u << 20) + 1,
        4u << 20, 9u << 20, 64u << 20, KSM_MAX_NBYTES, KSM_MAX_NBYTES + 1
    };

    return one_in(8) ? any_number() : some[pick(one_in(20) ? COUNT(some) : 7)];
}

static uint handle(void)
{
    if (one_in(12))
        return any_number();
    return own.nhandles ? (uint)own.handles[pick(own.nhandles)] : 0;
}

/* The start of an attachment, mostly. */
static uint start_of_attached(void)
{
    if (one_in(6) || !own.nattached)
        return any_pointer();
    return own.attached[pick(own.nattached)].va;
}

/* One of few, so that sleepers and those that wake them meet. */
static uint word(void)
{
    if (one_in(4))
        return any_pointer();
    if (own.nattached == 0 || one_in(4))
        return own.arena + pick(2) * 2048;
    return own.attached[pick(own.nattached)].va;
}

static uint flags(const uint *some, uint n) { return one_in(10) ? any_number() : some[pick(n)]; }

uint value(enum kind kind)
{
    static const uint modes[] = { O_RDONLY, O_WRONLY, O_RDWR, O_CREATE | O_RDWR, O_CREATE | O_WRONLY };
    static const uint get_flags[] = { 0, 0, KSM_CREATE, KSM_OPEN, KSM_MUSTNOTEXIST, KSM_HUGETLB };
    static const uint attach_flags[] = { 0, 0, KSM_READ, KSM_WRITE, KSM_RDWR, KSM_READ | KSM_WRITE };
    static const char *const texts[] = { "run", "log", "ncpus", "", "ksm.pages", LONG_PART };

    switch (kind) {
    case FD:
        return fd();
    case LENGTH:
        return length();
    case POINTER:
        return any_pointer();
    case BUFFER:
        return one_in(3) ? any_pointer() : in_arena(PAGE_SIZE);
    case PATH:
        return path();
    case TEXT:
        return one_in(4) ? any_pointer() : place(texts[pick(COUNT(texts))]);
    case VECTOR:
        return vector();
    case MODE:
        return flags(modes, COUNT(modes));
    case DEVICE:
        return one_in(16) ? 1 : any_number() | 0x100;
    case PID:
        return pid();
    case TICKS:
        return ticks();
    case DELTA:
        return delta();
    case ID:
        return (uint)identifiers[pick(nidentifiers)];
    case SIZE:
        return size();
    case GET_FLAGS:
        return flags(get_flags, COUNT(get_flags));
    case ATTACH_FLAGS:
        return flags(attach_flags, COUNT(attach_flags));
    case HANDLE:
        return handle();
    case PLACE:
        return start_of_attached();
    case WORD:
        return word();
    case EXPECTED:
        return one_in(3) ? any_number() : 0; /* most words are 0 */
    case PEER:
        return one_in(4) ? (uint)-1 : pid();
    case OPERATION:
        return one_in(100) ? DEBUG_CHECK : one_in(20) ? any_number() : (uint)DEBUG_FAIL_ALLOCATION;
    case WHENCE:
        return one_in(8) ? any_number() : pick(3);
    case NUMBER:
    case NONE:
        break;
    }
    return any_number();
}

/* What may be opened and executed, but is not to be changed. */
uint value_other(void) { return (uint)others[pick(COUNT(others))]; }
