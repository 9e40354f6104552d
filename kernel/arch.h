/*
 * arch.h - what a machine owes the kernel, and the functions of the kernel that it calls.
 *
 *   sizes         PAGE_SIZE, CHUNK_SIZE, USER_END
 *   processors    struct cpu, cpu_self(), irq_save(), arch_idle(), arch_poke()
 *   atomics       atomic_swap(), atomic_add(), atomic_cas()
 *   threads       kernel stacks, context_switch(), floating-point state
 *   trap frames   a program's registers, and the way back to it
 *   memory        pa_of(), va_of(), arch_memory, copying and clearing
 *   page maps     in pmap.h, which kernel/mm alone includes
 *   devices       console, monitor, feed, clock, disk
 *   the end       arch_power_off(), arch_stop_others(), arch_backtrace(), arch_backtrace_others()
 *   what it calls kernel_start(), kernel_syscall(), kernel_trap(), kernel_interrupt(), and the entry that
 *                 arch_start_cpus() was given
 *
 * kernel/arch/i386 fulfils this contract.  Nothing outside that directory contains an instruction, a port
 * number or a bit of a page table.  kernel/mm does hold pointers to page-table entries, but reads and makes
 * them by the functions of pmap.h.  The machine in its turn uses the kernel's locks, page frames and
 * messages, as every room does.
 *
 * The kernel is not preempted: a thread in the kernel runs until it sleeps, returns to its program or calls
 * sched_checkpoint().  Interrupts stay on in the kernel, except while a lock is held that interrupt handlers
 * take too.
 */
#ifndef ARCH_H
#define ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include/date.h"
#include "include/mustcheck.h"
#include "include/types.h"
#include "userptr.h" /* of kernel/arch/<machine>, like inline.h below */

#define PAGE_SIZE   4096u
#define PAGE_SHIFT  12
#define CHUNK_SIZE  0x400000u /* what one page table maps */
#define CHUNK_PAGES 1024u

#define USER_END 0x80000000u /* user addresses lie below */

/* What maps a run of pages, ready to be copied: entries for whole page tables, then for single pages (pmap.h). */
struct pmap_ready {
    uint *tables, *entries;
    uint ntables, nentries;
};

/* A pointer to user memory is `void USER *`, a type of its own: neither the compilers nor sparse let it pass for a
   pointer to kernel memory or the reverse, and it can't be dereferenced.  The kernel reaches what it points to by
   bytes_to_user() and its kin alone, after user_check().  A number called va says where in an address space
   something lies, and reaches nothing. */

/* Where p points, as a number.  To sparse, unsigned long alone may come from pointers of all kinds. */
static inline uintptr_t user_va(const void USER *p) { return (unsigned long)p; }
/* p + nbytes.  Programs choose p, so the sum may pass the end of all addresses, which is not an error here. */
static inline void USER *user_at(const void USER *p, uint nbytes)
{
    return (void USER *)(user_va(p) + nbytes);
}
/* Kernel memory, for a function that takes either. */
static inline void USER *kernel_as_user(const void *p) { return (void USER *)(uintptr_t)p; }

static inline uint page_round_up(uint n) { return (n + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1); }
static inline uint page_round_down(uint n) { return n & ~(PAGE_SIZE - 1); }

struct thread;
struct trapframe;

/* Processors.  Sleeps: no. */

/* One for each processor; a segment register points to it.  Fields: o only this processor, with
   interrupts off or from its own thread; others may read it at any time. */
struct cpu {
    struct cpu *self;      /* [o] must stay first: the machine reads it by offset */
    struct thread *thread; /* [o] second: the thread that runs here */
    uint index;            /* [o] 0 is the processor that booted */
    uint nlocks;           /* [o] spin locks held here; kept by debug builds alone */
    struct thread *idle;   /* [o] */
    uint in_interrupt;     /* [o] depth of device interrupts being served */

    /* for the feed: base/event.h */
    uchar feed_full;             /* an enum event_kind: it and those below are lost */
    uint feed_nlost;             /* [o] since the last event that was put */
    volatile int feed_displaced; /* [o] process that the feed's thread runs in place of; 0: none */
};

/* cpu_self() and thread_self(): one load each.  A thread that may sleep or be moved to another
   processor must not keep the result of cpu_self(). */
static inline struct cpu *cpu_self(void);
static inline struct thread *thread_self(void);

extern uint cpu_count; /* processors that run the kernel */
struct cpu *cpu_get(uint index);

static inline uint irq_save(void); /* interrupts off; returns what irq_restore() wants */
static inline void irq_restore(uint was);
static inline bool irq_enabled(void);
static inline void irq_enable(void);
static inline void cpu_relax(void); /* in a spin loop */
uint cpu_cycles(void);              /* only differences mean something */

/* Halts until an interrupt.  The idle thread calls it with interrupts off; returns with them on.
   An interrupt that comes between the caller's last look and the halt is not lost. */
