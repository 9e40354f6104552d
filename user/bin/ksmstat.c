/*
 * ksmstat.c - shows shared memory.
 *
 *   ksmstat [-w TICKS]           segments, their pages and attachments, and the page frames in use; public segments
 *   ksmstat [-w TICKS] ID...     the records of these segments; an ID is a number or a name
 *
 * -w: again after that many ticks, until it is killed.  Looking changes no figure.
 */
#include "ksmpublic.h"
#include "ulib.h"

static void show_record(const char *name, const struct ksminfo_t *info)
{
    must_print("%s\n    bytes %u  attachments %u  creator %d  last %d\n", ksmid_show(name), info->ksmsz,
               info->attached_nr, info->cpid, info->mpid);
    must_print("    attached %u  detached %u  changed %u%s\n", info->atime, info->dtime, info->ctime,
               info->marked ? "  marked" : "");
}

static void show_public(const struct ksmpublic *segment) { show_record(segment->name, &segment->info); }

static int show_all(void)
{
    struct ksminfo_t info;
    int error = ksminfo(0, &info), others;

    if (error < 0)
        fail(1, "%s", ksmstrerror(error));
    must_print("segments %u  pages %u  attachments %u  frames in use %d\n", info.total_shrg_nr,
               info.total_shpg_nr, info.total_attached_nr, pgused());
    others = (int)info.total_shrg_nr - ksmpublic_each(show_public);
    if (others > 0)
        must_print("not public: %d; Ctrl-K on the console shows the operator all\n", others);
    return 0;
}

static int show_segment(const char *name)
{
    struct ksminfo_t info;
    int handle = ksmget_parse(name, 0, KSM_OPEN);
    int error = handle < 0 ? handle : ksminfo(handle, &info);

    if (error < 0) {
        warn("%s: %s", ksmid_show(name), ksmstrerror(error));
        return 1;
    }
    show_record(name, &info);
    return 0;
}

int main(int argc, char *argv[])
{
    int option, ticks = 0, number; /* an ID may be a negative one */

    while (optind < argc && !parse_number(argv[optind], &number) &&
           (option = getopt(argc, argv, "w:")) >= 0) {
        if (option != 'w' || !parse_number(optarg, &ticks) || ticks <= 0)
            fail(2, "usage: ksmstat [-w TICKS] [ID]...");
    }
    for (;;) {
        int status = optind == argc ? show_all() : 0;

        for (int i = optind; i < argc; i++)
            status |= show_segment(argv[i]);
        if (ticks == 0)
            return status;
        sleep(ticks);
    }
}
