/*
 * lib.c - formatting, boot parameters, strings, and tables against a list that is searched.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/kstring.h"
#include "base/params.h"
#include "base/printk.h"
#include "chance.h"
#include "host.h"
#include "mm/slab.h"
#include "mm/table.h"

/* The heap of the tables: counts its objects, and fails on request. */
static long objects;
static long fail_at; /* this many allocations from now; 0: never */

void *kmalloc_zeroed(size_t n)
{
    if (fail_at && --fail_at == 0)
        return NULL;
    objects++;
    return calloc(1, n);
}

void kfree(void *p)
{
    objects -= p != NULL;
    free(p);
}

static void check_format(const char *want, int n, const char *got)
{
    check_str(got, want);
    check_eq(n, strlen(want));
}

#define FORMAT(want, ...)                                 \
    do {                                                  \
        char buf_[128];                                   \
        int n_ = format(buf_, sizeof(buf_), __VA_ARGS__); \
        check_format(want, n_, buf_);                     \
    } while (0)

TEST("format converts, pads and cuts")
{
    char *volatile nobody = NULL;
    char buf[8];

    FORMAT("0 -1 2147483647 -2147483648", "%d %d %d %d", 0, -1, INT32_MAX, INT32_MIN);
    FORMAT("4294967295 ffffffff 0", "%u %x %x", UINT32_MAX, UINT32_MAX, 0u);
    FORMAT("[   42] [42   ] [00042] [-0042]", "[%5d] [%-5d] [%05d] [%05d]", 42, 42, 42, -42);
    FORMAT("[ -42] [-42 ]", "[%4d] [%-4d]", -42, -42);
    FORMAT("[ab   ] [   ab] [a]", "[%-5s] [%5s] [%.1s]", "ab", "ab", "ab");
    FORMAT("x% 0x10", "%c%% %p", 'x', (void *)16);
    FORMAT("4294967296 100000000", "%lu %lx", 4294967296ul, 4294967296ul);
    FORMAT("(null)", "%s", nobody);
    check_eq(format(buf, sizeof(buf), "%s", "0123456789"), 10);
    check_str(buf, "0123456");
    check_eq(format(NULL, 0, "%d", 1234), 4);
}

TEST("format turns unprintable text into question marks")
{
    FORMAT("[?exit 0?] [?] [~ ?]\n", "[%s] [%c] [%.3s]\n", "\nexit 0\n", '\1', "~ \x7f\n");
    FORMAT("???", "%s", "\xc3\xa9\x1b");
}

TEST("format copies conversions that it does not know")
{
    const char *odd = "%q %";
    char buf[16];

    check_eq(format(buf, sizeof(buf), odd, 1), 4);
    check_str(buf, "%q %");
}

static void check_param(const char *line, const char *name, int length, const char *want)
{
    char value[16] = "-";

    check_eq(params_get(line, name, value, sizeof(value)), length);
    check_str(value, want);
}

TEST("params_get finds values")
{
    const char *line = "  log=monitor init=/bin/x flag log=console empty= run=ls | wc init=no ";

    check_param(line, "log", 7, "monitor");
    check_param(line, "init", 6, "/bin/x");
    check_param(line, "flag", 0, "");
    check_param(line, "empty", 0, "");
    check_param(line, "run", 16, "ls | wc init=no");
    check_param(line, "lo", -1, "-");
    check_param(line, "logs", -1, "-");
    check_param(line, "wc", -1, "-");
    check_param("", "run", -1, "-");
    check_param("run=", "run", 0, "");
}

TEST("params_parse_uint takes whole numbers alone")
{
    uint n = 7;

    check(params_parse_uint("0", &n) && n == 0);
    check(params_parse_uint("4294967295", &n) && n == 0xFFFFFFFFu);
    check(params_parse_uint("0xFfFfFfFf", &n) && n == 0xFFFFFFFFu);
    n = 7;
    check(!params_parse_uint("4294967296", &n));
    check(!params_parse_uint("0x100000000", &n));
    check(!params_parse_uint("", &n));
    check(!params_parse_uint("0x", &n));
    check(!params_parse_uint("-1", &n));
    check(!params_parse_uint("12 ", &n));
    check(!params_parse_uint("1a", &n));
    check_eq(n, 7);
}

TEST("string_copy cuts, and always ends its copy")
{
    char buf[4] = "xxx";

    check_eq(string_copy(buf, "abcdef", sizeof(buf)), 6);
    check_str(buf, "abc");
    check_eq(string_copy(buf, "", sizeof(buf)), 0);
    check(buf[0] == 0);
    check_eq(string_copy(buf, "abc", 0), 3);
}

