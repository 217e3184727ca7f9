/// The sum of two values of one shape: the residual stream begins, or gets what was written to it.
public struct Add: RowOperation {
    func extent(_ inputs: [Extent], _ reads: [Node.Read], tokenCount: Int) -> Extent { inputs[0] }

    func formula(_ names: Node.Names) -> String { "\(names.input(0)) + \(names.input(1))" }

    func numbers(_ cell: Cell) throws(Absence) -> String {
        let (a, b) = (try cell.input(0, cell.index).value, try cell.input(1, cell.index).value)
        return "\(Digits.short(a)) \(Digits.signed(b))"
    }

    func terms(_ cell: Cell) throws(Absence) -> [Term] {
        try [0, 1].map { place throws(Absence) in
            Term(try cell.input(place, cell.index), label: cell.names.input(place))
        }
    }

    func result(_ piece: Piece) -> Outcome { Outcome(value: Kernels.add(piece.inputs[0], piece.inputs[1])) }
}
