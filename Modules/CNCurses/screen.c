#include "CNCurses.h"
#include "internal.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

static SCREEN *screen;
static FILE *input_file, *output_file;
static bool colored, unicode, unicode_found;

// Key codes of our own, above those of ncurses.
enum { CONTROL_LEFT = KEY_MAX + 1, CONTROL_RIGHT };

// MARK: opening

static void choose_locale(void) {
    setlocale(LC_ALL, "");
    unicode_found = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    unicode = unicode_found || (setlocale(LC_CTYPE, "C.UTF-8") && strcmp(nl_langinfo(CODESET), "UTF-8") == 0);
    setlocale(LC_NUMERIC, "C");
}

static cn_status check_terminal(const char *term, int output) {
    int found = 0;
    if (setupterm(term, output, &found) != OK) return CN_UNKNOWN_TERMINAL;
    const char *motion = tigetstr("cup");
    bool moves = motion != NULL && motion != (char *)-1;
    del_curterm(cur_term);
    return moves ? CN_OK : CN_NO_CURSOR_MOTION;
}

/// Keeps a capability's bytes for the handlers, without the padding that terminfo writes as $<2>.
static void plan(const char *name) {
    const char *text = tigetstr(name);
    if (!text || text == (char *)-1) return;
    cn_rescue *rescue = &cn_rescue_plan;
    while (*text && rescue->reset_count < sizeof rescue->reset) {
        const char *end = text[0] == '$' && text[1] == '<' ? strchr(text, '>') : NULL;
        if (end) text = end + 1;
        else rescue->reset[rescue->reset_count++] = *text++;
    }
}

/// ^Z, ^S, ^Q and ^V arrive as keys; ^C and ^\ stay signals.
static void set_modes(int input) {
    cbreak();
    noecho();
    nonl();
    struct termios modes;
    if (tcgetattr(input, &modes) == 0) {
        modes.c_cc[VSUSP] = _POSIX_VDISABLE;
        modes.c_cc[VLNEXT] = _POSIX_VDISABLE;
        modes.c_iflag &= ~(tcflag_t)(IXON | IXOFF);
        tcsetattr(input, TCSANOW, &modes);
    }
    def_prog_mode();
}

/// Sequences that terminals send and their terminfo entries do not all have.
static void define_keys(void) {
    static const struct { const char *bytes; int code; } more[] = {
        {"\033[1;5D", CONTROL_LEFT}, {"\033[1;5C", CONTROL_RIGHT}, {"\033[Z", KEY_BTAB},
        {"\033[A", KEY_UP}, {"\033[B", KEY_DOWN}, {"\033[C", KEY_RIGHT}, {"\033[D", KEY_LEFT},
        {"\033OA", KEY_UP}, {"\033OB", KEY_DOWN}, {"\033OC", KEY_RIGHT}, {"\033OD", KEY_LEFT},
        {"\033[H", KEY_HOME}, {"\033[F", KEY_END}, {"\033OH", KEY_HOME}, {"\033OF", KEY_END},
        {"\033[1~", KEY_HOME}, {"\033[4~", KEY_END}, {"\033[5~", KEY_PPAGE}, {"\033[6~", KEY_NPAGE},
        {"\033[3~", KEY_DC}, {"\033OP", KEY_F(1)}, {"\033[11~", KEY_F(1)},
    };
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) define_key(more[i].bytes, more[i].code);
}

cn_status cn_open(const char *term, int input, int output) {
    if (screen) return CN_OK;
    if (!isatty(input) || !isatty(output)) return CN_NOT_A_TERMINAL;
    choose_locale();
    cn_status status = check_terminal(term, output);
    if (status != CN_OK) return status;

    cn_rescue_plan = (cn_rescue){.output = output, .input = input};
    tcgetattr(input, &cn_rescue_plan.modes);
    input_file = fdopen(dup(input), "r");
    output_file = fdopen(dup(output), "w");
    set_escdelay(25);
    screen = input_file && output_file ? newterm(term, output_file, input_file) : NULL;
    if (!screen) {
        if (input_file) fclose(input_file);
        if (output_file) fclose(output_file);
        return CN_UNKNOWN_TERMINAL;
    }
    set_term(screen);
    colored = has_colors() && start_color() == OK;
    if (colored) use_default_colors();
    set_modes(input);
    keypad(stdscr, TRUE);
    define_keys();
    curs_set(0);
    plan("rmkx");
    plan("sgr0");
    plan("cnorm");
    plan("rmcup");
    cn_capture_errors();
    cn_install_handlers();
    cn_rescue_plan.is_open = true;
    return CN_OK;
}

void cn_close(void) {
    if (!screen) return;
    cn_remove_handlers();
    curs_set(1);
    endwin();
    cn_rescue_plan.is_open = false;
    tcsetattr(cn_rescue_plan.input, TCSADRAIN, &cn_rescue_plan.modes);
    delscreen(screen);
    screen = NULL;
    fclose(input_file);
    fclose(output_file);
    cn_release_errors();
}

// MARK: drawing

void cn_size(int32_t *width, int32_t *height) {
    *width = screen ? getmaxx(stdscr) : 0;
    *height = screen ? getmaxy(stdscr) : 0;
}

int32_t cn_colors(void) { return screen && colored ? COLORS : 0; }

bool cn_unicode(bool *found) {
    if (found) *found = unicode_found;
    return unicode;
}

