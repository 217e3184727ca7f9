public import GPTEngine

/// Two axes of a tensor seen as rows and columns: a head's part, some columns of a matrix, a transposed matrix.
///
/// ```swift
/// let map = Slice.head(1, ofMaps: Tensor([2, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7]))
/// map[1, 0]  // 6
/// map.index(1, 0)  // [1, 1, 0]
/// ```
public struct Slice: Sendable {
    private let tensor: Tensor
    private let offset: Int
    private let rowStride: Int
    private let columnStride: Int
    /// How many rows.
    public let rows: Int
    /// How many columns.
    public let columns: Int

    /// The last axis as columns, all others as rows: [T, C] as it is, [T, H, D] with heads side by side.
    public init(_ tensor: Tensor) {
        let columns = tensor.shape.dropFirst().reduce(1, *)
        self.init(
            tensor, offset: 0, rowStride: columns, columnStride: 1, rows: tensor.count / max(1, columns),
            columns: columns)
    }

    private init(_ tensor: Tensor, offset: Int, rowStride: Int, columnStride: Int, rows: Int, columns: Int) {
        self.tensor = tensor
        self.offset = offset
        self.rowStride = rowStride
        self.columnStride = columnStride
        self.rows = rows
        self.columns = columns
    }

    /// One head of [T, H, D]: [T, D].
    public static func head(_ head: Int, ofColumns tensor: Tensor) -> Slice {
        let (T, H, D) = (tensor.shape[0], tensor.shape[1], tensor.shape[2])
        return Slice(tensor, offset: head * D, rowStride: H * D, columnStride: 1, rows: T, columns: D)
    }

    /// One head of [H, T, T]: [T, T].
    public static func head(_ head: Int, ofMaps tensor: Tensor) -> Slice {
        let T = tensor.shape[1]
        return Slice(tensor, offset: head * T * T, rowStride: T, columnStride: 1, rows: T, columns: T)
    }

    /// Some of the columns.
    public func columns(_ range: Range<Int>) -> Slice {
        Slice(
            tensor, offset: offset + range.lowerBound * columnStride, rowStride: rowStride, columnStride: columnStride,
            rows: rows, columns: range.count)
    }

    /// Some of the rows.
    public func rows(_ range: Range<Int>) -> Slice {
        Slice(
            tensor, offset: offset + range.lowerBound * rowStride, rowStride: rowStride, columnStride: columnStride,
            rows: range.count, columns: columns)
    }

    /// Rows and columns exchanged.
    public var transposed: Slice {
        Slice(tensor, offset: offset, rowStride: columnStride, columnStride: rowStride, rows: columns, columns: rows)
    }

    /// The number at a row and a column.
    public subscript(row: Int, column: Int) -> Float { tensor[flat: offset + row * rowStride + column * columnStride] }

    /// The index in the tensor of the number at a row and a column, axis by axis.
    public func index(_ row: Int, _ column: Int) -> [Int] {
        tensor.index(ofFlat: offset + row * rowStride + column * columnStride)
    }

    /// Every `height` × `width` numbers replaced by one, row by row; what comes after the first `limit` numbers is passed
    /// over. A NaN among them makes a NaN, and what is infinite is larger than all else.
    ///
    /// - Parameter removes: whether −∞ is what a mask removed, and is passed over.
    public func pooled(
        height: Int, width: Int, limit: Int = .max, by pooling: Heatmap.Pooling = .largest, removes: Bool = false
    ) -> [Float] {
        if pooling == .mean { return means(height: height, width: width, limit: limit, removes: removes) }
        let (outRows, outColumns) = ((rows + height - 1) / height, (columns + width - 1) / width)
        var result = [Float](repeating: 0, count: outRows * outColumns)
        tensor.withValues { values in
            for row in 0..<rows {
                var index = offset + row * rowStride
                let start = row / height * outColumns
                for outColumn in 0..<outColumns {
                    var best = result[start + outColumn]
                    let place = row * columns + outColumn * width
                    var count = max(0, min(width, columns - outColumn * width, limit - place))
                    if columnStride == 1 {
                        let whole = count & ~7
                        Self.largest(UnsafeBufferPointer(rebasing: values[index..<index + whole]), &best, removes)
                        (index, count) = (index + whole, count - whole)
                    }
                    for _ in 0..<count {
                        let value = values[index]
                        if value.isNaN { best = value }
                        if abs(value) > abs(best), !removes || value != -.infinity { best = value }
                        index += columnStride
                    }
                    result[start + outColumn] = best
                }
            }
        }
        return result
    }

    /// The largest by size of `best` and some numbers, eight at a time; NaN where one of them is.
    private static func largest(_ numbers: UnsafeBufferPointer<Float>, _ best: inout Float, _ removes: Bool) {
        guard let base = UnsafeRawPointer(numbers.baseAddress), !numbers.isEmpty else { return }
        var (high, low, bad) = (SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero)
        for start in stride(from: 0, to: numbers.count, by: 8) {
            var value = base.loadUnaligned(fromByteOffset: 4 * start, as: SIMD8<Float>.self)
            if removes { value.replace(with: 0, where: value .== -.infinity) }
            high.replace(with: value, where: value .> high)
            low.replace(with: value, where: value .< low)
            bad.replace(with: value, where: value .!= value)
        }
        let most = high.max() >= -low.min() ? high.max() : low.min()
        if bad.sum().isNaN { best = .nan } else if abs(most) > abs(best) { best = most }
    }

