/*
 * t_ksmcourse.c - a program by the header that the assignment proposes, user/ksm/ksmcourse.h.
 *
 * ksm.h would get in its way, so ksmtest.h is not included.
 */
#include "guest.h"
#include "ksmcourse.h"

#define PAGE 4096

static struct ksmglobalinfo_t totals;
static struct ksminfo_t info;

static void forget(void)
{
    memset(&info, 0x55, sizeof(info));
    memset(&totals, 0x55, sizeof(totals));
    info.ksm_global_info = &totals;
}

TEST("a program written to the assignment's header runs")
{
    char *name = "course";
    int hd = ksmget(name, 2 * PAGE + 1, KSM_CREATE), pid;
    char *memory = ksmattach(hd, KSM_RDWR);

    check_positive(hd);
    pid = fork();
    if (pid == 0) {
        memory[2 * PAGE] = 7;
        exits(0);
    }
    waits(NULL);
    check_eq(memory[2 * PAGE], 7);

    forget();
    check_eq(ksminfo(hd, &info), 0);
    check_eq(info.ksmsz, 2 * PAGE + 1);
    check_eq(info.cpid, getpid());
    check_eq(info.mpid, pid);
    check_eq(info.attached_nr, 1);
    check(info.atime > 0 && info.dtime >= info.atime);
    check(info.ksm_global_info == &totals);
    check_eq(totals.total_shrg_nr, 1);
    check_eq(totals.total_shpg_nr, 3);
    check_eq(ksmdetach(hd), 0);
    check_eq(ksmdelete(hd), 0);
}

TEST("handle 0: only the system-wide figures are written")
{
    struct ksminfo_t before;

    forget();
    before = info;
    check_eq(ksminfo(0, &info), 0);
    check(memcmp(&before, &info, sizeof(info)) == 0);
    check_eq(totals.total_shrg_nr, 0);
    check_eq(totals.total_shpg_nr, 0);
}

TEST("the pointer inside is checked as any other, and nothing is written when it is bad")
{
    static const struct ksmglobalinfo_t constant = { 1, 2 };
    void *bad[] = { NULL, (void *)-3, (void *)0x80000000u, (void *)0x7ffffffcu, (void *)&constant };
    int hd = ksmget("course", PAGE, 0);

    for (uint i = 0; i < COUNT(bad); i++) {
        struct ksminfo_t before;

        forget();
        info.ksm_global_info = bad[i];
        before = info;
        check_eq(ksminfo(hd, &info), KSM_EFAULT);
        check_eq(ksminfo(0, &info), KSM_EFAULT);
        check(memcmp(&before, &info, sizeof(info)) == 0);
        check_eq(ksminfo(hd, bad[i]), KSM_EFAULT);
    }
    forget();
    check_eq(ksminfo(99, &info), KSM_EHANDLE);
    check_eq(totals.total_shrg_nr, 0x55555555);
    check_eq(ksmdelete(hd), 0);
}

TAP_MAIN(NULL)
