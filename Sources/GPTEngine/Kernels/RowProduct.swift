/// Numbers of 16 bits as a checkpoint stores them, widened while they are read.
struct HalfNumbers: @unchecked Sendable {
    /// How the 16 bits are to be read.
    enum Format {
        case f16, bf16
    }

    // Unchecked: nobody writes to them, and `owner` keeps them where they are.
    let base: UnsafePointer<UInt16>
    let format: Format
    let rows: Int
    let columns: Int
    let owner: any Sendable

    /// Eight numbers as 32-bit floats, exactly.
    @inline(__always)
    static func bf16(_ bits: SIMD8<UInt16>) -> SIMD8<Float> {
        unsafeBitCast(SIMD8<UInt32>(truncatingIfNeeded: bits) &<< 16, to: SIMD8<Float>.self)
    }

    /// Eight numbers as 32-bit floats, exactly: the bits shifted into place are too small by 2^112, subnormal ones too.
    @inline(__always)
    static func f16(_ bits: SIMD8<UInt16>) -> SIMD8<Float> {
        let wide = SIMD8<UInt32>(truncatingIfNeeded: bits)
        let sign = (wide & 0x8000) &<< 16
        let magnitude = (wide & 0x7FFF) &<< 13
        let scaled = unsafeBitCast(magnitude, to: SIMD8<Float>.self) * 0x1p112
        // Infinity and NaN have all bits of the exponent set, before and after.
        let special = magnitude .>= 0x0F80_0000
        let value = unsafeBitCast(scaled, to: SIMD8<UInt32>.self).replacing(
            with: magnitude | 0x7F80_0000, where: special)
        return unsafeBitCast(value | sign, to: SIMD8<Float>.self)
    }
}

/// Where the weights of a product with a single row come from: 32-bit floats, or 16 bits that are widened on the way.
///
/// A single row reads every weight once and is done: memory is the limit, so half the bytes take about half the time.
enum RowOperand {
    case full(Tensor)
    case half(HalfNumbers)

    var columnCount: Int {
        switch self {
        case .full(let tensor): tensor.columnCount
        case .half(let numbers): numbers.columns
        }
    }
    var rowCount: Int {
        switch self {
        case .full(let tensor): tensor.rowCount
        case .half(let numbers): numbers.rows
        }
    }
}

