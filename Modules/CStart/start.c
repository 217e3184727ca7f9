#include "CStart.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT};
#define CRASHES (sizeof crashes / sizeof *crashes)
static struct sigaction crashes_before[CRASHES];
static bool ignores_quit;

static void on_quit(int number) { _exit(128 + number); }

static void on_crash(int number, siginfo_t *info, void *context) {
    // Without keys there is nobody to ask.
    const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0) dup2(nothing, STDIN_FILENO);
    for (size_t i = 0; i < CRASHES; i++) {
        const struct sigaction *before = &crashes_before[i];
        if (crashes[i] != number) continue;
        if (before->sa_flags & SA_SIGINFO) before->sa_sigaction(number, info, context);
    }
    // The report is made. A fault happens again on return; a signal that was sent would be the end of it, and the program
    // would go on as if nothing had been.
    signal(number, SIG_DFL);
    raise(number);
}

// The runtime's library installs its handlers when it is loaded. Until ours is there SIGQUIT waits.
static void before_libraries(void) {
    struct sigaction found;
    ignores_quit = sigaction(SIGQUIT, NULL, &found) == 0 && found.sa_handler == SIG_IGN;
    sigset_t quit;
    sigemptyset(&quit);
    sigaddset(&quit, SIGQUIT);
    sigprocmask(SIG_BLOCK, &quit, NULL);
}

__attribute__((section(".preinit_array"), used)) static void (*const first)(void) = before_libraries;

__attribute__((constructor)) static void after_libraries(void) {
    struct sigaction action = {.sa_handler = ignores_quit ? SIG_IGN : on_quit};
    sigaction(SIGQUIT, &action, NULL);
    // Whoever started the program may have held signals back on its own account: here they count.
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    action = (struct sigaction){.sa_flags = SA_SIGINFO | SA_ONSTACK};
    action.sa_sigaction = on_crash;
    for (size_t i = 0; i < CRASHES; i++) sigaction(crashes[i], &action, &crashes_before[i]);
}
