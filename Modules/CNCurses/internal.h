// What the screen half and the signal half of this module share.
#ifndef CNCURSES_INTERNAL_H
#define CNCURSES_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

/// Everything a signal handler needs to put the terminal back, prepared while it was still safe to ask for it.
typedef struct {
    bool is_open;
    int output;
    int input;
    struct termios modes;
    char reset[256];
    size_t reset_count;
} cn_rescue;

extern cn_rescue cn_rescue_plan;

void cn_install_handlers(void);
void cn_remove_handlers(void);
/// The descriptor that becomes readable when a handler has something to say.
int cn_signal_pipe(void);
/// Empties that descriptor.
void cn_drain_signals(void);
/// The signal that asks to end, or 0; asking takes it away.
int cn_take_signal(void);
/// Whether the size may have changed or the program was continued; asking takes it away.
bool cn_take_resize(void);
void cn_note_resize(void);

/// Sends standard error to memory while it would spoil the screen, and writes it out again.
void cn_capture_errors(void);
void cn_release_errors(void);

#endif
