#include "CMerges.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const uint8_t merges[] = {
#embed "data/gpt2-merges.txt"
};

const uint8_t *gpt2_merges(size_t *count) {
    *count = sizeof merges;
    return merges;
}
