import Foundation

/// The arithmetic of the forward pass: free functions over rows, with shapes in the comments.
///
/// Rows are independent, so each function can be checked against a naive loop, and many rows are shared by threads.
/// Products go through ``multiply``, or a ``RowOperand`` where there is a single row.
enum Kernels {
    /// Rows of a table: table [N, C], indices [T] → [T, C].
    static func rows(_ indices: [Int], of table: Tensor) -> Tensor {
        let C = table.columnCount
        return Tensor([indices.count, C]) { out in
            table.withValues { table in
                for (t, index) in indices.enumerated() {
                    _ = UnsafeMutableBufferPointer(rebasing: out[t * C..<(t + 1) * C])
                        .update(from: UnsafeBufferPointer(rebasing: table[index * C..<(index + 1) * C]))
                }
            }
        }
    }

    /// a + b, element by element.
    static func add(_ a: Tensor, _ b: Tensor) -> Tensor {
        let C = a.columnCount
        return onRows(a.shape, a, b, Tensor([], [0]), cost: C / 4) { out, a, b, _, row in
            for c in row * C..<(row + 1) * C { out[c] = a[c] + b[c] }
        }
    }

    /// x̂ = (x − μ)/σ with σ = √(biased variance + ε), row by row: x [T, C] → x̂ [T, C], μ [T], σ [T].
    ///
    /// Source: Ba, Kiros, Hinton, "Layer Normalization" (2016). Sums are taken in 64 bits.
    static func normalize(_ x: Tensor, epsilon: Float) -> (normalized: Tensor, mean: Tensor, scale: Tensor) {
        let (T, C) = (x.rowCount, x.columnCount)
        var statistics = [Float](repeating: 0, count: 2 * T)
        let normalized = Tensor(x.shape) { out in
            statistics.withUnsafeMutableBufferPointer { statistics in
                x.withValues { x in
                    guard let out = Shared(out), let x = Source(x), let kept = Shared(statistics) else { return }
                    inParallel(T, cost: 2 * C) { rows in
                        for row in rows {
                            let x = x.base + row * C
                            let mean = sum(C) { Double(x[$0]) } / Double(C)
                            let variance = sum(C) { (Double(x[$0]) - mean) * (Double(x[$0]) - mean) } / Double(C)
                            let scale = (variance + Double(epsilon)).squareRoot()
                            let target = out.base + row * C
                            for c in 0..<C { target[c] = Float((Double(x[c]) - mean) * (1 / scale)) }
                            kept.base[row] = Float(mean)
                            kept.base[T + row] = Float(scale)
                        }
                    }
                }
            }
        }
        return (normalized, Tensor([T], Array(statistics[..<T])), Tensor([T], Array(statistics[T...])))
    }

    /// A sum of `count` terms, four at a time.
    @inline(__always)
    private static func sum(_ count: Int, _ term: (Int) -> Double) -> Double {
        var parts = SIMD4<Double>()
        for i in stride(from: 0, to: count - 3, by: 4) {
            parts += SIMD4(term(i), term(i + 1), term(i + 2), term(i + 3))
        }
        return (count & ~3..<count).reduce(parts.sum()) { $0 + term($1) }
    }

