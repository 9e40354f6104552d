/*
 * t_ksmbad.c - calls on shared memory with every wrong argument, alone and together, §9.
 *
 * The right result of a call is computed here once more, straight from the contract.  Whatever the result, nothing
 * changes but what a success changes.
 */
#include "fcntl.h"
#include "ksmtest.h"

#define TEXT      ((char *)0x1000) /* where code begins */
#define MOST_SIZE 0x7FFFE000u

/* All that a call that fails must leave alone. */
struct state {
    struct ksminfo_t totals, segment;
    int frames;
};

static int watched; /* a segment of 2 pages */
static int dead;    /* the handle of a destroyed one */
static int others;  /* another process's handle, which this one has not */

static struct state state(void)
{
    struct state s;

    memset(&s, 0, sizeof(s));
    s.totals = info_of(0);
    s.segment = info_of(watched);
    s.frames = pgused();
    return s;
}

static void check_unchanged(const struct state *before)
{
    struct state now = state();

    check(memcmp(&now, before, sizeof(now)) == 0);
}

static struct gate stop;

static void own_segment(void *arg)
{
    int *handle = arg, made = fresh(PAGE);

    attach(made);
    *handle = made;
    gate_pass(&stop);
    ksmdetach(made);
    ksmdelete(made);
}

/* The segments that the tests need. */
static int board, owner;

static void begin(void)
{
    int *word;

    watched = fresh(2 * PAGE);
    dead = fresh(PAGE);
    check_eq(ksmdelete(dead), 0);
    board = fresh(PAGE);
    word = (int *)attach(board);
    gate_create(&stop);
    owner = tap_start(own_segment, word);
    tap_until_asleep(owner);
    others = *word;
    check(others > 0);
}

static void end(void)
{
    gate_open(&stop);
    tap_join(owner);
    gate_destroy(&stop);
    ksmdetach(board);
    ksmdelete(board);
    while (ksmdetach(watched) == 0)
        ;
    check_eq(ksmdelete(watched), 0);
    check_alive();
}

/* ksmget. */

static uint max_pages;

static uint pages_of(uint size) { return size / PAGE + (size % PAGE != 0); }

/* The error that §9 gives, in its order; 0: the call works. */
static int get_must(bool exists, uint size, uint flags)
{
    if (flags & ~(uint)(KSM_CREATE | KSM_OPEN | KSM_MUSTNOTEXIST | KSM_HUGETLB))
        return KSM_EINVAL;
    if (flags & KSM_OPEN && flags & KSM_MUSTNOTEXIST)
        return KSM_EINVAL;
    if (flags & KSM_HUGETLB)
        return KSM_ENOTSUP;
    if (exists)
        return flags & KSM_MUSTNOTEXIST ? KSM_EEXIST : size > 2 * PAGE ? KSM_ESIZE : 0;
    if (flags == KSM_OPEN)
        return KSM_ENOENT;
    if (size == 0)
        return KSM_EINVAL;
    return size > MOST_SIZE || pages_of(size) > max_pages ? KSM_ESIZE : 0;
}

static void try_get(int id, bool exists, uint size, uint flags, const struct state *before)
{
    int got = ksmget(id, size, (int)flags), must = get_must(exists, size, flags);

    if (got < 0 || must < 0)
        check_eq(got, must);
    if (got > 0 && exists)
        check_eq(got, watched);
    if (got > 0 && !exists) {
        check_eq(info_of(got).total_shpg_nr, before->totals.total_shpg_nr + pages_of(size));
        check_eq(ksmdelete(got), 0);
    }
}

/* The number of pages of the largest possible segment, found by bisection. */
static uint find_max_pages(void)
{
    uint low = 1, high = MOST_SIZE / PAGE; /* low is possible, more than high is not */

    while (low < high) {
        uint middle = low + (high - low + 1) / 2;
        int handle = ksmget(fresh_id(), middle * PAGE, KSM_MUSTNOTEXIST);

        if (handle > 0)
            ksmdelete(handle);
        if (handle == KSM_ESIZE)
            high = middle - 1;
        else
            low = middle;
    }
    return low;
}

