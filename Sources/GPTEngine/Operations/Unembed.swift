/// How well the finished stream matches each token: x [T, C] against every row of W_U [V, C] → [T, V].
///
/// A logit is asked for one position at a time: all of them would be most of a pass's memory.
public struct Unembed: RowOperation {
    func extent(_ inputs: [Extent], _ reads: [Node.Read], tokenCount: Int) -> Extent {
        Extent([.position, .vocabulary], [tokenCount, reads[0].parameter.shape[0]])
    }

    func flops(_ extent: Extent, _ inputs: [Extent], _ reads: [Node.Read]) -> Int {
        2 * extent.count * inputs[0].shape[1]
    }

    func formula(_ names: Node.Names) -> String { "\(names.input(0)) · \(names.weight(0))" }

    func numbers(_ cell: Cell) throws(Absence) -> String {
        let (logit, prediction) = (try cell.value(), try cell.prediction())
        let place = prediction.logits.values.count { $0 > logit } + 1
        return logit.isNaN
            ? Digits.short(logit) : "\(Digits.short(logit)), place \(place) of \(prediction.logits.count)"
    }

    func terms(_ cell: Cell) throws(Absence) -> [Term] {
        let (position, id) = (cell.index[0], cell.index[1])
        var terms: [Term] = []
        for j in 0..<cell.inputExtent(0).shape[1] {
            let (x, w) = (try cell.input(0, [position, j]), try cell.weight(0, [id, j]))
            terms.append(Term(product: x, w, label: "channel \(j)"))
        }
        return terms
    }

    func result(_ piece: Piece) -> Outcome {
        guard piece.count == 1 else {
            return Outcome(value: Kernels.unembed(piece.inputs[0], table: piece.weight(0)))
        }
        return Outcome(value: Kernels.rowUnembed(piece.inputs[0], table: piece.rowOperand(0)))
    }
}
