/*
 * mathmeasure.c - see mathmeasure.h.
 *
 * The clock is read only now and then, so that measuring costs neither program much.
 */
#include "mathmeasure.h"
#include "mathwire.h"
#include "ulib.h"

#define LOOK 64u /* requests between two looks at the clock */

bool mathmeasure_option(struct mathmeasure *m, int option, const char *value)
{
    int *where = option == 'b'   ? &m->nrequests
                 : option == 't' ? &m->ticks
                 : option == 'w' ? &m->window
                                 : NULL;

    return where && parse_number(value, where) && *where > 0 && m->window <= (int)MATHWIRE_WINDOW;
}

void mathmeasure_begin(struct mathmeasure *m)
{
    m->looked = 0;
    m->over = false;
    m->begin = uptime();
}

static bool is_over(struct mathmeasure *m, uint nreceived)
{
    if (!m->over && m->ticks > 0 && nreceived - m->looked >= LOOK) {
        m->looked = nreceived;
        m->over = uptime() - m->begin >= m->ticks;
    }
    return m->over;
}

uint mathmeasure_more(struct mathmeasure *m, uint nsent, uint nreceived)
{
    uint window = m->window > 0 ? (uint)m->window : 1, more = window - (nsent - nreceived);
    uint left = m->nrequests > 0 ? (uint)m->nrequests - nsent : more;

    if (is_over(m, nreceived))
        return 0;
    return more < left ? more : left;
}

void mathmeasure_end(const struct mathmeasure *m, uint nreceived)
{
    int ticks = uptime() - m->begin;

    must_print("%u requests in %d ticks: %s%d requests a second\n", nreceived, ticks,
               ticks > 0 ? "" : "over ", (int)(nreceived * 100ll / (ticks > 0 ? ticks : 1)));
}
