// A small module over ncursesw: open, draw a cell, read an event, put the terminal back whatever happens.
// Plain C types only, so that Swift never meets curses' macros, variadics and globals. There is one screen, and all of
// this is for one thread; only the signal handlers come from anywhere.
#ifndef CNCURSES_H
#define CNCURSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    CN_OK = 0,
    CN_UNKNOWN_TERMINAL,   ///< no terminfo entry of that name
    CN_NO_CURSOR_MOTION,   ///< an entry without `cup`, as `dumb`
    CN_NOT_A_TERMINAL,     ///< input or output is not a terminal
    CN_IN_BACKGROUND,      ///< the terminal is another job's, and there is no shell to bring this one to the front
    CN_NO_SCREEN,          ///< curses makes no screen of this terminal
} cn_status;

typedef enum {
    CN_BOLD = 1, CN_UNDERLINE = 2, CN_REVERSE = 4, CN_DIM = 8,
} cn_attribute;

typedef enum {
    CN_EVENT_NONE,        ///< the time ran out
    CN_EVENT_CHARACTER,   ///< `code` is a Unicode scalar or a control character
    CN_EVENT_KEY,         ///< `code` is a cn_key
    CN_EVENT_MOUSE,       ///< `code` is a cn_mouse, at column `x` of row `y`
    CN_EVENT_RESIZE,      ///< the size has changed, or the program came back from a suspension
    CN_EVENT_SIGNAL,      ///< `code` is SIGINT, SIGTERM, SIGHUP or SIGQUIT
    CN_EVENT_END,         ///< the terminal is gone
} cn_event_kind;

typedef enum {
    CN_KEY_UP, CN_KEY_DOWN, CN_KEY_LEFT, CN_KEY_RIGHT, CN_KEY_HOME, CN_KEY_END, CN_KEY_PAGE_UP, CN_KEY_PAGE_DOWN,
    CN_KEY_ENTER, CN_KEY_BACKSPACE, CN_KEY_DELETE, CN_KEY_BACK_TAB, CN_KEY_CONTROL_LEFT, CN_KEY_CONTROL_RIGHT,
    CN_KEY_PASTE_BEGIN, CN_KEY_PASTE_END,  ///< around text that was pasted
    CN_KEY_F1,            ///< F2 … F12 follow
} cn_key;

typedef enum {
    CN_MOUSE_PRESS,       ///< of the first button; nothing tells of its release
    CN_MOUSE_WHEEL_UP, CN_MOUSE_WHEEL_DOWN,
} cn_mouse;

typedef struct {
    int32_t kind;         ///< a cn_event_kind
    int32_t code;
    int32_t x, y;         ///< from 0
} cn_event;

/// Opens the full screen on `term`, reading keys from descriptor `input` and drawing on `output`, and installs the
/// handlers that put the terminal back on a signal or a crash. Standard error is captured until `cn_close`, which
/// then writes it out. A screen that is open already is closed first; after a failure everything but
/// the locale is as it was. `mouse` has the terminal report its mouse, which then selects no text by itself, for as
/// long as the screen is shown.
///
/// SIGINT, SIGTERM, SIGHUP and SIGQUIT become events. A program too busy to read them is ended all the same by the
/// third in a row, or by a second SIGTERM, with the status 128 + the signal's number.
cn_status cn_open(const char *term, int input, int output, bool mouse);

/// Puts the terminal back as it was and writes what was sent to standard error meanwhile. Harmless when not open.
void cn_close(void);

/// The size that cells are drawn in. It follows the terminal's with the CN_EVENT_RESIZE that reports the change.
void cn_size(int32_t *columns, int32_t *rows);

/// How many colours the terminal has; 0 when none. 16,777,216 where a colour number is its 24-bit RGB value.
int32_t cn_colors(void);

/// Whether the locale, as found or as helped with C.UTF-8, writes UTF-8; `found` tells whether it did so unhelped.
bool cn_unicode(bool *found);

/// Puts one scalar at a cell. A colour of −1 is the terminal's own, as is one that it does not have. A
/// scalar that is not one column wide shows as `?`, and a cell outside the screen is left out.
void cn_put(int32_t row, int32_t column, uint32_t scalar, int32_t foreground, int32_t background, uint32_t attributes);

/// Sends the differences to the terminal.
void cn_present(void);

/// Forgets what the terminal shows, so that the next `cn_present` sends everything.
void cn_redraw(void);

/// Sends bytes to the terminal as they are, between two frames. They must leave cursor and colours alone.
void cn_send(const uint8_t *bytes, size_t count);

/// Waits for one event; a negative time waits without end. Signals come before keys.
cn_event cn_read(int32_t milliseconds);

/// Leaves the full screen, stops the process group as ^Z does, and comes back after `fg`. The next event is then
/// CN_EVENT_RESIZE, or CN_EVENT_SIGNAL when the program was continued only to be ended. Continued in the background the
/// program touches the terminal no more until it is brought to the front. Where the stop has nobody to
/// end it (no job control) it is left out.
void cn_suspend(void);

#endif
