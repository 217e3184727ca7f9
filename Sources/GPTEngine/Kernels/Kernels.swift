import Foundation

/// The arithmetic of the forward pass: free functions over rows, with shapes in the comments.
///
/// Rows are independent, so each function can be checked against a naive loop. Products go through ``multiply``.
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
        Tensor(a.shape) { out in
            a.withValues { a in b.withValues { b in for i in out.indices { out[i] = a[i] + b[i] } } }
        }
    }

    /// x̂ = (x − μ)/σ with σ = √(biased variance + ε), row by row: x [T, C] → x̂ [T, C], μ [T], σ [T].
    ///
    /// Source: Ba, Kiros, Hinton, "Layer Normalization" (2016). Sums are taken in 64 bits.
    static func normalize(_ x: Tensor, epsilon: Float) -> (normalized: Tensor, mean: Tensor, scale: Tensor) {
        let (T, C) = (x.rowCount, x.columnCount)
        var (means, scales) = ([Float](), [Float]())
        let normalized = Tensor(x.shape) { out in
            x.withValues { x in
                for row in 0..<T {
                    let range = row * C..<(row + 1) * C
                    let mean = x[range].reduce(0.0) { $0 + Double($1) } / Double(C)
                    let variance = x[range].reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(C)
                    let scale = (variance + Double(epsilon)).squareRoot()
                    for i in range { out[i] = Float((Double(x[i]) - mean) / scale) }
                    means.append(Float(mean))
                    scales.append(Float(scale))
                }
            }
        }
        return (normalized, Tensor([T], means), Tensor([T], scales))
    }

    /// x̂·γ + β: x̂ [T, C], γ [C], β [C] → [T, C].
    static func scaleAndShift(_ x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor {
        let C = x.columnCount
        return Tensor(x.shape) { out in
            x.withValues { x in
                gamma.withValues { gamma in
                    beta.withValues { beta in
                        for row in 0..<x.count / C {
                            for c in 0..<C { out[row * C + c] = x[row * C + c] * gamma[c] + beta[c] }
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
                for row in 0..<T { for j in 0..<n { target[row * n + j] = bias[columns.lowerBound + j] } }
            }
            x.withMatrix(rows: T) { x in
                weight.withMatrix(rows: K, columns: columns) { w in
                    multiply(x, w, adding: true, into: target, stride: n)
                }
            }
        }
    }

    /// q·kᵀ/divisor for every head: q, k [T, H, D] → [H, T, T].
    static func scores(_ q: Tensor, _ k: Tensor, divisor: Float) -> Tensor {
        let (T, H, D) = (q.shape[0], q.shape[1], q.shape[2])
        return Tensor([H, T, T]) { out in
            guard let target = out.baseAddress else { return }
            for head in 0..<H {
                q.withMatrix(rows: T, columns: head * D..<(head + 1) * D) { q in
                    k.withMatrix(rows: T, columns: head * D..<(head + 1) * D) { k in
                        multiply(
                            q, k.transposed, scale: 1 / divisor, into: target + head * T * T, stride: T)
                    }
                }
            }
        }
    }

    /// Scores with every key after its query replaced by −∞: [H, T, T] → [H, T, T].
    static func maskFuture(_ scores: Tensor) -> Tensor {
        let T = scores.columnCount
        return Tensor(scores.shape) { out in
            scores.withValues { scores in
                for row in 0..<scores.count / T {
                    for key in 0..<T { out[row * T + key] = key <= row % T ? scores[row * T + key] : -.infinity }
                }
            }
        }
    }

    /// exp(x − max)/Σexp along the last axis; a −∞ becomes exactly 0. Also the maximum and the sum of each row.
    static func softmax(_ x: Tensor) -> (values: Tensor, max: Tensor, sum: Tensor) {
        let N = x.columnCount
        var (maxima, sums) = ([Float](), [Float]())
        let values = Tensor(x.shape) { out in
            x.withValues { x in
                for row in 0..<x.count / N {
                    let range = row * N..<(row + 1) * N
                    let largest = x[range].max() ?? 0
                    var sum = 0.0
                    for i in range {
                        out[i] = expf(x[i] - largest)
                        sum += Double(out[i])
                    }
                    for i in range { out[i] /= Float(sum) }
                    maxima.append(largest)
                    sums.append(Float(sum))
                }
            }
        }
        let rows = Array(x.shape.dropLast())
        return (values, Tensor(rows, maxima), Tensor(rows, sums))
    }

    /// pattern·v for every head: pattern [H, T, T], v [T, H, D] → [T, H, D].
    static func mix(_ pattern: Tensor, _ v: Tensor) -> Tensor {
        let (T, H, D) = (v.shape[0], v.shape[1], v.shape[2])
        return Tensor(v.shape) { out in
            guard let target = out.baseAddress else { return }
            pattern.withValues { pattern in
                guard let pattern = pattern.baseAddress else { return }
                for head in 0..<H {
                    v.withMatrix(rows: T, columns: head * D..<(head + 1) * D) { v in
                        let shares = Matrix(base: pattern + head * T * T, rows: T, columns: T, stride: T)
                        multiply(shares, v, into: target + head * D, stride: H * D)
                    }
                }
            }
        }
    }

    /// The non-linearity, element by element.
    static func activate(_ x: Tensor, _ activation: Activation) -> Tensor {
        Tensor(x.shape) { out in x.withValues { x in for i in out.indices { out[i] = activation(x[i]) } } }
    }

    /// One position's logits: row `position` of x [T, C] against every row of the unembedding [V, C] → [V].
    static func unembed(_ x: Tensor, position: Int, table: Tensor) -> Tensor {
        let (V, C) = (table.shape[0], table.shape[1])
        return Tensor([V]) { out in
            guard let target = out.baseAddress else { return }
            x.withValues { x in
                guard let base = x.baseAddress else { return }
                let row = Matrix(base: base + position * C, rows: 1, columns: C, stride: C)
                table.withMatrix(rows: V) { multiply(row, $0.transposed, into: target, stride: V) }
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
}
