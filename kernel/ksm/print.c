/*
 * print.c - the operator's table (§13): segments, and who has them attached where.
 *
 * One line is made at a time under the lock and printed without it, since the console is slow.  Between two
 * lines the world goes on: the cursor is made of numbers, not of pointers, and what comes or goes meanwhile
 * is shown or not.
 *
 *   identifier   handle    bytes  pages  attached  creator  last
 *   0000004d       8193     5000      2         3        4     7  marked
 *              4: 7fffe000 rw  7fffc000 r
 *              7: 7fffe000 rw
 */
#include "ksm/ksm_impl.h"

#include "base/printk.h"

#define LINE_SIZE 100
#define ADDRESSES 4u /* on a line */

/* What comes next: the first segment at or above `slot`; or, of the one there, attachments of the first
   process at or above `pid`, the newest `nskip` of which are printed already. */
struct cursor {
    bool in_segment;
    uint slot;
    int pid;
    uint nskip;
};

static bool segment_line(struct cursor *c, char *line)
{
    const struct segment *seg = registry_next(&c->slot);

    if (!seg)
        return false;
    const char *state = !seg->region ? "  unborn" : seg->marked ? "  marked" : "";
    format(line, LINE_SIZE, "%08x %10d %10u %6u %9u %8d %5d%s", seg->id, seg->handle, seg->nbytes,
           seg->npages, seg->nattached, seg->cpid, seg->mpid, state);
    c->in_segment = true;
    c->pid = 0;
    c->nskip = 0;
    return true;
}

/* The task with the smallest pid at or above the cursor's that has this slot's segment attached. */
static const struct holding *next_holder(struct cursor *c)
{
    const struct holding *found = NULL;
    int pid = 0;

    list_for_each(link, &registry.tasks) {
        const struct ksm_task *task = container_of(link, struct ksm_task, link);
        const struct holding *h = table_get(&task->handles, c->slot);
        if (h && !list_empty(&h->attachments) && task->pid >= c->pid && (!found || task->pid < pid)) {
            found = h;
            pid = task->pid;
        }
    }
    if (pid != c->pid)
        c->nskip = 0;
    c->pid = pid;
    return found;
}

static bool holder_line(struct cursor *c, char *line)
{
    const struct holding *h = next_holder(c);

    if (!h)
        return false;
    size_t n = (size_t)format(line, LINE_SIZE, "%19d:", c->pid);
    uint i = 0;
    list_for_each(link, &h->attachments) {
        const struct mapping *m = &attachment_at(link)->mapping;
        if (i >= c->nskip && i < c->nskip + ADDRESSES)
            n += (size_t)format(line + n, LINE_SIZE - n, " %08x %s", m->va, m->writable ? "rw" : "r ");
        i++;
    }
    c->nskip += ADDRESSES;
    if (i <= c->nskip) { /* that was all of this process */
        c->pid++;
        c->nskip = 0;
    }
    return true;
}

/* false: there are no more. */
static bool next_line(struct cursor *c, char *line)
{
    if (c->in_segment) {
        if (holder_line(c, line))
            return true;
        c->in_segment = false;
        c->slot++;
    }
    return segment_line(c, line);
}

void ksm_print(void)
{
    char line[LINE_SIZE];
    struct cursor c = { 0 };

    printk("identifier   handle      bytes  pages  attached  creator  last\n");
    for (;;) {
        spin_acquire(&registry.lock);
        bool more = next_line(&c, line);
        uint nsegments = registry.nsegments, npages = registry.npages, nattached = registry.nattached;
        spin_release(&registry.lock);
        if (!more) {
            printk("%u segments, %u pages, %u attachments\n", nsegments, npages, nattached);
            return;
        }
        printk("%s\n", line);
        sched_checkpoint();
    }
}
