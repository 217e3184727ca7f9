#ifndef CTOURTEXT_H
#define CTOURTEXT_H

#include <stddef.h>

/// The text of the guided tour in English, UTF-8 without a terminating zero; its length goes to `length`.
const char *tour_text_en(size_t *length);
/// The same in Vietnamese.
const char *tour_text_vi(size_t *length);

#endif