void arch_idle(void);
/* Makes another processor leave arch_idle() or look at its thread's `attention`. */
void arch_poke(uint index);

/* Atomics, sequentially consistent.  Sleeps: no. */

static inline uint atomic_swap(volatile uint *p, uint value); /* returns the old value */
static inline uint atomic_add(volatile uint *p, uint value);  /* returns the old value */
static inline bool atomic_cas(volatile uint *p, uint old, uint value);

/* Threads of control.  Sleeps: no. */

/* A kernel stack is mapped in a window of its own with an unmapped page below, so that an overflow is
   caught.  kstack_alloc() returns a slot's number, or -1 when memory or slots ran out; the caller owns the
   slot until kstack_free().  The slot with the number of a processor is its idle thread's, and in use from
   the start.  Both take a lock of RANK_SLAB. */
#define KSTACK_SIZE 8192u
MUST_CHECK int kstack_alloc(void);
void kstack_free(int slot); /* no thread may run on it any more */
#ifdef DEBUG
void kstack_report(void); /* prints how deep the deepest stack ever was */
#else
static inline void kstack_report(void) {}
#endif

/* Prepares a thread so that its first switch calls entry(arg) on stack `slot`, with interrupts off; returns
   the value for thread->context. */
void *context_create(int slot, void (*entry)(void *), void *arg);
/* Prepares a thread that returns to user mode with a copy of *tf and result 0: fork's child.  It first calls
   `first()` on its own stack. */
void *context_create_user(int slot, const struct trapframe *tf, void (*first)(void));
/* Saves this thread in *save and goes on with `load`, on stack `slot`; returns when it is switched back to.
   Interrupts are off. */
void context_switch(void **save, void *load, int slot);

/* Stores the addresses of the calls that led to the context_switch() that saved `context`, at most max, the newest
   first; returns how many. */
uint arch_callers(const void *context, uint callers[], uint max);

/* The floating-point state of a thread.  A thread that never computed with floating point has none
   and pays nothing; that of others is saved and loaded when they are switched. */
#define FPU_STATE_SIZE 512u
/* This processor goes from one thread to another, at least one of which has a state.  The scheduler calls it with
   interrupts off. */
void fpu_switch(const struct thread *prev, const struct thread *next);
/* fork: the child, which has a kernel stack, gets a copy of its parent's state. */
void fpu_copy(struct thread *child, struct thread *self);
/* Forgets the thread's state (exec, exit). */
void fpu_drop(struct thread *self);

/* Trap frames.  Sleeps: no. */

/* The user's registers as the trap saved them; always at the top of the thread's kernel stack. */
struct trapframe *trapframe_of(int slot);
static inline uint trapframe_syscall(const struct trapframe *tf);          /* number asked for */
static inline const void USER *trapframe_args(const struct trapframe *tf); /* where the first argument lies */
static inline void trapframe_result(struct trapframe *tf, uint value);
/* A fresh program: all registers zero but the stack pointer and the entry. */
void trapframe_start(struct trapframe *tf, uint entry, uint sp);
/* Goes to user mode with the frame at the top of this stack. */
void trapframe_resume(void) __attribute__((noreturn));

/* Memory.  Sleeps: no. */

/* All usable RAM that the kernel half can map is mapped at a constant offset. */
static inline uint pa_of(const void *va);
static inline void *va_of(uint pa);

/* Physical, page-aligned, end excluded. */
struct memory_range {
    uint start, end;
};
/* RAM above 1 MB that neither the kernel nor a boot module occupies. */
extern struct memory_range arch_memory[];
extern uint arch_nmemory;

static inline void page_zero(void *page);
void page_copy(void *dst, const void *src);
/* Any size; fast for large ones. */
void bytes_copy(void *dst, const void *src, size_t n);
/* The same, to and from user memory that user_check() has accepted; and an aligned word of it, at once.  A touch may
   fault, and then the address space makes the page. */
static inline void bytes_to_user(void USER *dst, const void *src, size_t n);
static inline void bytes_from_user(void *dst, const void USER *src, size_t n);
static inline uint word_from_user(const void USER *src);
/* Each copies as many words of user memory as its name says, accepted or not.  False: they do not lie in one page, or
   can't be read. */
MUST_CHECK bool words_from_user_1(uint *dst, const void USER *src);
MUST_CHECK bool words_from_user_2(uint *dst, const void USER *src);
MUST_CHECK bool words_from_user_3(uint *dst, const void USER *src);
MUST_CHECK bool words_from_user_4(uint *dst, const void USER *src);
/* What can be dereferenced until user_close(), for kernel/mm/user.c alone.  Any other touch of user memory is a panic
   on a processor that can tell.  No thread sleeps in between. */
static inline void *user_opened(const void USER *p);
static inline void user_close(void);
void words_copy(uint *dst, const uint *src, size_t nwords);
void words_zero(uint *dst, size_t nwords);

