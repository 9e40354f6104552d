/*
 * ksm.pml - the two protocols of kernel/ksm as models for Spin.
 *
 *   spin -a -DLIFE ksm.pml && cc -O2 -DSAFETY -o pan pan.c && ./pan -m1000000
 *   spin -a -DWAIT ksm.pml && ...      spin -a -DPEER ksm.pml && ...
 *
 * LIFE: birth, attach, mark, death of the segment behind one identifier (segment.c, attach.c).  Shown: nobody has
 * pages mapped that are freed; references are always accounted for; of everything that died the pages are back; a
 * handle of a dead segment is never good again; a birth is seen whole or not at all.
 *
 * WAIT: wait, wake, kill, time-out and exit on one word (wait.c).  Shown: no wake-up is lost (there is no state in
 * which somebody sleeps for ever although the word has changed), and whoever is gone stands in no queue.
 *
 * PEER: a sleeper that waits for one process's end (wait.c, §11.7), and that process's end, a wake and a time-out at
 * any moment.  Shown: the end is not missed, the sleeper leaves no list behind, and nobody touches a sleeper that has
 * left.
 *
 * How the code differs from the model:
 *  - A critical section is one atomic step here, but for WAIT's, which sleeps in the middle: there the lock is
 *    modelled.  So is a walk that releases the lock between its steps, since all others wait for its end
 *    (tests/host/ksm_core_walk.c).
 *  - One identifier, one slot, one word.  Segments share nothing but counters under the same lock, and words nothing
 *    but the stripe's lock; the hash queues only hold other words' sleepers, whom the waker passes over.
 *  - A generation of the model is a handle of the code, which stops at the last one by retiring the slot.
 *  - Each process has one attachment at most.  Several differ in nothing but the count.
 *  - The word is looked at before the lock is taken, too; leaving that out of the model only adds behaviours.
 *  - Fork is an attach, while the parent's own attachment keeps the segment: see ksm_fork().
 */

#ifdef LIFE

#define NUSERS 3
#define NBORN  3   /* generations */

byte seg = 0;            /* generation of the segment in the registry; 0: none */
bool unborn = false;
bool marked = false;
byte refs = 0, nattached = 0;
bool pages[NBORN + 1];   /* of a generation: they exist */
byte nborn = 0;
byte ndone = 0;

#define ACCOUNTED (seg == 0 || unborn || refs == (marked -> 0 : 1) + nattached)

/* Within an atomic step. */
inline put(dead)
{
    assert(seg != 0 && refs > 0);
    refs--;
    if
    :: refs == 0 -> dead = seg; seg = 0
    :: else
    fi;
    assert(ACCOUNTED)
}

/* Without the lock: the pages go after the segment has left the registry.  Here others do not wait meanwhile, which
   only adds behaviours. */
inline bury(dead)
{
    if
    :: dead != 0 -> assert(pages[dead]); pages[dead] = false; dead = 0
    :: else
    fi
}

inline get()
{
    creates = 0;
    atomic {
        !(seg != 0 && unborn); /* a birth is waited for */
        if
        :: seg != 0 -> handle = seg
        :: seg == 0 && nborn < NBORN ->
            nborn++; seg = nborn; creates = nborn;
            unborn = true; marked = false; refs = 1; nattached = 0
        :: seg == 0 && nborn == NBORN
        fi
    };
    if
    :: creates != 0 ->
        if
        :: pages[creates] = true
        :: skip /* no memory */
        fi;
        atomic {
            assert(seg == creates && unborn);
            unborn = false;
            if
            :: pages[creates] -> handle = seg
            :: else -> seg = 0; refs = 0
            fi
        }
    :: else
    fi
}

inline attach()
{
    atomic {
        if
        :: handle != 0 && handle == seg && !unborn && !attached ->
            assert(pages[handle]); /* mapping reads them */
            if
            :: mapped = true; refs++; nattached++; attached = true; assert(ACCOUNTED)
            :: skip /* no room, no memory */
            fi
        :: else
        fi
    }
}

inline detach()
{
    if
    :: attached ->
        mapped = false; /* by itself: exit takes all away before it counts */
        atomic { nattached--; attached = false; put(dead) };
        bury(dead)
    :: else
    fi
}

inline delete()
{
    atomic {
        if
        :: handle != 0 && handle == seg && !unborn && !marked -> marked = true; put(dead)
        :: else
        fi
    };
    bury(dead)
}

proctype user()
{
    byte handle = 0, dead = 0, creates = 0;
    bool attached = false, mapped = false;

    do
    :: true -> get()
    :: true -> attach()
    :: true -> detach()
    :: true -> delete()
    :: mapped -> assert(pages[handle] && seg == handle) /* a touch */
    :: break
    od;
    detach(); /* exit */
    ndone++
}

active proctype end()
{
    byte g = 1;
    byte n = 0;
    atomic {
        do
        :: n < NUSERS -> run user(); n++
        :: else -> break
        od
    };
    ndone == NUSERS;
    assert(!unborn);
    assert(seg == 0 || (nattached == 0 && !marked && refs == 1)); /* unmarked ones persist */
    do
    :: g <= NBORN -> assert(pages[g] == (g == seg)); g++
    :: else -> break
    od
}

