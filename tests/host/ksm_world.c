/* ksm_world.c - see ksm_world.h. */
#include "ksm_world.h"

#include <stdlib.h>

#include "ksm/ksm_impl.h"

#define MAX_TASKS 1024

static struct ksm_task *tasks[MAX_TASKS];
static uint ntasks;
static struct spinlock tasks_lock = SPINLOCK_INIT(RANK_PROC, "tasks");
static uint nobjects_at_boot;

void world_begin_with(struct ksm_limits limits)
{
    fake_reset();
    ntasks = 0;
    if (ksm_init(&limits))
        tap_fail("ksm_init fails");
    nobjects_at_boot = fake_nobjects();
}

void world_begin(void) { world_begin_with((struct ksm_limits){ 64, 256, 4096 }); }

static bool is_alive(const struct ksm_task *task)
{
    for (uint i = 0; i < ntasks; i++)
        if (tasks[i] == task)
            return true;
    return false;
}

/* As proc_watch() does it. */
static bool watch(struct ksm_task *peer, struct ksm_sleeper *sleeper)
{
    spin_acquire(&tasks_lock);
    bool alive = is_alive(peer);
    if (alive)
        ksm_watch(peer, sleeper);
    spin_release(&tasks_lock);
    return alive;
}

static void add(struct ksm_task *task)
{
    if (ntasks == MAX_TASKS)
        abort();
    tasks[ntasks++] = task;
}

struct ksm_task *world_task(int pid)
{
    struct ksm_task *task = malloc(sizeof(*task));

    ksm_task_init(task, pid, fake_aspace(HEAP_END));
    add(task);
    return task;
}

struct ksm_task *world_fork(struct ksm_task *parent, int pid)
{
    struct ksm_task *child = malloc(sizeof(*child));

    ksm_task_init(child, pid, fake_aspace(HEAP_END));
    if (ksm_fork(parent, child)) {
        fake_aspace_destroy(child->as);
        free(child);
        return NULL;
    }
    add(child);
    return child;
}

void world_exec(struct ksm_task *task)
{
    struct aspace *old = task->as;

    ksm_release(task, false);
    task->as = fake_aspace(HEAP_END);
    fake_aspace_destroy(old);
}

void world_exit(struct ksm_task *task)
{
    spin_acquire(&tasks_lock);
    for (uint i = 0; i < ntasks; i++)
        if (tasks[i] == task)
            tasks[i] = tasks[--ntasks];
    spin_release(&tasks_lock);
    ksm_release(task, true);
    fake_aspace_destroy(task->as);
    free(task);
}

static void delete_all(struct ksm_task *janitor)
{
    const struct segment *seg;

    for (uint slot = 0; (seg = registry_next_locked(&slot)) != NULL; slot++)
        if (ksm_delete(janitor, ksm_get(janitor, seg->id, 0, KSM_OPEN)))
            tap_fail("a segment can't be deleted");
}

void world_end(void)
{
    fake_fail_nth(0);
    fake_fail_chance(0);
    check_sound();
    while (ntasks)
        world_exit(tasks[0]);
    struct ksm_task *janitor = world_task(PID_JANITOR);
    delete_all(janitor);
    world_exit(janitor);
    check_sound();
    if (registry.nsegments || registry.npages || registry.nattached || fake_nframes())
        tap_fail("totals are not 0 in the end");
    if (fake_nobjects() != nobjects_at_boot)
        tap_fail("memory is lost");
}

void world_again(void)
{
    world_end();
    world_begin();
}

void world_check_sound(void)
{
    if (!registry.divided) /* else it is the walker's alone, and not whole */
        check_sound();
}

int world_wait(struct ksm_task *task, uint va, uint expected, uint nticks, struct ksm_task *peer)
{
    struct ksm_sleeper self;
    int number = !peer ? KSM_PEER_ANY : peer == WORLD_NOBODY ? KSM_PEER_NONE : 1; /* a pid */
    int error = ksm_wait_prepare(&self, task, va, expected, number);

    if (error)
        return error;
    fake_gap();
    if (number > 0 && !watch(peer, &self))
        return KSM_EAGAIN;
    fake_gap();
    return ksm_wait_sleep(&self, nticks);
}

int world_get(struct ksm_task *task, uint id, uint nbytes)
{
    int handle = ksm_get(task, id, nbytes, 0);

    if (handle <= 0)
        tap_fail("ksm_get fails");
    return handle;
}

uint world_attach(struct ksm_task *task, int handle, uint flags)
{
    int va = ksm_attach(task, handle, flags);

    if (va <= 0)
        tap_fail("ksm_attach fails");
    return (uint)va;
}

struct ksminfo_t world_info(struct ksm_task *task, int handle)
{
    struct ksminfo_t info = { 0 };

    if (ksm_info(task, handle, &info))
        tap_fail("ksm_info fails");
    return info;
}

struct world_figures world_figures(void)
{
    return (struct world_figures){ registry.nsegments, registry.npages, registry.nattached, fake_nobjects(),
                                   fake_nframes() };
}

bool world_same(struct world_figures a, struct world_figures b)
{
    return a.nsegments == b.nsegments && a.npages == b.npages && a.nattached == b.nattached &&
           a.nobjects == b.nobjects && a.nframes == b.nframes;
}
