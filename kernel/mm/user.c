/*
 * user.c - see user.h.
 *
 * A range is accepted when each of its pages has an entry that allows the access, if only a promise: then
 * touching it can only lead to a fault that aspace_fault() satisfies.  That stays so until the call
 * returns, because only the process itself changes its address space.  The page tables are checked, not the
 * mappings, so a range may run from one mapping into the next.
 */
#include "mm/user.h"
#include "base/min.h"
#include "mm/mm_impl.h"
#include "sched/thread.h"

static __attribute__((noinline)) bool check_pages(uint va, uint nbytes, bool write)
{
    if (va >= USER_END || nbytes > USER_END - va)
        return false;
    uint npages = (va % PAGE_SIZE + nbytes + PAGE_SIZE - 1) >> PAGE_SHIFT;
    for (uint n; npages; npages -= n, va += n << PAGE_SHIFT) {
        n = min_uint(npages, CHUNK_PAGES);
        if (!pmap_allows(&thread_self()->aspace->map, va, n, write))
            return false;
        if (n == CHUNK_PAGES)
            sched_checkpoint();
    }
    return true;
}

bool user_check(const void USER *p, uint nbytes, bool write)
{
    uint va = user_va(p);

    /* Most ranges lie in one page. */
    bool one_page = nbytes <= PAGE_SIZE && ((va + nbytes - 1) ^ va) < PAGE_SIZE && va < USER_END;
    if (one_page && pmap_allows_page(&thread_self()->aspace->map, va, write))
        return true;
    return check_pages(va, nbytes, write);
}

int user_copy_in(void *dst, const void USER *src, uint nbytes)
{
    if (!user_check(src, nbytes, false))
        return -1;
    bytes_from_user(dst, src, nbytes);
    return 0;
}

int user_copy_string(char *dst, const void USER *src, uint size)
{
    uint n = 0;

    while (n < size && user_check(user_at(src, n), 1, false)) {
        uint here = PAGE_SIZE - (user_va(src) + n) % PAGE_SIZE;
        uint end = size - n < here ? size : n + here;
        const volatile char *user = user_opened(src);
        while (n < end && (dst[n] = user[n]))
            n++;
        user_close();
        if (n < end)
            return (int)n;
    }
    return -1;
}
