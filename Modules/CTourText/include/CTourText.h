#ifndef CTOURTEXT_H
#define CTOURTEXT_H

#include <stddef.h>

/// How many languages the guided tour is there in.
size_t tour_text_count(void);
/// The code of one of them: `en`.
const char *tour_text_code(size_t index);
/// Its text, UTF-8 without a terminating zero; its length goes to `length`.
const char *tour_text(size_t index, size_t *length);

#endif
