// A terminal that a test holds the other end of.
#ifndef CPSEUDOTERMINAL_H
#define CPSEUDOTERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    int32_t master;   ///< the end of the test
    int32_t slave;    ///< the end of the program, held open so that nothing it wrote is lost when it ends
    int32_t process;  ///< the program's number
} pt_terminal;

/// Starts a program as the leader of a session of its own on a new terminal; false when that failed.
/// The lists of arguments and of the environment end with NULL.
bool pt_start(
    pt_terminal *terminal, const char *path, char *const *arguments, char *const *environment, int32_t columns,
    int32_t rows);

/// Closes both ends, whichever is still open. A program that still runs sees its terminal hang up.
void pt_close(pt_terminal *terminal);

bool pt_resize(const pt_terminal *terminal, int32_t columns, int32_t rows);

/// Reads what the program has written: a count of bytes, 0 when none came in time, −1 when none can come any more.
long pt_read(const pt_terminal *terminal, uint8_t *bytes, size_t count, int32_t milliseconds);

/// Types; true when all of it was taken.
bool pt_write(const pt_terminal *terminal, const uint8_t *bytes, size_t count);

/// Sends a signal to the program.
bool pt_signal(const pt_terminal *terminal, int32_t number);

/// Waits for the program to end. When it has, one of `status` and `signal` is set and the other is −1.
bool pt_wait(const pt_terminal *terminal, int32_t milliseconds, int32_t *status, int32_t *signal);

/// Whether the terminal echoes, and whether it gathers lines.
bool pt_modes(const pt_terminal *terminal, bool *echo, bool *canonical);

#endif
