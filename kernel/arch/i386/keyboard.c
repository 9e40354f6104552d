/*
 * keyboard.c - the PC's keyboard, US layout, as characters.
 *
 * The controller translates to scan code set 1: bit 7 is set when a key is released, and 0xE0 precedes the
 * keys that the first PCs did not have.  Of those, arrows, Home, End and Delete are passed on as what a terminal sends
 * for them.  Shift-PageUp and Shift-PageDown are for the screen, and any other key shows what is written now.
 */
#include "i386_impl.h"
#include "io.h"

#define KEYBOARD_IRQ 1

#define DATA              0x60
#define STATUS            0x64
#define STATUS_FULL       0x01
#define STATUS_FROM_MOUSE 0x20

enum {
    KEY_EXTENDED = 0xE0,
    KEY_RELEASED = 0x80,
    KEY_CTRL = 0x1D,
    KEY_SHIFT_LEFT = 0x2A,
    KEY_SHIFT_RIGHT = 0x36,
    KEY_CAPS = 0x3A,
    KEY_PAGE_UP = 0x49,
    KEY_PAGE_DOWN = 0x51,
    KEY_SLASH = 0x35,
    KEY_ENTER = 0x1C
};

/* What the other extended keys send after ESC [. */
static const struct {
    uchar key;
    const char *sequence;
} sequences[] = {
    { 0x48, "A" }, { 0x50, "B" }, { 0x4D, "C" }, { 0x4B, "D" }, { 0x47, "H" }, { 0x4F, "F" }, { 0x53, "3~" },
};

/* By scan code; 0: no character. */
static const char plain[] = "\0\0331234567890-=\b\tqwertyuiop[]\n\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 "
                            "\0\0\0\0\0\0\0\0\0\0\0\0\0"
                            "789-456+1230.";
static const char shifted[] = "\0\033!@#$%^&*()_+\b\tQWERTYUIOP{}\n\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 "
                              "\0\0\0\0\0\0\0\0\0\0\0\0\0"
                              "789-456+1230.";

_Static_assert(sizeof(plain) == 0x54 + 1 && sizeof(shifted) == sizeof(plain), "the last is the keypad's dot");

static bool shift_left, shift_right, ctrl, caps, extended;

static int character(uchar key)
{
    bool shift = shift_left || shift_right;
    char c;

    if (extended)
        return key == KEY_SLASH ? '/' : key == KEY_ENTER ? '\n' : 0;
    if (key >= sizeof(plain) - 1)
        return 0;
    c = plain[key];
    if (c >= 'a' && c <= 'z') {
        if (ctrl)
            return c - 'a' + 1;
        return shift != caps ? shifted[key] : c;
    }
    if (ctrl)
        return c >= '[' && c <= ']' ? c - '@' : 0;
    return shift ? shifted[key] : c;
}

static void send_sequence(uchar key)
{
    for (uint i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
        if (sequences[i].key != key)
            continue;
        kernel_interrupt(INTERRUPT_INPUT, '\033');
        kernel_interrupt(INTERRUPT_INPUT, '[');
        for (const char *c = sequences[i].sequence; *c; c++)
            kernel_interrupt(INTERRUPT_INPUT, *c);
    }
}

/* A key that stands for something, with what is held down beside it. */
static void key_pressed(uchar key)
{
    int c = character(key);

    if (extended && (key == KEY_PAGE_UP || key == KEY_PAGE_DOWN)) {
        if (shift_left || shift_right)
            screen_page(key == KEY_PAGE_UP ? -1 : 1);
        return;
    }
    screen_page(0);
    if (c)
        kernel_interrupt(INTERRUPT_INPUT, c);
    else if (extended)
        send_sequence(key);
}

static void key_changed(uchar code)
{
    uchar key = code & ~KEY_RELEASED;
    bool pressed = !(code & KEY_RELEASED);

    if (key == KEY_CTRL)
        ctrl = pressed;
    else if (key == KEY_SHIFT_LEFT) /* an extended one is no key: it goes along with others */
        shift_left = extended ? shift_left : pressed;
    else if (key == KEY_SHIFT_RIGHT)
        shift_right = extended ? shift_right : pressed;
    else if (key == KEY_CAPS)
        caps ^= pressed;
    else if (pressed)
        key_pressed(key);
    extended = false;
}

static void keyboard_interrupt(uint irq)
{
    uchar status;

    (void)irq;
    while ((status = port_read8(STATUS)) & STATUS_FULL) {
        uchar code = port_read8(DATA);
        if (status == 0xFF)
            return; /* no controller */
        if (status & STATUS_FROM_MOUSE)
            continue;
        if (code == KEY_EXTENDED)
            extended = true;
        else
            key_changed(code);
    }
}

void keyboard_start(void)
{
    interrupt_handle(KEYBOARD_IRQ, keyboard_interrupt);
    keyboard_interrupt(KEYBOARD_IRQ); /* a full buffer would never interrupt again */
}
