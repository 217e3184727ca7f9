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

/// out = scale · a · b, plus `bias` in every row.
///
/// `a` is [m, k], `b` [k, n], `bias` [n]; `out` [m, n] has rows `stride` numbers apart. This is the one place that calls
/// the BLAS. Where many products are shared out to the threads each is done whole: `isShared` is false.
func multiply(
    _ a: Matrix, _ b: Matrix, scale: Float = 1, bias: Source? = nil, into out: UnsafeMutablePointer<Float>, stride: Int,
    isShared: Bool = true
) {
    precondition(a.columns == b.rows, "[\(a.rows), \(a.columns)] does not multiply [\(b.rows), \(b.columns)]")
    _ = blasIsSingleThreaded
    let out = Shared(out)
    inParallel(b.columns, cost: isShared ? a.rows * a.columns / 64 : 0) { columns in
        let (start, count) = (columns.lowerBound, columns.count)
        if let bias {
            for row in 0..<a.rows { (out.base + row * stride + start).update(from: bias.base + start, count: count) }
        }
        cblas_sgemm(
            CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans, b.isTransposed ? CblasTrans : CblasNoTrans,
            blasint(a.rows), blasint(count), blasint(a.columns), scale, a.base, blasint(a.stride),
            b.base + start * (b.isTransposed ? b.stride : 1), blasint(b.stride), bias == nil ? 0 : 1,
            out.base + start, blasint(stride))
    }
}

/// Threads of the BLAS wait for each other at every panel; parts of the columns need not meet, so we share those out.
private let blasIsSingleThreaded: Bool = {
    openblas_set_num_threads(1)
    return true
}()

/// a · b in 64 bits, row by row: a [m, k], b [k, n] → [m, n].
public func matrixProduct(_ a: [Double], _ b: [Double], rows m: Int, inner k: Int, columns n: Int) -> [Double] {
    precondition(
        a.count == m * k && b.count == k * n, "\(a.count) and \(b.count) numbers are no [\(m), \(k)]·[\(k), \(n)]")
    guard m > 0, k > 0, n > 0 else { return Array(repeating: 0, count: m * n) }
    _ = blasIsSingleThreaded
    return Array(unsafeUninitializedCapacity: m * n) { out, count in
        cblas_dgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(m), blasint(n), blasint(k), 1, a, blasint(k), b,
            blasint(n), 0, out.baseAddress, blasint(n))
        count = m * n
    }
}
