// Keys and the mouse. Bytes are read through curses, which knows the terminal's key sequences, but one at a time rather
// than with `wget_wch`: that loses the first bytes of a character whose rest has not come yet.
#include "private.h"

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// Our own numbers for curses' key table, beyond those it gives to extended keys.
#define OWN_KEYS 0x4000
// How long the rest of a sequence or of a character that has begun is waited for, in milliseconds.
#define REST_WAIT 50
// The same for a report of the mouse: since nobody types one, there is no key to be kept from.
#define REPORT_WAIT 1000
#define ESCAPE 27

typedef struct {
    const char *bytes;  // what follows the escape character
    int key;
} sequence;

// What terminals send whatever their entry says: both cursor key modes, and the habits of xterm, rxvt and Linux.
static const sequence sequences[] = {
    {"[A", CN_KEY_UP}, {"OA", CN_KEY_UP}, {"[B", CN_KEY_DOWN}, {"OB", CN_KEY_DOWN},
    {"[C", CN_KEY_RIGHT}, {"OC", CN_KEY_RIGHT}, {"[D", CN_KEY_LEFT}, {"OD", CN_KEY_LEFT},
    {"[1;5D", CN_KEY_CONTROL_LEFT}, {"[1;5C", CN_KEY_CONTROL_RIGHT}, {"O5D", CN_KEY_CONTROL_LEFT},
    {"O5C", CN_KEY_CONTROL_RIGHT}, {"Od", CN_KEY_CONTROL_LEFT}, {"Oc", CN_KEY_CONTROL_RIGHT},
    {"[H", CN_KEY_HOME}, {"OH", CN_KEY_HOME}, {"[1~", CN_KEY_HOME}, {"[7~", CN_KEY_HOME},
    {"[F", CN_KEY_END}, {"OF", CN_KEY_END}, {"[4~", CN_KEY_END}, {"[8~", CN_KEY_END},
    {"[5~", CN_KEY_PAGE_UP}, {"[6~", CN_KEY_PAGE_DOWN}, {"[3~", CN_KEY_DELETE}, {"[Z", CN_KEY_BACK_TAB},
    {"OM", CN_KEY_ENTER}, {"[200~", CN_KEY_PASTE_BEGIN}, {"[201~", CN_KEY_PASTE_END},
    {"OP", CN_KEY_F1}, {"OQ", CN_KEY_F1 + 1}, {"OR", CN_KEY_F1 + 2}, {"OS", CN_KEY_F1 + 3},
    {"[[A", CN_KEY_F1}, {"[[B", CN_KEY_F1 + 1}, {"[[C", CN_KEY_F1 + 2}, {"[[D", CN_KEY_F1 + 3},
    {"[[E", CN_KEY_F1 + 4}, {"[P", CN_KEY_F1}, {"[Q", CN_KEY_F1 + 1}, {"[S", CN_KEY_F1 + 3},
    {"[11~", CN_KEY_F1}, {"[12~", CN_KEY_F1 + 1}, {"[13~", CN_KEY_F1 + 2}, {"[14~", CN_KEY_F1 + 3},
    {"[15~", CN_KEY_F1 + 4}, {"[17~", CN_KEY_F1 + 5}, {"[18~", CN_KEY_F1 + 6}, {"[19~", CN_KEY_F1 + 7},
    {"[20~", CN_KEY_F1 + 8}, {"[21~", CN_KEY_F1 + 9}, {"[23~", CN_KEY_F1 + 10}, {"[24~", CN_KEY_F1 + 11},
};
#define SEQUENCES (sizeof sequences / sizeof *sequences)
#define LONGEST 32

static WINDOW *keys;
static int input = -1;
// Codes that were read ahead, the next one last.
static int kept[LONGEST + 8];
static int kept_count;
static bool redraw_expected;

static void define_extended(const char *capability, int key) {
    char *bytes = tigetstr(capability);
    if (bytes != NULL && bytes != (char *)-1) define_key(bytes, OWN_KEYS + key);
}

bool cn_input_open(int descriptor) {
    // A pad, since reading from a window would also refresh it.
    keys = newpad(1, 1);
    if (keys == NULL) return false;
    input = descriptor;
    kept_count = 0;
    redraw_expected = false;
    set_escdelay(25);
    nodelay(keys, TRUE);
    keypad(keys, TRUE);
    // Curses would read on by itself after what begins a report of the mouse, without minding how slowly it comes.
    define_key(NULL, KEY_MOUSE);
    define_extended("kLFT5", CN_KEY_CONTROL_LEFT);
    define_extended("kRIT5", CN_KEY_CONTROL_RIGHT);
    for (size_t i = 0; i < SEQUENCES; i++) {
        char bytes[LONGEST] = {ESCAPE};
        strncat(bytes, sequences[i].bytes, sizeof bytes - 2);
        define_key(bytes, OWN_KEYS + sequences[i].key);
    }
    return true;
}

