import Foundation

/// Shares of 1: exp(x − max)/Σ exp along the last axis; of masked scores [H, T, T] over the keys, of logits [V] over the
/// vocabulary. The maximum and the sum of each row are kept.
public struct Softmax: RowOperation {
    /// What the shares are of.
    public let axis: Axis

    func extent(_ inputs: [Extent], _ reads: [Node.Read], tokenCount: Int) -> Extent { inputs[0] }
    var statistics: [Statistic] { axis == .key ? [.rowMax, .rowSum] : [.max, .sum] }

    var givesShares: Bool { true }

    func formula(_ names: Node.Names) -> String {
        "exp(\(names.input(0)) − \(axis == .key ? "row max" : "max")) / Σ exp"
    }

    func numbers(_ cell: Cell) throws(Absence) -> String {
        let x = try cell.input(0, cell.index).value
        guard x != -.infinity, removal(of: cell.index) == nil else { return "exp(−∞) is exactly 0" }
        let (max, sum) = try kept(cell)
        return "exp(\(Digits.short(x)) \(Digits.signed(-max.value))) / \(Digits.short(sum.value))"
    }

    func terms(_ cell: Cell) throws(Absence) -> [Term] {
        let x = try cell.input(0, cell.index)
        let (max, sum) = try kept(cell)
        return [Term(value: Self.share(x, max, sum), operands: [x, max, sum], label: cell.names.input(0))]
    }

    /// exp(x − max)/Σ. The pass has an exponential of its own that differs in the last bits.
    private static func share(_ x: Operand, _ max: Operand, _ sum: Operand) -> Double {
        Double(expf(x.value - max.value)) / Double(sum.value)
    }

    private func kept(_ cell: Cell) throws(Absence) -> (max: Operand, sum: Operand) {
        let row = axis == .key ? Array(cell.index.dropLast()) : [0]
        return (try cell.statistic(statistics[0], row), try cell.statistic(statistics[1], row))
    }

    func removal(of index: [Int]) -> String? { axis == .key && index[2] > index[1] ? "masked" : nil }

    func result(_ piece: Piece) -> Outcome {
        let softmax = Kernels.softmax(piece.inputs[0], first: piece.positions.lowerBound)
        return Outcome(value: softmax.values, statistics: [.rowMax: softmax.max, .rowSum: softmax.sum])
    }
}
