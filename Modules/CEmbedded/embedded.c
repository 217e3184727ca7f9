#include "CEmbedded.h"

#include <string.h>

#pragma clang diagnostic ignored "-Wc23-extensions"

// Numbers are read where they are, so each file begins where any type may.
_Alignas(64) static const uint8_t nano[] = {
#embed "data/nano.safetensors"
};

_Alignas(64) static const uint8_t austen[] = {
#embed "data/austen.safetensors"
};

// A new model is a file in data/ and its two entries here.
static const struct {
    const char *name;
    const uint8_t *bytes;
    size_t count;
} models[] = {
    {"nano", nano, sizeof nano},
    {"austen", austen, sizeof austen},
};

const uint8_t *embedded_model(const char *name, size_t *count) {
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        if (strcmp(models[i].name, name)) continue;
        *count = models[i].count;
        return models[i].bytes;
    }
    return NULL;
}