TEST("§9 §3.3 §3.4 §3.5 get answers each pair of flag bits with each size around an edge")
{
    static const uint sizes[] = {
        0,          1,          PAGE - 1,      PAGE,       PAGE + 1,   2 * PAGE - 1, 2 * PAGE,   2 * PAGE + 1,
        0x7FFFDFFF, MOST_SIZE,  MOST_SIZE + 1, 0x7FFFF000, 0x7FFFFFFF, 0x80000000,   0x80000001, 0xFFFFE000,
        0xFFFFEFFF, 0xFFFFF000, 0xFFFFF001,    0xFFFFFFFF,
    };
    int id = fresh_id(), none = fresh_id();
    struct state before;

    begin();
    check_eq(ksmdelete(watched), 0);
    watched = ksmget(id, 2 * PAGE, KSM_MUSTNOTEXIST);
    max_pages = find_max_pages();
    try_get(none, false, PAGE, 0, (before = state(), &before));
    before = state();
    for (uint a = 0; a <= 32; a++) {
        for (uint b = a; b <= 32; b++) {
            uint flags = (a < 32 ? 1u << a : 0) | (b < 32 ? 1u << b : 0);

            for (uint i = 0; i < COUNT(sizes); i++) {
                try_get(id, true, sizes[i], flags, &before);
                try_get(none, false, sizes[i], flags, &before);
            }
        }
        check_unchanged(&before);
    }
    check_eq(ksmget(none, 0, KSM_OPEN), KSM_ENOENT);
    end();
}

/* Handles. */

/* Calls fn with numbers that are no handles of this process. */
static void with_bad_handles(void (*fn)(int handle))
{
    static const int wild[] = { -1, 1, 2, 3, 4095, 4096, 65535, 65536, 0x7FFFFFFF, -0x7FFFFFFF };

    fn(dead);
    fn(others);
    for (uint i = 0; i < COUNT(wild); i++)
        fn(wild[i]);
    for (uint a = 0; a < 32; a++) {
        for (uint b = a; b < 32; b++) {
            int handle = watched ^ (int)(1u << a | 1u << b);

            if (handle != watched && handle != board && handle)
                fn(handle);
        }
    }
}

static void take_bad_handle(int handle)
{
    struct ksminfo_t info, copy;

    memset(&info, 0xEE, sizeof(info));
    copy = info;
    for (uint flag = 0; flag < 33; flag++) {
        uint flags = flag < 32 ? 1u << flag : 0;
        bool known = !(flags & ~(uint)(KSM_READ | KSM_WRITE | KSM_RDWR));

        check_eq((int)ksmattach(handle, (int)flags), known ? KSM_EHANDLE : KSM_EINVAL);
    }
    check_eq(ksmdetach(handle), KSM_EHANDLE);
    check_eq(ksmdelete(handle), KSM_EHANDLE);
    check_eq(ksminfo(handle, &info), KSM_EHANDLE);
    check_eq(ksminfo(handle, (struct ksminfo_t *)KERNBASE), KSM_EFAULT);
    check(memcmp(&info, &copy, sizeof(info)) == 0);
}

TEST("§9 §3.6 §3.8 calls refuse handles that are dead, another's, or off by two bits, and do nothing")
{
    struct state before;

    begin();
    attach(watched);
    before = state();
    with_bad_handles(take_bad_handle);
    take_bad_handle(-4096);
    check_eq((int)ksmattach(0), KSM_EHANDLE);
    check_eq(ksmdetach(0), KSM_EHANDLE);
    check_eq(ksmdelete(0), KSM_EHANDLE);
    check_unchanged(&before);
    end();
}

TEST("§2 §9 attach answers each pair of flag bits")
{
    struct state before;

    begin();
    attach(watched);
    for (uint a = 0; a < 32; a++) {
        for (uint b = a; b < 32; b++) {
            uint flags = 1u << a | 1u << b;
            bool known = !(flags & ~(uint)(KSM_READ | KSM_WRITE | KSM_RDWR));
            int fds[2];
            char *p;

            before = state();
            p = ksmattach(watched, (int)flags);
            if (!known) {
                check_eq((int)p, KSM_EINVAL);
                check_unchanged(&before);
                continue;
            }
            check_eq(ksmerror(p), 0);
            check_eq(pipe((int *)p), flags == KSM_READ ? -1 : 0); /* is it writable? */
            memcpy(fds, p, sizeof(fds));
            if (flags != KSM_READ) {
                close(fds[0]);
                close(fds[1]);
            }
            check_eq(ksmdetachat(p), 0);
        }
    }
    end();
}

/* Addresses. */

#define MAX_BAD 48u
static char *bad[MAX_BAD]; /* where neither a record nor a word can be written */
static uint nbad;

static void add_bad(char *p)
{
    check(nbad < MAX_BAD);
    bad[nbad++] = p;
}

