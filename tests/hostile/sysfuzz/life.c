/*
 * life.c - what a worker does until it is killed, or has lived long enough.
 *
 * It makes calls of the table below, whose arguments values.c chooses, and enters what they return among its own
 * possessions, so that later calls find open files, attached segments and children.  Each process has a page of its own
 * that none of these calls is given; what is written there must stay, whatever memory the kernel hands to others.
 */
#include "sysfuzz.h"

#include "elfhead.h"
#include "fcntl.h"
#include "syscall.h"

#define CALLS_OF_LIFE  3000u
#define CALLS_OF_CHILD 30u
#define CODE_AT        512u /* in program */
#define STORM_STEPS    20u
#define UNKNOWN        0 /* stands for all numbers that are no calls */

struct call {
    const char *name;
    uint number, weight;
    uchar args[4]; /* enum kind */
};

static const struct call calls[] = {
    { "unknown", UNKNOWN, 4, { NONE } },
    { "fork", SYS_fork, 12, { NONE } },
    { "exit", SYS_exit, 1, { NONE } },
    { "wait", SYS_wait, 8, { NONE } },
    { "pipe", SYS_pipe, 12, { POINTER } },
    { "read", SYS_read, 50, { FD, BUFFER, LENGTH } },
    { "kill", SYS_kill, 5, { PID } },
    { "exec", SYS_exec, 10, { PATH, VECTOR } },
    { "fstat", SYS_fstat, 15, { FD, BUFFER } },
    { "chdir", SYS_chdir, 15, { PATH } },
    { "dup", SYS_dup, 12, { FD } },
    { "getpid", SYS_getpid, 5, { NONE } },
    { "sbrk", SYS_sbrk, 25, { DELTA } },
    { "sleep", SYS_sleep, 2, { TICKS } },
    { "uptime", SYS_uptime, 5, { NONE } },
    { "open", SYS_open, 40, { PATH, MODE } },
    { "write", SYS_write, 50, { FD, BUFFER, LENGTH } },
    { "mknod", SYS_mknod, 8, { PATH, DEVICE, NUMBER } },
    { "unlink", SYS_unlink, 30, { PATH } },
    { "link", SYS_link, 20, { PATH, PATH } },
    { "rename", SYS_rename, 20, { PATH, PATH } },
    { "mkdir", SYS_mkdir, 20, { PATH } },
    { "close", SYS_close, 25, { FD } },
    { "exits", SYS_exits, 1, { NUMBER } },
    { "waits", SYS_waits, 12, { POINTER } },
    { "sync", SYS_sync, 1, { NONE } },
    { "halt", SYS_halt, 1, { NUMBER } },
    { "procinfo", SYS_procinfo, 8, { PID, BUFFER } },
    { "procnext", SYS_procnext, 8, { NUMBER } },
    { "foreground", SYS_foreground, 4, { PID } },
    { "consolectl", SYS_consolectl, 4, { NUMBER } },
    { "bootarg", SYS_bootarg, 8, { TEXT, POINTER, LENGTH } },
    { "sysinfo", SYS_sysinfo, 5, { BUFFER } },
    { "ksmget", SYS_ksmget, 50, { ID, SIZE, GET_FLAGS } },
    { "ksmattach", SYS_ksmattach, 50, { HANDLE, ATTACH_FLAGS } },
    { "ksmdetach", SYS_ksmdetach, 20, { HANDLE } },
    { "ksmdetachat", SYS_ksmdetachat, 25, { PLACE } },
    { "ksmdelete", SYS_ksmdelete, 25, { HANDLE } },
    { "ksminfo", SYS_ksminfo, 20, { HANDLE, BUFFER } },
    { "ksmname", SYS_ksmname, 12, { HANDLE, TEXT } },
    { "pgused", SYS_pgused, 5, { NONE } },
    { "ksmwait", SYS_ksmwait, 12, { WORD, EXPECTED, TICKS } },
    { "ksmwake", SYS_ksmwake, 20, { WORD, NUMBER } },
    { "debug", SYS_debug, 10, { OPERATION, NUMBER } },
    { "ksmwaitpeer", SYS_ksmwaitpeer, 10, { WORD, EXPECTED, TICKS, PEER } },
    { "lseek", SYS_lseek, 15, { FD, NUMBER, WHENCE } },
    { "killjob", SYS_killjob, 4, { PID } }, /* not of its own job, in which all its processes are */
};

