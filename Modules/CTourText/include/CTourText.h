#ifndef CTOURTEXT_H
#define CTOURTEXT_H

#include <stddef.h>

/// The words of one guided tour in one language.
struct tour_text {
    /// Which tour: `sorting`.
    const char *tour;
    /// The code of the language: `en`.
    const char *language;
    /// UTF-8 without a terminating zero.
    const char *text;
    size_t length;
};

/// How many there are; of each tour the one that is shown where another language is asked for comes first.
size_t tour_text_count(void);
/// One of them.
struct tour_text tour_text(size_t index);

#endif
