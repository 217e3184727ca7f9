import COpenBLAS

/// A matrix lying in memory: rows and columns, and how far apart rows are. A transposed one is read by columns.
///
/// Unchecked: nobody writes to it while it is read.
struct Matrix: @unchecked Sendable {
    let base: UnsafePointer<Float>
    let rows: Int
    let columns: Int
    let stride: Int
    var isTransposed = false

    /// The same numbers with rows and columns exchanged.
    var transposed: Matrix {
        Matrix(base: base, rows: columns, columns: rows, stride: stride, isTransposed: !isTransposed)
    }
}

/// out = scale · a · b, or added to what `out` holds.
///
/// `a` is [m, k], `b` [k, n]; `out` [m, n] has rows `stride` numbers apart. This is the one place that calls the BLAS.
func multiply(
    _ a: Matrix, _ b: Matrix, scale: Float = 1, adding: Bool = false, into out: UnsafeMutablePointer<Float>, stride: Int
) {
    precondition(a.columns == b.rows, "[\(a.rows), \(a.columns)] does not multiply [\(b.rows), \(b.columns)]")
    _ = blasIsSingleThreaded
    let out = Shared(out)
    inParallel(b.columns, cost: a.rows * a.columns / 64) { columns in
        let first = columns.lowerBound * (b.isTransposed ? b.stride : 1)
        cblas_sgemm(
            CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans, b.isTransposed ? CblasTrans : CblasNoTrans,
            blasint(a.rows), blasint(columns.count), blasint(a.columns), scale, a.base, blasint(a.stride),
            b.base + first, blasint(b.stride), adding ? 1 : 0, out.base + columns.lowerBound, blasint(stride))
    }
}

/// Threads of the BLAS wait for each other at every panel; parts of the columns need not meet, so we share those out.
private let blasIsSingleThreaded: Bool = {
    openblas_set_num_threads(1)
    return true
}()
