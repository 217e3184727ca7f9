#include "internal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

cn_rescue cn_rescue_plan;

static const int endings[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT};
enum { ENDINGS = sizeof endings / sizeof *endings, CRASHES = sizeof crashes / sizeof *crashes };

static struct sigaction before_ending[ENDINGS], before_crash[CRASHES], before_winch, before_cont;
static volatile sig_atomic_t ending, endings_unheard, resized;
static int signal_pipe[2] = {-1, -1};
static int captured = -1, real_errors = -1;

// MARK: standard error

void cn_capture_errors(void) {
    // A file or a pipe cannot spoil the screen.
    if (captured >= 0 || !isatty(STDERR_FILENO)) return;
    captured = memfd_create("standard error", MFD_CLOEXEC);
    if (captured < 0) return;
    real_errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (real_errors < 0 || dup2(captured, STDERR_FILENO) < 0) {
        close(captured);
        captured = -1;
    }
}

/// Only calls that are safe in a signal handler.
void cn_release_errors(void) {
    if (captured < 0) return;
    dup2(real_errors, STDERR_FILENO);
    close(real_errors);
    lseek(captured, 0, SEEK_SET);
    char buffer[4096];
    ssize_t count;
    while ((count = read(captured, buffer, sizeof buffer)) > 0) {
        if (write(STDERR_FILENO, buffer, (size_t)count) < 0) break;
    }
    close(captured);
    captured = real_errors = -1;
}

// MARK: handlers

/// Leaves the alternate screen with bytes and modes that were prepared; safe in a signal handler.
static void rescue(void) {
    if (!cn_rescue_plan.is_open) return;
    cn_rescue_plan.is_open = false;
    ssize_t ignored = write(cn_rescue_plan.output, cn_rescue_plan.reset, cn_rescue_plan.reset_count);
    (void)ignored;
    tcsetattr(cn_rescue_plan.input, TCSANOW, &cn_rescue_plan.modes);
    cn_release_errors();
}

static void wake(void) {
    ssize_t ignored = write(signal_pipe[1], "", 1);
    (void)ignored;
}

/// Asked to end. The run loop is told; if it does not listen, a third asking ends at once.
static void on_ending(int number) {
    ending = number;
    endings_unheard += 1;
    if (endings_unheard >= 3 || (endings_unheard >= 2 && number == SIGTERM)) {
        rescue();
        _exit(128 + number);
    }
    wake();
}

static void on_change(int number) {
    (void)number;
    resized = 1;
    wake();
}

/// The program is broken: put the terminal back, then let whoever handled this before (Swift's backtracer) have it.
static void on_crash(int number) {
    rescue();
    for (int i = 0; i < CRASHES; i++) {
        if (crashes[i] == number) sigaction(number, &before_crash[i], NULL);
    }
    // A fault happens again by itself when the handler returns; these two do not.
    if (number == SIGABRT || number == SIGTRAP) raise(number);
}

void cn_install_handlers(void) {
    if (pipe2(signal_pipe, O_NONBLOCK | O_CLOEXEC) != 0) signal_pipe[0] = signal_pipe[1] = -1;
    ending = endings_unheard = resized = 0;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_handler = on_ending;
    for (int i = 0; i < ENDINGS; i++) sigaction(endings[i], &action, &before_ending[i]);
    action.sa_handler = on_change;
    action.sa_flags = SA_RESTART;
    sigaction(SIGWINCH, &action, &before_winch);
    sigaction(SIGCONT, &action, &before_cont);
    action.sa_handler = on_crash;
    action.sa_flags = SA_ONSTACK;
    for (int i = 0; i < CRASHES; i++) sigaction(crashes[i], &action, &before_crash[i]);
}

void cn_remove_handlers(void) {
    for (int i = 0; i < ENDINGS; i++) sigaction(endings[i], &before_ending[i], NULL);
    for (int i = 0; i < CRASHES; i++) sigaction(crashes[i], &before_crash[i], NULL);
    sigaction(SIGWINCH, &before_winch, NULL);
    sigaction(SIGCONT, &before_cont, NULL);
    if (signal_pipe[0] >= 0) {
        close(signal_pipe[0]);
        close(signal_pipe[1]);
    }
    signal_pipe[0] = signal_pipe[1] = -1;
}

int cn_signal_pipe(void) { return signal_pipe[0]; }

void cn_drain_signals(void) {
    char bytes[64];
    while (read(signal_pipe[0], bytes, sizeof bytes) > 0) {}
}

int cn_take_signal(void) {
    int number = ending;
    ending = endings_unheard = 0;
    return number;
}

bool cn_take_resize(void) {
    bool has = resized;
    resized = 0;
    return has;
}

void cn_note_resize(void) { resized = 1; }
