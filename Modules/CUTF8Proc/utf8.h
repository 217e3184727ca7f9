// Names the library of Unicode's normalization forms. Debian and Ubuntu: libutf8proc-dev.
#include <utf8proc.h>
