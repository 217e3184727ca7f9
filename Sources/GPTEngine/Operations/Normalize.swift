/// x̂ = (x − μ)/σ with σ = √(biased variance + ε), row by row: x [T, C] → [T, C]; μ and σ are kept, [T] each.
///
/// Source: Ba, Kiros, Hinton, "Layer Normalization" (2016).
public struct Normalize: RowOperation {
    /// ε, which is added to the variance under the root.
    public let epsilon: Float

    func extent(_ inputs: [Extent], _ reads: [Node.Read], tokenCount: Int) -> Extent { inputs[0] }
    var statistics: [Statistic] { [.mean, .scale] }

    func formula(_ names: Node.Names) -> String { "(\(names.input(0)) − μ) / σ, σ = √(variance + ε)" }

    func numbers(_ cell: Cell) throws(Absence) -> String {
        let (x, mean, scale) = try operands(cell)
        return "(\(Digits.short(x.value)) \(Digits.signed(-mean.value))) / \(Digits.short(scale.value))"
    }

    func terms(_ cell: Cell) throws(Absence) -> [Term] {
        let (x, mean, scale) = try operands(cell)
        let σ = Double(scale.value)
        return [
            Term(value: Double(x.value) / σ, operands: [x, scale], label: "x/σ"),
            Term(value: -Double(mean.value) / σ, operands: [mean, scale], label: "−μ/σ"),
        ]
    }

    private func operands(_ cell: Cell) throws(Absence) -> (x: Operand, mean: Operand, scale: Operand) {
        let row = [cell.index[0]]
        return (try cell.input(0, cell.index), try cell.statistic(.mean, row), try cell.statistic(.scale, row))
    }

    func result(_ piece: Piece) -> Outcome {
        let norm = Kernels.normalize(piece.inputs[0], epsilon: epsilon)
        return Outcome(value: norm.normalized, statistics: [.mean: norm.mean, .scale: norm.scale])
    }
}