void cn_input_close(void) {
    if (keys != NULL) delwin(keys);
    keys = NULL;
    input = -1;
}

void cn_input_expect_redraw(void) { redraw_expected = true; }

static int next_code(int milliseconds) {
    if (kept_count > 0) return kept[--kept_count];
    const int code = wgetch(keys);
    if (code != ERR || milliseconds == 0) return code;
    struct pollfd more = {.fd = input, .events = POLLIN};
    return poll(&more, 1, milliseconds) > 0 ? wgetch(keys) : ERR;
}

static void keep(int code) {
    if (code != ERR && kept_count < (int)(sizeof kept / sizeof *kept)) kept[kept_count++] = code;
}

static cn_event event(cn_event_kind kind, int code) {
    return (cn_event){.kind = (int32_t)kind, .code = (int32_t)code};
}

// Whether the bytes after an escape character are a whole sequence.
static bool is_whole(const char *bytes, int count) {
    const char last = bytes[count - 1];
    if (count < 2) return false;
    if (bytes[0] == 'O') return last < '0' || last > '9';
    // Linux sends F1 … F5 as `[[A` … `[[E`.
    if (count == 2 && last == '[') return false;
    return last >= '@' && last <= '~';
}

// A report of the mouse, its place counted from 1; what is none of our events is nothing.
static cn_event mouse_event(int button, int x, int y) {
    cn_event result = event(CN_EVENT_MOUSE, CN_MOUSE_PRESS);
    result.x = x - 1;
    result.y = y - 1;
    switch (button & ~28) {  // with Shift, Meta or Control all the same
    case 0: break;
    case 64: result.code = CN_MOUSE_WHEEL_UP; break;
    case 65: result.code = CN_MOUSE_WHEEL_DOWN; break;
    default: return event(CN_EVENT_NONE, 0);
    }
    return x < 1 || y < 1 ? event(CN_EVENT_NONE, 0) : result;
}

// The old encoding: button, column and row as one byte each after `[M`, 32 higher; 0 is a place too far out for that.
static cn_event read_old_report(void) {
    int values[3];
    for (int i = 0; i < 3; i++) {
        int code = next_code(REPORT_WAIT);
        // To curses this one byte is a key, mostly Backspace.
        if (code > 0xFF && code == key_defined("\177")) code = 127;
        if (code > 0xFF || (code < 32 && code != 0)) {
            keep(code);
            return event(CN_EVENT_NONE, 0);
        }
        values[i] = code - 32;
    }
    return mouse_event(values[0], values[1], values[2]);
}

// A sequence after its escape character; what is in no table is nothing.
static cn_event meaning(const char *bytes) {
    for (size_t i = 0; i < SEQUENCES; i++) {
        if (strcmp(bytes, sequences[i].bytes) == 0) return event(CN_EVENT_KEY, sequences[i].key);
    }
    int button, x, y;
    char last;
    // At the end of a report `M` is a press and `m` a release.
    if (sscanf(bytes, "[<%3d;%5d;%5d%c", &button, &x, &y, &last) == 4 && last == 'M') return mouse_event(button, x, y);
    return strcmp(bytes, "[M") == 0 ? read_old_report() : event(CN_EVENT_NONE, 0);
}

// An escape character that curses made no key of: the key itself, or a sequence that came too slowly or is not in the
// tables. An unknown sequence is dropped whole; taken for Escape and text it would do things nobody asked for.
static cn_event read_escape(void) {
    char bytes[LONGEST] = {0};
    int count = 0;
    bool is_report = false;
    int code = next_code(0);
    if (code != '[' && code != 'O') {
        keep(code);
        return event(CN_EVENT_CHARACTER, ESCAPE);
    }
    while (code >= ' ' && code < 127 && count < LONGEST - 1) {
        bytes[count++] = (char)code;
        if (is_whole(bytes, count)) return meaning(bytes);
        is_report = strncmp(bytes, "[<", 2) == 0;
        code = next_code(is_report ? REPORT_WAIT : REST_WAIT);
    }
    // It did not end as a sequence does, so these were keys, unless they began a report.
    keep(code);
    if (is_report) return event(CN_EVENT_NONE, 0);
    while (count > 0) keep(bytes[--count]);
    return event(CN_EVENT_CHARACTER, ESCAPE);
}

