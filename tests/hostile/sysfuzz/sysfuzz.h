/*
 * sysfuzz.h - what the parts of sysfuzz share.
 *
 *   ../sysfuzz.c   the supervisor: starts workers, has a keeper kill, cleans up and compares
 *   life.c         a worker: it makes calls, and keeps what they return for later ones
 *   values.c       arguments: good ones, and hostile ones
 *   states.c       calls with odd registers, and what ends a process: jumps, stacks, flags, selectors
 */
#ifndef SYSFUZZ_H
#define SYSFUZZ_H

#include "chance.h"
#include "ksm.h"
#include "memlayout.h"
#include "ulib.h"

#define DIRECTORY   "/fuzz"          /* where the workers make their files */
#define FORGED      "\n\001exit 7\n" /* what tells the host that the machine has ended: see kernel/base/power.h */
#define MAX_WORKERS 16
#define MAX_COUNTED 64 /* calls in the table of life.c, and one for those that do not exist */
#define NRECENT     32
#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))

/* What did not hold; 0: everything did. */
enum wrong {
    WRONG_REGISTER = 1, /* a call changed a register; got, want */
    WRONG_FLAGS,        /* a call returned with flags that are the kernel's to set; got */
    WRONG_RESULT,       /* a call returned what it can't; got */
    WRONG_MEMORY,       /* a process's own page changed, at ... */
    WRONG_FRESH,        /* new memory was not zero, at ... */
};

/* In a segment that supervisor and workers share.  A worker may lose it, or damage it, by a call that hits it; then it
   ends, or the counts are wrong, and no more. */
struct board {
    volatile uint ncalls;  /* made so far */
    volatile uint nstates; /* odd states entered */
    volatile uint wrong, call, got, want;
    volatile int keeper;                 /* its pid */
    volatile int workers[MAX_WORKERS];   /* their pids */
    volatile uint progress[MAX_WORKERS]; /* calls of each */
    volatile int recent[NRECENT];        /* children of workers */
    volatile uint nrecent;
    volatile uint succeeded[MAX_COUNTED], failed[MAX_COUNTED];
};
extern struct board *board;

extern int first_pid; /* processes below it are not ours */
extern int goal;      /* calls to make */

/* Ends this process, and the run: something did not hold. */
void wrong(enum wrong what, uint call, uint got, uint want) __attribute__((noreturn));

/* Runs a worker until the goal is reached, or its life is over. */
void live(uint seed, uint worker, uint nth) __attribute__((noreturn));
/* The name of call i of the table, or NULL after the last one; what is counted at i. */
const char *call_name(uint i);

/* Chance. */

extern uint luck;
static inline uint pick(uint n) { return chance(&luck, n); }
static inline bool one_in(uint n) { return chance(&luck, n) == 0; }

/* Values: what a process has, and what it passes to calls. */

#define MAX_FDS      64
#define MAX_HANDLES  24
#define MAX_ATTACHED 24
#define MAX_CHILDREN 16

struct descriptor {
    bool open;
    int writer; /* of a pipe's reading end: the other one; else -1 */
};

struct attached {
    int handle;
    uint va, nbytes;
};

struct possessions {
    struct descriptor fds[MAX_FDS];
    int handles[MAX_HANDLES];
    struct attached attached[MAX_ATTACHED];
    int children[MAX_CHILDREN];
    uint nhandles, nattached, nchildren;
    uint arena;    /* memory that calls may overwrite, to the end of the heap */
    uint heap_end; /* the break */
};
extern struct possessions own;

#define ARENA_BYTES (16 * PAGE_SIZE)

enum kind {
    NONE, /* also: end of the arguments */
    FD,
    LENGTH,
    NUMBER,
    POINTER, /* to anything */
    BUFFER,  /* likewise, mostly with room after it */
    PATH,
    TEXT,
    VECTOR,
    MODE,
    DEVICE,
    PID,
    TICKS,
    DELTA,
    ID,
    SIZE,
    GET_FLAGS,
    ATTACH_FLAGS,
    HANDLE,
    PLACE,
    WORD,
    EXPECTED,
    PEER,
    OPERATION,
    WHENCE,
};

/* Makes the arena, in a process that has none. */
void values_begin(void);
uint value(enum kind kind);
/* A number at some limit. */
uint any_number(void);
/* An address of any kind; what is written there can't hurt but by filling the process's stack. */
uint any_pointer(void);
/* The address, or another if this program's code or data lies there: its supervisor would run a second time, or what it
   looks at would change. */
uint outside(uint va);
/* An address in the arena, with this many bytes of it left. */
uint in_arena(uint nbytes);
/* The identifiers in use, for cleaning up. */
extern const int identifiers[];
extern const uint nidentifiers;
/* May calls kill it? */
bool may_kill(int pid);

/* States. */

struct registers {
    uint eax, ebx, ecx, edx, esi, edi, ebp, esp, flags, fs, gs, ds;
};
/* Makes a call with all of these in the registers; what they are afterwards. */
extern struct registers before_call, after_call;
void enter_call(void);
/* A selector that a program can load. */
uint good_selector(void);
/* Does something that ends this process, mostly. */
void enter_odd_state(void);

#endif
