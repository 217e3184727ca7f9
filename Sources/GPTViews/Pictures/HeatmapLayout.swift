import GPTFigures

/// What a heatmap may take of the room beside others.
struct HeatmapRoom {
    /// The most columns of the screen that row names may take; nil for a quarter of the heatmap.
    var nameWidth: Int?
    /// Whether it is drawn with half as many cells, each twice as wide, where it is pooled anyway.
    var isCoarse = false
}

/// How a heatmap is laid out in an area: numbers in cells or pixels, and how many of its cells one of them stands for.
struct HeatmapLayout {
    /// Columns of the screen for the names of the rows.
    let nameWidth: Int
    /// Columns of the screen a cell takes.
    let cellWidth: Int
    /// Lines a cell takes; 0 when two pixels share a line.
    let cellHeight: Int
    /// Rows and columns of the matrix that one drawn cell stands for.
    let pool: Heatmap.Pool
    /// Whether cells hold their numbers.
    let showsNumbers: Bool
    /// Lines of the body.
    let bodyHeight: Int
    /// How many asides fit.
    let asideCount: Int

    static let asideWidth = 9
    /// The narrowest cell that holds a number.
    static let numberWidth = 6

    init(_ picture: Heatmap, width: Int, height: Int, halfBlocks: Bool, room: HeatmapRoom = HeatmapRoom()) {
        let nameWidth = min(picture.longestName + 1, room.nameWidth ?? max(0, width / 4))
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
                nameWidth: nameWidth, cellWidth: cellWidth, cellHeight: min(3, height / rows), pool: Heatmap.Pool(1, 1),
                showsNumbers: true,
                rows: rows, asideCount: withAsides == nil ? 0 : asides)
            return
        }
        let fitting = max(0, (width - nameWidth - min(columns, 16)) / Self.asideWidth)
        let shownAsides = min(asides, fitting)
        let free = max(1, width - nameWidth - shownAsides * Self.asideWidth)
        let isCoarse = room.isCoarse && columns > free && free > 1
        let poolColumns = isCoarse ? (columns + free / 2 - 1) / (free / 2) : (columns + free - 1) / free
        let cellWidth = isCoarse ? 2 : poolColumns > 1 ? 1 : min(4, free / columns)
        if rows <= height {
            // A few rows are as high as rows of numbers, which may stand beside them.
            self.init(
                nameWidth: nameWidth, cellWidth: cellWidth, cellHeight: rows <= 12 ? min(3, height / rows) : 1,
                pool: Heatmap.Pool(1, poolColumns), showsNumbers: false,
                rows: rows, asideCount: shownAsides)
        } else {
            let lines = max(1, height) * (halfBlocks ? 2 : 1)
            let poolRows = (rows + lines - 1) / lines
            self.init(
                nameWidth: nameWidth, cellWidth: cellWidth, cellHeight: halfBlocks ? 0 : 1,
                pool: Heatmap.Pool(poolRows, poolColumns),
                showsNumbers: false, rows: rows, asideCount: shownAsides)
        }
    }

    private init(
        nameWidth: Int, cellWidth: Int, cellHeight: Int, pool: Heatmap.Pool, showsNumbers: Bool, rows: Int,
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
    var isPooled: Bool { pool != Heatmap.Pool(1, 1) }
    /// Columns of the screen that a matrix of so many columns takes.
    func bodyWidth(_ columns: Int) -> Int { (columns + pool.columns - 1) / pool.columns * cellWidth }
}
