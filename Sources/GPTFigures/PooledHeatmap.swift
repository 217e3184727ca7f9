import GPTEngine

/// A heatmap with so many of its numbers to a cell: what each cell shows, and what the ends of the colours stand for.
public struct PooledHeatmap: Sendable {
    /// The heatmap.
    public let heatmap: Heatmap
    /// How many of its numbers a cell stands for.
    public let pool: Heatmap.Pool
    /// Rows of cells.
    public let rows: Int
    /// Columns of cells.
    public let columns: Int
    /// The numbers of the cells, row by row; −∞ that a mask left is 0 here.
    private let values: [Float]
    /// The end of the colours, by size; 0 where no number is finite.
    public let end: Float
    /// The end of each row of cells, where each has its own.
    private let rowEnds: [Float]
    /// Numbers that are not finite.
    public let notFinite: NotFinite

    /// Pools a heatmap.
    ///
    /// - Parameter field: the heatmap whose numbers set the ends of the colours; nil for its own.
    public init(_ heatmap: Heatmap, _ pool: Heatmap.Pool, scaledBy field: Heatmap? = nil) {
        (self.heatmap, self.pool) = (heatmap, pool)
        (rows, columns) = (
            (heatmap.rows + pool.rows - 1) / pool.rows, (heatmap.columns + pool.columns - 1) / pool.columns
        )
        values = heatmap.pooled(pool)
        // Of what a mask has passed over, −∞ may be a number all the same. A part has its diagonal elsewhere.
        let isClear = !heatmap.isCausal || heatmap.origin == (0, 0) && heatmap.slice?.isFiniteBelow != false
        let isWhole = values.allSatisfy(\.isFinite) && isClear
        notFinite = isWhole ? NotFinite() : heatmap.notFinite
        let numbers = field.map { $0.pooled(pool) } ?? values
        let scaled = field ?? heatmap
        (end, rowEnds) = scaled.ends(numbers, width: (scaled.columns + pool.columns - 1) / pool.columns)
    }

    /// What a cell shows: the number that stands for those under it, or why there is none.
    public func content(_ row: Int, _ column: Int) -> Heatmap.Content {
        let value = values[row * columns + column]
        switch heatmap.content(row * pool.rows, column * pool.columns) {
        case .hidden: return .hidden
        // A pooled cell on the diagonal holds numbers even where its corner is masked.
        case .masked: return value == 0 ? .masked : .number(value)
        case .number(let number): return .number(pool == Heatmap.Pool(1, 1) ? number : value)
        }
    }

    /// What a cell shows as other programs read it: of what a mask removed the number that is left, as 0 in a pattern.
    func plain(_ row: Int, _ column: Int) -> String {
        switch content(row, column) {
        case .hidden: return ""
        case .number(let value): return Digits.plain(value)
        case .masked:
            let left = heatmap.slice?[row * pool.rows, column * pool.columns]
            return left.flatMap { $0.isFinite ? Digits.plain($0) : nil } ?? "masked"
        }
    }

    /// Where a number of a row of cells lies between nothing and the end: 0 … 1, or −1 … 1.
    public func fraction(_ value: Float, row: Int) -> Double {
        let end = rowEnds.isEmpty ? end : rowEnds[min(rowEnds.count - 1, row)]
        return end > 0 ? Double(value / end) : 0
    }

    /// The rows and the columns of the whole matrix that a cell stands for.
    public func source(_ row: Int, _ column: Int) -> (rows: Range<Int>, columns: Range<Int>) {
        let (first, left) = (row * pool.rows, column * pool.columns)
        let (height, width) = (min(heatmap.rows, first + pool.rows), min(heatmap.columns, left + pool.columns))
        return (
            heatmap.origin.row + first..<heatmap.origin.row + height,
            heatmap.origin.column + left..<heatmap.origin.column + width
        )
    }
}

/// How many numbers are not finite, and which kind.
public struct NotFinite: Hashable, Sendable {
    /// NaN.
    public var nan = 0
    /// +∞.
    public var positive = 0
    /// −∞ that no mask left.
    public var negative = 0

    /// None.
    public init() {}

    /// Counts those of some numbers.
    public init(_ numbers: some Sequence<Float>) {
        for number in numbers where !number.isFinite { add(number) }
    }

    /// All together.
    public var count: Int { nan + positive + negative }

    /// Each kind with its number: `2 NaN, 1 −∞`; empty where there are none.
    public var text: String {
        [(nan, "NaN"), (positive, "∞"), (negative, "−∞")].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
            .joined(separator: ", ")
    }

    mutating func add(_ number: Float) {
        if number.isNaN { nan += 1 } else if number > 0 { positive += 1 } else { negative += 1 }
    }
}

extension Heatmap {
    fileprivate func pooled(_ pool: Pool) -> [Float] {
        slice?.pooled(
            height: pool.rows, width: pool.columns, limit: revealedHere, by: rules.pooling, removes: isCausal)
            ?? Array(
                repeating: 0,
                count: ((rows + pool.rows - 1) / pool.rows) * ((columns + pool.columns - 1) / pool.columns))
    }

    /// Its numbers that are not finite, of those that are run and not masked.
    public var notFinite: NotFinite {
        if !isCausal, revealed == nil { return slice?.notFinite ?? NotFinite() }
        var found = NotFinite()
        for row in 0..<rows {
            for column in 0..<columns {
                if case .number(let number) = content(row, column), !number.isFinite { found.add(number) }
            }
        }
        return found
    }

    /// The ends of the colours, of all and of each row of cells.
    fileprivate func ends(_ numbers: [Float], width: Int) -> (Float, [Float]) {
        func largest(_ numbers: some Sequence<Float>) -> Float {
            numbers.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
        }
        switch rules.scaling {
        case .row:
            let rows = stride(from: 0, to: numbers.count, by: width).map {
                largest(numbers[$0..<min(numbers.count, $0 + width)])
            }
            return (rows.max() ?? 0, rows)
        case .percentile:
            let size = slice?.percentile { row, column in
                if case .number = content(row, column) { true } else { false }
            }
            return (size ?? 0, [])
        case .matrix where scale == .sequential: return (1, [])
        case .matrix:
            // What is infinite hides how large the others under its cell are.
            guard numbers.allSatisfy(\.isFinite) else {
                return (largest(slice?.pooled(height: 1, width: 1, limit: revealedHere) ?? []), [])
            }
            return (largest(numbers), [])
        }
    }
}