/* Devices.  Sleeps: no. */

/* The console: serial port 1 and the screen.  Characters typed on either arrive by kernel_interrupt().
   Puts as many of the bytes as the port takes at once, and returns their number; 0: it is busy.  Any context; the
   caller serialises. */
uint console_put(const char *text, uint n);
/* The same for the second serial port, where tools listen: the log, and lines of status.  Dropped if absent. */
uint monitor_put(const char *text, uint n);
/* From now on bytes that come in there arrive by kernel_interrupt().  On the boot processor, once. */
void monitor_listen(void);
/* The third serial port, for the feed.  False: there is none.  Once. */
MUST_CHECK bool feed_open(void);
/* Sends as many of the bytes as the port takes at once, and returns their number.  The caller serialises. */
uint feed_put(const char *text, uint n);

/* The battery clock's time. */
void clock_read(struct rtcdate *now);

/* A disk of 512-byte blocks.  Requests are served in order, one at a time.  A request belongs to the disk
   from disk_submit() until done(), which is called once, with interrupts off, from an interrupt or from
   disk_submit() itself. */
struct disk_request {
    uint blockno;
    uint nblocks; /* at most DISK_MAX_BLOCKS */
    void *data;   /* nblocks * 512 bytes, kernel address, 4-aligned */
    enum { DISK_READ, DISK_WRITE, DISK_FLUSH } op;
    volatile int status; /* 1: under way; 0: done; negative: failed */
    void (*done)(struct disk_request *request);
    struct disk_request *next; /* the disk's own */
};
#define DISK_MAX_BLOCKS 128
uint disk_nblocks(void); /* size of the disk with the file system; 0: there is none */
void disk_submit(struct disk_request *request);

/* The end.  Sleeps: no. */

/* Powers the machine off; QEMU's exit status shows `code`. */
void arch_power_off(uint code) __attribute__((noreturn));
/* For panic().  Stops the other processors. */
void arch_stop_others(void);
/* Prints which processor and thread this is, and the calls that led here, with names. */
void arch_backtrace(void);
/* The same of each processor that was stopped. */
void arch_backtrace_others(void);
#ifdef DEBUG
/* The name of the function that an address of code is in; "?" if it is not known. */
const char *arch_function(uint address);
#endif

/* A processor that makes no progress for this long is a panic.  At least 2; for tests and debuggers to change; 0:
   never. */
extern uint watchdog_seconds;

/* What the boot loader passed on the kernel's command line, without the kernel's name. */
extern char boot_command_line[1024];

/* What the machine calls. */

/* On the boot processor with memory mapped, interrupts off, on the stack of the idle thread. */
void kernel_start(void) __attribute__((noreturn));
/* A system call.  Sleeps: may. */
void kernel_syscall(struct trapframe *tf);
/* Another trap.
   TRAP_TOUCH: a program, or the kernel for it, touched `address`, and the page map did not allow it.  True: it
   does now.
   TRAP_FAULT: a program did what it can't go on after.  Does not return.
   TRAP_ATTENTION, without an `info`: the thread is about to return to user mode, and its `attention` is not 0.
   Sleeps: may. */
enum trap_kind { TRAP_TOUCH, TRAP_FAULT, TRAP_ATTENTION };
struct trap_info {
    uint address; /* what was touched */
    bool write;   /* by a write */
    /* For a fault only: */
    bool touch;  /* address and write are meant: the touch was refused */
    uint number; /* the machine's vector */
    uint code;   /* the machine's error code */
    uint ip;
    uint sp, frame;             /* stack pointer and frame pointer; 0: they mean nothing here */
    const struct trapframe *tf; /* the other registers */
};
bool kernel_trap(enum trap_kind kind, const struct trap_info *info);

/* What a fault says about the program, from its registers and the CODE_BYTES bytes at its ip, which are 0 where it has
   no memory.  An instruction is shorter.  Sleeps: no. */
#define CODE_BYTES 20u
/* A fault that is no touch, in words. */
const char *arch_fault_words(const struct trap_info *info, const uchar code[]);
/* For a touch: the value of the register through which the instruction reached memory, if that is a small negative
   number; else the address. */
uint arch_fault_pointer(const struct trap_info *info, const uchar code[]);
/* A device, with interrupts off: a tick (on each processor), or a character typed.  Sleeps: no. */
enum interrupt_kind { INTERRUPT_TICK, INTERRUPT_INPUT, INTERRUPT_MONITOR };
void kernel_interrupt(enum interrupt_kind kind, uint value);

/* Starts the other processors; each calls entry(), which does not return, on its idle thread's stack.  Called once. */
void arch_start_cpus(void (*entry)(void));
/* Lets devices interrupt.  Called once, when threads can run. */
void arch_start_devices(void);

#include "inline.h" /* of kernel/arch/<machine>; host tests have their own */

#endif
