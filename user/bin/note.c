/*
 * note.c - a note in shared memory, for all who know its name.
 *
 *   note           prints it; the attachment is read-only
 *   note TEXT      writes it
 *   note -r TEXT   tries to write it through a read-only attachment: the kernel ends the program (§4.4)
 */
#include "ksm.h"
#include "ulib.h"

#define NOTE_SIZE PAGE_SIZE

static char *attach(int access)
{
    int handle = ksmget("note", NOTE_SIZE);
    char *note = handle < 0 ? NULL : ksmattach(handle, access);
    int error = handle < 0 ? handle : ksmerror(note);

    if (error < 0)
        fail(1, "%s", ksmstrerror(error));
    return note;
}

/* A copy: others may write the note meanwhile. */
static void show(const char *before, const char *note)
{
    static char text[NOTE_SIZE];

    memcpy(text, note, NOTE_SIZE);
    make_printable(text, strnlen(text, NOTE_SIZE));
    must_print("%s%.*s\n", before, (int)NOTE_SIZE, text);
}

int main(int argc, char *argv[])
{
    int access = KSM_RDWR;

    if (argc == 1) {
        show("", attach(KSM_READ));
        return 0;
    }
    if (argc == 3 && strcmp(argv[1], "-r") == 0)
        access = KSM_READ;
    else if (argc != 2 || argv[1][0] == '-')
        fail(2, "usage: note [[-r] TEXT]");

    char *note = attach(access);

    show("the note said: ", note);
    snprintf(note, NOTE_SIZE, "%s", argv[argc - 1]);
    show("now it says: ", note);
    return 0;
}
