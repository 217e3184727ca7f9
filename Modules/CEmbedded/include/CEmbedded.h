// The weights that travel inside the program, so that the executable copied alone into another folder still has them.
#ifndef CEMBEDDED_H
#define CEMBEDDED_H

#include <stddef.h>
#include <stdint.h>

/// A trained model as a safetensors file, by the name of its preset; null where none of that name is built in. `count`
/// receives its length in bytes. data/train_nano.py and data/train_austen.py made them.
const uint8_t *embedded_model(const char *name, size_t *count);

#endif
