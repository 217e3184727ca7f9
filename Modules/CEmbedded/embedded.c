#include "CEmbedded.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const uint8_t nano[] = {
#embed "data/nano.safetensors"
};

const uint8_t *embedded_nano(size_t *count) {
    *count = sizeof nano;
    return nano;
}
