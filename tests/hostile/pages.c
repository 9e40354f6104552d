/*
 * pages.c - a program that has its page tables printed, at the moment that its argument names.
 *
 *   pages alone      before any fork
 *   pages child      in a child that has written nothing but its stack
 *   pages written    the same child after it has written where its parent had written before the fork
 *   pages parent     in the parent, after such a child has ended
 *
 * A second argument is the number of pages that it takes from sbrk(); 3 if there is none.  It says where things are;
 * tests/cli/pages.py knows the kind that each of them has.  The status is 3 if the kernel has no such call.
 */
#include "ulib.h"

static int variable = 1;
static char *heap; /* pages, of which the first one is written */

static int print(void)
{
    int local = 0;

    if (debug(DEBUG_PRINT_PAGES, 0) < 0)
        return 3;
    printf("code 0x%x\nvariable 0x%x\nheap 0x%x\nstack 0x%x\nbreak 0x%x\n", (uint)print, (uint)&variable,
           (uint)heap, (uint)&local, (uint)sbrk(0));
    return 0;
}

static bool is(const char *word, const char *other) { return strcmp(word, other) == 0; }

int main(int argc, char **argv)
{
    const char *when = argc > 1 ? argv[1] : "";
    int status = -1, npages = argc > 2 ? atoi(argv[2]) : 3;

    sbrk((int)(-(uint)sbrk(0) % PAGE_SIZE)); /* to the start of a page */
    heap = sbrk(npages * PAGE_SIZE);
    heap[0] = 'p';
    if (is(when, "alone"))
        return print();
    if (!is(when, "child") && !is(when, "written") && !is(when, "parent"))
        fail(2, "usage: pages alone | child | written | parent [npages]");
    int pid = fork();
    if (pid < 0)
        fail(1, "no child");
    if (pid == 0) {
        if (is(when, "written"))
            heap[1] = 'c';
        return is(when, "parent") ? 0 : print();
    }
    waits(&status);
    return is(when, "parent") ? print() : status;
}
