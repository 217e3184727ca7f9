#include "CEmbedded.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const uint8_t nano[] = {
#embed "data/nano.safetensors"
};

static const uint8_t merges[] = {
#embed "data/gpt2-merges.txt"
};

const uint8_t *embedded_nano(size_t *count) {
    *count = sizeof nano;
    return nano;
}

const uint8_t *embedded_merges(size_t *count) {
    *count = sizeof merges;
    return merges;
}
