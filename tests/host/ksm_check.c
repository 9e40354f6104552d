/*
 * ksm_check.c - ksm_check() finds whatever is broken on purpose.
 *
 * Each damage is one word that is changed, and then put right again.
 */
#include <string.h>

#include "ksm/ksm_impl.h"
#include "ksm_world.h"

static struct ksm_task *a, *b;
static struct segment *one, *two;
static struct holding *holding;
static struct attachment *attachment;

/* Two processes, two segments, four attachments, and one marked. */
static void furnish(void)
{
    world_begin();
    a = world_task(4);
    b = world_task(5);
    int h = world_get(a, 1, 8192);
    world_get(a, 2, 4096);
    world_get(b, 1, 0);
    world_attach(a, h, 0);
    world_attach(a, h, KSM_READ);
    world_attach(b, h, 0);
    check_eq(ksm_delete(b, h), 0);
    one = *registry_find_locked(1);
    two = *registry_find_locked(2);
    holding = table_get(&a->handles, registry_slot(h));
    attachment = attachment_at(holding->attachments.next);
}

static void finds(const char *what, uint *word, uint value)
{
    uint was = *word;

    check_sound();
    *word = value;
    check_str(ksm_check(), what);
    *word = was;
    check_sound();
}

TEST("wrong totals are found")
{
    finds("the number of segments is wrong", &registry.nsegments, 3);
    finds("the number of segments is wrong", &registry.nunborn, 1);
    finds("the total of pages is wrong", &registry.npages, 4);
    finds("the total of pages is wrong", &registry.nunborn_pages, 1);
    finds("the total of pages is wrong", &registry.limits.npages, 2);
    finds("the total of attachments is wrong", &registry.nattached, 4);
    finds("the total of attachments is wrong", &registry.limits.nattachments, 2);
    finds("a segment's attachments are not those of the tasks", &one->nattached, 2);
}

TEST("damaged segments are found")
{
    finds("a segment's handle is not its slot's", (uint *)&one->handle, (uint)one->handle + 4096);
    finds("a segment is not found by its identifier", &one->id, 2);
    finds("a segment's references are not accounted for", &one->refs, 4);
    finds("a segment's references are not accounted for", &two->refs, 2);
    finds("a segment's region has another size", &two->npages, 3);
    one->state = SEGMENT_LIVE;
    check(ksm_check() != NULL);
    one->state = SEGMENT_MARKED;
    check_sound();
}

TEST("damaged holdings are found")
{
    finds("a holding's segment is not its handle's", (uint *)&holding->handle, 0);
    finds("a holding is not at its slot", (uint *)&holding->handle, (uint)two->handle);
    finds("a holding is not at its slot", (uint *)&holding->handle, 0x80000000);
    finds("a holding's number of attachments is wrong", &holding->nattached, 3);
    finds("a task's holdings are not those of its table", &a->ndead, 1);
    holding->task = b;
    check(strstr(ksm_check(), "another task's"));
    holding->task = a;
    holding->segment = NULL;
    check(strstr(ksm_check(), "segment's list"));
    holding->segment = one;
    list_remove(&holding->in_segment);
    check(strstr(ksm_check(), "segment's list"));
    list_push_back(&two->holdings, &holding->in_segment);
    check(strstr(ksm_check(), "another's"));
    list_remove(&holding->in_segment);
    list_push_back(&one->holdings, &holding->in_segment);
    check_sound();
    finds("a task's number of attachments is wrong", &a->nattached, 3);
    struct ksm_task *idle = world_task(6);
    list_push_back(&registry.tasks, &idle->link);
    check(strstr(ksm_check(), "without holdings"));
    list_remove(&idle->link);
}

TEST("damaged mappings are found")
{
    struct mapping *m = &attachment->mapping;

    aspace_unmap(a->as, m);
    check(strstr(ksm_check(), "not mapped"));
    check_eq(aspace_map(a->as, m, &one->region, m->writable), 0);
    finds("a mapping is not of its segment", &m->npages, 1);
    m->region = &two->region;
    check(strstr(ksm_check(), "not of its segment"));
    m->region = &one->region;
    fake_damaged_mapping = m;
    check(strstr(ksm_check(), "page tables"));
    fake_damaged_mapping = NULL;
    struct mapping stray;
    check_eq(aspace_map(b->as, &stray, &two->region, true), 0);
    check(strstr(ksm_check(), "as many mappings"));
    b->unlocked = KSM_UNMAPS; /* not looked at while it changes */
    check_sound();
    b->unlocked = KSM_RESTS;
    aspace_unmap(b->as, &stray);
}

TEST("damaged unborn segments are found")
{
    two->state = SEGMENT_UNBORN;
    registry.nsegments--;
    registry.nunborn++;
    registry.npages--;
    registry.nunborn_pages++;
    finds("an unborn segment is in use", &two->refs, 2);
    finds("an unborn segment is in use", &two->nattached, 1);
    two->state = SEGMENT_LIVE;
    registry.nsegments++;
    registry.nunborn--;
    registry.npages++;
    registry.nunborn_pages--;
}

/* Sleepers. */

static void run_sleeper(void *arg)
{
    check_eq(world_wait(arg, attachment->mapping.va, 0, 50, NULL), KSM_ETIMEDOUT);
}

TEST("damaged lists of sleepers are found")
{
    actor_start(run_sleeper, a);
    actors_run_now();
    check_sound();
    struct list *link = one->sleepers.next;
    list_remove(link);
    check(strstr(ksm_check(), "not in its segment's list"));
    list_push_back(&two->sleepers, link);
    check(strstr(ksm_check(), "differ") || strstr(ksm_check(), "wrong queue"));
    list_remove(link);
    list_push_back(&one->sleepers, link);
    struct list more;
    list_push_back(&one->sleepers, &more);
    check(strstr(ksm_check(), "differ"));
    list_remove(&more);
    check_sound();
    actors_run();
}

TAP_MAIN(furnish, world_end)
