/*
 * sched.pml - two protocols around sleeping and waking as models for Spin: see spin.sh.
 *
 * POKE: processors that halt, threads that become ready, and pokes (kernel/sched/sched.c).  Shown: when nothing moves
 * any more no thread is ready while a processor is halted, without the help of the clock; and a processor that pokes
 * holds no lock.
 *
 * SEM: the semaphore (user/ksm/ksmsem.c) with waiters whose time may be over at any moment.  Shown: when nothing moves
 * any more nobody sleeps while there is a unit.
 *
 * How the code differs from the models:
 *  - What happens under the scheduler's lock is one atomic step here, and so are ksmwait() and ksmwake().
 *  - All threads sleep for things that one lock guards, and each takes it once more when it runs again.
 *  - Threads are counted, not told apart.  Interrupts, kills and the end of processes are left out.
 */

#ifdef POKE

#define NCPUS  3
#define NWAKES 4
#define NOBODY 255

byte nready = 1, nsleeping = 3, nlooking = 0, nhalted = 0;
byte nwakes = 0, ncomputing = 0;
bool halted[NCPUS], poked[NCPUS];
byte holder = NOBODY; /* of the lock that sleepers and wakers share */

#define MAY_POKE (nhalted > 0 && nready > nlooking)

inline acquire() { atomic { holder == NOBODY -> holder = self } }
inline release() { holder = NOBODY }

/* The end of a step under the scheduler's lock. */
inline choose()
{
    to = NOBODY;
    if
    :: MAY_POKE ->
        if
        :: halted[0] -> to = 0
        :: halted[1] -> to = 1
        :: halted[2] -> to = 2
        fi;
        halted[to] = false;
        nhalted--
    :: else
    fi
}

/* Here another processor may run in the place of this one, for long. */
inline poke()
{
    if
    :: to != NOBODY -> assert(holder != self); poked[to] = true; to = NOBODY
    :: else
    fi
}

inline wake_one()
{
    if
    :: nsleeping > 0 -> nsleeping--; nready++; owes = owes || MAY_POKE
    :: else
    fi
}

proctype cpu(byte self)
{
    byte to = NOBODY;
    bool owes = false; /* ATTENTION_POKE */

    nlooking++;
idle:
    if
    :: atomic { nready > 0 -> nready--; nlooking--; choose() }; /* the thread that is switched to does it */
        poke();
        goto runs
    :: atomic { nready == 0 -> halted[self] = true; nhalted++; nlooking-- };
end_halt:
        atomic { poked[self] -> poked[self] = false; nlooking++ };
        goto idle
    fi;
runs:
    acquire(); /* the end of thread_park() */
    release();
    do
    :: atomic { nwakes < NWAKES -> nwakes++ };
        acquire();
        atomic { wake_one() };
        release()
    :: atomic { owes -> owes = false; choose() }; /* on the way to user mode */
        poke()
    :: acquire();
        atomic { /* it sleeps; what it owes is its successor's affair */
            release();
            owes = false;
            nsleeping++;
            if
            :: nready > 0 -> nready--; choose()
            :: else -> nlooking++; goto idle
            fi
        };
        poke();
        goto runs
    :: atomic { !owes && ncomputing < NCPUS - 1 -> ncomputing++; break }
    od;
end_computes:
    false
}

init
{
    atomic { run cpu(0); run cpu(1); run cpu(2) };
    timeout;
    assert(nready == 0 || nhalted == 0)
}

#endif

#ifdef SEM

#define NWAITERS 3
#define BRIEF    0 /* the one whose time may be over */
#define NUNITS   3

byte units = 0;
bool waited = false;
bool asleep[NWAITERS];
chan queue = [NWAITERS] of { byte };

inline wake_one()
{
    if
    :: atomic { waited -> waited = false };
        atomic {
            if
            :: queue ? who -> asleep[who] = false
            :: empty(queue)
            fi
        }
    :: !waited
    fi
}

inline look_at_time()
{
    if
    :: self == BRIEF -> goto over
    :: true
    fi
}

proctype waiter(byte self)
{
    byte who;

    do
    :: skip; /* the time is not looked at here */
        waited = true;
        if
        :: atomic { units > 0 -> units--; break }
        :: units == 0
        fi;
        look_at_time();
        atomic {
            if
            :: waited -> queue ! self; asleep[self] = true
            :: else
            fi
        };
end_sleeps:
        if
        :: !asleep[self]
        :: atomic { self == BRIEF && asleep[self] -> queue ?? eval(self); asleep[self] = false }
        fi
    od;
    waited = true;
    if
    :: units > 0 -> wake_one()
    :: units == 0
    fi;
over:
    skip
}

proctype poster()
{
    byte who, n = 0;

    do
    :: n < NUNITS -> n++; units++; wake_one()
    :: else -> break
    od
}

/* Takes one without waiting. */
proctype thief()
{
    if
    :: atomic { units > 0 -> units-- }
    :: true
    fi
}

init
{
    atomic { run waiter(BRIEF); run waiter(1); run waiter(2); run poster(); run thief() };
    timeout;
    assert(units == 0 || !(asleep[0] || asleep[1] || asleep[2]))
}

#endif
