/// x̂·γ + β, channel by channel: x̂ [T, C], γ [C], β [C] → [T, C].
public struct ScaleAndShift: RowOperation {
    func extent(_ inputs: [Extent], _ reads: [Node.Read], tokenCount: Int) -> Extent { inputs[0] }

    func formula(_ names: Node.Names) -> String {
        "\(names.input(0)) · \(names.weight(0)) + \(names.weight(1))"
    }

    func numbers(_ cell: Cell) throws(Absence) -> String {
        let (x, gamma, beta) = try operands(cell)
        return "\(Digits.short(x.value)) · \(Digits.short(gamma.value)) \(Digits.signed(beta.value))"
    }

    func terms(_ cell: Cell) throws(Absence) -> [Term] {
        let (x, gamma, beta) = try operands(cell)
        let (product, shift) = ("\(cell.names.input(0))·\(cell.names.weight(0))", cell.names.weight(1))
        return [Term(product: x, gamma, label: product), Term(bias: beta, label: shift)]
    }

    private func operands(_ cell: Cell) throws(Absence) -> (x: Operand, gamma: Operand, beta: Operand) {
        let channel = [cell.index[1]]
        return (try cell.input(0, cell.index), try cell.weight(0, channel), try cell.weight(1, channel))
    }

    func result(_ piece: Piece) -> Outcome {
        Outcome(value: Kernels.scaleAndShift(piece.inputs[0], gamma: piece.weight(0), beta: piece.weight(1)))
    }
}
