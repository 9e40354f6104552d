/*
 * console.pml - Ctrl-C and the lines typed after it as a model for Spin: see spin.sh.
 *
 * BREAK: a shell that runs two jobs one after the other, whose processes read lines, fork and end at any moment, with
 * numbers that may start again at 1; Ctrl-C at any moment, the thread that serves it, and a line typed last
 * (kernel/console/control.c, read.c; kernel/proc/job.c, tree.c).
 * Shown: none of a job that Ctrl-C was for takes the line, nor is the line left while somebody sleeps that may take it.
 *
 * How the code differs from the model:
 *  - What happens under the lock of the input or of the tree of processes is one atomic step here.
 *  - Numbers are not used again.
 */

#ifdef BREAK

#define NPROCS 5 /* with the shell; a job has the number of its first process */
#define SHELL  0

mtype = { UNBORN, FORMING, ALIVE, ENDED };

mtype life[NPROCS] = UNBORN;
byte job[NPROCS];
bool killed[NPROCS], asleep[NPROCS];
byte foreground = 0, broken_job = 0, visited_job = 0, next, nborn = 1, njobs = 0;
bool pressed = false, breaking = false, line = false;
bool broken[NPROCS]; /* a job that Ctrl-C was for */

#define REFUSED (pressed && broken_job != foreground)

/* Within an atomic step, as is the next one. */
inline number(n)
{
    nborn++;
    n = next;
    next = (next == NPROCS - 1 -> 1 : next + 1)
}

inline wake_all()
{
    i = 0;
    do
    :: i < NPROCS -> asleep[i] = false; i++
    :: else -> break
    od;
    i = 0
}

/* take(): a look, and either the line or a sleep. */
inline read_line()
{
    do
    :: atomic { killed[self] -> break }
    :: atomic { !killed[self] && line && !breaking -> assert(!broken[job[self]]); line = false; break }
    :: atomic { !killed[self] && (!line || breaking) -> asleep[self] = true };
end_sleeps:
        !asleep[self]
    od
}

proctype process(byte self)
{
    byte child = 0;

    do
    :: read_line()
    :: atomic { nborn < NPROCS -> number(child); life[child] = FORMING; job[child] = job[self] };
        atomic {
            life[child] = ALIVE;
            killed[child] = killed[self] || job[self] == visited_job;
            run process(child)
        };
        child = 0
    :: atomic { true -> /* it is killed, or ends */
            life[self] = ENDED; killed[self] = false; job[self] = 0;
            if
            :: foreground == self -> foreground = 0
            :: else
            fi;
            break
        }
    od
}

proctype shell(byte self)
{
    do
    :: atomic {
            njobs < 2 && foreground == 0 && nborn < NPROCS ->
            number(foreground); job[foreground] = foreground; life[foreground] = ALIVE; run process(foreground);
            njobs++
        };
end_waits:
        foreground == 0
    :: read_line()
    od
}

proctype break_thread()
{
    byte i = 0, to = 0, n;

end_waits:
    do
    :: atomic { pressed -> pressed = false; to = broken_job; broken_job = 0 };
        atomic { visited_job = to; to = 0; n = 1 };
        do
        :: n < NPROCS ->
            atomic {
                if
                :: life[n] == ALIVE && job[n] == visited_job -> killed[n] = true; asleep[n] = false
                :: else
                fi;
                n++
            }
        :: else -> atomic { visited_job = 0; n = 0; break }
        od;
        atomic { breaking = pressed; wake_all() }
    od
}

proctype typist()
{
    byte i = 0, n = 0;

    do
    :: atomic { n < 2 && foreground > 0 && !REFUSED -> n++; broken_job = foreground; broken[foreground] = true;
                breaking = true; pressed = true }
    :: break
    od;
    atomic { line = true; wake_all() }
}

init
{
    byte n = 0;

    select (next : 1 .. NPROCS - 1);
    atomic { life[SHELL] = ALIVE; run shell(SHELL); run break_thread(); run typist() };
    timeout;
    assert(!breaking);
    do
    :: n < NPROCS -> assert(!asleep[n] || (!line && !broken[job[n]])); n++
    :: else -> break
    od
}

#endif
