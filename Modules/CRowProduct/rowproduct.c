// Products with a single row, in C because they are memory's speed or nothing: the same loops are compiled for every
// processor and once more for those with AVX2, and the machine picks, which Swift has no word for.
#include "CRowProduct.h"

#define inlined static inline __attribute__((always_inline))

// A checkpoint may put its numbers at any byte.
typedef float __attribute__((aligned(1))) any_f32;
typedef _Float16 __attribute__((aligned(1))) any_f16;
typedef unsigned short __attribute__((aligned(1))) any_bf16;

inlined float number(const void *w, size_t place, row_format format)
{
    switch (format) {
    case row_format_f32: return ((const any_f32 *)w)[place];
    case row_format_f16: return ((const any_f16 *)w)[place];
    case row_format_bf16: break;
    }
    // The upper half of the wide number.
    union { unsigned bits; float value; } wide = {(unsigned)((const any_bf16 *)w)[place] << 16};
    return wide.value;
}

inlined void add(
    float *restrict out, size_t count, const float *restrict x, size_t rows, const void *w, size_t stride,
    row_format format)
{
    for (size_t k = 0; k < rows; k++)
        for (size_t i = 0; i < count; i++) out[i] += x[k] * number(w, k * stride + i, format);
}

inlined void dot(
    float *restrict out, size_t rows, const float *restrict x, size_t count, const void *w, size_t stride,
    row_format format)
{
    // The sum may be taken in several parts at once.
#pragma clang fp reassociate(on)
    for (size_t k = 0; k < rows; k++) {
        float sum = 0;
        for (size_t i = 0; i < count; i++) sum += x[i] * number(w, k * stride + i, format);
        out[k] = sum;
    }
}

#define FOR_EACH_FORMAT(loop) \
    switch (format) { \
    case row_format_f32: loop(out, n, x, m, w, stride, row_format_f32); break; \
    case row_format_f16: loop(out, n, x, m, w, stride, row_format_f16); break; \
    case row_format_bf16: loop(out, n, x, m, w, stride, row_format_bf16); break; \
    }
#define LOOPS(target, suffix) \
    target static void add##suffix( \
        float *out, size_t n, const float *x, size_t m, const void *w, size_t stride, row_format format) \
    { FOR_EACH_FORMAT(add) } \
    target static void dot##suffix( \
        float *out, size_t n, const float *x, size_t m, const void *w, size_t stride, row_format format) \
    { FOR_EACH_FORMAT(dot) }

LOOPS(, _everywhere)
#if defined(__x86_64__)
LOOPS(__attribute__((target("avx2,fma,f16c"))), _avx2)
#define PICK(loop) \
    (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c") \
        ? loop##_avx2 : loop##_everywhere)
#else
#define PICK(loop) loop##_everywhere
#endif

void row_product_add(
    float *out, size_t count, const float *x, size_t rows, const void *w, size_t stride, row_format format)
{
    PICK(add)(out, count, x, rows, w, stride, format);
}

void row_product_dot(
    float *out, size_t rows, const float *x, size_t count, const void *w, size_t stride, row_format format)
{
    PICK(dot)(out, rows, x, count, w, stride, format);
}
