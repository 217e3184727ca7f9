// The screen: open, draw, leave, come back, close.
#include "private.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <term.h>  // defines `columns` and `lines` as macros
#include <unistd.h>
#include <wchar.h>

// Presses, releases and the wheel (1000), in the encoding that has room for any column (1006). A terminal that knows
// only the first reports in the old encoding. Curses' own way would also load the console's mouse library, and wait to
// see whether a press becomes a click.
#define MOUSE_ON "\033[?1006;1000h"
#define MOUSE_OFF "\033[?1006;1000l"

// What is drawn on of a screen larger than any wall: each of its cells takes memory, and time in every frame.
#define MOST_COLUMNS 2048
#define MOST_ROWS 512

static SCREEN *screen;
static FILE *keyboard;
static FILE *display;
// The terminal under a descriptor of its own, while `display` may stand for the memory that a frame is collected in.
static int terminal = -1;
static int frame = -1;
static struct termios modes;
static bool has_default_colors;
static bool reports_mouse;
static bool left;
static bool unicode_found;
static bool unicode;

// MARK: Locale

static bool writes_utf8(void) { return strcmp(nl_langinfo(CODESET), "UTF-8") == 0; }

static void choose_locale(void) {
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C");
    unicode_found = writes_utf8();
    if (!unicode_found) setlocale(LC_CTYPE, "C.UTF-8");
    unicode = writes_utf8();
}

bool cn_unicode(bool *found) {
    if (found != NULL) *found = unicode_found;
    return unicode;
}

// MARK: Opening

static FILE *stream(int descriptor, const char *mode) {
    // Never 0 … 2, which may be closed and would then be taken for the standard ones.
    const int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    if (copy < 0) return NULL;
    FILE *result = fdopen(copy, mode);
    if (result == NULL) close(copy);
    return result;
}

static void release(void) {
    cn_capture_close();
    cn_signals_close();
    if (keyboard != NULL) fclose(keyboard);
    if (display != NULL) fclose(display);
    if (terminal >= 0) close(terminal);
    if (frame >= 0) close(frame);
    keyboard = display = NULL;
    terminal = frame = -1;
}

static const char *capability(const char *name) {
    const char *bytes = tigetstr(name);
    return bytes == (const char *)-1 ? NULL : bytes;
}

static cn_status check_entry(const char *term) {
    int error = 0;
    const int result = setupterm(term, fileno(display), &error);
    // An error of 1 is an entry that exists and describes a printing terminal.
    if (result == ERR) return error == 1 ? CN_NO_CURSOR_MOTION : CN_UNKNOWN_TERMINAL;
    const bool moves = capability("cup") != NULL;
    del_curterm(cur_term);
    return moves ? CN_OK : CN_NO_CURSOR_MOTION;
}

// Lets the control keys arrive as characters, except ^C and ^\, which must end even a busy program. ^Z is one of them,
// since the program leaves the screen before it stops.
static void set_modes(void) {
    struct termios ours;
    cbreak();
    noecho();
    nonl();
    if (tcgetattr(fileno(display), &ours) != 0) return;
    ours.c_iflag &= (tcflag_t) ~(IXON | IXOFF);
    ours.c_lflag &= (tcflag_t)~IEXTEN;
    // Without NOFLSH, ^C would throw away what is still to be drawn.
    ours.c_lflag |= ISIG | NOFLSH;
    ours.c_cc[VSUSP] = _POSIX_VDISABLE;
    tcsetattr(fileno(display), TCSADRAIN, &ours);
    def_prog_mode();
}

static void start_colors(void) {
    has_default_colors = false;
    if (!has_colors()) return;
    start_color();
    has_default_colors = use_default_colors() == OK;
}

static void append(char *bytes, size_t size, const char *more) {
    size_t count = strlen(bytes);
    for (const char *next = more; next != NULL && *next != 0 && count + 1 < size; next++) {
        // Delays, as in `$<2>`, were for machines of another age and are not text.
        const char *delay = strncmp(next, "$<", 2) == 0 ? strchr(next, '>') : NULL;
        if (delay != NULL) next = delay;
        else bytes[count++] = *next;
    }
    bytes[count] = 0;
}

// Asks the terminal to mark what is pasted and to report the mouse, or to stop that, where it knows how.
static void ask_reports(bool wanted) {
    const char *pastes = capability(wanted ? "BE" : "BD");
    if (pastes != NULL) fputs(pastes, display);
    if (reports_mouse) fputs(wanted ? MOUSE_ON : MOUSE_OFF, display);
    fflush(display);
}

