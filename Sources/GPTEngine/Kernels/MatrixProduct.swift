import COpenBLAS

/// A matrix lying in memory: rows and columns, and how far apart rows are. A transposed one is read by columns.
struct Matrix {
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
    cblas_sgemm(
        CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans, b.isTransposed ? CblasTrans : CblasNoTrans,
        blasint(a.rows), blasint(b.columns), blasint(a.columns), scale, a.base, blasint(a.stride), b.base,
        blasint(b.stride), adding ? 1 : 0, out, blasint(stride))
}

/// Lets the BLAS use so many threads.
func setProductThreads(_ count: Int) { openblas_set_num_threads(CInt(count)) }
