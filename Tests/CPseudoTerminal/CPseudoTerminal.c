#include "CPseudoTerminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

// Opens both ends closed-on-exec from the start: `forkpty` would leave them to whatever program another test starts in
// the meantime, and that terminal could no longer hang up.
static bool open_pair(pt_terminal *terminal, int32_t columns, int32_t rows) {
    char name[64];
    terminal->process = -1;
    terminal->slave = -1;
    terminal->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal->master < 0) return false;
    if (grantpt(terminal->master) != 0 || unlockpt(terminal->master) != 0) return false;
    if (ptsname_r(terminal->master, name, sizeof name) != 0) return false;
    terminal->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    return terminal->slave >= 0 && pt_resize(terminal, columns, rows);
}

// In the child, between `fork` and `execve`, where little is allowed.
static void become(int slave, const char *path, char *const *arguments, char *const *environment) {
    // What the test runner ignores or blocks is not the program's business.
    const struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) sigaction(number, &standard, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (setsid() < 0 || ioctl(slave, TIOCSCTTY, 0) != 0) _exit(127);
    for (int descriptor = 0; descriptor < 3; descriptor++) {
        if (dup2(slave, descriptor) < 0) _exit(127);
    }
    execve(path, arguments, environment);
    _exit(127);
}

bool pt_start(
    pt_terminal *terminal, const char *path, char *const *arguments, char *const *environment, int32_t columns,
    int32_t rows
) {
    if (open_pair(terminal, columns, rows)) {
        terminal->process = fork();
        if (terminal->process == 0) become(terminal->slave, path, arguments, environment);
        if (terminal->process > 0) return true;
    }
    pt_close(terminal);
    return false;
}

void pt_close(pt_terminal *terminal) {
    if (terminal->slave >= 0) close(terminal->slave);
    if (terminal->master >= 0) close(terminal->master);
    terminal->slave = terminal->master = -1;
}

bool pt_resize(const pt_terminal *terminal, int32_t columns, int32_t rows) {
    const struct winsize size = {.ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows};
    return ioctl(terminal->master, TIOCSWINSZ, &size) == 0;
}

long pt_read(const pt_terminal *terminal, uint8_t *bytes, size_t count, int32_t milliseconds) {
    struct pollfd ready = {.fd = terminal->master, .events = POLLIN};
    const int result = poll(&ready, 1, milliseconds);
    if (result == 0 || (result < 0 && errno == EINTR)) return 0;
    const ssize_t got = read(terminal->master, bytes, count);
    return got > 0 ? (long)got : -1;
}

bool pt_write(const pt_terminal *terminal, const uint8_t *bytes, size_t count) {
    while (count > 0) {
        const ssize_t sent = write(terminal->master, bytes, count);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        bytes += sent;
        count -= (size_t)sent;
    }
    return true;
}

bool pt_signal(const pt_terminal *terminal, int32_t number) { return kill(terminal->process, number) == 0; }

bool pt_wait(const pt_terminal *terminal, int32_t milliseconds, int32_t *status, int32_t *signal) {
    // Waiting for a process with a limit, and without asking again and again.
    const int process = pidfd_open(terminal->process, 0);
    if (process < 0) return false;
    struct pollfd ended = {.fd = process, .events = POLLIN};
    const int count = poll(&ended, 1, milliseconds);
    close(process);
    int result = 0;
    if (count <= 0 || waitpid(terminal->process, &result, WNOHANG) != terminal->process) return false;
    *status = WIFEXITED(result) ? WEXITSTATUS(result) : -1;
    *signal = WIFSIGNALED(result) ? WTERMSIG(result) : -1;
    return true;
}

bool pt_modes(const pt_terminal *terminal, bool *echo, bool *canonical) {
    struct termios modes;
    if (tcgetattr(terminal->master, &modes) != 0) return false;
    *echo = (modes.c_lflag & ECHO) != 0;
    *canonical = (modes.c_lflag & ICANON) != 0;
    return true;
}