// Keeps what a handler must write to undo the screen, since it may not ask curses.
static void prepare_reset(void) {
    char bytes[256] = "";
    append(bytes, sizeof bytes, capability("BD"));
    if (reports_mouse) append(bytes, sizeof bytes, MOUSE_OFF);
    append(bytes, sizeof bytes, capability("rmkx"));
    append(bytes, sizeof bytes, capability("sgr0"));
    append(bytes, sizeof bytes, capability("op"));
    if (capability("rmcup") == NULL) {
        // Without an alternate screen the shell goes on below what was drawn.
        append(bytes, sizeof bytes, tiparm(capability("cup"), getmaxy(stdscr) - 1, 0));
        append(bytes, sizeof bytes, "\r\n");
    }
    append(bytes, sizeof bytes, capability("cnorm"));
    append(bytes, sizeof bytes, capability("rmcup"));
    cn_signals_set_reset(bytes, strlen(bytes));
}

static cn_status start(const char *term, int input, int output, bool mouse) {
    keyboard = stream(input, "r");
    display = stream(output, "w");
    terminal = fcntl(output, F_DUPFD_CLOEXEC, 3);
    if (keyboard == NULL || display == NULL || terminal < 0) return CN_NOT_A_TERMINAL;
    frame = memfd_create("frame", MFD_CLOEXEC);
    const cn_status status = check_entry(term);
    if (status != CN_OK) return status;
    if (tcgetattr(fileno(display), &modes) != 0) return CN_NOT_A_TERMINAL;
    // Before `newterm`, which then leaves the signals alone.
    if (!cn_signals_open(terminal, &modes)) return CN_NOT_A_TERMINAL;
    cn_capture_open();
    cn_signals_set_shown(true);
    // Of a size beyond all measure curses makes no screen; it begins with that of the entry then, and the size is
    // taken over below.
    struct winsize size;
    use_env(ioctl(terminal, TIOCGWINSZ, &size) != 0 || (size.ws_row <= MOST_ROWS && size.ws_col <= MOST_COLUMNS));
    screen = newterm(term, display, keyboard);
    if (screen == NULL) return CN_NO_SCREEN;
    reports_mouse = mouse && capability("kmous") != NULL;
    prepare_reset();
    set_modes();
    start_colors();
    curs_set(0);
    leaveok(stdscr, TRUE);
    // Shifting characters saves few bytes on a grid of colours, and emulators differ in what they leave behind.
    idcok(stdscr, FALSE);
    // Curses would stop drawing halfway whenever a key is waiting, and nobody may draw again after that key.
    typeahead(-1);
    ask_reports(true);
    // The environment may name a size that is long gone.
    cn_apply_size();
    return cn_input_open(fileno(keyboard)) ? CN_OK : CN_NO_SCREEN;
}

// Whether the terminal is ours to draw on: a shell gives it to one job at a time. One that no shell gives is ours.
static bool is_in_front(int descriptor) {
    const pid_t owner = tcgetpgrp(descriptor);
    return owner < 0 || owner == getpgrp();
}

// A job in the background stops here, as every program does that wants the terminal, until it is brought to the front.
// Where nobody could do that (no job control) there is no stop.
static bool comes_to_front(int descriptor) {
    for (int tries = 0; tries < 3 && !is_in_front(descriptor); tries++) kill(0, SIGTTOU);
    return is_in_front(descriptor);
}

cn_status cn_open(const char *term, int input, int output, bool mouse) {
    static bool registered;
    cn_close();
    if (!isatty(input) || !isatty(output)) return CN_NOT_A_TERMINAL;
    if (!comes_to_front(output)) return CN_IN_BACKGROUND;
    choose_locale();
    left = false;
    const cn_status status = start(term, input, output, mouse);
    if (status != CN_OK) {
        if (screen != NULL) cn_close();
        else release();
        return status;
    }
    // For a program that calls `exit` with the screen open.
    if (!registered) registered = atexit(cn_close) == 0;
    return CN_OK;
}

// MARK: Leaving and coming back

static void leave(void) {
    if (left || cn_signals_are_over()) return;
    left = true;
    // In the background there is nothing to put back, and to touch the terminal would stop the program.
    if (is_in_front(terminal)) {
        ask_reports(false);
        endwin();
        tcsetattr(fileno(display), TCSADRAIN, &modes);
    }
    cn_signals_set_shown(false);
    cn_capture_close();
}

void cn_close(void) {
    if (screen == NULL) return;
    leave();
    cn_input_close();
    SCREEN *closing = screen;
    screen = NULL;
    delscreen(closing);
    release();
}

