import GPTEngine
import TerminalKit

/// A matrix as it is to be drawn: the numbers, what names its rows and columns, and what is marked in it.
struct Picture {
    /// What it is called.
    var title: String
    /// Its whole extent, for the line under the title.
    var rows: Int
    /// Its whole extent, for the line under the title.
    var columns: Int
    /// The numbers; nil where there are none.
    var slice: Slice?
    /// Why there are no numbers, where `slice` is nil.
    var absence = "not computed yet"
    /// A name for each row; none for matrices whose rows need no name.
    var rowNames: [String] = []
    /// A name for each column.
    var columnNames: [String] = []
    /// Probabilities are sequential on 0 … 1, all else diverges around 0.
    var ramp = Ramp.diverging
    /// Whether cells right of the diagonal were removed.
    var isCausal = false
    /// How many cells are run, row by row; nil when all are.
    var revealed: Int?
    /// The most columns of the screen that row names may take; nil for a quarter of the picture.
    var nameWidth: Int?
    /// Whether it is drawn with half as many cells, each twice as wide, where it is pooled anyway.
    var isCoarse = false
    /// The row to mark.
    var row: Int?
    /// The column to mark.
    var column: Int?
    /// The last column of the marked row, or row of the marked column, that the result was made of; nil for all.
    var reach: Int?
    /// Whether a click on it selects a cell of the result.
    var isResult = false
    /// By which rules cells are coloured.
    var rules = StageView()
    /// Where this picture begins in the whole matrix, when it is a part of one.
    var origin = (row: 0, column: 0)
    /// Rows and columns of the whole matrix, when this is a part of one.
    var whole: (rows: Int, columns: Int)?
    /// Numbers kept beside each row.
    var asides: [(title: String, values: [Float])] = []

    /// Columns of the screen that the longest name of a row takes; −1 where there is none.
    ///
    /// A long text has many names, and all of them are looked at for each frame: so bytes that begin a scalar are counted.
    var longestName: Int {
        rowNames.reduce(-1) { most, name in
            max(most, name.utf8.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) })
        }
    }

    /// Whether row and column meet in a selected cell, rather than being lines that a result came from.
    var hasCell: Bool { row != nil && column != nil }

    /// What is at a cell.
    enum Content {
        case number(Float)
        case masked
        case hidden
    }

    func content(_ row: Int, _ column: Int) -> Content {
        if let revealed, (row + origin.row) * (whole?.columns ?? columns) + column + origin.column >= revealed {
            return .hidden
        }
        guard let slice else { return .hidden }
        return isCausal && column + origin.column > row + origin.row ? .masked : .number(slice[row, column])
    }

    /// A part of it, as a picture of its own.
    func part(rows range: Range<Int>, columns columnRange: Range<Int>) -> Picture {
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
    var revealedHere: Int {
        guard let revealed, let whole else { return revealed ?? .max }
        let full = revealed / whole.columns - origin.row
        return full < 0 ? 0 : full * columns + min(max(0, revealed % whole.columns - origin.column), columns)
    }
}

/// How a picture is laid out in an area: numbers in cells or pixels, and how many of its cells one of them stands for.
struct PictureLayout {
    /// Columns of the screen for the names of the rows.
    let nameWidth: Int
    /// Columns of the screen a cell takes.
    let cellWidth: Int
    /// Lines a cell takes; 0 when two pixels share a line.
    let cellHeight: Int
    /// Rows and columns of the matrix that one drawn cell stands for.
    let pool: (rows: Int, columns: Int)
    /// Whether cells hold their numbers.
    let showsNumbers: Bool
    /// Lines of the body.
    let bodyHeight: Int
    /// How many asides fit.
    let asideCount: Int

    static let asideWidth = 9
    /// The narrowest cell that holds a number.
    static let numberWidth = 6

    init(_ picture: Picture, width: Int, height: Int, halfBlocks: Bool) {
        let nameWidth = min(picture.longestName + 1, picture.nameWidth ?? max(0, width / 4))
        let (rows, columns) = (max(1, picture.rows), max(1, picture.columns))
        // Numbers where they fit, with the asides if those fit too.
        func layoutOfNumbers(asides: Int) -> Int? {
            let room = width - nameWidth - asides * Self.asideWidth
            return rows <= height && room / columns >= Self.numberWidth ? min(10, room / columns) : nil
        }
        let asides = picture.asides.count
        let withAsides = layoutOfNumbers(asides: asides)
        if let cellWidth = withAsides ?? layoutOfNumbers(asides: 0) {
            self.init(
                nameWidth: nameWidth, cellWidth: cellWidth, cellHeight: min(3, height / rows), pool: (1, 1),
                showsNumbers: true,
                rows: rows, asideCount: withAsides == nil ? 0 : asides)
            return
        }
        let fitting = max(0, (width - nameWidth - min(columns, 16)) / Self.asideWidth)
        let shownAsides = min(asides, fitting)
        let room = max(1, width - nameWidth - shownAsides * Self.asideWidth)
        let isCoarse = picture.isCoarse && columns > room && room > 1
        let poolColumns = isCoarse ? (columns + room / 2 - 1) / (room / 2) : (columns + room - 1) / room
        let cellWidth = isCoarse ? 2 : poolColumns > 1 ? 1 : min(4, room / columns)
        if rows <= height {
            // A few rows are as high as rows of numbers, which may stand beside them.
            self.init(
                nameWidth: nameWidth, cellWidth: cellWidth, cellHeight: rows <= 12 ? min(3, height / rows) : 1,
                pool: (1, poolColumns), showsNumbers: false,
                rows: rows, asideCount: shownAsides)
        } else {
            let lines = max(1, height) * (halfBlocks ? 2 : 1)
            let poolRows = (rows + lines - 1) / lines
            self.init(
                nameWidth: nameWidth, cellWidth: cellWidth, cellHeight: halfBlocks ? 0 : 1,
                pool: (poolRows, poolColumns),
                showsNumbers: false, rows: rows, asideCount: shownAsides)
        }
    }

    private init(
        nameWidth: Int, cellWidth: Int, cellHeight: Int, pool: (rows: Int, columns: Int), showsNumbers: Bool, rows: Int,
        asideCount: Int
    ) {
        self.nameWidth = nameWidth
        self.cellWidth = cellWidth
        self.cellHeight = cellHeight
        self.pool = pool
        self.showsNumbers = showsNumbers
        self.asideCount = asideCount
        let drawn = (rows + pool.rows - 1) / pool.rows
        bodyHeight = cellHeight == 0 ? (drawn + 1) / 2 : drawn * cellHeight
    }

    /// The line that holds a row of the matrix, counted from the body's top.
    func line(of row: Int) -> Int { cellHeight == 0 ? row / pool.rows / 2 : row / pool.rows * cellHeight }
    /// The column of the screen where a column of the matrix begins, counted from the body's left.
    func x(of column: Int) -> Int { column / pool.columns * cellWidth }
    /// Whether one drawn cell stands for several.
    var isPooled: Bool { pool.rows > 1 || pool.columns > 1 }
    /// Columns of the screen that a matrix of so many columns takes.
    func bodyWidth(_ columns: Int) -> Int { (columns + pool.columns - 1) / pool.columns * cellWidth }
}
