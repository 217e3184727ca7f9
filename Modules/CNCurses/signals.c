// Signals. Handlers of requests only set a flag and wake `cn_read` through a pipe, so that the program ends, stops and
// redraws where it is able to. Handlers of crashes put the terminal back themselves and let the crash happen again.
#include "private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static const int requests[CN_ASKED_COUNT] = {SIGTSTP, SIGCONT, SIGWINCH};
static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT};

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define ENDS COUNT(ends)
#define CRASHES COUNT(crashes)

static struct sigaction ends_before[ENDS];
static struct sigaction requests_before[CN_ASKED_COUNT];
static struct sigaction crashes_before[CRASHES];
static bool installed;

static atomic_bool end_asked[ENDS];
static atomic_bool asked[CN_ASKED_COUNT];
static atomic_int unheard;       // ending signals that nobody has taken yet
static atomic_int terminations;  // SIGTERMs since the screen was opened, taken or not
static atomic_bool shown;        // else the terminal is the shell's, and no handler touches it
static atomic_bool over;
static int wake[2] = {-1, -1};

static int output = -1;
static struct termios modes;
static char reset[256];
static atomic_size_t reset_count;

// A stack overflow leaves no stack for its handler; one of our own costs little.
static char spare_stack[64 * 1024];

static void put_terminal_back(void) {
    if (atomic_exchange(&over, true)) return;
    if (atomic_load(&shown)) {
        cn_write_all(output, reset, atomic_load(&reset_count));
        tcsetattr(output, TCSANOW, &modes);
    }
    cn_capture_close();
}

static void wake_reader(void) {
    // A full pipe wakes as well as one byte more would.
    if (write(wake[1], "", 1) < 0) return;
}

static void on_end(int number) {
    const int error = errno;
    const bool again = number == SIGTERM && atomic_fetch_add(&terminations, 1) > 0;
    // A program that is busy must still be endable: the third request, or a second SIGTERM, is not left to it. Nor is
    // one that comes while a crash is being reported.
    if (atomic_fetch_add(&unheard, 1) >= 2 || again || atomic_load(&over)) {
        put_terminal_back();
        _exit(128 + number);
    }
    for (size_t i = 0; i < ENDS; i++) {
        if (ends[i] == number) atomic_store(&end_asked[i], true);
    }
    wake_reader();
    errno = error;
}

static void on_request(int number) {
    const int error = errno;
    for (size_t i = 0; i < CN_ASKED_COUNT; i++) {
        if (requests[i] == number) atomic_store(&asked[i], true);
    }
    wake_reader();
    errno = error;
}

static void on_crash(int number, siginfo_t *info, void *context) {
    (void)context;
    put_terminal_back();
    for (size_t i = 0; i < CRASHES; i++) {
        if (crashes[i] == number) sigaction(number, &crashes_before[i], NULL);
    }
    // A fault happens again on return, with the handler that was there before; what was sent (as by `abort`) or has
    // already moved past its instruction (a breakpoint) does not, and is sent again.
    if (info->si_code <= 0 || (number == SIGTRAP && info->si_code == SI_KERNEL)) raise(number);
}

static void provide_stack(void) {
    stack_t present;
    if (sigaltstack(NULL, &present) != 0 || !(present.ss_flags & SS_DISABLE)) return;
    // It stays when the screen is closed: other handlers may have come to rely on it.
    const stack_t ours = {.ss_sp = spare_stack, .ss_size = sizeof spare_stack};
    sigaltstack(&ours, NULL);
}

