#ifndef CROWPRODUCT_H
#define CROWPRODUCT_H

#include <stddef.h>

/// How the numbers of a matrix are stored, in the machine's order of bytes and wherever they lie: as 32-bit floats, or as 16 bits that are
/// widened while they are read.
typedef enum { row_format_f32, row_format_f16, row_format_bf16 } row_format;

/// out[i] += Σₖ x[k]·w[k·stride + i]: so many rows of `count` numbers, `stride` apart, in the order of memory.
/// `out` overlaps neither x nor w.
void row_product_add(
    float *out, size_t count, const float *x, size_t rows, const void *w, size_t stride, row_format format);

/// out[k] = Σᵢ x[i]·w[k·stride + i]: the products of x with so many rows of `count` numbers, `stride` apart.
/// `out` overlaps neither x nor w.
void row_product_dot(
    float *out, size_t rows, const float *x, size_t count, const void *w, size_t stride, row_format format);

#endif
