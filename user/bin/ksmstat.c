/*
 * ksmstat.c - shows shared memory.
 *
 *   ksmstat [-w TICKS]           segments, their pages and attachments, and the page frames in use
 *   ksmstat [-w TICKS] ID...     the records of these segments; an ID is a number or a name
 *
 * -w: again after that many ticks, until it is killed.  Looking changes no figure.
 */
#include "ksm.h"
#include "ulib.h"

static int show_totals(void)
{
    struct ksminfo_t info;
    int error = ksminfo(0, &info);

    if (error < 0)
        fail(1, "%s", ksmstrerror(error));
    must_print("segments %u  pages %u  attachments %u  frames in use %d\n", info.total_shrg_nr,
               info.total_shpg_nr, info.total_attached_nr, pgused());
    return 0;
}

static int show_segment(const char *name)
{
    struct ksminfo_t info;
    int handle = ksmget(ksmid_parse(name), 0, KSM_OPEN);
    int error = handle < 0 ? handle : ksminfo(handle, &info);

    if (error < 0) {
        warn("%s: %s", name, ksmstrerror(error));
        return 1;
    }
    must_print("%s: id %d  bytes %u  creator %d  last %d  attachments %u", name, ksmid_parse(name),
               info.ksmsz, info.cpid, info.mpid, info.attached_nr);
    must_print("  attached %u  detached %u  changed %u%s\n", info.atime, info.dtime, info.ctime,
               info.marked ? "  marked" : "");
    return 0;
}

int main(int argc, char *argv[])
{
    int first = 1, ticks = 0;

    if (argc > 1 && strcmp(argv[1], "-w") == 0) {
        if (argc < 3 || !parse_number(argv[2], &ticks) || ticks <= 0)
            fail(2, "usage: ksmstat [-w TICKS] [ID]...");
        first = 3;
    }
    for (;;) {
        int status = first == argc ? show_totals() : 0;

        for (int i = first; i < argc; i++)
            status |= show_segment(argv[i]);
        if (ticks == 0)
            return status;
        sleep(ticks);
    }
}
