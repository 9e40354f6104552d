/*
 * list.h - circular doubly linked lists, with the links inside the objects.
 *
 * A head is a link of its own; an empty list's head points to itself.  So does a link that list_remove()
 * took out: list_linked() is false for it.  The caller's lock guards a list.  Sleeps: no.
 */
#ifndef LIST_H
#define LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *prev;
};

/* clang-format off */
#define LIST_INIT(head) { &(head), &(head) }
/* clang-format on */
#define container_of(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))
#define list_for_each(p, head)        for (struct list *p = (head)->next; p != (head); p = p->next)
/* The loop's body may remove p. */
#define list_for_each_safe(p, head) \
    for (struct list *p = (head)->next, *p##_next = p->next; p != (head); p = p##_next, p##_next = p->next)

static inline void list_init(struct list *l) { l->next = l->prev = l; }
static inline bool list_empty(const struct list *l) { return l->next == l; }
static inline bool list_linked(const struct list *l) { return l->next != l; }

static inline void list_insert(struct list *at, struct list *l) /* before `at` */
{
    struct list *prev = at->prev;

    l->next = at;
    l->prev = prev;
    prev->next = l;
    at->prev = l;
}
static inline void list_push_back(struct list *head, struct list *l) { list_insert(head, l); }
static inline void list_push_front(struct list *head, struct list *l) { list_insert(head->next, l); }

/* For a link that nobody looks at afterwards. */
static inline void list_unlink(const struct list *l)
{
    struct list *prev = l->prev, *next = l->next;

    prev->next = next;
    next->prev = prev;
}

static inline void list_remove(struct list *l)
{
    list_unlink(l);
    list_init(l);
}

/* Moves all links of `from` to `to`, which is not initialised. */
static inline void list_move_all(struct list *to, struct list *from)
{
    list_insert(from, to);
    list_remove(from);
}

/* The first link, taken out; NULL when the list is empty. */
static inline struct list *list_pop(struct list *head)
{
    struct list *l = head->next;

    if (l == head)
        return NULL;
    /* Whoever frees an element takes it out first.  NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
    list_remove(l);
    return l;
}

#endif