static void install_handlers(void) {
    // Every other signal waits, SIGTTOU among them: a handler may set the terminal's modes from the background.
    struct sigaction action = {.sa_flags = SA_RESTART | SA_ONSTACK};
    sigfillset(&action.sa_mask);

    action.sa_handler = on_end;
    for (size_t i = 0; i < ENDS; i++) {
        sigaction(ends[i], NULL, &ends_before[i]);
        // `nohup` means it.
        if (ends[i] == SIGHUP && ends_before[i].sa_handler == SIG_IGN) continue;
        sigaction(ends[i], &action, NULL);
    }
    action.sa_handler = on_request;
    for (size_t i = 0; i < CN_ASKED_COUNT; i++) {
        sigaction(requests[i], NULL, &requests_before[i]);
        // A shell without job control ignores SIGTSTP for its children: once stopped they could not be continued.
        if (requests[i] == SIGTSTP && requests_before[i].sa_handler == SIG_IGN) continue;
        sigaction(requests[i], &action, NULL);
    }
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    action.sa_sigaction = on_crash;
    for (size_t i = 0; i < CRASHES; i++) sigaction(crashes[i], &action, &crashes_before[i]);
}

bool cn_signals_open(int descriptor, const struct termios *before) {
    if (pipe2(wake, O_NONBLOCK | O_CLOEXEC) != 0) return false;
    output = descriptor;
    modes = *before;
    for (size_t i = 0; i < ENDS; i++) atomic_store(&end_asked[i], false);
    for (size_t i = 0; i < CN_ASKED_COUNT; i++) atomic_store(&asked[i], false);
    atomic_store(&unheard, 0);
    atomic_store(&terminations, 0);
    atomic_store(&shown, false);
    atomic_store(&over, false);
    atomic_store(&reset_count, 0);
    provide_stack();
    install_handlers();
    installed = true;
    return true;
}

void cn_signals_close(void) {
    if (!installed) return;
    installed = false;
    for (size_t i = 0; i < ENDS; i++) sigaction(ends[i], &ends_before[i], NULL);
    for (size_t i = 0; i < CN_ASKED_COUNT; i++) sigaction(requests[i], &requests_before[i], NULL);
    for (size_t i = 0; i < CRASHES; i++) sigaction(crashes[i], &crashes_before[i], NULL);
    for (int i = 0; i < 2; i++) {
        close(wake[i]);
        wake[i] = -1;
    }
}

void cn_signals_set_shown(bool value) { atomic_store(&shown, value); }

void cn_signals_set_reset(const char *bytes, size_t count) {
    if (count > sizeof reset) return;
    // A crash in between finds nothing to write rather than half of it.
    atomic_store(&reset_count, 0);
    memcpy(reset, bytes, count);
    atomic_store(&reset_count, count);
}

int cn_signals_descriptor(void) { return wake[0]; }

void cn_signals_drain(void) {
    char bytes[64];
    while (read(wake[0], bytes, sizeof bytes) > 0) {}
}

bool cn_signals_take(cn_asked what) { return atomic_exchange(&asked[what], false); }

int cn_signals_take_end(bool peek) {
    for (size_t i = 0; i < ENDS; i++) {
        if (!atomic_load(&end_asked[i])) continue;
        if (!peek) {
            atomic_store(&end_asked[i], false);
            atomic_store(&unheard, 0);
        }
        return ends[i];
    }
    return 0;
}

bool cn_signals_are_over(void) { return atomic_load(&over); }

void cn_signals_stop(pid_t target) {
    if (requests_before[CN_ASKED_STOP].sa_handler == SIG_IGN) return;
    struct sigaction ours;
    const struct sigaction standard = {.sa_handler = SIG_DFL};
    cn_signals_drain();
    atomic_store(&asked[CN_ASKED_RESUME], false);
    sigaction(SIGTSTP, &standard, &ours);
    kill(target, SIGTSTP);

    // The stop may reach another thread first, and this one would draw on until it does: the continuation is waited
    // for. It never comes where nobody could send it (a group without a shell), and there was no stop then.
    struct pollfd continued = {.fd = wake[0], .events = POLLIN};
    for (int tries = 0; tries < 5 && !atomic_load(&asked[CN_ASKED_RESUME]); tries++) {
        if (poll(&continued, 1, 50) == 0) break;
        cn_signals_drain();
    }
    sigaction(SIGTSTP, &ours, NULL);
    atomic_store(&asked[CN_ASKED_RESUME], false);
    atomic_store(&asked[CN_ASKED_STOP], false);
}
