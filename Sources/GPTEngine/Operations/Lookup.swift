/// Rows of a table, one a position: by token id, or by place. table [N, C] → [T, C].
public struct Lookup: RowOperation {
    /// By what a row is chosen.
    public enum Key: String, Hashable, Sendable {
        /// The token's id.
        case id
        /// The place in the sequence.
        case position
    }

    /// By what a row is chosen.
    public let key: Key

    func extent(_ inputs: [Extent], _ reads: [Node.Read], tokenCount: Int) -> Extent {
        Extent([.position, .channel], [tokenCount, reads[0].parameter.shape[1]])
    }

    func formula(_ names: Node.Names) -> String { "\(names.weight(0))[\(key.rawValue)]" }

    func numbers(_ cell: Cell) throws(Absence) -> String {
        "\(cell.names.weight(0))[\(row(cell)), \(cell.index[1])]"
    }

    func terms(_ cell: Cell) throws(Absence) -> [Term] {
        [Term(try cell.weight(0, [row(cell), cell.index[1]]), label: "row \(row(cell))")]
    }

    /// The row of the table that a cell was read from.
    public func row(_ cell: Cell) -> Int { row(at: cell.index[0], of: cell.values.tokens) }

    /// The row of the table that a position reads.
    public func row(at position: Int, of tokens: [Int]) -> Int { key == .id ? tokens[position] : position }

    func result(_ piece: Piece) -> Outcome {
        Outcome(
            value: Kernels.rows(
                key == .id ? Array(piece.tokens) : (0..<piece.runs).flatMap { _ in piece.positions },
                of: piece.weight(0)))
    }
}
