// Names the BLAS. Debian and Ubuntu: libopenblas-dev.
#include <cblas.h>
