/// The MLP's non-linearity, element by element: [T, F] → [T, F].
public struct Activate: RowOperation {
    /// Which one.
    public let activation: Activation

    func extent(_ inputs: [Extent], _ reads: [Node.Read], tokenCount: Int) -> Extent { inputs[0] }

    func formula(_ names: Node.Names) -> String { "\(activation.formula), x = \(names.input(0))" }

    func numbers(_ cell: Cell) throws(Absence) -> String {
        "\(activation.name)(\(Digits.short(try cell.input(0, cell.index).value)))"
    }

    func terms(_ cell: Cell) throws(Absence) -> [Term] {
        let x = try cell.input(0, cell.index)
        var term = Term(value: Double(activation(x.value)), operands: [x], label: cell.names.input(0))
        if x.value != 0 { term.between = .init(name: "gate", value: term.value / Double(x.value)) }
        return [term]
    }

    func result(_ piece: Piece) -> Outcome {
        Outcome(value: Kernels.activate(piece.inputs[0], activation))
    }
}
