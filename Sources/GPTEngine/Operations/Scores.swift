/// How well each query meets each key: q·kᵀ/divisor for every head. q [T, H, D], k [T, H, D] → [H, T, T].
public struct Scores: RowOperation {
    /// What the products are divided by: √D in every GPT-2 that was published.
    public let divisor: Float
    /// The divisor as it is written: `√16`; empty where nothing is divided.
    public let divisorFormula: String

    func extent(_ inputs: [Extent], _ reads: [Node.Read], tokenCount: Int) -> Extent {
        Extent([.head, .query, .key], [inputs[0].shape[1], tokenCount, tokenCount])
    }

    func flops(_ extent: Extent, _ inputs: [Extent], _ reads: [Node.Read]) -> Int {
        2 * extent.count * inputs[0].shape[2]
    }

    func formula(_ names: Node.Names) -> String {
        "\(names.input(0)) · \(names.input(1))ᵀ" + (divisorFormula.isEmpty ? "" : " / \(divisorFormula)")
    }

    func numbers(_ cell: Cell) throws(Absence) -> String {
        "\(Digits.short(try cell.value() * divisor)) / \(Digits.short(divisor))"
    }

    func terms(_ cell: Cell) throws(Absence) -> [Term] {
        let (head, query, key) = (cell.index[0], cell.index[1], cell.index[2])
        var terms: [Term] = []
        for d in 0..<cell.inputExtent(0).shape[2] {
            let (q, k) = (try cell.input(0, [query, head, d]), try cell.input(1, [key, head, d]))
            var term = Term(product: q, k, divisor: Double(divisor), label: "channel \(d)")
            term.between = .init(name: "q·k", value: Double(q.value) * Double(k.value))
            terms.append(term)
        }
        return terms
    }

    func rows(of input: Int, for rows: Range<Int>) -> Range<Int> { input == 0 ? rows : 0..<rows.upperBound }
    var isProduct: Bool { true }

    /// The scores of some queries for the keys up to the last of them; those of later keys come with their pieces.
    func result(_ piece: Piece) -> Outcome {
        let (q, k) = (piece.inputs[0], piece.inputs[1])
        guard piece.count > 1 else { return Outcome(value: Kernels.rowScores(q, k, divisor: divisor)) }
        return Outcome(value: Kernels.scores(q, k, divisor: divisor, runs: piece.runs))
    }

    func ahead(_ queries: Tensor, _ keys: Tensor) -> Tensor? { Kernels.scores(queries, keys, divisor: divisor) }
}
