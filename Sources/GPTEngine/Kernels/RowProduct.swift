import CRowProduct

/// The numbers of a matrix for products with a single row: 32-bit floats, or 16 bits as a checkpoint stores them, which
/// are widened while they are read.
///
/// A single row reads every weight once and is done: memory is the limit, so half the bytes take about half the time.
struct RowOperand: @unchecked Sendable {
    /// How a number is stored.
    enum Format {
        case f32, f16, bf16

        fileprivate var c: row_format {
            switch self {
            case .f32: row_format_f32
            case .f16: row_format_f16
            case .bf16: row_format_bf16
            }
        }
        fileprivate var size: Int { self == .f32 ? 4 : 2 }
    }

    // Unchecked: nobody writes to them, and `owner` keeps them where they are.
    let base: UnsafeRawPointer?
    let format: Format
    let rows: Int
    let columns: Int
    let owner: any Sendable

    /// The numbers of a tensor.
    static func full(_ tensor: Tensor) -> RowOperand {
        let base = tensor.withValues { UnsafeRawPointer($0.baseAddress) }
        return RowOperand(
            base: base, format: .f32, rows: tensor.rowCount, columns: tensor.columnCount, owner: tensor)
    }

    /// The number at a place, in the order of memory.
    fileprivate func at(_ place: Int) -> UnsafeRawPointer? { base.map { $0 + place * format.size } }
}

extension Kernels {
    /// x·W + b for one row: x [K], W [K, N], b [N] → `shape`, which holds as many numbers as `columns` picks of W and b.
    ///
    /// Threads share the rows of W, so that each reads memory in one go, and their sums are added up.
    static func rowLinear(
        _ x: Tensor, weight: RowOperand, bias: Tensor, columns: Range<Int>? = nil, shape: [Int]
    ) -> Tensor {
        let (K, N) = (weight.rows, weight.columns)
        let columns = columns ?? 0..<N
        precondition(
            x.count == K && columns.upperBound <= N && bias.count >= columns.upperBound,
            "[\(x.count)] does not multiply columns \(columns) of [\(K), \(N)]")
        let (n, first) = (columns.count, columns.lowerBound)
        let shares = K * N < 100_000 ? 1 : min(rowShares, K)
        let sums = Tensor([shares, n]) { sums in
            sums.update(repeating: 0)
            x.withValues { x in
                guard let sums = Shared(sums), let x = Source(x) else { return }
                withExtendedLifetime(weight.owner) {
                    inParallel(shares, cost: 1 << 30) { mine in
                        for share in mine {
                            let rows = K * share / shares..<K * (share + 1) / shares
                            row_product_add(
                                sums.base + share * n, n, x.base + rows.lowerBound, rows.count,
                                weight.at(rows.lowerBound * N + first), N, weight.format.c)
                        }
                    }
                }
            }
        }
        return Tensor(shape) { out in
            sums.withValues { sums in
                bias.withValues { bias in
                    for i in 0..<n { out[i] = (0..<shares).reduce(bias[first + i]) { $0 + sums[$1 * n + i] } }
                }
            }
        }
    }

    /// Parts whose sums are added up: as many whatever the threads, so that the last bits do not depend on them.
    private static let rowShares = 8

    /// One query's scores for every head: q [1, H, D], k [S, H, D] → [H, 1, S].
    static func rowScores(_ q: Tensor, _ k: Tensor, divisor: Float) -> Tensor {
        let (S, H, D) = (k.shape[0], k.shape[1], k.shape[2])
        return Tensor([H, 1, S]) { out in
            q.withValues { q in
                k.withValues { k in
                    guard let out = Shared(out), let q = Source(q), let k = Source(k) else { return }
                    inParallel(S, cost: H * D / 4) { keys in
                        for (head, keys) in pieces(heads: 0..<H, keys) {
                            let scores = out.base + head * S + keys.lowerBound
                            row_product_dot(
                                scores, keys.count, q.base + head * D, D, k.base + (keys.lowerBound * H + head) * D,
                                H * D, row_format_f32)
                            for key in 0..<keys.count { scores[key] /= divisor }
                        }
                    }
                }
            }
        }
    }

    /// One query's mixture of values for every head: pattern [H, 1, S], v [S, H, D] → [1, H, D].
    static func rowMix(_ pattern: Tensor, _ v: Tensor) -> Tensor {
        let (S, H, D) = (v.shape[0], v.shape[1], v.shape[2])
        return Tensor([1, H, D]) { out in
            out.update(repeating: 0)
            pattern.withValues { pattern in
                v.withValues { v in
                    guard let out = Shared(out), let shares = Source(pattern), let v = Source(v) else { return }
                    inParallel(H, cost: S * D / 4) { heads in
                        for (head, keys) in pieces(heads: heads, 0..<S) {
                            row_product_add(
                                out.base + head * D, D, shares.base + head * S + keys.lowerBound, keys.count,
                                v.base + (keys.lowerBound * H + head) * D, H * D, row_format_f32)
                        }
                    }
                }
            }
        }
    }

    /// Keys a few at a time, for every head: the heads of a key lie side by side, so memory is gone through in order.
    private static func pieces(heads: Range<Int>, _ keys: Range<Int>) -> some Sequence<(head: Int, keys: Range<Int>)> {
        stride(from: keys.lowerBound, to: keys.upperBound, by: 16).lazy.flatMap { first in
            heads.lazy.map { ($0, first..<min(first + 16, keys.upperBound)) }
        }
    }

    /// One position's logits: x [C] against every row of the unembedding [V, C] → [1, V].
    static func rowUnembed(_ x: Tensor, table: RowOperand) -> Tensor {
        let (V, C) = (table.rows, x.count)
        precondition(C == table.columns, "[\(C)] does not multiply [\(V), \(table.columns)]ᵀ")
        return Tensor([1, V]) { out in
            x.withValues { x in
                guard let out = Shared(out), let x = Source(x) else { return }
                withExtendedLifetime(table.owner) {
                    inParallel(V, cost: C / 4) { rows in
                        row_product_dot(
                            out.base + rows.lowerBound, rows.count, x.base, C, table.at(rows.lowerBound * C), C,
                            table.format.c)
                    }
                }
            }
        }
    }
}
