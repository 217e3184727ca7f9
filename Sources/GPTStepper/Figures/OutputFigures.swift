public import GPTEngine
public import GPTFigures

/// From logits to a token.
extension Figure.Body {
    /// A bar for each candidate after the selected position.
    static func output(_ scene: Scene) -> Figure.Body {
        guard let prediction = scene.prediction else {
            return .bars(Bars([], scale: .diverging), note: scene.absenceText)
        }
        let node = scene.node
        let isShare = node.isChoice || node.givesShares
        let values = node.isLogits ? prediction.logits : isShare ? prediction.probabilities : prediction.filtered
        let ids = scene.candidates
        var bars = Bars(
            of: ids, values, isShare: isShare, label: scene.model.label,
            isCut: { prediction.isCut($0) && !node.isLogits },
            isRun: { node.isChoice || scene.stepper.isRevealed(row: $0, column: 0) })
        for place in bars.bars.indices where ids[place] == scene.vocabulary { bars.bars[place].isSelected = true }
        bars.address = node.isChoice ? scene.stepper.program.nodes[node.inputs[0]].address : node.address
        bars.prefix = node.isLogits ? [scene.selection.position] : []
        let left = values.count - ids.count
        let place = scene.name(position: scene.selection.position)
        let note =
            "after \(place)" + (left > 0 ? " · the \(Scene.candidateCount) likeliest of \(values.count)" : "")
            + (ids.count > Scene.candidateCount ? ", then what was sampled" : "")
        let model = scene.model
        return .bars(bars, note: note, line: node.isChoice ? ShareLine(prediction) { model.label($0) } : nil)
    }
}

extension Bars {
    /// A bar for each of some tokens: its share, or its number beside the largest by size of them.
    ///
    /// - Parameters:
    ///   - values: a number for each token of the vocabulary, [V].
    ///   - label: what a token is called.
    ///   - isCut: whether a token was filtered out.
    ///   - isRun: whether its number is computed already.
    public init(
        of ids: [Int], _ values: Tensor, isShare: Bool, label: (Int) -> String, isCut: (Int) -> Bool,
        isRun: (Int) -> Bool = { _ in true }
    ) {
        let largest = ids.map { values[flat: $0] }.filter(\.isFinite).map(abs).max() ?? 1
        let bars = ids.map { id -> Bar in
            let (value, name, isRun) = (values[flat: id], label(id), isRun(id))
            let isCut = isRun && isCut(id)
            let share = isShare ? value : value / max(largest, .leastNormalMagnitude)
            var bar = Bar(
                name: name, id: name == "#\(id)" ? "" : "\(id)",
                length: !isRun ? 0 : isCut ? 0.15 : share.isFinite ? Double(share) : 0,
                value: !isRun
                    ? "not computed yet"
                    : isCut ? "filtered out" : isShare ? Digits.smallPercent(Double(value)) : number(value, width: 9))
            (bar.isCut, bar.token, bar.number) = (isCut, isRun ? id : nil, isRun && !isCut ? value : nil)
            return bar
        }
        self.init(bars, scale: isShare ? .sequential : .diverging)
    }
}