    /// x̂·γ + β: x̂ [T, C], γ [C], β [C] → [T, C].
    static func scaleAndShift(_ x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor {
        let C = x.columnCount
        return onRows(x.shape, x, gamma, beta, cost: C / 4) { out, x, gamma, beta, row in
            let (out, x) = (out + row * C, x + row * C)
            for c in 0..<C { out[c] = x[c] * gamma[c] + beta[c] }
        }
    }

    /// Computes a tensor row by row from up to three others; `row` counts over all axes but the last.
    @inline(__always)
    private static func onRows(
        _ shape: [Int], _ a: Tensor, _ b: Tensor, _ c: Tensor, cost: Int,
        _ body:
            @Sendable (
                UnsafeMutablePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, Int
            ) -> Void
    ) -> Tensor {
        Tensor(shape) { out in
            let count = out.count / max(1, shape.last ?? 1)
            a.withValues { a in
                b.withValues { b in
                    c.withValues { c in
                        guard let out = Shared(out), let a = Source(a), let b = Source(b), let c = Source(c) else {
                            return
                        }
                        inParallel(count, cost: max(1, cost)) { rows in
                            for row in rows { body(out.base, a.base, b.base, c.base, row) }
                        }
                    }
                }
            }
        }
    }

    /// x·W + b: x [T, K], W [K, N], b [N] → `shape`, which holds T·n numbers; `columns` picks n columns of W and b.
    static func linear(_ x: Tensor, weight: Tensor, bias: Tensor, columns: Range<Int>? = nil, shape: [Int]) -> Tensor {
        let (K, N) = (weight.shape[0], weight.shape[1])
        let columns = columns ?? 0..<N
        let (T, n) = (x.count / K, columns.count)
        return Tensor(shape) { out in
            guard let target = out.baseAddress else { return }
            bias.withValues { bias in
                let bias = Source(UnsafeBufferPointer(rebasing: bias[columns]))
                x.withMatrix(rows: T) { x in
                    weight.withMatrix(rows: K, columns: columns) { w in
                        multiply(x, w, bias: bias, into: target, stride: n)
                    }
                }
            }
        }
    }

    /// q·kᵀ/divisor for every head: q [T, H, D], k [S, H, D] → [H, T, S].
    ///
    /// Of several runs one after another, q [R·T, H, D] and k [R·S, H, D] → [R·H, T, S].
    static func scores(_ q: Tensor, _ k: Tensor, divisor: Float, runs R: Int = 1) -> Tensor {
        let (T, S, H, D) = (q.shape[0] / R, k.shape[0] / R, q.shape[1], q.shape[2])
        return Tensor([R * H, T, S]) { out in
            guard let target = Shared(out) else { return }
            inParallel(R * H, cost: T * S * D / 64) { places in
                for place in places {
                    let (run, head) = place.quotientAndRemainder(dividingBy: H)
                    q.withMatrix(rows: T, of: run, columns: head * D..<(head + 1) * D, width: H * D) { q in
                        k.withMatrix(rows: S, of: run, columns: head * D..<(head + 1) * D, width: H * D) { k in
                            multiply(
                                q, k.transposed, scale: 1 / divisor, into: target.base + place * T * S, stride: S,
                                isShared: R * H == 1)
                        }
                    }
                }
            }
        }
    }

    /// Scores with every key after its query replaced by −∞: [H, T, S] → [H, T, S]; the first query stands at position
    /// `first`.
    static func maskFuture(_ scores: Tensor, first: Int = 0) -> Tensor {
        let (T, S) = (scores.shape[1], scores.columnCount)
        return onRows(scores.shape, scores, scores, scores, cost: S / 4) { out, scores, _, _, row in
            let seen = min(S, first + row % T + 1)
            (out + row * S).update(from: scores + row * S, count: seen)
            (out + row * S + seen).update(repeating: -.infinity, count: S - seen)
        }
    }

    /// exp(x − max)/Σexp along the last axis; a −∞ becomes exactly 0. Also the maximum and the sum of each row.
    ///
    /// Where the numbers are masked scores [H, T, S], whose first query stands at position `first`, what is masked need
    /// not be looked at.
    static func softmax(_ x: Tensor, first: Int? = nil) -> (values: Tensor, max: Tensor, sum: Tensor) {
        let (N, count) = (x.columnCount, x.rowCount)
        let T = x.shape.count > 1 ? x.shape[x.shape.count - 2] : 1
        var statistics = [Float](repeating: 0, count: 2 * count)
        let values = Tensor(x.shape) { out in
            statistics.withUnsafeMutableBufferPointer { statistics in
                x.withValues { x in
                    guard let out = Shared(out), let x = Source(x), let kept = Shared(statistics) else { return }
                    inParallel(count, cost: N) { rows in
                        for row in rows {
                            let seen = first.map { min(N, $0 + row % T + 1) } ?? N
                            let (x, out) = (x.base + row * N, out.base + row * N)
                            let (largest, sum) = shares(x, out, seen)
                            (out + seen).update(repeating: 0, count: N - seen)
                            kept.base[row] = largest
                            kept.base[count + row] = sum
                        }
                    }
                }
            }
        }
        let rows = Array(x.shape.dropLast())
        return (values, Tensor(rows, Array(statistics[..<count])), Tensor(rows, Array(statistics[count...])))
    }

    /// One row of a softmax of `count` numbers; sums are taken in 64 bits.
    private static func shares(
        _ x: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ count: Int
    ) -> (max: Float, sum: Float) {
        var largest = -Float.infinity
        for i in 0..<count { largest = x[i] > largest ? x[i] : largest }
        let whole = count & ~7
        var parts = SIMD8<Double>()
        for i in stride(from: 0, to: whole, by: 8) {
            let e = exponential((x + i).eight - largest)
            (out + i).eight = e
            parts += SIMD8<Double>(e)
        }
        var sum = parts.sum()
        for i in whole..<count {
            out[i] = expf(x[i] - largest)
            sum += Double(out[i])
        }
        let factor = 1 / sum
        for i in 0..<count { out[i] = Float(Double(out[i]) * factor) }
        // Among what is not a number nothing is the largest.
        return (sum.isNaN && largest < .infinity ? .nan : largest, Float(sum))
    }

    /// pattern·v for every head: pattern [H, T, S], v [S, H, D] → [T, H, D].
    ///
    /// Of several runs one after another, pattern [R·H, T, S] and v [R·S, H, D] → [R·T, H, D].
    static func mix(_ pattern: Tensor, _ v: Tensor, runs R: Int = 1) -> Tensor {
        let (S, H, D) = (v.shape[0] / R, v.shape[1], v.shape[2])
        let T = pattern.shape[1]
        return Tensor([R * T, H, D]) { out in
            pattern.withValues { pattern in
                guard let target = Shared(out), let pattern = Source(pattern) else { return }
                inParallel(R * H, cost: T * S * D / 64) { places in
                    for place in places {
                        let (run, head) = place.quotientAndRemainder(dividingBy: H)
                        v.withMatrix(rows: S, of: run, columns: head * D..<(head + 1) * D, width: H * D) { v in
                            let shares = Matrix(base: pattern.base + place * T * S, rows: T, columns: S, stride: S)
                            multiply(
                                shares, v, into: target.base + (run * T * H + head) * D, stride: H * D,
                                isShared: R * H == 1)
                        }
                    }
                }
            }
        }
    }

    /// The non-linearity, element by element.
    static func activate(_ x: Tensor, _ activation: Activation) -> Tensor {
        let N = x.columnCount
        return onRows(x.shape, x, x, x, cost: 3 * N) { out, x, _, _, row in
            activation.apply(x + row * N, out + row * N, count: N)
        }
    }

    /// Logits of some positions: x [T, C] against every row of the unembedding [V, C] → [T, V].
    static func unembed(_ x: Tensor, table: Tensor) -> Tensor {
        let (T, V) = (x.shape[0], table.shape[0])
        return Tensor([T, V]) { out in
            guard let target = out.baseAddress else { return }
            x.withMatrix(rows: T) { x in
                table.withMatrix(rows: V) { multiply(x, $0.transposed, into: target, stride: V) }
            }
        }
    }
}

extension Tensor {
    /// Gives `body` the numbers as a matrix of `rows` rows, or some columns of it.
    fileprivate func withMatrix(rows: Int, columns: Range<Int>? = nil, _ body: (Matrix) -> Void) {
        let stride = count / rows
        let columns = columns ?? 0..<stride
        withValues { values in
            guard let base = values.baseAddress else { return }
            body(Matrix(base: base + columns.lowerBound, rows: rows, columns: columns.count, stride: stride))
        }
    }

    /// Gives `body` some columns of the rows of one of several runs, `width` numbers each.
    fileprivate func withMatrix(
        rows: Int, of run: Int, columns: Range<Int>, width: Int, _ body: (Matrix) -> Void
    ) {
        withValues { values in
            guard let base = values.baseAddress else { return }
            body(
                Matrix(
                    base: base + run * rows * width + columns.lowerBound, rows: rows, columns: columns.count,
                    stride: width))
        }
    }
}
