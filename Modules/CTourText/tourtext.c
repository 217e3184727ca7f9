#include "CTourText.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const char sorting_en[] = {
#embed "data/sorting.en.txt"
};

static const char sorting_vi[] = {
#embed "data/sorting.vi.txt"
};

static const char language_en[] = {
#embed "data/language.en.txt"
};

static const char language_vi[] = {
#embed "data/language.vi.txt"
};

// A new language is a file in data/ for each tour and their entries here.
static const struct tour_text texts[] = {
    {"sorting", "en", sorting_en, sizeof sorting_en},
    {"sorting", "vi", sorting_vi, sizeof sorting_vi},
    {"language", "en", language_en, sizeof language_en},
    {"language", "vi", language_vi, sizeof language_vi},
};

size_t tour_text_count(void) { return sizeof texts / sizeof texts[0]; }

struct tour_text tour_text(size_t index) { return texts[index]; }
