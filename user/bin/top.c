/*
 * top.c - shows which processes use the processors, and what there is of shared memory.
 *
 *   top [-n COUNT] [-d SECONDS]
 *
 * A picture each second, until q, Ctrl-C, or after COUNT of them.  Where the console gives lines and no keys, Enter
 * must follow q.  If descriptor 1 is no terminal, there is one picture unless -n says otherwise, with all processes.
 *
 * %CPU is the share of the clock ticks that found the process running: of those since the last picture, or in the first
 * picture, of those since its fork.
 */
#include "consolectl.h"
#include "ksmpublic.h"
#include "param.h"
#include "procinfo.h"
#include "sysinfo.h"
#include "ulib.h"

#define OTHER_LINES 10 /* of the picture, besides those of processes: rarely more */
#define BAR_WIDTH   30
#define WIDTH       160 /* of any line */

struct entry {
    struct procinfo info;
    uint percent;
};

/* What was seen of a process: pid and start name it. */
static struct entry *now, *last;
static uint nnow, nlast, size; /* entries in use, and in each array */
static uint last_tick;
static bool terminal;
static bool asks; /* somebody at the console may end it */
static struct ksminfo_t shared;

/* A line of the picture takes one row of a terminal, whose last column stays free: a full row would be wrapped.  The
   rest of what was there goes. */
static __attribute__((format(printf, 1, 2))) void put_line(const char *fmt, ...)
{
    uint ncolumns = terminal ? terminal_columns() : 0;
    char line[WIDTH];
    va_list args;

    va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    must_print("%.*s%s\n", ncolumns ? (int)ncolumns - 1 : WIDTH, line, terminal ? "\033[K" : "");
}

/* How many processes a terminal has room for. */
static uint rows_of_processes(void)
{
    uint nlines = terminal_lines() ? terminal_lines() : SCREEN_LINES;

    return nlines > OTHER_LINES ? nlines - OTHER_LINES : 1;
}

static struct entry *grow(struct entry *entries)
{
    struct entry *more = realloc(entries, size * sizeof(*more));

    if (!more)
        fail(1, "out of memory");
    return more;
}

static void make_room(void)
{
    if (nnow < size)
        return;
    size = 2 * size + 32;
    now = grow(now);
    last = grow(last);
}

/* Since the last picture, in percent.  Both pictures are in the order of pids. */
static uint percent_of(const struct procinfo *info, uint tick, uint *at)
{
    uint since = info->start, before = 0;

    while (*at < nlast && last[*at].info.pid < info->pid)
        ++*at;
    if (*at < nlast && last[*at].info.pid == info->pid && last[*at].info.start == info->start) {
        since = last_tick;
        before = last[*at].info.nticks;
    }
    return tick == since ? 0 : (info->nticks - before) * 100 / (tick - since);
}

static void look(void)
{
    struct entry *swap = last;
    uint tick = (uint)uptime(), at = 0;

    last = now;
    now = swap;
    nlast = nnow;
    nnow = 0;
    for (int pid = procnext(0); pid > 0; pid = procnext(pid)) {
        make_room();
        if (procinfo(pid, &now[nnow].info) < 0) /* it has just died */
            continue;
        make_printable(now[nnow].info.name, strnlen(now[nnow].info.name, sizeof(now[nnow].info.name)));
        now[nnow].percent = percent_of(&now[nnow].info, tick, &at);
        nnow++;
    }
    last_tick = tick;
}

static int compare(const void *a, const void *b)
{
    const struct entry *x = *(const struct entry *const *)a, *y = *(const struct entry *const *)b;

    if (x->percent != y->percent)
        return x->percent < y->percent ? 1 : -1;
    return x->info.pid < y->info.pid ? -1 : 1;
}

static void show_processes(void)
{
    static const char *const states[] = {
        [PROC_SLEEPING] = "sleep", [PROC_READY] = "ready", [PROC_RUNNING] = "run"
    };
    const struct entry **order = malloc((nnow + 1) * sizeof(struct entry *));
    uint nrows = terminal ? rows_of_processes() : nnow;

    if (!order)
        fail(1, "out of memory");
    for (uint i = 0; i < nnow; i++)
        order[i] = &now[i];
    qsort(order, nnow, sizeof(struct entry *), compare);
    put_line("%5s %6s %-5s %4s %8s %6s %s", "PID", "PARENT", "STATE", "%CPU", "SIZE", "SHARED", "NAME");
    for (uint i = 0; i < nnow && i < nrows; i++) {
        const struct procinfo *p = &order[i]->info;

        put_line("%5d %6d %-5s %4u %7uK %6u %.16s", p->pid, p->ppid, states[p->state], order[i]->percent,
                 p->nbytes / 1024, p->nattached, p->name);
    }
    free(order);
}

