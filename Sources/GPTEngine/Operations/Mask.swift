/// Scores without the future: what comes after its query becomes −∞. [H, T, T] → [H, T, T].
public struct Mask: RowOperation {
    public func extent(_ inputs: [Extent], _ reads: [Node.Read], tokenCount: Int) -> Extent { inputs[0] }

    public func formula(_ names: Node.Names) -> String { "\(names.input(0)) where key ≤ query, else −∞" }

    public func numbers(_ cell: Cell) throws(Absence) -> String {
        let score = Digits.short(try cell.input(0, cell.index).value)
        return removal(of: cell.index) == nil ? score : "−∞ in place of \(score)"
    }

    public func terms(_ cell: Cell) throws(Absence) -> [Term] {
        [Term(try cell.input(0, cell.index), label: cell.names.input(0))]
    }

    public func removal(of index: [Int]) -> String? { index[2] > index[1] ? "masked" : nil }

    public func result(_ piece: Piece) -> Outcome {
        Outcome(value: Kernels.maskFuture(piece.inputs[0], first: piece.positions.lowerBound))
    }

    public var isRowWise: Bool { false }
    public var removed: Float { -.infinity }
}
