/* held.c - counts the spin locks that are held: see held.h. */
#include "fakes/held.h"

#include "sched/lock.h"

uint nlocks_held;

void lock_debug_acquired(struct spinlock *l)
{
    (void)l;
    nlocks_held++;
}

enum lock_rank lock_debug_release(struct spinlock *l)
{
    nlocks_held--;
    return l->rank;
}
