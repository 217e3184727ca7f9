/// What a terminal can show; what draws adapts to it.
public struct Capabilities: Hashable, Sendable {
    /// 0 (none), 8, 16, 256, or 16,777,216 where a colour number is its RGB value.
    public var colorCount: Int
    /// Whether glyphs beyond ASCII may be used.
    public var unicode: Bool

    /// Creates capabilities.
    public init(colorCount: Int = 256, unicode: Bool = true) {
        self.colorCount = colorCount
        self.unicode = unicode
    }

    /// Whether a cell can show two different ramp colours, one above the other.
    public var halfBlocks: Bool { unicode && colorCount >= 256 }
}

/// A grid of styled cells: the value that views draw on and a terminal shows.
///
/// Drawing outside the grid is clipped, so a view never has to ask whether it fits before it writes.
public struct Canvas: Hashable, Sendable {
    /// Columns and rows.
    public let size: Size
    /// What the terminal that will show it can do.
    public let capabilities: Capabilities
    private var cells: [Cell]
    /// Where a click means something, and what; kept only where it is asked for.
    private var links: [(area: Rect, meaning: Int)]?

    /// An empty canvas.
    ///
    /// - Parameter recordsLinks: whether ``link(_:to:)`` is remembered, for a canvas that is drawn to find out what lies
    ///   under a click.
    public init(_ size: Size, _ capabilities: Capabilities = Capabilities(), recordsLinks: Bool = false) {
        links = recordsLinks ? [] : nil
        self.size = Size(max(0, size.width), max(0, size.height))
        self.capabilities = capabilities
        cells = Array(repeating: Cell(), count: self.size.width * self.size.height)
    }

    /// Whether it remembers what a click means.
    public var recordsLinks: Bool { links != nil }

    /// Two canvases are equal when they show the same.
    public static func == (a: Canvas, b: Canvas) -> Bool {
        a.size == b.size && a.capabilities == b.capabilities && a.cells == b.cells
    }

    /// By what it shows.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(size)
        hasher.combine(cells)
    }

    /// Gives a rectangle a meaning of the drawer's own; what is drawn later lies above.
    public mutating func link(_ area: Rect, to meaning: @autoclosure () -> Int) {
        links?.append((area, meaning()))
    }

    /// The meaning of what lies at a cell.
    public func meaning(x: Int, y: Int) -> Int? {
        links?.last { $0.area.x <= x && x < $0.area.maxX && $0.area.y <= y && y < $0.area.maxY }?.meaning
    }

    /// The whole canvas.
    public var bounds: Rect { Rect(0, 0, size.width, size.height) }

    /// The cell at a column and a row; outside the grid an empty cell is read and nothing is written.
    public subscript(x: Int, y: Int) -> Cell {
        get { contains(x, y) ? cells[y * size.width + x] : Cell() }
        set { if contains(x, y) { cells[y * size.width + x] = newValue } }
    }

    private func contains(_ x: Int, _ y: Int) -> Bool {
        x >= 0 && x < size.width && y >= 0 && y < size.height
    }

    /// Writes one line of text and returns the column after it.
    ///
    /// Text is expected in display form: every scalar one column wide. What does not fit before `limit` is left out,
    /// and the last visible column then holds `…`, so that a cut is seen as one.
    @discardableResult
    public mutating func write(_ text: String, x: Int, y: Int, _ style: Style = .text, limit: Int? = nil) -> Int {
        let end = min(limit ?? size.width, size.width)
        var column = x
        for scalar in text.unicodeScalars {
            if column >= end {
                if column > x { self[column - 1, y].glyph = "…" }
                return column
            }
            self[column, y] = Cell(scalar, style)
            column += 1
        }
        return column
    }

    /// Writes a line that ends before column `maxX`.
    public mutating func write(_ text: String, endingAt maxX: Int, y: Int, _ style: Style = .text) {
        write(text, x: maxX - text.unicodeScalars.count, y: y, style)
    }

    /// Writes runs of differing style one after the other and returns the column after them.
    @discardableResult
    public mutating func write(_ runs: [(String, Style)], x: Int, y: Int, limit: Int? = nil) -> Int {
        var column = x
        for (text, style) in runs where column < (limit ?? size.width) {
            column = write(text, x: column, y: y, style, limit: limit)
        }
        return column
    }

    /// Gives every cell of a rectangle a ground, and empties it.
    public mutating func fill(_ rect: Rect, _ background: Role = .background) {
        for y in rect.y..<rect.maxY {
            for x in rect.x..<rect.maxX { self[x, y] = Cell(" ", Style(.dim, on: background)) }
        }
    }
}
