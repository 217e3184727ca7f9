import GPTEngine
import GPTFigures
import GPTStepper

extension ShowAnswer {
    /// What was asked for as a figure: a heatmap for each head, bars for an answer, a table of tokens.
    var figure: Figure {
        Figure(
            title: Words.of(node).title, address: address, formula: formula, source: source, body: body)
    }

    private var source: String {
        let text = tokens.map(model.label).joined(separator: " ")
        return "\(model.name)\(model.state == .random ? ", RANDOM WEIGHTS" : "") · \(text)"
    }

    private var body: Figure.Body {
        if isTokens {
            let rows = value.values.enumerated().map { place, id in
                TokenTable.Row(position: position ?? place, name: model.label(Int(id)), id: Int(id))
            }
            return .tokens(TokenTable(rows, selected: nil, address: address))
        }
        if axes == [.vocabulary] { return bars }
        return .equation(Equation(heatmaps))
    }

    private var bars: Figure.Body {
        let listed =
            value.count > Scene.candidateCount ? value.largestIndices(Scene.candidateCount) : Array(0..<value.count)
        var bars = Bars(
            of: listed, value, isShare: node.givesShares, label: model.label,
            isCut: { isRemoved(value[flat: $0], at: $0) })
        bars.address = address
        bars.prefix = node.isLogits ? [position ?? tokens.count - 1] : []
        let place = position ?? tokens.count - 1
        let left = value.count - listed.count
        return .bars(
            bars,
            note: "after \(model.label(tokens[place])) \(place)"
                + (left > 0 ? " · the \(listed.count) likeliest of \(value.count)" : ""))
    }

    /// The heads that were asked for, one beside the other; without heads one alone.
    private var heatmaps: [Heatmap] {
        let names = Scene.positionNames(tokens, model)
        guard whole.axes.count == 3 else {
            let isRows = whole.axes.first == .head
            let position = node.isAnswer ? nil : position
            let slice = Slice(whole.value)
            var heatmap = Heatmap(title: node.name, rows: slice.rows, columns: slice.columns)
            if isStatistic { heatmap.title = address }
            let rowNames = isRows ? (0..<slice.rows).map { "head \($0)" } : names
            heatmap.rowNames = node.isAnswer ? self.position.map { [names[$0]] } ?? [] : rowNames
            if isRows { heatmap.columnNames = names }
            (heatmap.address, heatmap.slice) = (address, slice)
            // Of a statistic of heads a position is a column.
            let rows = isRows ? head : position
            if let rows { heatmap = heatmap.part(rows: rows..<rows + 1, columns: 0..<slice.columns) }
            if isRows, let position {
                heatmap = heatmap.part(rows: 0..<heatmap.rows, columns: position..<position + 1)
            }
            return [heatmap]
        }
        let isMap = whole.axes[0] == .head
        let count = isMap ? whole.value.shape[0] : whole.value.shape[1]
        return (head.map { [$0] } ?? Array(0..<count)).map { head in
            let slice: Slice = isMap ? .head(head, ofMaps: whole.value) : .head(head, ofColumns: whole.value)
            var heatmap = Heatmap(title: "head \(head)", rows: slice.rows, columns: slice.columns)
            (heatmap.address, heatmap.slice, heatmap.rowNames) = (address, slice, names)
            if isMap { heatmap.columnNames = names }
            heatmap.isCausal = node.isCausal
            if node.givesShares { heatmap.scale = .sequential }
            return position.map { heatmap.part(rows: $0..<$0 + 1, columns: 0..<slice.columns) } ?? heatmap
        }
    }
}