#define NCALLS COUNT(calls)
_Static_assert(NCALLS <= MAX_COUNTED, "each call is counted");

/* Whatever is written here, calls are given no address of it. */
static struct {
    uint words[PAGE_SIZE / sizeof(uint)];
} __attribute__((aligned(4096))) mine;

static uint worker, calls_left, my_word;
static bool is_child;
static uchar program[PAGE_SIZE + 100];

const char *call_name(uint i) { return i < NCALLS ? calls[i].name : NULL; }

void wrong(enum wrong what, uint call, uint got, uint want)
{
    if (!board->wrong) {
        board->call = call;
        board->got = got;
        board->want = want;
        board->wrong = what;
    }
    exits(1);
}

/* A page of its own. */

static void write_mine(void)
{
    my_word = chance_next(&luck);
    for (uint i = 0; i < COUNT(mine.words); i += 64)
        mine.words[i] = my_word + i;
}

static void check_mine(void)
{
    for (uint i = 0; i < COUNT(mine.words); i += 64)
        if (mine.words[i] != my_word + i)
            wrong(WRONG_MEMORY, 0, mine.words[i], my_word + i);
}

/* New pages are zero: looks at few of them or at all, and fills them.  The rest of a page in use stays as it was. */
static void check_fresh(uint from, uint to)
{
    for (uint va = (from + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1), n = 0; va + 4 <= to && n < 8;
         va += PAGE_SIZE, n++) {
        if (*(uint *)va)
            wrong(WRONG_FRESH, SYS_sbrk, *(uint *)va, 0);
        *(uint *)va = va;
    }
}

/* Possessions. */

static void add_fd(uint fd, int writer)
{
    if (fd < MAX_FDS)
        own.fds[fd] = (struct descriptor){ .open = true, .writer = writer };
}

static void add_handle(int handle)
{
    for (uint i = 0; i < own.nhandles; i++)
        if (own.handles[i] == handle)
            return;
    if (own.nhandles == MAX_HANDLES)
        own.nhandles--; /* forgotten, not given back */
    own.handles[own.nhandles++] = handle;
}

static void add_attached(int handle, uint va)
{
    struct ksminfo_t info;

    if (own.nattached == MAX_ATTACHED || ksminfo(handle, &info) < 0)
        return;
    own.attached[own.nattached++] = (struct attached){ handle, va, info.ksmsz };
}

static void remove_attached(uint i)
{
    for (own.nattached--; i < own.nattached; i++)
        own.attached[i] = own.attached[i + 1];
}

static void forget_newest(int handle)
{
    for (uint i = own.nattached; i-- > 0;) {
        if (own.attached[i].handle == handle) {
            remove_attached(i);
            return;
        }
    }
}

static void forget_attached_at(uint va)
{
    for (uint i = 0; i < own.nattached; i++) {
        if (own.attached[i].va == va) {
            remove_attached(i);
            return;
        }
    }
}

static void add_child(int pid)
{
    own.children[own.nchildren < MAX_CHILDREN ? own.nchildren++ : pick(MAX_CHILDREN)] = pid;
    board->recent[__atomic_fetch_add(&board->nrecent, 1, __ATOMIC_RELAXED) % NRECENT] = pid;
}

/* A process that was just forked: it goes on with the parent's luck, but not with the same numbers. */
static void become_child(uint ncalls)
{
    luck = chance_start(luck, 1);
    is_child = true;
    own.nchildren = 0;
    calls_left = ncalls;
    write_mine();
}

