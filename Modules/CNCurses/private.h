// What the parts of the module share. `cncurses.c` draws, `input.c` reads, `signals.c` answers signals, `capture.c`
// holds standard error back. Only `cncurses.c` and `input.c` know curses.
#ifndef CN_PRIVATE_H
#define CN_PRIVATE_H

#include "CNCurses.h"

#include <sys/types.h>
#include <termios.h>

// cncurses.c

/// Takes over the size that the terminal has now; false when it is the one already known.
bool cn_apply_size(void);

/// Leaves the screen, stops `target` (a process, or 0 for the group), and comes back when continued.
void cn_pause(pid_t target);

/// Sets the terminal up again after someone else stopped and continued the program; false when that was done in the
/// background, where the terminal is another job's.
bool cn_resume(void);

/// Whether the screen was left and not entered again, since the program was asked to end while it was stopped, or goes on
/// in the background.
bool cn_is_left(void);

// input.c

/// Starts reading keys from a descriptor; a screen must be open.
bool cn_input_open(int descriptor);
void cn_input_close(void);

/// Makes the next `cn_read` report that the screen must be drawn again.
void cn_input_expect_redraw(void);

// signals.c

/// What a signal asked for and `cn_read` has yet to answer.
typedef enum { CN_ASKED_STOP, CN_ASKED_RESUME, CN_ASKED_RESIZE, CN_ASKED_COUNT } cn_asked;

/// Installs the handlers. `modes` are what they give back to the terminal on `output` when nobody else can.
bool cn_signals_open(int output, const struct termios *modes);
void cn_signals_close(void);

/// Whether the screen is shown, so that there is something for a handler to put back.
void cn_signals_set_shown(bool shown);

/// The bytes that take the terminal back to where the shell left it, for handlers that cannot ask curses.
void cn_signals_set_reset(const char *bytes, size_t count);

/// The descriptor that becomes readable with every signal, and how to empty it.
int cn_signals_descriptor(void);
void cn_signals_drain(void);

/// Whether this was asked since it was last taken.
bool cn_signals_take(cn_asked what);

/// The next signal that asks the program to end, or 0; `peek` leaves it to be taken.
int cn_signals_take_end(bool peek);

/// Whether a handler has put the terminal back already: nothing may be drawn any more.
bool cn_signals_are_over(void);

/// Stops `target` as SIGTSTP does by default; returns when the program has been continued.
void cn_signals_stop(pid_t target);

// capture.c

/// Sends standard error to memory.
void cn_capture_open(void);

/// Puts standard error back and writes out what came meanwhile. Safe in a signal handler.
void cn_capture_close(void);

/// Writes everything, whatever interrupts it. Safe in a signal handler.
void cn_write_all(int descriptor, const char *bytes, size_t count);

#endif