static void show_bar(const char *name, uint npages, uint nattached)
{
    char bar[BAR_WIDTH + 1];
    uint length = shared.total_shpg_nr ? npages * BAR_WIDTH / shared.total_shpg_nr : 0;

    for (uint i = 0; i < BAR_WIDTH; i++)
        bar[i] = i < length || (i == 0 && npages > 0) ? '#' : '.';
    bar[BAR_WIDTH] = 0;
    put_line("%-12.12s [%s] %7u KB, attached %u", name, bar, npages * (PAGE_SIZE / 1024), nattached);
}

static uint npublic_pages, npublic_attached;

static void show_segment(const struct ksmpublic *segment)
{
    uint npages = segment->info.ksmsz / PAGE_SIZE + (segment->info.ksmsz % PAGE_SIZE != 0);

    npublic_pages += npages;
    npublic_attached += segment->info.attached_nr;
    show_bar(segment->name, npages, segment->info.attached_nr);
}

/* Segments that are not public show only how large they are together. */
static void show_shared(void)
{
    int nothers;

    if (ksminfo(0, &shared) < 0)
        return;
    put_line("%s", "");
    put_line("Shared memory: %u segment%s, %u KB", shared.total_shrg_nr, shared.total_shrg_nr == 1 ? "" : "s",
             shared.total_shpg_nr * (PAGE_SIZE / 1024));
    npublic_pages = npublic_attached = 0;
    nothers = (int)shared.total_shrg_nr - ksmpublic_each(show_segment);
    if (nothers > 0 && shared.total_shpg_nr >= npublic_pages && shared.total_attached_nr >= npublic_attached)
        show_bar("others", shared.total_shpg_nr - npublic_pages, shared.total_attached_nr - npublic_attached);
}

static void show(void)
{
    uint seconds = (uint)uptime() / HZ;
    struct sysinfo info = { 0 };

    look();
    sysinfo(&info);
    must_print("%s", terminal ? "\033[H" : "");
    put_line("up %02u:%02u:%02u%s, %u processes, %u KB free", seconds / 3600, seconds / 60 % 60, seconds % 60,
             !asks                ? ""
             : terminal_columns() ? " (q ends)"
                                  : " (q and Enter ends)",
             nnow, info.nfree * (PAGE_SIZE / 1024));
    show_processes();
    show_shared();
    must_print("%s", terminal ? "\033[J" : "");
}

/* A process that ends when the user wants to see no more; 0: there is nobody to ask. */
static int start_reader(void)
{
    int pid = asks ? fork() : 0;
    char line[80], key = 0;

    if (pid != 0 || !asks)
        return pid > 0 ? pid : 0;
    if (terminal_columns() > 0 && consolectl(CONSOLE_KEYS) >= 0) {
        while (read(0, &key, 1) == 1 && key != 'q')
            ;
        consolectl(CONSOLE_LINES);
        exits(0);
    }
    while (fgets(line, sizeof(line), stdin) && line[0] != 'q')
        ;
    exits(0);
}

/* Waits for the time of the next picture.  false: the reader has ended. */
static bool pause_for(int ticks, int reader)
{
    static const uint word;

    if (reader == 0)
        sleep(ticks);
    return reader == 0 || ksmwaitpeer(&word, 0, ticks, reader) == KSM_ETIMEDOUT;
}

static void usage(void) { fail(2, "usage: top [-n COUNT] [-d SECONDS]"); }

int main(int argc, char *argv[])
{
    int count = 0, seconds = 1, option, reader;

    while ((option = getopt(argc, argv, "n:d:")) >= 0) {
        if (option == 'n'   ? !parse_number(optarg, &count) || count <= 0
            : option == 'd' ? !parse_number(optarg, &seconds) || seconds <= 0 || seconds > 100000
                            : true)
            usage();
    }
    if (optind < argc)
        usage();
    terminal = is_terminal(1);
    if (!terminal && count == 0)
        count = 1;
    asks = terminal && is_terminal(0) && (terminal_columns() == 0 || consolectl(CONSOLE_LINES) == 0);
    reader = start_reader();
    if (terminal)
        must_print("\033[2J");
    show();
    for (int i = 1; i != count && pause_for(seconds * HZ, reader); i++)
        show();
    if (reader > 0)
        kill(reader);
    if (terminal) /* keys that were typed before the reader asked for them have been echoed below the picture */
        must_print("\r\033[J");
    return 0;
}