/* Enters what a call has returned. */
static void enter_result(uint number, const uint arg[], int result)
{
    switch (number) {
    case SYS_fork:
        if (result == 0)
            become_child(1 + pick(CALLS_OF_CHILD));
        else
            add_child(result);
        break;
    case SYS_open:
    case SYS_dup:
        add_fd((uint)result, -1);
        break;
    case SYS_close:
        if (arg[0] < MAX_FDS)
            own.fds[arg[0]].open = false;
        break;
    case SYS_pipe:
        add_fd(((uint *)arg[0])[0], (int)((uint *)arg[0])[1]);
        add_fd(((uint *)arg[0])[1], -1);
        break;
    case SYS_sbrk:
        own.heap_end = (uint)result + arg[0];
        if ((int)arg[0] > 0)
            check_fresh((uint)result, own.heap_end);
        break;
    case SYS_ksmget:
        add_handle(result);
        break;
    case SYS_ksmattach:
        add_attached((int)arg[0], (uint)result);
        break;
    case SYS_ksmdetach:
        forget_newest((int)arg[0]);
        break;
    case SYS_ksmdetachat:
        forget_attached_at(arg[0]);
        break;
    }
}

/* Calls. */

static bool of_ksm(uint number)
{
    return (number >= SYS_ksmget && number <= SYS_ksmwake && number != SYS_pgused) ||
           number == SYS_ksmwaitpeer || number == SYS_ksmname;
}

static void count_call(uint i, bool succeeded)
{
    __atomic_fetch_add(succeeded ? &board->succeeded[i] : &board->failed[i], 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&board->ncalls, 1, __ATOMIC_RELAXED);
    if (!is_child)
        board->progress[worker]++;
}

static bool may_not_return(uint number)
{
    return number == SYS_exit || number == SYS_exits || number == SYS_exec;
}

/* A call that was counted before it was made has returned. */
static void take_back(uint i)
{
    __atomic_fetch_sub(&board->succeeded[i], 1, __ATOMIC_RELAXED);
    __atomic_fetch_sub(&board->ncalls, 1, __ATOMIC_RELAXED);
}

/* What a call left in the registers. */
static void check_registers(uint number)
{
    const struct registers *b = &before_call, *a = &after_call;
    const uint before[] = { b->ebx, b->ecx, b->edx,         b->esi,        b->edi,
                            b->ebp, b->esp, b->fs & 0xFFFF, b->gs & 0xFFFF };
    const uint after[] = { a->ebx, a->ecx, a->edx,         a->esi,        a->edi,
                           a->ebp, a->esp, a->fs & 0xFFFF, a->gs & 0xFFFF };

    for (uint i = 0; i < COUNT(before); i++)
        if (after[i] != before[i])
            wrong(WRONG_REGISTER, number, after[i], before[i]);
    if ((after_call.flags & 0x27000) || !(after_call.flags & 0x200)) /* VM, NT, IOPL; IF */
        wrong(WRONG_FLAGS, number, after_call.flags, before_call.flags);
}

static void check_result(uint number, int result)
{
    int lowest = of_ksm(number) ? KSM_EOWNERDEAD : -1;

    /* Only the console's shell may say what runs in the foreground. */
    if ((result < lowest && result < 0) || (number == SYS_foreground && result != -1))
        wrong(WRONG_RESULT, number, (uint)result, 0);
}

/* Must its arguments be those that were chosen?  Whom to kill, and identifiers, which are all known. */
static bool needs_own_arguments(uint number)
{
    return number == SYS_kill || number == SYS_killjob || number == SYS_ksmget;
}

/* Where the arguments lie: on a stack of its own, in memory that calls overwrite, or across the end of the heap. */
static uint place_arguments(const uint arg[4], uint number)
{
    static uint stack[64]; /* what nobody changes */
    uint *frame = stack + pick(COUNT(stack) - 8);

    if (number == SYS_halt)
        return one_in(2) ? 0x7FFFFFFC : 0x80000000u + pick(0x7FFFFFFF); /* it must not succeed */
    if (!needs_own_arguments(number) && own.heap_end >= own.arena + ARENA_BYTES) {
        if (one_in(20))
            frame = (uint *)((own.heap_end & ~3u) - 20);
        else if (one_in(8))
            frame = (uint *)(own.arena + (1 + pick(15)) * PAGE_SIZE - pick(24));
    }
    memcpy(frame + 1, arg, 4 * sizeof(uint));
    return (uint)frame;
}