// The rest of a UTF-8 character; what is malformed is dropped.
static cn_event read_scalar(int lead) {
    const cn_event nothing = event(CN_EVENT_NONE, 0);
    if (lead < 0xC2 || lead > 0xF4) return nothing;
    const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    int scalar = lead & (0x3F >> more);
    for (int i = 0; i < more; i++) {
        const int code = next_code(REST_WAIT);
        if (code < 0x80 || code > 0xBF) {
            keep(code);
            return nothing;
        }
        scalar = scalar << 6 | (code & 0x3F);
    }
    static const int least[] = {0xA0, 0x800, 0x10000};  // U+0080 … U+009F are controls
    if (scalar < least[more - 1] || scalar > 0x10FFFF || (scalar & ~0x7FF) == 0xD800) return nothing;
    return event(CN_EVENT_CHARACTER, scalar);
}

static cn_event read_key(int code) {
    if (code >= OWN_KEYS) return event(CN_EVENT_KEY, code - OWN_KEYS);
    if (code > KEY_F0 && code <= KEY_F(12)) return event(CN_EVENT_KEY, CN_KEY_F1 + code - KEY_F(1));
    switch (code) {
    case KEY_UP: return event(CN_EVENT_KEY, CN_KEY_UP);
    case KEY_DOWN: return event(CN_EVENT_KEY, CN_KEY_DOWN);
    case KEY_LEFT: return event(CN_EVENT_KEY, CN_KEY_LEFT);
    case KEY_RIGHT: return event(CN_EVENT_KEY, CN_KEY_RIGHT);
    case KEY_HOME: return event(CN_EVENT_KEY, CN_KEY_HOME);
    case KEY_END: return event(CN_EVENT_KEY, CN_KEY_END);
    case KEY_PPAGE: return event(CN_EVENT_KEY, CN_KEY_PAGE_UP);
    case KEY_NPAGE: return event(CN_EVENT_KEY, CN_KEY_PAGE_DOWN);
    case KEY_DC: return event(CN_EVENT_KEY, CN_KEY_DELETE);
    case KEY_BTAB: return event(CN_EVENT_KEY, CN_KEY_BACK_TAB);
    case KEY_ENTER: case '\r': case '\n': return event(CN_EVENT_KEY, CN_KEY_ENTER);
    case KEY_BACKSPACE: case '\b': case 127: return event(CN_EVENT_KEY, CN_KEY_BACKSPACE);
    case ESCAPE: return read_escape();
    default: break;
    }
    if (code < 0x80) return event(CN_EVENT_CHARACTER, code);
    return code < KEY_MIN ? read_scalar(code) : event(CN_EVENT_NONE, 0);
}

static cn_event answer_signals(void) {
    const int number = cn_signals_take_end(false);
    if (number != 0) return event(CN_EVENT_SIGNAL, number);
    bool changed = redraw_expected;
    redraw_expected = false;
    if (cn_signals_take(CN_ASKED_STOP)) {
        cn_pause(getpid());
        changed = true;
    } else if (cn_signals_take(CN_ASKED_RESUME) || cn_is_left()) {
        changed |= cn_resume();
    }
    // A pause takes the size over itself, and may have ended with another signal.
    if (cn_signals_take_end(true) != 0) return answer_signals();
    if (cn_signals_take(CN_ASKED_RESIZE) && cn_apply_size()) changed = true;
    return event(changed ? CN_EVENT_RESIZE : CN_EVENT_NONE, 0);
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

cn_event cn_read(int32_t milliseconds) {
    if (keys == NULL || cn_signals_are_over()) return event(CN_EVENT_END, 0);
    const int64_t end = now() + milliseconds;
    // A terminal that is gone stays readable without a byte to be read.
    for (int silent = 0; silent < 3;) {
        const cn_event answer = answer_signals();
        if (answer.kind != CN_EVENT_NONE) return answer;
        // In the background the keys are another's too; that ends with a signal, or unnoticed.
        const bool listens = !cn_is_left();
        const int code = listens ? next_code(0) : ERR;
        if (code != ERR) {
            silent = 0;
            const cn_event key = read_key(code);
            if (key.kind != CN_EVENT_NONE) return key;
            continue;
        }
        struct pollfd ready[] = {
            {.fd = listens ? input : -1, .events = POLLIN}, {.fd = cn_signals_descriptor(), .events = POLLIN},
        };
        const int64_t left = milliseconds < 0 ? INT32_MAX : end - now();
        const int64_t wait = listens || left < 250 ? left : 250;
        const int count = poll(ready, 2, milliseconds < 0 && listens ? -1 : wait > 0 ? (int)wait : 0);
        if (count == 0 && wait < left) continue;
        if (count == 0) return event(CN_EVENT_NONE, 0);
        if (count < 0 && errno != EINTR) break;
        if (count > 0 && ready[1].revents != 0) cn_signals_drain();
        else if (count > 0) silent++;
    }
    return event(CN_EVENT_END, 0);
}