#endif

#ifdef WAIT

#define NWAITERS 3
#define KILLED   2 /* this waiter may be killed */

byte word = 0;            /* tokens: a waiter sleeps while there are none */
bool lock = false;
chan queue = [NWAITERS] of { byte }; /* sleepers, in the order of coming */
bool queued[NWAITERS];
bool asleep[NWAITERS];
bool killed[NWAITERS];

inline acquire() { atomic { !lock -> lock = true } }
inline release() { lock = false }

/* Takes one out of the queue and wakes it.  Lock held. */
inline wake(who)
{
    queue ?? eval(who);
    queued[who] = false;
    asleep[who] = false
}

proctype waiter(byte self)
{
    byte other;

    do
    :: atomic { word > 0 -> word--; break } /* its own affair, by an atomic instruction */
    :: atomic { killed[self] -> break }
    :: acquire();
        if
        :: word == 0 ->
            queue ! self;
            queued[self] = true;
            if
            :: killed[self] /* it does not sleep */
            :: !killed[self] ->
                /* thread_park(): with the scheduler's lock, so that neither kill nor wake comes in between */
                atomic { if :: !killed[self] -> asleep[self] = true :: else fi; lock = false };
                !asleep[self];
                acquire()
            fi;
            if
            :: queued[self] -> queue ?? eval(self); queued[self] = false
            :: else
            fi
        :: else
        fi;
        release()
    od;
    /* exit: the others look again (§11.6) */
    acquire();
    other = 0;
    do
    :: other < NWAITERS ->
        if
        :: queued[other] -> wake(other)
        :: else
        fi;
        other++
    :: else -> break
    od;
    assert(!queued[self]);
    release()
}

/* Gives as many tokens as there are waiters; each wakes one, the first in the queue who is not killed. */
proctype giver()
{
    byte ngiven = 0, i, n, who;
    bool woke;

    do
    :: ngiven < NWAITERS ->
        ngiven++;
        word++;
        acquire();
        atomic { /* the whole queue goes round once, so that the order stays */
            i = 0;
            n = len(queue);
            woke = false;
            do
            :: i < n ->
                i++;
                queue ? who;
                if
                :: !woke && !killed[who] -> queued[who] = false; asleep[who] = false; woke = true
                :: else -> queue ! who
                fi
            :: else -> break
            od
        };
        release()
    :: else -> break
    od
}

proctype killer()
{
    atomic { killed[KILLED] = true; asleep[KILLED] = false }
}

proctype timer()
{
    byte who;
    select(who : 0 .. NWAITERS - 1);
    atomic { if :: asleep[who] -> asleep[who] = false :: else fi }
}

init
{
    atomic {
        run waiter(0); run waiter(1); run waiter(2);
        run giver(); run killer(); run timer()
    }
}

#endif

#ifdef PEER

bool tree = false;    /* the lock of the tree of processes */
bool peers = false;   /* peers_lock */
bool stripe = false;  /* the stripe's lock */
bool alive = true;    /* the peer */
bool watched = false; /* the sleeper is in the peer's list */
bool queued = false;  /* ... and in its word's queue */
bool woken = false;
bool asleep = false;
bool there = false;   /* the sleeper's record exists */
bool timed_out = false;
bool ended = false;   /* the peer's end is over */

inline take(lock) { atomic { !lock -> lock = true } }

inline wake_it()
{
    assert(there);
    woken = true;
    queued = false;
    asleep = false /* no effect unless it is asleep */
}

proctype sleeper()
{
    bool watches = false;

    there = true;
    take(tree);
    if
    :: alive -> take(peers); watched = true; peers = false; watches = true
    :: else
    fi;
    tree = false;
    if
    :: watches ->
        take(stripe);
        if
        :: !woken ->
            queued = true;
            atomic { asleep = true; stripe = false };
            !asleep;
            take(stripe);
            if
            :: !woken -> queued = false
            :: else
            fi
        :: else
        fi;
        stripe = false;
        take(peers);
        watched = false;
        peers = false
    :: else
    fi;
    there = false;
    assert(!queued && !watched)
}

/* The end of the peer: it is reported dead, and then wakes whoever watches it. */
proctype peer()
{
    take(tree);
    alive = false;
    tree = false;
    take(peers);
    if
    :: watched ->
        watched = false;
        take(stripe);
        if
        :: !woken -> wake_it()
        :: else
        fi;
        stripe = false
    :: else
    fi;
    peers = false;
    ended = true
}

/* ksm_wake(): finds the sleeper in its queue, or not. */
proctype waker()
{
    take(stripe);
    if
    :: queued -> wake_it()
    :: else
    fi;
    stripe = false
}

proctype timer()
{
    atomic { if :: asleep -> asleep = false; timed_out = true :: else fi }
}

init
{
    atomic { run sleeper(); run peer(); run waker(); run timer() }
    (_nr_pr == 1); /* all have ended: a missed end would leave the sleeper asleep, which Spin reports */
    assert(ended && !there && !watched && !queued)
}

#endif
