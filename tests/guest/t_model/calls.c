/*
 * calls.c - random calls of t_model's helpers: see model.h.
 *
 * Most arguments are good, or were: identifiers in use, handles that some process has or had, addresses in attachments.
 */
#include "model.h"

#define NHISTORY  64u
#define HEAP_MOST (64 * 1024)

static int history[NHISTORY]; /* handles that some process had */
static uint nhistory;

/* Arguments. */

#define PICK(array) (array)[pick(sizeof(array) / sizeof((array)[0]))]

static uint any_handle(uint helper)
{
    const struct naive_proc *p = &naive.procs[helper];
    static const uint wild[] = { 0, (uint)-1, 1, 0x7FFFFFFF, 0x80000000 };
    uint from = pick(NAIVE_SEGMENTS);

    if (pick(8) != 0) {
        for (uint i = 0; i < NAIVE_SEGMENTS; i++) {
            uint segment = (from + i) % NAIVE_SEGMENTS;

            if (p->handles[segment])
                return (uint)p->handles[segment] ^ (pick(32) ? 0 : 1u << pick(32));
        }
    }
    return pick(4) ? (uint)history[pick(NHISTORY)] : PICK(wild);
}

static uint any_size(void)
{
    static const uint small[] = { 0, 1, 1, 4095, 4096, 4096, 4097, 3 * PAGE, 7 * PAGE + 1, 30 * PAGE };
    static const uint large[] = { 4 * MB - 1, 4 * MB, 4 * MB + 1, 9 * MB, HUGE_SIZE, HUGE_SIZE };
    const uint bad[] = { naive.max_pages * PAGE,
                         naive.max_pages * PAGE + 1,
                         0x7FFFDFFF,
                         0x7FFFE000,
                         0x7FFFE001,
                         0x80000000,
                         0xFFFFEFFF,
                         0xFFFFF000,
                         0xFFFFF001,
                         0xFFFFFFFF };
    uint kind = pick(40);

    if (kind < 36)
        return kind < 34 ? PICK(small) : PICK(large);
    return kind < 39 ? PICK(bad) : pick(0x80000000u) * 2;
}

static uint get_flags(void)
{
    static const uint flags[] = {
        0,
        0,
        0,
        0,
        KSM_CREATE,
        KSM_CREATE,
        KSM_OPEN,
        KSM_OPEN,
        KSM_CREATE | KSM_OPEN,
        KSM_MUSTNOTEXIST,
        KSM_CREATE | KSM_MUSTNOTEXIST,
        KSM_OPEN | KSM_MUSTNOTEXIST,
        KSM_HUGETLB,
        KSM_READ,
        KSM_HUGETLB | KSM_CREATE,
    };
    uint kind = pick(20);

    return kind < 18 ? PICK(flags) : kind < 19 ? 1u << pick(32) : pick(256);
}

static uint attach_flags_any(void)
{
    static const uint flags[] = {
        0, 0, KSM_READ, KSM_READ, KSM_WRITE, KSM_RDWR, KSM_READ | KSM_WRITE, KSM_READ | KSM_RDWR, KSM_CREATE
    };
    uint kind = pick(20);

    return kind < 18 ? PICK(flags) : kind < 19 ? 1u << pick(32) : pick(256);
}

static const struct naive_view *any_view(const struct naive_proc *p)
{
    return p->nviews ? &p->views[pick(p->nviews)] : NULL;
}

/* Calls. */

static void do_get(uint helper)
{
    struct naive_proc *p = &naive.procs[helper];
    uint id = model_ids[pick(NIDS)], size = any_size(), flags = get_flags();
    int got = model_call(helper, GET, id, size, flags), segment;
    int want = naive_get(p, id, size, flags, &segment);

    if (want < 0) {
        model_expect("the error of get", (uint)got, (uint)want);
        return;
    }
    model_expect("a handle is positive", got > 0, 1);
    if (p->handles[segment])
        model_expect("the same handle again", (uint)got, (uint)p->handles[segment]);
    else
        model_expect("nothing else has this handle", (uint)naive_of_handle(p, got), (uint)NOBODY);
    p->handles[segment] = got;
    history[nhistory++ % NHISTORY] = got;
}

static void check_stamps(uint helper, const struct naive_view *v)
{
    const struct naive_segment *s = &naive.segments[v->segment];

    for (uint i = 0; i < NAIVE_STAMPS; i++) {
        uint va = v->va + naive_stamp_page(s, i) * PAGE;

        model_expect("a stamp", (uint)model_call(helper, PEEK, va, 0, 0), s->stamps[i]);
    }
}

static void do_attach(uint helper, uint handle)
{
    uint flags = attach_flags_any();
    int got = model_call(helper, ATTACH, handle, flags, 0);
    int want = naive_attach(&naive.procs[helper], (int)handle, flags);

    model_expect("the result of attach", (uint)got, (uint)want);
    if (got > 0)
        check_stamps(helper, &naive.procs[helper].views[naive.procs[helper].nviews - 1]);
}

