#include "CTourText.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const char english[] = {
#embed "data/en.txt"
};

static const char vietnamese[] = {
#embed "data/vi.txt"
};

const char *tour_text_en(size_t *length) {
    *length = sizeof english;
    return english;
}

const char *tour_text_vi(size_t *length) {
    *length = sizeof vietnamese;
    return vietnamese;
}
