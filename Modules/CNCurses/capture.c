// Standard error is held back while the screen is shown: one stray line would tear it, and the alternate screen would
// take the line along when it goes.
#include "private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

static int memory = -1;
static int standard_error = -1;

void cn_write_all(int descriptor, const char *bytes, size_t count) {
    while (count > 0) {
        const ssize_t sent = write(descriptor, bytes, count);
        if (sent > 0) {
            bytes += sent;
            count -= (size_t)sent;
        } else if (sent < 0 && errno == EAGAIN) {
            // A terminal that somebody made non-blocking. One that stays full for a second has nobody reading it.
            struct pollfd room = {.fd = descriptor, .events = POLLOUT};
            if (poll(&room, 1, 1000) == 0) return;
        } else if (sent == 0 || errno != EINTR) {
            return;
        }
    }
}

void cn_capture_open(void) {
    if (memory >= 0) return;
    // Without memory to spare, or without a standard error at all, the program runs uncaptured.
    const int fresh = memfd_create("standard error", MFD_CLOEXEC);
    if (fresh < 0) return;
    standard_error = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (standard_error < 0 || dup2(fresh, STDERR_FILENO) < 0) {
        if (standard_error >= 0) close(standard_error);
        close(fresh);
        standard_error = -1;
        return;
    }
    memory = fresh;
}

void cn_capture_close(void) {
    const int held = memory;
    if (held < 0) return;
    memory = -1;
    dup2(standard_error, STDERR_FILENO);
    close(standard_error);
    standard_error = -1;

    char bytes[1024];
    off_t place = 0;
    for (;;) {
        const ssize_t count = pread(held, bytes, sizeof bytes, place);
        if (count <= 0) break;
        cn_write_all(STDERR_FILENO, bytes, (size_t)count);
        place += count;
    }
    close(held);
}