/* Tables against a plain list of keys. */
#define NKEYS 400u

struct model {
    uint key[NKEYS];
    void *value[NKEYS];
    uint n;
};

static uint model_find(const struct model *m, uint key)
{
    uint i = 0;

    while (i < m->n && m->key[i] != key)
        i++;
    return i;
}

static void model_set(struct model *m, uint key, void *value)
{
    uint i = model_find(m, key);

    if (i == m->n)
        m->n++;
    m->key[i] = key;
    m->value[i] = value;
}

static void model_remove(struct model *m, uint i)
{
    m->n--;
    m->key[i] = m->key[m->n];
    m->value[i] = m->value[m->n];
}

static uint model_next(const struct model *m, uint from)
{
    uint best = m->n;

    for (uint i = 0; i < m->n; i++)
        if (m->key[i] >= from && (best == m->n || m->key[i] < m->key[best]))
            best = i;
    return best;
}

static uint random_state;

static uint pick(uint n) { return chance(&random_state, n); }

/* Mostly small and dense, sometimes anywhere, the ends included. */
static uint random_key(void)
{
    switch (pick(8)) {
    case 0:
        return chance_next(&random_state);
    case 1:
        return pick(4096);
    case 2:
        return 0xFFFFFFFFu - pick(4);
    default:
        return pick(64);
    }
}

static void compare(const struct table *t, const struct model *m)
{
    uint from = random_key(), key = from, want = model_next(m, from), slot = model_find(m, from);
    void *value = table_next(t, &key);

    check(value == (want == m->n ? NULL : m->value[want]));
    check(!value || key == m->key[want]);
    check(table_get(t, from) == (slot == m->n ? NULL : m->value[slot]));
}

static void one_step(struct table *t, struct model *m)
{
    uint key = random_key(), slot = model_find(m, key);
    char *value = (char *)m + 1 + pick(1000);

    if (pick(2) == 0) {
        check(table_remove(t, key) == (slot == m->n ? NULL : m->value[slot]));
        if (slot < m->n)
            model_remove(m, slot);
    } else if (m->n < NKEYS) {
        long before = objects;

        fail_at = pick(4);
        if (table_set(t, key, value))
            model_set(m, key, value);
        else
            check_eq(objects, before); /* a failure changes nothing */
        fail_at = 0;
    }
}

TEST("a table agrees with a list through random steps and failing allocations")
{
    for (uint seed = 1; seed <= 20 && !tap_failing(); seed++) {
        struct table t = TABLE_INIT;
        static struct model m;

        m.n = 0;
        random_state = chance_start(seed, 0);
        for (uint i = 0; i < 4000 && !tap_failing(); i++) {
            one_step(&t, &m);
            compare(&t, &m);
        }
        while (m.n) {
            check(table_remove(&t, m.key[0]) == m.value[0]);
            model_remove(&m, 0);
        }
        check_eq(objects, 0); /* the last entry takes the nodes along */
        check(!t.root);
        if (tap_failing())
            tap_note("seed %u", seed);
    }
}

static long paused_at, most_freed; /* objects at the last pause; freed between two pauses */

static void note_pause(void)
{
    if (paused_at - objects > most_freed)
        most_freed = paused_at - objects;
    paused_at = objects;
}

TEST("a table's nodes come and go with its entries")
{
    struct table t = TABLE_INIT;
    int value;

    for (uint key = 0; key < 16; key++)
        check(table_set(&t, key, &value));
    check_eq(objects, 1);
    check(table_set(&t, 0x12345678, &value));
    table_remove(&t, 0x12345678);
    check_eq(objects, 1);
    fail_at = 1;
    check(table_set(&t, 3, &objects)); /* replacing never fails */
    fail_at = 0;
    check(table_get(&t, 3) == &objects);
    check(table_set(&t, 1000, &value));
    table_clear(&t, note_pause);
    check_eq(objects, 0);
    check(!table_get(&t, 3));
}

TEST("others may run while a large table is cleared")
{
    struct table t = TABLE_INIT;

    for (uint key = 0; key < 40000; key++)
        check(table_set(&t, key, &t));
    paused_at = objects;
    most_freed = 0;
    table_clear(&t, note_pause);
    check_eq(objects, 0);
    check_eq(paused_at, 0);
    check(most_freed <= 17);
}

TAP_MAIN(NULL, NULL)