/* Makes the call with its arguments at sp, and any other registers. */
static void make_call_at(uint number, uint sp)
{
    for (uint *r = &before_call.ebx; r <= &before_call.ebp; r++)
        *r = any_number();
    before_call.eax = number;
    before_call.esp = sp;
    if (one_in(16)) {
        before_call.fs = good_selector();
        before_call.gs = good_selector();
    }
    before_call.ds = one_in(16) ? good_selector() : 0x23;
    before_call.flags =
        0x202 | (one_in(8) ? pick(2) * 0x400 + pick(2) * 0x4000 + pick(2) * 0x40000 + 0xD5 : 0);
    enter_call();
}

static int make_call(uint number, const uint arg[4])
{
    make_call_at(number, place_arguments(arg, number));
    check_registers(number);
    check_result(number, (int)after_call.eax);
    return (int)after_call.eax;
}

/* Not one of those that follow the last call: they may be calls tomorrow. */
static uint unknown_number(void)
{
    static const uint some[] = { 0, 63, 64, 65, 511, 575, 576, 1023, 1024 };
    uint n = one_in(2) ? any_number() : some[pick(COUNT(some))];

    return n < 576 && n % 512 < 63 ? 0 : n;
}

/* The length that is written into a pipe first, so that a read of it does not wait. */
static void fill_pipe(uint reader)
{
    int writer = reader < MAX_FDS && own.fds[reader].open ? own.fds[reader].writer : -1;

    if (writer >= 0 && !one_in(16))
        write(writer, (void *)in_arena(100), (int)(1 + pick(100)));
}

extern uint value_other(void);

/* Is it the start of an attachment, or in the arena? */
static bool is_own(uint va)
{
    for (uint i = 0; i < own.nattached; i++)
        if (own.attached[i].va == va)
            return true;
    return va >= own.arena && va < own.arena + ARENA_BYTES;
}

static void call_one(const struct call *c)
{
    uint arg[4], number = c->number ? c->number : unknown_number();

    for (uint i = 0; i < 4; i++)
        arg[i] = value(c->args[i]);
    if (number == SYS_read)
        fill_pipe(arg[0]);
    if (c->args[1] == EXPECTED && one_in(2) && arg[0] % sizeof(uint) == 0 && is_own(arg[0]))
        arg[1] = *(volatile uint *)arg[0];
    if ((number == SYS_chdir && one_in(2)) || (number == SYS_exec && one_in(3)))
        arg[0] = value_other();
    if (number == SYS_open && one_in(6)) {
        arg[0] = value_other();
        arg[1] = O_RDONLY;
    }
    if (may_not_return(number))
        count_call((uint)(c - calls), true);
    int result = make_call(number, arg);
    /* Never stays in the root: there, names in a buffer that the root was read into are the system's own. */
    if (number == SYS_chdir)
        chdir(&DIRECTORY[1]);
    if (may_not_return(number))
        take_back((uint)(c - calls));
    count_call((uint)(c - calls), result >= 0);
    if (result >= 0)
        enter_result(number, arg, result);
}

static const struct call *choose(void)
{
    uint sum = 0;

    for (uint i = 0; i < NCALLS; i++)
        sum += calls[i].weight;
    uint at = pick(sum);
    for (uint i = 0;; i++) {
        if (at < calls[i].weight)
            return &calls[i];
        at -= calls[i].weight;
    }
}

/* Does it in a child, and waits for one. */
static void in_child(void (*fn)(void))
{
    int pid = fork();

    luck = chance_start(luck, 2);
    if (pid == 0) {
        become_child(0);
        fn();
        exits(0);
    }
    if (pid > 0) {
        add_child(pid);
        wait();
    }
}

static void run_program(void)
{
    uint argv = value(VECTOR);

    exec((char *)(one_in(4) ? value(PATH) : value_other()), (char **)argv);
}

/* A program of two segments that ends at once, if its headers are true.  Not one of the disk's: those have calls that
   would power off, for whoever starts in their middle. */
