import GPTEngine
import GPTFigures

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
        let largest = ids.map { values[flat: $0] }.filter(\.isFinite).map(abs).max() ?? 1
        let selected = scene.vocabulary
        let entries = ids.map { id -> Bars.Bar in
            let value = values[flat: id]
            let name = scene.model.label(id)
            let isCut = prediction.isCut(id) && !node.isLogits
            let isRun = node.isChoice || scene.stepper.isRevealed(row: id, column: 0)
            let share = isShare ? value : value / max(largest, .leastNormalMagnitude)
            var bar = Bars.Bar(
                name: name, id: name == "#\(id)" ? "" : "\(id)",
                length: !isRun ? 0 : isCut ? 0.15 : share.isFinite ? Double(share) : 0,
                value: !isRun
                    ? "not computed yet"
                    : isCut
                        ? "filtered out" : isShare ? Digits.smallPercent(Double(value)) : number(value, width: 9))
            (bar.isSelected, bar.isCut, bar.token) = (id == selected, isRun && isCut, isRun ? id : nil)
            bar.number = isRun && !isCut ? value : nil
            return bar
        }
        var bars = Bars(entries, scale: isShare ? .sequential : .diverging)
        bars.address = node.isChoice ? scene.stepper.program.nodes[node.inputs[0]].address : node.address
        let left = values.count - ids.count
        let place = scene.name(position: scene.selection.position)
        let note =
            "after \(place)" + (left > 0 ? " · the \(Scene.candidateCount) likeliest of \(values.count)" : "")
            + (ids.count > Scene.candidateCount ? ", then what was sampled" : "")
        let model = scene.model
        return .bars(bars, note: note, line: node.isChoice ? ShareLine(prediction) { model.label($0) } : nil)
    }
}
