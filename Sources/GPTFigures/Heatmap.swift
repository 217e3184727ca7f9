/// A matrix as it is to be drawn: the numbers, what names its rows and columns, and what is marked in it.
///
/// It has no place to be drawn: whoever draws it asks for so many rows and columns, and gets numbers and where they stand.
///
/// ```swift
/// var map = Heatmap(title: "attn.pattern H1", rows: 6, columns: 6)
/// map.slice = .head(1, ofMaps: pattern)
/// (map.scale, map.isCausal) = (.sequential, true)
/// ```
public struct Heatmap: Sendable {
    /// What it is called.
    public var title: String
    /// Its whole extent, for the line under the title.
    public var rows: Int
    /// Its whole extent, for the line under the title.
    public var columns: Int
    /// The numbers; nil where there are none.
    public var slice: Slice?
    /// Why there are no numbers, where `slice` is nil.
    public var absence = "not computed yet"
    /// A name for each row; none for matrices whose rows need no name.
    public var rowNames: [String] = []
    /// A name for each column.
    public var columnNames: [String] = []
    /// Probabilities are sequential on 0 … 1, all else diverges around 0.
    public var scale = ColorScale.diverging
    /// Whether cells right of the diagonal were removed.
    public var isCausal = false
    /// How many cells are run, row by row; nil when all are.
    public var revealed: Int?
    /// The row to mark.
    public var row: Int?
    /// The column to mark.
    public var column: Int?
    /// The last column of the marked row, or row of the marked column, that the result was made of; nil for all.
    public var reach: Int?
    /// Whether a click on it selects a cell of the result.
    public var isResult = false
    /// By which rules cells are coloured.
    public var rules = Rules()
    /// Where this heatmap begins in the whole matrix, when it is a part of one.
    public var origin = (row: 0, column: 0)
    /// Rows and columns of the whole matrix, when this is a part of one.
    public var whole: (rows: Int, columns: Int)?
    /// What its numbers are called: an operation's address, or the name of weights.
    public var address = ""
    /// The same for each row, where rows are tensors of their own, as γ and β.
    public var rowAddresses: [String] = []
    /// Numbers kept beside each row.
    public var asides: [(title: String, values: [Float])] = []

    /// Columns of text that the longest name of a row takes; −1 where there is none.
    ///
    /// A long text has many names, and all of them are looked at for each frame: so bytes that begin a scalar are counted.
    public var longestName: Int {
        rowNames.reduce(-1) { most, name in
            max(most, name.utf8.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) })
        }
    }

    /// A matrix of so many rows and columns, whose numbers are still to come.
    public init(title: String, rows: Int, columns: Int) {
        (self.title, self.rows, self.columns) = (title, rows, columns)
    }

    /// Whether row and column meet in a selected cell, rather than being lines that a result came from.
    public var hasCell: Bool { row != nil && column != nil }

    /// What is at a cell.
    public enum Content: Hashable, Sendable {
        /// A number, finite or not.
        case number(Float)
        /// What a mask removed.
        case masked
        /// What has not been run yet, or is absent.
        case hidden
    }

    /// What is at a row and a column.
    public func content(_ row: Int, _ column: Int) -> Content {
        if let revealed, (row + origin.row) * (whole?.columns ?? columns) + column + origin.column >= revealed {
            return .hidden
        }
        guard let slice else { return .hidden }
        return isCausal && column + origin.column > row + origin.row ? .masked : .number(slice[row, column])
    }

    /// Where a number stands: the address of its tensor, and its index there.
    public func place(_ row: Int, _ column: Int) -> (address: String, index: [Int]) {
        if !rowAddresses.isEmpty { return (rowAddresses[row + origin.row], [column + origin.column]) }
        return (address, slice?.index(row, column) ?? [row + origin.row, column + origin.column])
    }

    /// What a column is called: its name, or its number in the whole matrix.
    public func columnLabel(_ column: Int) -> String {
        columnNames.isEmpty ? "\(column + origin.column)" : columnNames[column]
    }

    /// A part of it, as a heatmap of its own.
    public func part(rows range: Range<Int>, columns columnRange: Range<Int>) -> Heatmap {
        var part = self
        part.slice = slice?.rows(range).columns(columnRange)
        (part.rows, part.columns) = (range.count, columnRange.count)
        if !rowNames.isEmpty { part.rowNames = Array(rowNames[range]) }
        if !columnNames.isEmpty { part.columnNames = Array(columnNames[columnRange]) }
        part.asides = asides.map { aside in
            (aside.title, aside.values.count == rows ? Array(aside.values[range]) : aside.values)
        }
        part.row = row.flatMap { range.contains($0) ? $0 - range.lowerBound : nil }
        part.column = column.flatMap { columnRange.contains($0) ? $0 - columnRange.lowerBound : nil }
        part.origin = (origin.row + range.lowerBound, origin.column + columnRange.lowerBound)
        part.whole = whole ?? (rows, columns)
        return part
    }

    /// Numbers of the slice that have been run, counted in the slice.
    public var revealedHere: Int {
        guard let revealed, let whole else { return revealed ?? .max }
        let full = revealed / whole.columns - origin.row
        return full < 0 ? 0 : full * columns + min(max(0, revealed % whole.columns - origin.column), columns)
    }
}
