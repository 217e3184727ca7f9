// The weights that travel inside the program, so that the executable copied alone into another folder still has them.
#ifndef CEMBEDDED_H
#define CEMBEDDED_H

#include <stddef.h>
#include <stdint.h>

/// The trained nano-GPT as a safetensors file; data/train_nano.py made it. `count` receives its length in bytes.
const uint8_t *embedded_nano(size_t *count);

#endif
