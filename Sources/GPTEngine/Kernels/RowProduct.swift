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

    /// Whether all are finite. Those alone are widened here: infinity and NaN would come out as finite numbers.
    var areFinite: Bool {
        guard format == .f16 else { return true }
        let (count, bits) = (rows * columns, UnsafeRawPointer(base))
        var found: UInt64 = 0
        var i = 0
        while i + 4 <= count {
            // An exponent of all ones, and no other, carries into the sign's place.
            let word = bits.loadUnaligned(fromByteOffset: 2 * i, as: UInt64.self)
            found |= (word & 0x7C00_7C00_7C00_7C00) &+ 0x0400_0400_0400_0400
            i += 4
        }
        while i < count {
            found |= (UInt64(base[i]) & 0x7C00) &+ 0x0400
            i += 1
        }
        return found & 0x8000_8000_8000_8000 == 0
    }

    /// One number as a 32-bit float.
    @inline(__always)
    static func wide(_ bits: UInt16, _ format: Format) -> Float {
        format == .bf16 ? Float(bitPattern: UInt32(bits) << 16) : Float(Float16(bitPattern: bits))
    }

    /// Sixteen numbers from their 32 bytes: those at even places, and those at odd ones. A number of this format is the
    /// upper half of the wide one.
    @inline(__always)
    static func bf16(_ bytes: UnsafeRawPointer) -> (even: SIMD8<Float>, odd: SIMD8<Float>) {
        (
            fours(bytes) { ($0 & 0x0000_FFFF_0000_FFFF) &<< 16 },
            fours(bytes) { $0 & 0xFFFF_0000_FFFF_0000 }
        )
    }

    /// The same for the other format: the bits shifted into place are too small by 2^112, subnormal ones too.
    @inline(__always)
    static func f16(_ bytes: UnsafeRawPointer) -> (even: SIMD8<Float>, odd: SIMD8<Float>) {
        let even = fours(bytes) { ($0 & 0x0000_8000_0000_8000) &<< 16 | ($0 & 0x0000_7FFF_0000_7FFF) &<< 13 }
        let odd = fours(bytes) { $0 & 0x8000_0000_8000_0000 | $0 &>> 3 & 0x0FFF_E000_0FFF_E000 }
        return (even * 0x1p112, odd * 0x1p112)
    }

    /// Turns four times eight bytes into two numbers each. Words of 64 bits, since the compiler takes vectors of whole
    /// numbers apart lane by lane.
    @inline(__always)
    private static func fours(_ bytes: UnsafeRawPointer, _ pick: (UInt64) -> UInt64) -> SIMD8<Float> {
        @inline(__always) func word(_ place: Int) -> UInt64 {
            pick(bytes.loadUnaligned(fromByteOffset: 8 * place, as: UInt64.self))
        }
        return unsafeBitCast(SIMD4<UInt64>(word(0), word(1), word(2), word(3)), to: SIMD8<Float>.self)
    }

    /// Where the number at a place of a row lies when every sixteen are parted into even and odd ones.
    @inline(__always)
    static func parted(_ place: Int, of count: Int) -> Int {
        place < count & ~15 ? place & ~15 | (place & 1) << 3 | (place & 15) >> 1 : place
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
    ///
    /// Threads share the rows of W, so that each reads memory in one go, and their sums are added up.
    static func rowLinear(
        _ x: Tensor, weight: RowOperand, bias: Tensor, columns: Range<Int>? = nil, shape: [Int]
    ) -> Tensor {
        let (K, N) = (weight.rowCount, weight.columnCount)
        let columns = columns ?? 0..<N
        let (n, first) = (columns.count, columns.lowerBound)
        let shares = K * n < 100_000 ? 1 : min(Threads.count, K)
        let sums = Tensor([shares, n]) { sums in
            x.withValues { x in
                guard let sums = Shared(sums), let x = Source(x) else { return }
                inParallel(shares, cost: 1 << 30) { mine in
                    for share in mine {
                        let rows = K * share / shares..<K * (share + 1) / shares
                        let target = sums.base + share * n
                        target.update(repeating: 0, count: n)
                        let (x, start) = (x.base + rows.lowerBound, rows.lowerBound * N + first)
                        switch weight {
                        case .full(let tensor):
                            tensor.withValues { w in
                                guard let w = w.baseAddress.map({ $0 + start }) else { return }
                                addRows(x, rows.count, target, n, stride: N) {
                                    (w + $0).eight
                                } one: {
                                    w[$0]
                                }
                            }
                        case .half(let numbers):
                            let w = numbers.base + start
                            switch numbers.format {
                            case .bf16: addHalves(x, rows.count, target, n, w, stride: N, .bf16, HalfNumbers.bf16)
                            case .f16: addHalves(x, rows.count, target, n, w, stride: N, .f16, HalfNumbers.f16)
                            }
                        }
                    }
                }
            }
        }
        let isParted = if case .half = weight { true } else { false }
        return Tensor(shape) { out in
            sums.withValues { sums in
                bias.withValues { bias in
                    for i in 0..<n {
                        let place = isParted ? HalfNumbers.parted(i, of: n) : i
                        out[i] = (0..<shares).reduce(bias[first + i]) { $0 + sums[$1 * n + place] }
                    }
                }
            }
        }
    }

    /// One query's scores for every head: q [1, H, D], k [S, H, D] → [H, 1, S].
    static func rowScores(_ q: Tensor, _ k: Tensor, divisor: Float) -> Tensor {
        let (S, H, D) = (k.shape[0], k.shape[1], k.shape[2])
        return Tensor([H, 1, S]) { out in
            q.withValues { q in
                k.withValues { k in
                    guard let out = Shared(out), let q = Source(q), let k = Source(k) else { return }
                    inParallel(S, cost: H * D / 4) { keys in
                        for key in keys {
                            for head in 0..<H {
                                let (q, k) = (q.base + head * D, k.base + (key * H + head) * D)
                                out.base[head * S + key] =
                                    dot(q, D) {
                                        (k + $0).eight
                                    } one: {
                                        k[$0]
                                    } / divisor
                            }
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
            pattern.withValues { pattern in
                v.withValues { v in
                    guard let out = Shared(out), let shares = Source(pattern), let v = Source(v) else { return }
                    inParallel(H, cost: S * D / 4) { heads in
                        for head in heads {
                            let (target, v) = (out.base + head * D, v.base + head * D)
                            target.update(repeating: 0, count: D)
                            addRows(shares.base + head * S, S, target, D, stride: H * D) {
                                (v + $0).eight
                            } one: {
                                v[$0]
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

    /// The same with numbers of 16 bits; every sixteen numbers of `out` are parted into even and odd ones.
    @inline(__always)
    private static func addHalves(
        _ x: UnsafePointer<Float>, _ K: Int, _ out: UnsafeMutablePointer<Float>, _ count: Int,
        _ w: UnsafePointer<UInt16>, stride: Int, _ format: HalfNumbers.Format,
        _ widen: (UnsafeRawPointer) -> (even: SIMD8<Float>, odd: SIMD8<Float>)
    ) {
        let (bits, whole) = (UnsafeRawPointer(w), count & ~15)
        @inline(__always) func load(_ place: Int) -> (even: SIMD8<Float>, odd: SIMD8<Float>) {
            widen(bits + 2 * place)
        }
        var k = 0
        while k + 4 <= K {
            let (a, b, c, d) = (x[k], x[k + 1], x[k + 2], x[k + 3])
            var i = 0
            while i < whole {
                let place = k * stride + i
                let (p, q) = (load(place), load(place + stride))
                let (r, s) = (load(place + 2 * stride), load(place + 3 * stride))
                let (firstEven, secondEven) = (a * p.even + b * q.even, c * r.even + d * s.even)
                let (firstOdd, secondOdd) = (a * p.odd + b * q.odd, c * r.odd + d * s.odd)
                (out + i).eight += firstEven + secondEven
                (out + i + 8).eight += firstOdd + secondOdd
                i += 16
            }
            k += 4
        }
        for row in k..<K {
            var i = 0
            while i < whole {
                defer { i += 16 }
                let p = load(row * stride + i)
                (out + i).eight += x[row] * p.even
                (out + i + 8).eight += x[row] * p.odd
            }
        }
        for row in 0..<K { for i in whole..<count { out[i] += x[row] * HalfNumbers.wide(w[row * stride + i], format) } }
    }

    /// One position's logits: x [C] against every row of the unembedding [V, C] → [1, V].
    static func rowUnembed(_ x: Tensor, table: RowOperand) -> Tensor {
        let (V, C) = (table.rowCount, x.count)
        return Tensor([1, V]) { out in
            x.withValues { x in
                guard let out = Shared(out), let x = Source(x) else { return }
                switch table {
                case .full(let tensor):
                    tensor.withValues { w in
                        guard let w = Source(w) else { return }
                        inParallel(V, cost: C / 4) { rows in
                            for row in rows {
                                let w = w.base + row * C
                                out.base[row] = dot(x.base, C) {
                                    (w + $0).eight
                                } one: {
                                    w[$0]
                                }
                            }
                        }
                    }
                case .half(let numbers):
                    let parted = Tensor([C]) { parted in
                        for i in 0..<C { parted[HalfNumbers.parted(i, of: C)] = x.base[i] }
                    }
                    parted.withValues { x in
                        guard let x = Source(x) else { return }
                        inParallel(V, cost: C / 4) { rows in
                            for row in rows {
                                let w = numbers.base + row * C
                                out.base[row] =
                                    switch numbers.format {
                                    case .bf16: dotHalves(x.base, C, w, .bf16, HalfNumbers.bf16)
                                    case .f16: dotHalves(x.base, C, w, .f16, HalfNumbers.f16)
                                    }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Σ x[i]·w[i], where every sixteen numbers of x are parted into even and odd ones.
    @inline(__always)
    private static func dotHalves(
        _ x: UnsafePointer<Float>, _ count: Int, _ w: UnsafePointer<UInt16>, _ format: HalfNumbers.Format,
        _ widen: (UnsafeRawPointer) -> (even: SIMD8<Float>, odd: SIMD8<Float>)
    ) -> Float {
        let (bits, whole) = (UnsafeRawPointer(w), count & ~15)
        var (a, b) = (SIMD8<Float>(), SIMD8<Float>())
        var i = 0
        while i < whole {
            let p = widen(bits + 2 * i)
            a += (x + i).eight * p.even
            b += (x + i + 8).eight * p.odd
            i += 16
        }
        var sum = (a + b).sum()
        while i < count {
            sum += x[i] * HalfNumbers.wide(w[i], format)
            i += 1
        }
        return sum
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