/* `hole` is a page that is not mapped, between attachments; `locked` is read-only. */
static void collect_bad(char *hole, char *locked, uint record)
{
    char *stack = (char *)((uint)__builtin_frame_address(0) & ~(PAGE - 1)), *top = (char *)KERNBASE;
    char *heap_end = (char *)(((uint)sbrk(0) + PAGE - 1) & ~(PAGE - 1));

    nbad = 0;
    add_bad(NULL);
    add_bad((char *)4);
    add_bad((char *)PAGE - record);
    add_bad(TEXT);
    add_bad(TEXT + 16);
    add_bad(hole);
    add_bad(hole + PAGE - 4);
    add_bad(hole + 8);
    add_bad(hole - 4); /* straddles into it, */
    add_bad(hole - record + 4);
    add_bad(hole + PAGE - record + 4); /* and out of it */
    add_bad(locked);
    add_bad(locked + 2 * PAGE - record);
    add_bad(locked - record + 4);
    add_bad(sbrk(0) + 4 * PAGE);
    add_bad(heap_end - (record > 4 ? 4 : 0));
    for (uint i = 1; i < 64; i++) { /* below the stack, of whatever size, is a guard page */
        if (tap_write_dies(stack - i * PAGE)) {
            add_bad(stack - i * PAGE);
            add_bad(stack - (i - 1) * PAGE - 4);
            break;
        }
    }
    add_bad(top);
    add_bad(top + 4);
    add_bad(top + 0x100000);
    add_bad((char *)0xC0000000);
    add_bad((char *)0xFE000000);
    add_bad((char *)0xFEE00000);
    add_bad((char *)0xFFFFF000);
    add_bad((char *)-(int)record);
    add_bad((char *)0xFFFFFFFC);
}

/* Attaches `watched` above a hole, below it, and read-only. */
static char *make_places(char **locked)
{
    char *high = attach(watched), *middle = attach(board), *low = attach(watched);

    check(middle == high - PAGE && low == middle - 2 * PAGE);
    check_eq(ksmdetachat(middle), 0);
    *locked = attach_flags(watched, KSM_READ);
    check(*locked == low - 2 * PAGE); /* not in the hole, which is too small */
    return middle;
}

TEST("§8.2 §4.4 §4.6 info refuses pointers of all bad kinds, and writes nothing")
{
    char *locked, *hole;
    struct state before;
    char was[PAGE];

    begin();
    hole = make_places(&locked);
    memset(hole + PAGE, 0xAB, 2 * PAGE);
    memcpy(was, hole + PAGE, PAGE);
    collect_bad(hole, locked, sizeof(struct ksminfo_t));
    before = state();
    for (uint i = 0; i < nbad; i++) {
        struct ksminfo_t *info = (struct ksminfo_t *)bad[i];

        check_eq(ksminfo(watched, info), KSM_EFAULT);
        check_eq(ksminfo(0, info), KSM_EFAULT);
        check_eq(ksminfo(dead, info), KSM_EFAULT);
        check_eq(ksminfo(-1, info), KSM_EFAULT);
    }
    check_unchanged(&before);
    check(memcmp(was, hole + PAGE, PAGE) == 0);
    check(memcmp(was, hole - PAGE, PAGE) == 0);
    for (uint at = 0; at < 4; at++) { /* into the segment that is described, over the end of a page */
        struct ksminfo_t info;

        check_eq(ksminfo(watched, (struct ksminfo_t *)(hole + 2 * PAGE - 21 + at)), 0);
        memcpy(&info, hole + 2 * PAGE - 21 + at, sizeof(info));
        check(memcmp(&info, &before.segment, sizeof(info)) == 0);
    }
    end();
}

TEST("§11.1 §9 wait and wake refuse words of all bad kinds, with and without other errors")
{
    static const int values[] = { 0, 1, -1, 0x7FFFFFFF, (int)0x80000000 };
    char *locked, *hole;
    struct state before;

    begin();
    hole = make_places(&locked);
    collect_bad(hole, locked, 4);
    before = state();
    for (uint i = 0; i < nbad; i++) {
        for (uint off = 0; off < 4; off++) {
            for (uint v = 0; v < COUNT(values); v++) {
                uint *word = (uint *)(bad[i] + off);
                bool misaligned = (uint)word % 4 != 0;
                bool readable = bad[i] == TEXT || bad[i] == TEXT + 16 || bad[i] == hole - 4 ||
                                bad[i] == hole + PAGE || (bad[i] >= locked && bad[i] < locked + 2 * PAGE);
                int wrong = misaligned || values[v] < 0 ? KSM_EINVAL : KSM_EFAULT;

                if (readable && wrong == KSM_EFAULT)
                    continue; /* reading is all that a wait needs */
                check_eq(ksmwait(word, 0, values[v] == 0 ? 1 : values[v]), wrong);
                check_eq(ksmwait(word, 5, values[v]), wrong);
                check_eq(ksmwake(word, values[v]), wrong);
            }
        }
    }
    check_eq(ksmwake((uint *)locked, 1), 0);
    check_eq(ksmwait((uint *)locked, 5, 0), KSM_EAGAIN);
    check_unchanged(&before);
    end();
}

