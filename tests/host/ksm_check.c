/*
 * ksm_check.c - ksm_check() itself: whatever is broken on purpose, it finds.
 *
 * Each damage is one changed word, which is put right again.
 */
#include <string.h>

#include "ksm/ksm_impl.h"
#include "ksm_world.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

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
    CHECK_INT(ksm_delete(b, h), 0);
    one = registry_find(1);
    two = registry_find(2);
    holding = table_get(&a->handles, registry_slot(h));
    attachment = attachment_at(holding->attachments.next);
}

static void finds(const char *what, uint *word, uint value)
{
    uint was = *word;

    CHECK_SOUND();
    *word = value;
    const char *wrong = ksm_check();
    if (!wrong || strcmp(wrong, what)) {
        printf("# found: %s; not: %s\n", wrong ? wrong : "nothing", what);
        tap_failed = true;
    }
    *word = was;
    CHECK_SOUND();
}

static void totals(void)
{
    finds("the number of segments is wrong", &registry.nsegments, 3);
    finds("the number of segments is wrong", &registry.nunborn, 1);
    finds("the total of pages is wrong", &registry.npages, 4);
    finds("the total of pages is wrong", &registry.nunborn_pages, 1);
    finds("the total of pages is wrong", &registry.limits.npages, 2);
    finds("the total of attachments is wrong", &registry.nattached, 4);
    finds("the total of attachments is wrong", &registry.limits.nattachments, 2);
    finds("the segments' attachments are not those of the tasks", &one->nattached, 2);
}

static void segments(void)
{
    finds("a segment's handle is not its slot's", (uint *)&one->handle, (uint)one->handle + 4096);
    finds("a segment is not found by its identifier", &one->id, 2);
    finds("a segment's references are not accounted for", &one->refs, 4);
    finds("a segment's references are not accounted for", &two->refs, 2);
    finds("a segment's region has another size", &two->npages, 3);
    one->marked = false;
    CHECK(ksm_check() != NULL);
    one->marked = true;
    CHECK_SOUND();
}

static void holdings(void)
{
    finds("an attachment's segment is not its handle's", (uint *)&holding->handle, 0);
    finds("a holding stands at the wrong slot", (uint *)&holding->handle, (uint)two->handle);
    finds("a holding stands at the wrong slot", (uint *)&holding->handle, 0x80000000);
    finds("a task's number of attachments is wrong", &a->nattached, 3);
    struct ksm_task *idle = world_task(6);
    list_push_back(&registry.tasks, &idle->link);
    CHECK(strstr(ksm_check(), "without holdings"));
    list_remove(&idle->link);
}

static void mappings(void)
{
    struct mapping *m = &attachment->mapping;

    aspace_unmap(a->as, m);
    CHECK(strstr(ksm_check(), "not mapped"));
    CHECK_INT(aspace_map(a->as, m, one->region, m->writable), 0);
    finds("a mapping is not of its segment", &m->npages, 1);
    m->region = two->region;
    CHECK(strstr(ksm_check(), "not of its segment"));
    m->region = one->region;
    fake_damaged_mapping = m;
    CHECK(strstr(ksm_check(), "page tables"));
    fake_damaged_mapping = NULL;
    struct mapping stray;
    CHECK_INT(aspace_map(b->as, &stray, two->region, true), 0);
    CHECK(strstr(ksm_check(), "as many mappings"));
    b->busy = true; /* not looked at while it changes */
    CHECK_SOUND();
    b->busy = false;
    aspace_unmap(b->as, &stray);
}

static void unborn(void)
{
    struct region *was = two->region;

    two->region = NULL;
    registry.nsegments--;
    registry.nunborn++;
    registry.npages--;
    registry.nunborn_pages++;
    finds("an unborn segment is in use", &two->refs, 2);
    finds("an unborn segment is in use", &two->nattached, 1);
    a->pinned = two;
    CHECK(strstr(ksm_check(), "unborn segment is in use"));
    a->pinned = NULL;
    two->region = was;
    registry.nsegments++;
    registry.nunborn--;
    registry.npages++;
    registry.nunborn_pages--;
}

/* Sleepers. */

static void run_sleeper(void *arg) { CHECK_INT(ksm_wait(arg, attachment->mapping.va, 0, 50), KSM_ETIMEDOUT); }

static void sleepers(void)
{
    actor_start(run_sleeper, a);
    actors_run_now();
    CHECK_SOUND();
    struct list *link = one->sleepers.next;
    list_remove(link);
    CHECK(strstr(ksm_check(), "not in its segment's list"));
    list_push_back(&two->sleepers, link);
    CHECK(strstr(ksm_check(), "differ") || strstr(ksm_check(), "wrong queue"));
    list_remove(link);
    list_push_back(&one->sleepers, link);
    struct list more;
    list_push_back(&one->sleepers, &more);
    CHECK(strstr(ksm_check(), "differ"));
    list_remove(&more);
    CHECK_SOUND();
    actors_run();
}

static const struct test tests[] = {
    { "wrong totals are found", totals },
    { "damaged segments are found", segments },
    { "damaged holdings are found", holdings },
    { "damaged mappings are found", mappings },
    { "damaged unborn segments are found", unborn },
    { "damaged lists of sleepers are found", sleepers },
};

int main(void) { return tap_run(tests, COUNT(tests), furnish, world_end); }
