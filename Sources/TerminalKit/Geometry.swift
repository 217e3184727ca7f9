/// A width and a height in cells.
public struct Size: Hashable, Sendable {
    /// Columns.
    public var width: Int
    /// Rows.
    public var height: Int

    /// Creates a size of `width` columns and `height` rows.
    public init(_ width: Int, _ height: Int) {
        self.width = width
        self.height = height
    }
}

/// A rectangle of cells; the top left cell of a canvas is (0, 0).
public struct Rect: Hashable, Sendable {
    /// The leftmost column.
    public var x: Int
    /// The topmost row.
    public var y: Int
    /// Columns, never negative.
    public var width: Int
    /// Rows, never negative.
    public var height: Int

    /// Creates a rectangle; a negative extent becomes empty.
    public init(_ x: Int, _ y: Int, _ width: Int, _ height: Int) {
        self.x = x
        self.y = y
        self.width = max(0, width)
        self.height = max(0, height)
    }

    /// The first column to the right of it.
    public var maxX: Int { x + width }
    /// The first row below it.
    public var maxY: Int { y + height }
    /// Whether it holds no cell.
    public var isEmpty: Bool { width == 0 || height == 0 }

    /// Cuts `count` rows off the top and returns them.
    public mutating func takeTop(_ count: Int) -> Rect {
        let taken = min(max(0, count), height)
        defer { self = Rect(x, y + taken, width, height - taken) }
        return Rect(x, y, width, taken)
    }

    /// Cuts `count` rows off the bottom and returns them.
    public mutating func takeBottom(_ count: Int) -> Rect {
        let taken = min(max(0, count), height)
        height -= taken
        return Rect(x, maxY, width, taken)
    }

    /// Cuts `count` columns off the left and returns them.
    public mutating func takeLeft(_ count: Int) -> Rect {
        let taken = min(max(0, count), width)
        defer { self = Rect(x + taken, y, width - taken, height) }
        return Rect(x, y, taken, height)
    }

    /// The same rectangle without `columns` at either side and `rows` at top and bottom.
    public func inset(columns: Int, rows: Int = 0) -> Rect {
        Rect(x + columns, y + rows, width - 2 * columns, height - 2 * rows)
    }
}
