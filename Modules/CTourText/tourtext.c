#include "CTourText.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const char en[] = {
#embed "data/en.txt"
};

static const char vi[] = {
#embed "data/vi.txt"
};

// A new language is a file in data/ and its two entries here; the first is what is shown where another is asked for.
static const struct {
    const char *code;
    const char *text;
    size_t length;
} languages[] = {
    {"en", en, sizeof en},
    {"vi", vi, sizeof vi},
};

size_t tour_text_count(void) { return sizeof languages / sizeof languages[0]; }

const char *tour_text_code(size_t index) { return languages[index].code; }

const char *tour_text(size_t index, size_t *length) {
    *length = languages[index].length;
    return languages[index].text;
}