void cn_put(int32_t row, int32_t column, uint32_t scalar, int32_t foreground, int32_t background, uint32_t attributes) {
    if (!screen) return;
    wchar_t text[2] = {wcwidth((wchar_t)scalar) == 1 ? (wchar_t)scalar : L'?', 0};
    attr_t style = 0;
    if (attributes & CN_BOLD) style |= A_BOLD;
    if (attributes & CN_UNDERLINE) style |= A_UNDERLINE;
    if (attributes & CN_REVERSE) style |= A_REVERSE;
    if (attributes & CN_DIM) style |= A_DIM;
    int pair = 0;
    if (colored) {
        // A colour that the terminal lacks would leave the cell silently empty.
        pair = alloc_pair(foreground < COLORS ? foreground : -1, background < COLORS ? background : -1);
        if (pair < 0) pair = 0;
    }
    cchar_t cell;
    if (setcchar(&cell, text, style, 0, &pair) == OK) mvadd_wch(row, column, &cell);
}

void cn_present(void) {
    if (screen) refresh();
}

void cn_redraw(void) {
    if (screen) clearok(curscr, TRUE);
}

void cn_suspend(void) {
    if (!screen) return;
    endwin();
    cn_rescue_plan.is_open = false;
    cn_release_errors();
    struct sigaction before, plain = {.sa_handler = SIG_DFL};
    sigaction(SIGTSTP, &plain, &before);
    kill(0, SIGTSTP);
    // Here the shell has the terminal, until fg.
    sigaction(SIGTSTP, &before, NULL);
    cn_capture_errors();
    cn_rescue_plan.is_open = true;
    reset_prog_mode();
    clearok(curscr, TRUE);
    refresh();
    cn_note_resize();
}

// MARK: reading

static int32_t known_key(wint_t code) {
    switch (code) {
        case KEY_UP: return CN_KEY_UP;
        case KEY_DOWN: return CN_KEY_DOWN;
        case KEY_LEFT: return CN_KEY_LEFT;
        case KEY_RIGHT: return CN_KEY_RIGHT;
        case KEY_HOME: return CN_KEY_HOME;
        case KEY_END: return CN_KEY_END;
        case KEY_PPAGE: return CN_KEY_PAGE_UP;
        case KEY_NPAGE: return CN_KEY_PAGE_DOWN;
        case KEY_ENTER: return CN_KEY_ENTER;
        case KEY_BACKSPACE: return CN_KEY_BACKSPACE;
        case KEY_DC: return CN_KEY_DELETE;
        case KEY_BTAB: return CN_KEY_BACK_TAB;
        case CONTROL_LEFT: return CN_KEY_CONTROL_LEFT;
        case CONTROL_RIGHT: return CN_KEY_CONTROL_RIGHT;
        default: return code >= KEY_F(1) && code <= KEY_F(12) ? CN_KEY_F1 + (int32_t)(code - KEY_F(1)) : -1;
    }
}

/// An event that is there already, or one of kind CN_EVENT_NONE.
static cn_event ready_event(void) {
    int number = cn_take_signal();
    if (number) return (cn_event){CN_EVENT_SIGNAL, number};
    if (cn_take_resize()) {
        struct winsize size;
        if (ioctl(cn_rescue_plan.output, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
            // Not resizeterm, which would report the same change a second time as a key.
            resize_term(size.ws_row, size.ws_col);
        }
        clearok(curscr, TRUE);
        return (cn_event){CN_EVENT_RESIZE, 0};
    }
    timeout(0);
    wint_t code;
    int result;
    while ((result = get_wch(&code)) != ERR) {
        if (result == KEY_CODE_YES) {
            int32_t key = known_key(code);
            if (key >= 0) return (cn_event){CN_EVENT_KEY, key};
            continue;
        }
        if (code == '\r' || code == '\n') return (cn_event){CN_EVENT_KEY, CN_KEY_ENTER};
        if (code == 127 || code == 8) return (cn_event){CN_EVENT_KEY, CN_KEY_BACKSPACE};
        return (cn_event){CN_EVENT_CHARACTER, (int32_t)code};
    }
    return (cn_event){CN_EVENT_NONE, 0};
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

cn_event cn_read(int32_t milliseconds) {
    if (!screen) return (cn_event){CN_EVENT_END, 0};
    int64_t end = now() + milliseconds;
    for (;;) {
        cn_event event = ready_event();
        if (event.kind != CN_EVENT_NONE) return event;
        int64_t left = milliseconds < 0 ? -1 : end - now();
        if (milliseconds >= 0 && left < 0) left = 0;
        struct pollfd sources[2] = {{cn_rescue_plan.input, POLLIN, 0}, {cn_signal_pipe(), POLLIN, 0}};
        int count = poll(sources, 2, (int)left);
        if (count == 0) return (cn_event){CN_EVENT_NONE, 0};
        if (count < 0) continue;  // a signal came; its flag is set
        if (sources[1].revents & POLLIN) {
            cn_drain_signals();
            continue;
        }
        if (sources[0].revents & (POLLHUP | POLLERR | POLLNVAL)) {
            // A terminal that hangs up sends a signal too, and that one says more.
            event = ready_event();
            return event.kind == CN_EVENT_NONE ? (cn_event){CN_EVENT_END, 0} : event;
        }
        int waiting = 0;
        if (ioctl(cn_rescue_plan.input, FIONREAD, &waiting) == 0 && waiting == 0) return (cn_event){CN_EVENT_END, 0};
    }
}
