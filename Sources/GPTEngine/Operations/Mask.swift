/// Scores without the future: what comes after its query becomes −∞. [H, T, T] → [H, T, T].
public struct Mask: RowOperation {
    func extent(_ inputs: [Extent], _ reads: [Node.Read], tokenCount: Int) -> Extent { inputs[0] }

    func formula(_ names: Node.Names) -> String { "\(names.input(0)) of keys up to the query, else −∞" }

    func numbers(_ cell: Cell) throws(Absence) -> String {
        let score = Digits.short(try cell.input(0, cell.index).value)
        return removal(of: cell.index) == nil ? score : "−∞ in place of \(score)"
    }

    func terms(_ cell: Cell) throws(Absence) -> [Term] {
        [Term(try cell.input(0, cell.index), label: cell.names.input(0))]
    }

    func removal(of index: [Int]) -> String? { index[2] > index[1] ? "masked" : nil }

    func result(_ piece: Piece) -> Outcome {
        Outcome(value: Kernels.maskFuture(piece.inputs[0], first: piece.positions.lowerBound))
    }

    var removed: Float { -.infinity }
}