static void do_attach_many(uint helper)
{
    uint handle = any_handle(helper);

    for (uint n = pick(50); n > 0; n--)
        do_attach(helper, handle);
}

static void do_detach(uint helper)
{
    uint handle = any_handle(helper);
    int got = model_call(helper, DETACH, handle, 0, 0);

    model_expect("the result of detach", (uint)got, (uint)naive_detach(&naive.procs[helper], (int)handle));
}

static void do_detach_at(uint helper)
{
    static const uint off[] = { 0, 0, 0, 0, 1, 4, PAGE, (uint) - (int)PAGE, 0x80000000 };
    const struct naive_view *v = any_view(&naive.procs[helper]);
    uint va = (v ? v->va : pick(KERNBASE)) + PICK(off);
    int got = model_call(helper, DETACH_AT, va, 0, 0);

    model_expect("the result of detachat", (uint)got, (uint)naive_detach_at(&naive.procs[helper], va));
}

static void do_delete(uint helper)
{
    uint handle = any_handle(helper);
    int got = model_call(helper, DELETE, handle, 0, 0);

    model_expect("the result of delete", (uint)got, (uint)naive_delete(&naive.procs[helper], (int)handle));
}

static void do_info(uint helper)
{
    uint handle = any_handle(helper);
    bool good = handle == 0 || naive_of_handle(&naive.procs[helper], (int)handle) != NOBODY;

    model_expect("the result of info", (uint)model_call(helper, INFO, handle, 0, 0),
                 good ? 0 : (uint)KSM_EHANDLE);
}

/* The record goes into an attachment, or half into it, and overwrites no stamp. */
static void do_info_at(uint helper)
{
    static const uint offsets[] = { 8, 2048, PAGE - sizeof(struct ksminfo_t), PAGE - 40, PAGE - 4, -4u };
    const struct naive_proc *p = &naive.procs[helper];
    const struct naive_view *v = any_view(p);
    uint offset = PICK(offsets);
    bool straddles = offset > PAGE - sizeof(struct ksminfo_t);
    int handle = straddles ? 0x7FFFFFFF : 0;

    if (!v)
        return;

    uint va = v->va + (pick(2) ? (naive.segments[v->segment].npages - 1) * PAGE : 0) + offset;
    int want = !naive_can(p, va, sizeof(struct ksminfo_t), true) ? KSM_EFAULT : straddles ? KSM_EHANDLE : 0;

    if (va < (p->brk + PAGE - 1) / PAGE * PAGE) /* half in the heap */
        return;
    model_expect("the result of info", (uint)model_call(helper, INFO_AT, (uint)handle, va, 0), (uint)want);
}

static void do_poke(uint helper)
{
    const struct naive_view *v = any_view(&naive.procs[helper]);
    uint which = pick(NAIVE_STAMPS), value = pick(0xFFFFFFFF);

    if (!v)
        return;

    struct naive_segment *s = &naive.segments[v->segment];
    uint page = naive_stamp_page(s, which);

    if (v->writable) {
        model_call(helper, POKE, v->va + page * PAGE, value, 0);
        for (uint i = 0; i < NAIVE_STAMPS; i++) {
            if (naive_stamp_page(s, i) == page)
                s->stamps[i] = value;
        }
    }
    check_stamps(helper, any_view(&naive.procs[helper]));
}

static void do_sbrk(uint helper)
{
    struct naive_proc *p = &naive.procs[helper];
    uint top = KERNBASE, room, deltas[8] = { 0, 1, PAGE, 2 * PAGE + 5, 0x70000000, 0x80000000 };

    for (uint i = 0; i < p->nviews; i++)
        top = p->views[i].va < top ? p->views[i].va : top;
    room = top - p->brk;
    deltas[6] = room + 1;
    deltas[7] = -pick(p->brk - p->first_brk + 1);

    uint delta = PICK(deltas);
    bool shrinks = (int)delta < 0;
    bool fits = shrinks ? p->brk + delta <= p->brk : delta <= room && delta < HUGE_SIZE;

    if (!shrinks && delta < HUGE_SIZE && p->brk + delta - p->first_brk > HEAP_MOST)
        return;
    model_expect("the result of sbrk", (uint)model_call(helper, SBRK, delta, 0, 0), fits ? p->brk : (uint)-1);
    if (fits)
        p->brk += delta;
}

void model_make_call(uint helper, uint what)
{
    if (what < 50)
        do_get(helper);
    else if (what < 85)
        do_attach(helper, any_handle(helper));
    else if (what < 87)
        do_attach_many(helper);
    else if (what < 112)
        do_detach(helper);
    else if (what < 130)
        do_detach_at(helper);
    else if (what < 145)
        do_delete(helper);
    else if (what < 150)
        do_info(helper);
    else if (what < 160)
        do_info_at(helper);
    else if (what < 175)
        do_poke(helper);
    else
        do_sbrk(helper);
}