extension Kernels {
    /// x·W + b for one row: x [K], W [K, N], b [N] → `shape`, which holds as many numbers as `columns` picks of W and b.
    static func rowLinear(
        _ x: Tensor, weight: RowOperand, bias: Tensor, columns: Range<Int>? = nil, shape: [Int]
    ) -> Tensor {
        let (K, N) = (x.count, weight.columnCount)
        let columns = columns ?? 0..<N
        return Tensor(shape) { out in
            x.withValues { x in
                bias.withValues { bias in
                    guard let out = Shared(out), let x = Source(x), let bias = Source(bias) else { return }
                    // Threads take columns by the cache line, so that no two write to one.
                    inParallel((columns.count + 15) / 16, cost: 16 * K / 4) { parts in
                        let range = parts.lowerBound * 16..<min(columns.count, parts.upperBound * 16)
                        let target = out.base + range.lowerBound
                        let first = columns.lowerBound + range.lowerBound
                        target.update(from: bias.base + first, count: range.count)
                        switch weight {
                        case .full(let tensor):
                            tensor.withValues { w in
                                guard let w = w.baseAddress else { return }
                                addRows(x.base, K, target, range.count, stride: N) {
                                    (w + first + $0).eight
                                } one: {
                                    w[first + $0]
                                }
                            }
                        case .half(let numbers):
                            let w = UnsafeRawPointer(numbers.base + first)
                            let eight = { (i: Int) in w.loadUnaligned(fromByteOffset: 2 * i, as: SIMD8<UInt16>.self) }
                            let one = { (i: Int) in w.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self) }
                            switch numbers.format {
                            case .bf16:
                                addRows(x.base, K, target, range.count, stride: N) {
                                    HalfNumbers.bf16(eight($0))
                                } one: {
                                    Float(bitPattern: UInt32(one($0)) << 16)
                                }
                            case .f16:
                                addRows(x.base, K, target, range.count, stride: N) {
                                    HalfNumbers.f16(eight($0))
                                } one: {
                                    Float(Float16(bitPattern: one($0)))
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// out += Σ x[k]·row k, for rows `stride` numbers apart; four rows at a time, so that `out` is passed over less often.
    @inline(__always)
    private static func addRows(
        _ x: UnsafePointer<Float>, _ K: Int, _ out: UnsafeMutablePointer<Float>, _ count: Int, stride: Int,
        eight: (Int) -> SIMD8<Float>, one: (Int) -> Float
    ) {
        let whole = count & ~7
        var k = 0
        while k < K {
            let rows = min(4, K - k)
            if rows == 4 {
                let (a, b, c, d) = (x[k], x[k + 1], x[k + 2], x[k + 3])
                let start = k * stride
                var i = 0
                while i < whole {
                    let place = start + i
                    (out + i).eight +=
                        (a * eight(place) + b * eight(place + stride))
                        + (c * eight(place + 2 * stride) + d * eight(place + 3 * stride))
                    i += 8
                }
                while i < count {
                    let place = start + i
                    out[i] +=
                        a * one(place) + b * one(place + stride) + c * one(place + 2 * stride) + d
                        * one(place + 3 * stride)
                    i += 1
                }
            } else {
                for row in k..<k + rows { for i in 0..<count { out[i] += x[row] * one(row * stride + i) } }
            }
            k += rows
        }
    }

    /// One position's logits: x [C] against every row of the unembedding [V, C] → [1, V].
    static func rowUnembed(_ x: Tensor, table: RowOperand) -> Tensor {
        let (V, C) = (table.rowCount, x.count)
        return Tensor([1, V]) { out in
            x.withValues { x in
                guard let out = Shared(out), let x = Source(x) else { return }
                inParallel(V, cost: C / 4) { rows in
                    switch table {
                    case .full(let tensor):
                        tensor.withValues { w in
                            guard let w = w.baseAddress else { return }
                            for row in rows {
                                out.base[row] = dot(x.base, C) {
                                    (w + row * C + $0).eight
                                } one: {
                                    w[row * C + $0]
                                }
                            }
                        }
                    case .half(let numbers):
                        for row in rows {
                            let w = UnsafeRawPointer(numbers.base + row * C)
                            let eight = { (i: Int) in w.loadUnaligned(fromByteOffset: 2 * i, as: SIMD8<UInt16>.self) }
                            let one = { (i: Int) in w.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self) }
                            switch numbers.format {
                            case .bf16:
                                out.base[row] = dot(x.base, C) {
                                    HalfNumbers.bf16(eight($0))
                                } one: {
                                    Float(bitPattern: UInt32(one($0)) << 16)
                                }
                            case .f16:
                                out.base[row] = dot(x.base, C) {
                                    HalfNumbers.f16(eight($0))
                                } one: {
                                    Float(Float16(bitPattern: one($0)))
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Σ x[i]·w[i] in four sums of eight lanes.
    @inline(__always)
    private static func dot(
        _ x: UnsafePointer<Float>, _ count: Int, eight: (Int) -> SIMD8<Float>, one: (Int) -> Float
    ) -> Float {
        var (a, b, c, d) = (SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>())
        var i = 0
        while i + 32 <= count {
            a += (x + i).eight * eight(i)
            b += (x + i + 8).eight * eight(i + 8)
            c += (x + i + 16).eight * eight(i + 16)
            d += (x + i + 24).eight * eight(i + 24)
            i += 32
        }
        var sum = ((a + b) + (c + d)).sum()
        while i < count {
            sum += x[i] * one(i)
            i += 1
        }
        return sum
    }
}