TEST("§5.2 detachat refuses all addresses at which nothing starts")
{
    char *locked, *hole;
    struct state before;

    begin();
    hole = make_places(&locked);
    collect_bad(hole, locked, 8);
    before = state();
    for (uint i = 0; i < nbad; i++) {
        if (bad[i] != locked)
            check_eq(ksmdetachat(bad[i]), KSM_ENOTATT);
    }
    for (uint bit = 0; bit < 32; bit++) {
        char *p = (char *)((uint)locked ^ 1u << bit);

        if (p != hole + PAGE && p != hole - 2 * PAGE && p != (char *)board)
            check(ksmdetachat(p) == KSM_ENOTATT);
    }
    check_unchanged(&before);
    end();
}

/* Bytes that change while the kernel reads them. */

static char *volatile flipped; /* in an attachment */

/* "/true", another name, and one without an end, in turn. */
static void flip_path(void *arg)
{
    volatile char *p = flipped;

    (void)arg;
    for (;;) {
        p[1] = 't', p[2] = 'r', p[3] = 'u', p[4] = 'e', p[5] = 0;
        p[5] = 'x';
        p[1] = 'n';
        p[5] = 0;
        p[4] = 0;
    }
}

/* The pointers of an argument vector, good and bad. */
static void flip_vector(void *arg)
{
    volatile uint *argv = (volatile uint *)flipped;

    (void)arg;
    for (;;) {
        argv[1] = KERNBASE + 64;
        argv[1] = (uint)flipped;
        argv[2] = 4;
        argv[1] = 0;
        argv[2] = (uint)flipped + PAGE - 1;
        argv[1] = 0xFFFFFFFE;
        argv[1] = (uint)flipped + PAGE - 4;
        argv[2] = 0;
    }
}

static uint nran, nfailed;

/* In a child; counts whether the program ran or was refused. */
static void try_exec(char *path, char **argv)
{
    int pid = fork(), status;

    check(pid >= 0);
    if (pid == 0) {
        exec(path, argv);
        exits(info_of(watched).attached_nr >= 2 ? 50 : 51); /* everything is as it was */
    }
    check_eq(waits(&status), pid);
    check(status == 0 || status == 50);
    nran += status == 0;
    nfailed += status == 50;
}

TEST("§4.6 §7.3 paths and arguments that another process changes meanwhile do no harm")
{
    char *p;
    int pid;

    begin();
    p = attach(watched);
    memset(p, 0, 2 * PAGE);
    strcpy(p, "/true");
    flipped = p;
    pid = tap_start(flip_path, NULL);
    for (uint i = 0; i < 50; i++) {
        int fd = open(p, O_RDONLY);

        if (fd >= 0)
            close(fd);
        check_eq(chdir(p), -1);
        check_eq(mkdir("/"), -1);
        try_exec(p, (char *[]){ "true", p, NULL });
    }
    kill(pid);
    check_eq(tap_status(pid), KILLED);
    memset(p, 0, 2 * PAGE);
    memset(p + PAGE - 8, 'a', 8);
    *(uint *)p = (uint) "true";
    pid = tap_start(flip_vector, NULL);
    for (uint i = 0; i < 50; i++)
        try_exec("/true", (char **)p);
    kill(pid);
    check_eq(tap_status(pid), KILLED);
    tap_note("%u programs ran, %u were refused", nran, nfailed);
    check_eq(info_of(watched).attached_nr, 1);
    end();
}

/* The word changes while ksmwait looks at it. */
static void flip_word(void *arg)
{
    volatile uint *word = (volatile uint *)flipped;

    (void)arg;
    for (;;)
        ++*word;
}

TEST("§11.1 a wait on a word that changes all the time comes back")
{
    int pid;

    begin();
    flipped = attach(watched);
    pid = tap_start(flip_word, NULL);
    for (uint i = 0; i < 500; i++) {
        int result = ksmwait((uint *)flipped, *(volatile uint *)flipped, 1);

        check(result == KSM_EAGAIN || result == KSM_ETIMEDOUT);
    }
    kill(pid);
    check_eq(tap_status(pid), KILLED);
    end();
}

TAP_MAIN(drop_fresh)