bool cn_resume(void) {
    if (screen == NULL || cn_signals_are_over()) return false;
    left = true;
    if (!is_in_front(terminal)) return false;
    left = false;
    cn_capture_open();
    cn_signals_set_shown(true);
    reset_prog_mode();
    ask_reports(true);
    cn_signals_take(CN_ASKED_RESIZE);
    cn_apply_size();
    cn_redraw();
    cn_present();
    return true;
}

void cn_pause(pid_t target) {
    if (screen == NULL) return;
    leave();
    cn_signals_stop(target);
    // Continued only to be ended, perhaps behind somebody else's back: the screen is no longer ours.
    if (cn_signals_take_end(true) == 0) cn_resume();
}

bool cn_is_left(void) { return left; }

void cn_suspend(void) {
    cn_pause(0);
    cn_input_expect_redraw();
}

// MARK: Drawing

bool cn_apply_size(void) {
    struct winsize size;
    if (ioctl(fileno(display), TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return false;
    const int rows = size.ws_row < MOST_ROWS ? size.ws_row : MOST_ROWS;
    const int width = size.ws_col < MOST_COLUMNS ? size.ws_col : MOST_COLUMNS;
    if (rows == getmaxy(stdscr) && width == getmaxx(stdscr)) return false;
    resize_term(rows, width);
    clearok(curscr, TRUE);
    prepare_reset();
    return true;
}

void cn_size(int32_t *width, int32_t *height) {
    *width = screen == NULL ? 0 : getmaxx(stdscr);
    *height = screen == NULL ? 0 : getmaxy(stdscr);
}

int32_t cn_colors(void) { return screen != NULL && has_colors() ? COLORS : 0; }

static int pair_of(int32_t foreground, int32_t background) {
    if (foreground >= COLORS || foreground < 0) foreground = -1;
    if (background >= COLORS || background < 0) background = -1;
    // Pair 0 is the terminal's own colours; `alloc_pair` may not even be called where there are none.
    if ((foreground < 0 && background < 0) || !has_colors()) return 0;
    if (!has_default_colors && foreground < 0) foreground = COLOR_WHITE;
    if (!has_default_colors && background < 0) background = COLOR_BLACK;
    const int pair = alloc_pair(foreground, background);
    return pair < 0 ? 0 : pair;
}

void cn_put(int32_t row, int32_t column, uint32_t scalar, int32_t foreground, int32_t background, uint32_t attributes) {
    if (screen == NULL || row < 0 || column < 0 || row >= getmaxy(stdscr) || column >= getmaxx(stdscr)) return;
    // Anything that is not one column wide would shift the rest of the row.
    const wchar_t text[] = {wcwidth((wchar_t)scalar) == 1 ? (wchar_t)scalar : L'?', 0};
    attr_t style = A_NORMAL;
    if (attributes & CN_BOLD) style |= A_BOLD;
    if (attributes & CN_UNDERLINE) style |= A_UNDERLINE;
    if (attributes & CN_REVERSE) style |= A_REVERSE;
    if (attributes & CN_DIM) style |= A_DIM;
    int pair = pair_of(foreground, background);
    cchar_t cell;
    if (setcchar(&cell, text, style, 0, &pair) != OK) return;
    // The last cell is written although this says it failed to move on from there.
    mvwadd_wch(stdscr, row, column, &cell);
}

void cn_present(void) {
    if (screen == NULL || left || cn_signals_are_over()) return;
    wnoutrefresh(stdscr);
    // Curses writes with every move of its cursor. What arrives in one piece neither tears nor fills a network with
    // small packets.
    const bool collects = frame >= 0 && dup3(frame, fileno(display), O_CLOEXEC) >= 0;
    doupdate();
    if (!collects) return;
    dup3(terminal, fileno(display), O_CLOEXEC);
    char bytes[16384];
    const off_t end = lseek(frame, 0, SEEK_CUR);
    for (off_t start = 0; start < end;) {
        const size_t rest = (size_t)(end - start);
        const ssize_t count = pread(frame, bytes, rest < sizeof bytes ? rest : sizeof bytes, start);
        if (count <= 0) break;
        cn_write_all(terminal, bytes, (size_t)count);
        start += count;
    }
    lseek(frame, 0, SEEK_SET);
}

void cn_send(const uint8_t *bytes, size_t count) {
    if (screen == NULL || left || cn_signals_are_over()) return;
    cn_write_all(terminal, (const char *)bytes, count);
}

void cn_redraw(void) {
    if (screen != NULL) clearok(curscr, TRUE);
}
