/// What the colours of a quantity mean.
public enum ColorScale: Hashable, Sendable {
    /// From nothing to 1: probabilities.
    case sequential
    /// From the most negative over zero to the most positive, symmetric: everything signed.
    case diverging
}

extension Heatmap {
    /// By which rules cells are coloured and pooled.
    public struct Rules: Hashable, Sendable {
        /// What the ends of the colours stand for.
        public var scaling = Scaling.matrix
        /// What a cell shows that stands for several.
        public var pooling = Pooling.largest

        /// The rules of a picture that nobody has changed.
        public init(scaling: Scaling = .matrix, pooling: Pooling = .largest) {
            (self.scaling, self.pooling) = (scaling, pooling)
        }
    }

    /// What the ends of the colours stand for.
    public enum Scaling: Int, Hashable, Sendable {
        /// The largest number by size of the whole matrix; for probabilities 1.
        case matrix
        /// The largest of each row: rows are comparable within themselves only.
        case row
        /// The 99th percentile of the sizes: a few large numbers do not darken all others.
        case percentile

        /// What it does, after "scaled".
        public var phrase: String {
            switch self {
            case .matrix: "by the largest number of the matrix"
            case .row: "by the largest number of each row"
            case .percentile: "to the 99th percentile"
            }
        }
    }

    /// What a cell shows that stands for several.
    public enum Pooling: Int, Hashable, Sendable {
        /// The largest by size.
        case largest
        /// Their mean.
        case mean

        /// What it shows, before "of several".
        public var phrase: String { self == .largest ? "the largest by size" : "the mean" }
    }

    /// How many rows and columns of a matrix one drawn cell stands for.
    public struct Pool: Hashable, Sendable {
        /// Rows.
        public let rows: Int
        /// Columns.
        public let columns: Int

        /// So many of each.
        public init(_ rows: Int, _ columns: Int) { (self.rows, self.columns) = (rows, columns) }

        /// The smallest that brings a matrix into so many rows and columns.
        public init(_ heatmap: Heatmap, rows: Int, columns: Int) {
            self.init((heatmap.rows + rows - 1) / max(1, rows), (heatmap.columns + columns - 1) / max(1, columns))
        }
    }
}
