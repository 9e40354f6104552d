/*
 * exec.c - a process goes on with another program.
 *
 * Whatever can fail comes first and works on a new address space beside the old one.  Then the process
 * changes over: its attachments and handles go (§7.3), its floating-point state, and last its old memory.
 *
 * The start of a stack, as xv6's ABI has it; all of it lies in the highest page:
 *
 *   esp ->  0xffffffff | argc | argv | argv[0] ... argv[argc-1] | 0 | last string ... first string | <- stack_top
 */
#include "base/event.h"
#include "base/kstring.h"
#include "base/printk.h"
#include "fs/path.h"
#include "mm/page.h"
#include "proc/load.h"
#include "proc/proc_impl.h"

#define NO_RETURN 0xffffffffu /* the return address of main(), which never returns there */

/* Puts the arguments on the new stack, each string at a multiple of 4; returns the stack pointer, or 0: they do not
   fit. */
static uint push_arguments(struct image *image, uint argc, char *const argv[])
{
    uint page_va = image->stack_top - PAGE_SIZE;
    char *page = aspace_image_byte(image->as, page_va);
    uint nvector_bytes = (3 + argc + 1) * sizeof(uint);
    uint strings[MAXARG], lowest = PAGE_SIZE;

    for (uint i = 0; i < argc; i++) {
        uint n = (uint)strlen(argv[i]) + 1;

        if (n > lowest)
            return 0;
        lowest = (lowest - n) / sizeof(uint) * sizeof(uint);
        memcpy(page + lowest, argv[i], n);
        strings[i] = page_va + lowest;
    }
    if (nvector_bytes > lowest)
        return 0;
    uint frame = lowest - nvector_bytes;
    uint *word = (uint *)(page + frame);
    *word++ = NO_RETURN;
    *word++ = argc;
    *word++ = page_va + frame + 3 * sizeof(uint);
    for (uint i = 0; i < argc; i++)
        *word++ = strings[i];
    *word = 0;
    return page_va + frame;
}

static const char *last_name(const char *path)
{
    const char *name = path;

    for (; *path; path++)
        if (*path == '/' && path[1])
            name = path + 1;
    return name;
}

void proc_report_no_memory(void)
{
    if (proc_foreign)
        printk("allocuvm out of memory\n");
}

static void change_over(struct proc *self, const struct image *image, const char *name)
{
    ksm_release(&self->ksm, false); /* §7.3 */
    fpu_drop(&self->thread);
    spin_acquire(&proc_lock);
    struct aspace *old = aspace_switch(image->as);
    self->ksm.as = image->as;
    self->guard = image->guard;
    self->stack_top = image->stack_top;
    string_copy(self->name, name, sizeof(self->name));
    spin_release(&proc_lock);
    if (event_due(EVENT_RARE))
        event_put_name("E exec %d %s", self->pid, self->name);
    aspace_destroy(old);
}

/* Makes the program's address space, with the arguments on its stack.  The stack pointer, or 0: it can't be made. */
static uint prepare(struct inode *ip, struct image *image, uint argc, char *const argv[])
{
    struct stat st;

    inode_stat(ip, &st);
    int error = st.type == T_FILE ? load_image(ip, image) : LOAD_UNUSABLE;
    if (error == ASPACE_ENOMEM)
        proc_report_no_memory();
    if (error)
        return 0;
    uint sp = push_arguments(image, argc, argv);
    if (!sp)
        aspace_destroy(image->as);
    return sp;
}

int proc_exec(struct trapframe *tf, const char *path, uint argc, char *const argv[])
{
    struct proc *self = proc_self();
    struct inode *ip = fs_lookup(self->cwd, path);
    struct image image;

    if (!ip) {
        if (proc_foreign)
            printk("exec: fail\n");
        return -1;
    }
    uint sp = prepare(ip, &image, argc, argv);
    inode_put(ip);
    if (!sp)
        return -1;
    if (self == proc_one)
        proc_foreign = image.foreign;
    self->foreign = image.foreign;
    change_over(self, &image, last_name(path));
    if (self->depth == DEPTH_SHELL)
        page_keep(0); /* the shell that frames were kept for has its memory */
    trapframe_start(tf, image.entry, sp);
    return 0;
}
