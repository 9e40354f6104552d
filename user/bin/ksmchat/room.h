/*
 * room.h - a room of ksmchat's, and what the processes of a person do there: see ksmchat.c.
 *
 * What can't go on ends the program with a message.
 */
#ifndef ROOM_H
#define ROOM_H

#include "ksmlock.h"
#include "ksmring.h"
#include "ulib.h"

#define NSEATS     64u
#define INBOX      2048u /* bytes of a ring */
#define NAME_SIZE  32
#define TEXT_SIZE  800  /* bytes: longer lines go in pieces */
#define LOOK_TICKS 5    /* between counts of the people */
#define END_TICKS  1000 /* for another process to take what is there */

enum kind { LINE, COMES, LEAVES, END /* to the sender's own second process */ };

enum state { EMPTY, TALKS, LISTENS };

struct message {
    uint generation;
    uint kind;
    char name[NAME_SIZE];
    char text[TEXT_SIZE];
};
#define MESSAGE_HEAD (sizeof(struct message) - TEXT_SIZE)

struct seat {
    struct ksmlock owner;
    uint generation;
    uint state; /* enum state */
    uint nlost; /* messages to its owner that did not fit */
    uchar inbox[KSMRING_NBYTES(INBOX, NSEATS + 1)] __attribute__((aligned(64)));
};

struct room {
    uint mark;           /* MARK; 0: it is not furnished yet */
    struct ksmlock door; /* held while somebody comes */
    struct seat seats[NSEATS] __attribute__((aligned(64)));
};

/* What a person knows of another one's seat. */
struct other {
    struct ksmring inbox;
    bool joined;
    uint generation; /* of the person there */
    uint nkept_up;   /* messages to that person that fitted in a row */
};

struct person {
    const char *id; /* of the room */
    struct room *room;
    uint seat, generation;
    const char *name;
    struct other others[NSEATS];
};

/* Goes in, and holds the door.  Sleeps: may. */
void enter_room(struct person *person);
/* Takes a free seat, as a person that talks, and lets go of the door.  Sleeps: no. */
void take_seat(struct person *person);
void set_state(struct person *person, enum state state);
/* Gives the seat back.  Sleeps: no. */
void leave_room(struct person *person);
/* The number of living people, or of those that may still say something.  Sleeps: no. */
uint count_people(const struct room *room, bool talking);

/* Does the process live?  Sleeps: no. */
bool lives(int pid);
/* Waits until it has ended, and kills it if it is stuck.  Sleeps: may. */
void await_end(int pid);

/* What we know of the person in a seat; NULL: its inbox is damaged, or full of writers.  Sleeps: no. */
struct other *look_at(struct person *person, uint index, uint generation);
/* Sends n bytes of text to everybody else.  Sleeps: may. */
void broadcast(struct person *person, enum kind kind, const char *text, uint n);
/* Opens our inbox, and joins it as its reader.  Sleeps: may. */
void open_inbox(const struct person *person, struct ksmring *ring);

#endif
