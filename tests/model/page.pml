/*
 * page.pml - frames and promises as a model for Spin: see spin.sh.
 *
 * COW: processes that share a page copy-on-write and touch it, fork and give it up, beside somebody who takes every
 * frame that may be had (kernel/mm/page.c; aspace.c and pmap.c of the map).  Shown, for calls without end in every
 * order: no count is ever negative, and no empty stack is popped; free and lent frames cover the promises; a page is
 * not handed out while it is being copied; whoever waits for a copy waits for somebody that is at work; and whenever no
 * call is under way each frame is free or has as many owners as it counts, and each promise is somebody's.
 *
 * How the code differs from the model:
 *  - What happens under the page lock is one atomic step here.
 *  - An address space has one page that may be written.  Pages differ in nothing that the counts can see.
 *  - The stack is a set.  Which frame is popped makes no difference.
 *  - The block cache, zeroed frames, the reserve and read-only pages are left out: they only refuse more.
 *  - The taker may also be refused what it could have: so it stands for threads with and without the reserve, and for
 *    any number of them, and so does a fork for a promise.
 */

#ifdef COW

#ifndef NPROCS
#define NPROCS 3
#endif
#ifndef NFRAMES
#define NFRAMES 3
#endif

mtype = { UNBORN, EMPTY, PROMISED, WRITABLE, COPIED };

short nfree = NFRAMES, npromised = 0, nlent = 0;
byte refs[NFRAMES];
bool busy[NFRAMES];    /* FRAME_BUSY in refs */
bool free[NFRAMES];    /* on the stack */
bool taken[NFRAMES];   /* by the taker */
mtype entry[NPROCS];   /* UNBORN: there is no such process */
byte frame[NPROCS];    /* of WRITABLE and COPIED entries */
bool born[NPROCS];     /* or being born */
bool waits[NPROCS];
byte nmoving = 0;      /* calls under way */

/* Within an atomic step, all of these. */

inline count_check()
{
    assert(nfree >= 0 && npromised >= 0 && nlent >= 0);
    assert(nfree + nlent >= npromised)
}

inline pop(f)
{
    assert(nfree > 0);
    f = 0;
    do
    :: free[f] -> break
    :: else -> f++
    od;
    free[f] = false;
    nfree--;
    refs[f] = 1
}

inline push(f)
{
    assert(!free[f]);
    free[f] = true;
    nfree++
}

/* A call ends: are the books right where they can be, and is nobody left waiting? */
inline end_call()
{
    nmoving--;
    i = 0; nwaiting = 0;
    do
    :: i < NPROCS -> nwaiting = nwaiting + (waits[i] && busy[frame[i]]); i++
    :: else -> break
    od;
    assert(nwaiting == 0 || nmoving > nwaiting);
    if
    :: nmoving == 0 -> rest_check()
    :: else
    fi;
    i = 0; nwaiting = 0; f = 0
}

inline rest_check()
{
    nowed = 0; f = 0;
    do
    :: f < NFRAMES ->
        i = 0; nowners = 0;
        do
        :: i < NPROCS ->
            nowners = nowners + ((entry[i] == WRITABLE || entry[i] == COPIED) && frame[i] == f);
            assert(!(entry[i] == WRITABLE && frame[i] == f && refs[f] != 1));
            i++
        :: else -> break
        od;
        assert(!busy[f] && free[f] + taken[f] + (nowners > 0) == 1); /* else it is lost, or somebody's twice */
        assert(taken[f] || refs[f] == nowners);
        nowed = nowed + (nowners > 1 -> nowners - 1 : 0);
        f++
    :: else -> break
    od;
    i = 0;
    do
    :: i < NPROCS -> nowed = nowed + (entry[i] == PROMISED); i++
    :: else -> break
    od;
    assert(nlent == 0 && npromised == nowed);
    nowed = 0; nowners = 0
}

inline promise()
{
    ok = false;
    if
    :: nfree >= npromised + 1 -> npromised++; ok = true
    :: true /* refused */
    fi;
    count_check()
}

inline unpromise() { npromised--; count_check() }