static void make_program(void)
{
    static const uchar code[] = { 0xB8, SYS_exit, 0, 0, 0, 0xCD, 0x40 };
    struct elf_header *header = (struct elf_header *)program;
    struct elf_segment *s = (struct elf_segment *)(header + 1);
    struct elf_note *note = (struct elf_note *)(s + 3);

    memset(program, 0xCC, sizeof(program));
    *header = elf_head(PAGE_SIZE + CODE_AT, 2 + pick(2)); /* with its mark or without */
    s[0] = (struct elf_segment){ PT_LOAD, 0, PAGE_SIZE, 0, PAGE_SIZE, PAGE_SIZE, 5, PAGE_SIZE };
    s[1] = (struct elf_segment){ PT_LOAD, PAGE_SIZE, 2 * PAGE_SIZE, 0, 100, 3 * PAGE_SIZE, PF_W, PAGE_SIZE };
    s[2] = (struct elf_segment){ PT_NOTE, (uint)((uchar *)note - program), 0, 0, sizeof(*note), 0, 4, 4 };
    *note = (struct elf_note){ 4, 4, 1, ELF_MARK_NAME, 1 };
    memcpy(program + CODE_AT, code, sizeof(code));
}

/* Writes a program whose headers lie, and runs it.  Its name may be a forged line of status. */
static void run_bad_program(void)
{
    uint headers = sizeof(struct elf_header) + 3 * sizeof(struct elf_segment) + sizeof(struct elf_note);
    char *name = one_in(4) ? FORGED : "p";
    int fd = open(name, O_CREATE | O_RDWR);

    make_program();
    for (uint n = pick(4); n > 0; n--) {
        uint at = one_in(2) ? pick(headers) : pick(headers / 4) * 4, number = any_number();
        memcpy(program + at, &number, one_in(3) ? 1 : 4);
    }
    if (fd < 0 || write(fd, program, one_in(4) ? (int)pick(sizeof(program)) : (int)sizeof(program)) < 0)
        exits(0);
    close(fd);
    exec(name, (char *[]){ name, "x", NULL });
}

/* Whatever happens in this process from now on, nothing is said of it: its code and its data may be hit. */
static void leave_board(void)
{
    if (ksmdetachat((void *)board) < 0)
        exits(0);
    board = NULL;
}

/* A call whose arguments are whatever lies somewhere, addresses of this program's own data among them. */
static void odd_arguments(void)
{
    const struct call *c = choose();

    if (c->number == SYS_halt || needs_own_arguments(c->number))
        return;
    __atomic_fetch_add(&board->ncalls, 1, __ATOMIC_RELAXED);
    leave_board();
    make_call_at(c->number ? c->number : unknown_number(), any_pointer());
}

static void odd_state(void)
{
    __atomic_fetch_add(&board->nstates, 1, __ATOMIC_RELAXED);
    leave_board();
    enter_odd_state();
}

static void step(void);

/* Goes on when no memory is left. */
static void storm(void)
{
    for (uint nbytes = 64u << 20; nbytes >= PAGE_SIZE; nbytes /= 2) {
        uint old;

        while ((old = (uint)sbrk((int)nbytes)) != (uint)-1) {
            own.heap_end = old + nbytes;
            if (one_in(4))
                check_fresh(old, old + 256 * PAGE_SIZE < own.heap_end ? old + 256 * PAGE_SIZE : own.heap_end);
        }
    }
    for (uint i = 0; i < STORM_STEPS; i++)
        step();
}

static void step(void)
{
    uint what = pick(100);

    if (one_in(300) && !is_child)
        in_child(storm);
    else if (what < 3)
        in_child(odd_state);
    else if (what < 4)
        in_child(one_in(2) ? run_program : run_bad_program);
    else if (what < 6)
        in_child(odd_arguments);
    else if (what < 7)
        check_mine();
    else if (what < 10 && own.heap_end >= own.arena + ARENA_BYTES)
        *(volatile uchar *)in_arena(1) += 1;
    else {
        const struct call *c = choose();

        if (!may_not_return(c->number) || is_child || one_in(40))
            call_one(c);
    }
}

void live(uint seed, uint w, uint nth)
{
    worker = w;
    luck = chance_start(seed, w << 20 | nth);
    calls_left = CALLS_OF_LIFE;
    for (uint fd = 0; fd < 3; fd++)
        close((int)fd);
    chdir(DIRECTORY);
    values_begin();
    write_mine();
    for (; calls_left > 0 && board->ncalls < (uint)goal && !board->wrong; calls_left--)
        step();
    check_mine();
    exits(0);
}