    /// Every `height` × `width` numbers replaced by their mean.
    private func means(height: Int, width: Int, limit: Int, removes: Bool) -> [Float] {
        let (outRows, outColumns) = ((rows + height - 1) / height, (columns + width - 1) / width)
        var sums = [Double](repeating: 0, count: outRows * outColumns)
        var counts = [Double](repeating: 0, count: outRows * outColumns)
        tensor.withValues { values in
            for row in 0..<rows {
                for column in 0..<columns where row * columns + column < limit {
                    let value = values[offset + row * rowStride + column * columnStride]
                    guard !removes || value != -.infinity else { continue }
                    let place = row / height * outColumns + column / width
                    sums[place] += Double(value)
                    counts[place] += 1
                }
            }
        }
        return zip(sums, counts).map { $1 > 0 ? Float($0 / $1) : 0 }
    }

    /// The size that 99 of 100 finite numbers do not exceed, of those that are there. Of very many every n-th is looked at.
    public func percentile(_ isThere: (_ row: Int, _ column: Int) -> Bool) -> Float {
        let step = max(1, rows * columns / 50_000)
        var sizes: [Float] = []
        tensor.withValues { values in
            for place in stride(from: 0, to: rows * columns, by: step) {
                let value = values[offset + place / columns * rowStride + place % columns * columnStride]
                if value.isFinite, isThere(place / columns, place % columns) { sizes.append(abs(value)) }
            }
        }
        guard !sizes.isEmpty else { return 0 }
        sizes.sort()
        return sizes[min(sizes.count - 1, sizes.count * 99 / 100)]
    }

    /// How many columns of a row are numbers; right of the diagonal a mask removed them.
    private func width(_ row: Int, isCausal: Bool) -> Int { isCausal ? Swift.min(columns, row + 1) : columns }

    /// Whether all numbers up to the diagonal are finite.
    var isFiniteBelow: Bool {
        tensor.withValues { values in
            (0..<rows).allSatisfy { row in
                var (index, sum) = (offset + row * rowStride, Float.zero)
                for _ in 0..<width(row, isCausal: true) {
                    // Nothing but a NaN or an infinity makes anything else of 0.
                    sum += values[index] * 0
                    index += columnStride
                }
                return sum == 0
            }
        }
    }

    /// Its numbers that are not finite.
    var notFinite: NotFinite {
        var found = NotFinite()
        tensor.withValues { values in
            for row in 0..<rows {
                var index = offset + row * rowStride
                for _ in 0..<columns {
                    if !values[index].isFinite { found.add(values[index]) }
                    index += columnStride
                }
            }
        }
        return found
    }

    /// The numbers of a row, without what a mask removed.
    public func row(_ row: Int, isCausal: Bool) -> [Float] {
        (0..<width(row, isCausal: isCausal)).map { self[row, $0] }
    }

    /// The numbers of a column, without what a mask removed.
    public func column(_ column: Int, isCausal: Bool) -> [Float] {
        ((isCausal ? Swift.min(column, rows) : 0)..<rows).map { self[$0, column] }
    }

    /// How many of the finite numbers fall into each of some equal ranges between two ends.
    public func histogram(_ count: Int, from low: Float, to high: Float, isCausal: Bool) -> [Int] {
        var bins = [Int](repeating: 0, count: count)
        let (factor, last) = (high > low ? Float(count) / (high - low) : 0, Float(count - 1))
        bins.withUnsafeMutableBufferPointer { bins in
            tensor.withValues { values in
                for row in 0..<rows {
                    var index = offset + row * rowStride
                    for _ in 0..<width(row, isCausal: isCausal) {
                        let value = values[index]
                        // What is no number is in no range.
                        if value >= low, value <= high {
                            bins[Int(truncatingIfNeeded: Int32(Swift.min(last, (value - low) * factor)))] &+= 1
                        }
                        index &+= columnStride
                    }
                }
            }
        }
        return bins
    }

    /// The smallest and the largest finite number.
    public func ends(isCausal: Bool) -> (low: Float, high: Float) {
        var lows = SIMD8<Float>(repeating: .infinity)
        var highs = SIMD8<Float>(repeating: -.infinity)
        func take(_ value: SIMD8<Float>) {
            let isFinite = value .>= -Float.greatestFiniteMagnitude .& value .<= Float.greatestFiniteMagnitude
            lows.replace(with: value, where: isFinite .& (value .< lows))
            highs.replace(with: value, where: isFinite .& (value .> highs))
        }
        tensor.withValues { values in
            guard let base = values.baseAddress else { return }
            for row in 0..<rows {
                let start = offset + row * rowStride
                let columns = width(row, isCausal: isCausal)
                let whole = columnStride == 1 ? columns & ~7 : 0
                for column in stride(from: 0, to: whole, by: 8) {
                    take(UnsafeRawPointer(base + start + column).loadUnaligned(as: SIMD8<Float>.self))
                }
                for column in whole..<columns { take(SIMD8(repeating: base[start + column * columnStride])) }
            }
        }
        let (low, high) = (lows.min(), highs.max())
        return low <= high ? (low, high) : (0, 0)
    }
}
