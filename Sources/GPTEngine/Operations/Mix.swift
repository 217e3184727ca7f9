/// Values in the shares of attention: pattern · v for every head. pattern [H, T, T], v [T, H, D] → [T, H, D].
public struct Mix: RowOperation {
    func extent(_ inputs: [Extent], _ reads: [Node.Read], tokenCount: Int) -> Extent { inputs[1] }

    func flops(_ extent: Extent, _ inputs: [Extent], _ reads: [Node.Read]) -> Int {
        2 * extent.count * inputs[0].shape[2]
    }

    func formula(_ names: Node.Names) -> String {
        "\(names.input(0)) · \(names.input(1)) over the keys up to the query"
    }

    func numbers(_ cell: Cell) throws(Absence) -> String {
        let terms = try terms(cell)
        let largest = terms.indices.sorted {
            (terms[$0].operands[0].value, $1) > (terms[$1].operands[0].value, $0)
        }.prefix(3)
        let sum = largest.map { place in
            terms[place].operands.map { Digits.short($0.value) }.joined(separator: "·")
        }.joined(separator: " + ")
        return terms.count > largest.count ? sum + " + \(terms.count - largest.count) more" : sum
    }

    func terms(_ cell: Cell) throws(Absence) -> [Term] {
        let (query, head, channel) = (cell.index[0], cell.index[1], cell.index[2])
        var terms: [Term] = []
        for key in 0...query {
            let (share, value) = (try cell.input(0, [head, query, key]), try cell.input(1, [key, head, channel]))
            terms.append(Term(product: share, value, label: "key \(key)", position: key))
        }
        return terms
    }

    func rows(of input: Int, for rows: Range<Int>) -> Range<Int> { input == 0 ? rows : 0..<rows.upperBound }
    var isProduct: Bool { true }

    func result(_ piece: Piece) -> Outcome {
        guard piece.count > 1 else { return Outcome(value: Kernels.rowMix(piece.inputs[0], piece.inputs[1])) }
        return Outcome(value: Kernels.mix(piece.inputs[0], piece.inputs[1], runs: piece.runs))
    }
}
