/// x·W + b: x [T, K], W [K, N], b [N] → [T, N]; where the result belongs to heads, [T, H, D].
public struct Linear: RowOperation {
    /// What its last axis counts.
    public var axis = Axis.channel
    /// The heads that its columns are divided among; nil where they belong to none.
    public var headCount: Int?

    func extent(_ inputs: [Extent], _ reads: [Node.Read], tokenCount: Int) -> Extent {
        let N = reads[0].columnCount
        guard let headCount else { return Extent([.position, axis], [tokenCount, N]) }
        return Extent([.position, .head, axis], [tokenCount, headCount, N / headCount])
    }

    func flops(_ extent: Extent, _ inputs: [Extent], _ reads: [Node.Read]) -> Int {
        2 * extent.count * reads[0].parameter.shape[0]
    }

    func formula(_ names: Node.Names) -> String {
        "\(names.input(0)) · \(names.weight(0)) + \(names.weight(1))"
    }

    func numbers(_ cell: Cell) throws(Absence) -> String {
        let bias = try cell.weight(1, [column(cell)]).value
        return "\(Digits.short(try cell.value() - bias)) \(Digits.signed(bias))"
    }

    func terms(_ cell: Cell) throws(Absence) -> [Term] {
        let (column, shape) = (column(cell), cell.inputExtent(0).shape)
        // z has heads side by side: channel by channel of each.
        let width = shape.dropFirst().reduce(1, *)
        let what = cell.inputExtent(0).axes.last?.rawValue ?? ""
        var terms: [Term] = []
        for j in 0..<width {
            let index = shape.count == 3 ? [cell.index[0], j / shape[2], j % shape[2]] : [cell.index[0], j]
            let label = (shape.count == 3 ? "H\(index[1]) " : "") + "\(what) \(index[index.count - 1])"
            terms.append(Term(product: try cell.input(0, index), try cell.weight(0, [j, column]), label: label))
        }
        return terms + [Term(bias: try cell.weight(1, [column]), label: "bias")]
    }

    /// The column of the whole matrix that a cell is made with.
    private func column(_ cell: Cell) -> Int {
        let first = cell.node.reads[0].columns?.lowerBound ?? 0
        return cell.index.count == 3
            ? first + cell.index[1] * cell.node.shape[2] + cell.index[2] : first + cell.index[1]
    }

    var isProduct: Bool { true }

    func result(_ piece: Piece) -> Outcome {
        let (columns, shape) = (piece.node.reads[0].columns, [piece.count] + piece.node.shape.dropFirst())
        let (x, bias) = (piece.inputs[0], piece.weight(1))
        guard piece.count > 1 else {
            return Outcome(
                value: Kernels.rowLinear(x, weight: piece.rowOperand(0), bias: bias, columns: columns, shape: shape))
        }
        return Outcome(
            value: Kernels.linear(x, weight: piece.weight(0), bias: bias, columns: columns, shape: shape))
    }

    func shared(_ piece: Piece) -> Tensor? {
        guard piece.node.reads[0].columns != nil else { return nil }
        let weight = piece.rowOperand(0)
        return Kernels.rowLinear(piece.inputs[0], weight: weight, bias: piece.weight(1), shape: [1, weight.columns])
    }
}