/* aspace_fork() of a page that may be written; the rest of the tree is done within the first step. */
inline fork_to()
{
    atomic { promise() };
    if
    :: ok && entry[self] == PROMISED -> atomic { entry[child] = PROMISED; end_call() }
    :: ok && entry[self] != PROMISED ->
        entry[self] = COPIED;
        atomic { refs[frame[self]]++; frame[child] = frame[self]; entry[child] = COPIED; end_call() }
    :: !ok -> atomic { born[child] = false; end_call() }
    fi;
    child = 0; ok = false
}

/* page_unshare() */
inline unshare()
{
    do
    :: atomic { old = refs[frame[self]]; was_busy = busy[frame[self]] };
        if
        :: was_busy -> atomic { waits[self] = true }; atomic { !busy[frame[self]] -> waits[self] = false }
        :: !was_busy && old == 1 -> atomic { entry[self] = WRITABLE; end_call(); goto idle }
        :: else ->
            atomic {
                if
                :: refs[frame[self]] == old && !busy[frame[self]] ->
                    busy[frame[self]] = true;
                    pop(copy); nlent++; count_check();
                    break
                :: else
                fi
            }
        fi
    od; /* the frame is lent */
    assert(!free[frame[self]] && !taken[frame[self]]); /* it is being copied */
    atomic { refs[frame[self]]--; busy[frame[self]] = false; ok = refs[frame[self]] == 0 };
    atomic {
        nlent--;
        if
        :: ok -> push(frame[self])
        :: else -> npromised--
        fi;
        count_check();
        frame[self] = copy; entry[self] = WRITABLE;
        old = 0; was_busy = false; copy = 0; ok = false;
        end_call()
    }
}

/* pmap_release() and what follows it */
inline release()
{
    if
    :: entry[self] == PROMISED -> atomic { unpromise() }
    :: entry[self] == WRITABLE || entry[self] == COPIED ->
        atomic { refs[frame[self]]--; ok = refs[frame[self]] == 0 };
        atomic {
            if
            :: ok -> push(frame[self]); count_check()
            :: else -> unpromise()
            fi
        }
    :: else
    fi
}

proctype process(byte self)
{
    byte child = 0, old = 0, copy = 0, i = 0, f = 0, nwaiting = 0, nowners = 0, nowed = 0;
    bool ok = false, was_busy = false;

idle:
    do
    :: atomic { !born[self] -> born[self] = true; entry[self] = EMPTY } /* a new program */
    :: atomic { entry[self] == EMPTY -> nmoving++ };
        atomic {
            promise();
            entry[self] = (ok -> PROMISED : EMPTY);
            ok = false;
            end_call()
        }
    :: atomic { entry[self] == PROMISED -> nmoving++ };
        atomic {
            pop(copy); npromised--; count_check(); frame[self] = copy; copy = 0; entry[self] = WRITABLE; end_call()
        }
    :: atomic { entry[self] == COPIED -> nmoving++ };
        unshare()
    :: atomic {
            entry[self] == PROMISED || entry[self] == WRITABLE || entry[self] == COPIED;
            child = 0;
            do
            :: child < NPROCS && born[child] -> child++
            :: else -> break
            od;
            if
            :: child < NPROCS -> born[child] = true; nmoving++
            :: else -> child = 0; goto idle
            fi
        };
        fork_to()
    :: atomic { entry[self] != UNBORN -> nmoving++ };
        release();
        atomic { ok = false; entry[self] = UNBORN; frame[self] = 0; born[self] = false; end_call() }
    od
}

/* page_alloc() and page_free() */
proctype taker()
{
    byte f = 0;

    do
    :: atomic { nfree > npromised -> pop(f); taken[f] = true; count_check(); f = 0 }
    :: atomic {
            nfree < NFRAMES;
            f = 0;
            do
            :: f < NFRAMES && !taken[f] -> f++
            :: else -> break
            od;
            if
            :: f < NFRAMES -> taken[f] = false; refs[f] = 0; push(f); count_check()
            :: else
            fi;
            f = 0
        }
    od
}

init
{
    byte n = 0;

    atomic {
        do
        :: n < NFRAMES -> free[n] = true; n++
        :: else -> break
        od;
        n = 0;
        do
        :: n < NPROCS -> entry[n] = UNBORN; run process(n); n++
        :: else -> break
        od;
        run taker()
    }
}

#endif
