/// How the stage is looked at: which picture, how close, and by which rules cells are coloured.
struct StageView: Hashable, Sendable {
    /// What the ends of the colours stand for.
    enum Scaling: Int, CaseIterable, Hashable, Sendable {
        /// The largest number by size of the whole matrix; for probabilities 1.
        case matrix
        /// The largest of each row: rows are comparable within themselves only.
        case row
        /// The 99th percentile of the sizes: a few large numbers do not darken all others.
        case percentile

        /// What it does, after "scaled".
        var phrase: String {
            switch self {
            case .matrix: "by the largest number of the matrix"
            case .row: "by the largest number of each row"
            case .percentile: "to the 99th percentile"
            }
        }
    }

    /// What a cell shows that stands for several.
    enum Pooling: Int, CaseIterable, Hashable, Sendable {
        /// The largest by size.
        case largest
        /// Their mean.
        case mean
    }

    var scaling = Scaling.matrix
    var pooling = Pooling.largest
    /// 0 for the whole equation; from 1 on one picture alone, closer with every level.
    var zoom = 0
    /// Which of the operation's pictures is alone, counted from the result backward.
    var picture = 0
    /// The cell that is looked at in a picture other than the result.
    var row = 0
    var column = 0

    /// What is looked at is the result again, and all of it.
    mutating func reset() { (zoom, picture, row, column) = (0, 0, 0, 0) }
}
