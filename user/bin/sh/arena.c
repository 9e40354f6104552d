/*
 * arena.c - see arena.h: a list of chunks, of which the newest has room.
 */
#include "arena.h"

#define CHUNK_SIZE 2000u
#define ALIGNMENT  4u

struct chunk {
    struct chunk *next;
    uint used, size;
};

static struct chunk *arena;

static uint round_up(uint n) { return (n + ALIGNMENT - 1) & ~(ALIGNMENT - 1); }

static char *bytes_of(struct chunk *c) { return (char *)(c + 1); }

void *arena_take(uint nbytes)
{
    uint n = round_up(nbytes);

    if (!arena || arena->size - arena->used < n) {
        uint size = 2 * n > CHUNK_SIZE ? 2 * n : CHUNK_SIZE;
        struct chunk *c = malloc(sizeof(*c) + size);

        if (!c)
            fail(1, "out of memory");
        *c = (struct chunk){ arena, 0, size };
        arena = c;
    }

    void *p = bytes_of(arena) + arena->used;

    arena->used += n;
    return p;
}

void arena_give_back(const char *end) { arena->used = round_up(end - bytes_of(arena)); }

void *arena_alloc(uint nbytes) { return memset(arena_take(nbytes), 0, nbytes); }

struct arena_place arena_place(void) { return (struct arena_place){ arena, arena ? arena->used : 0 }; }

void arena_release(struct arena_place place)
{
    while (arena != place.chunk) {
        struct chunk *next = arena->next;

        free(arena);
        arena = next;
    }
    if (arena)
        arena->used = place.used;
}

void arena_free(void) { arena_release((struct arena_place){ NULL, 0 }); }

void words_add(struct words *w, char *word)
{
    if (w->count + 1 >= w->room) {
        char **larger = arena_alloc((w->room = 2 * w->room + 8) * sizeof(*larger));

        if (w->count > 0)
            memmove(larger, w->at, w->count * sizeof(*larger));
        w->at = larger;
    }
    w->at[w->count++] = word;
}
