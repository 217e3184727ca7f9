// GPT-2's merges, inside the program, so that the executable copied alone into another folder still has them.
#ifndef CMERGES_H
#define CMERGES_H

#include <stddef.h>
#include <stdint.h>

/// The merges of GPT-2's byte-pair encoding, a line each; data/gpt2-merges.LICENSE says where they come from. `count`
/// receives their length in bytes.
const uint8_t *gpt2_merges(size_t *count);

#endif
