import GPTEngine

/// A figure as tables in Markdown (GitHub's dialect), with every number in full.
public enum Markdown: Exporter {
    /// How its files end.
    public static let name = "md"

    /// The figure as headings and tables.
    public static func text(of figure: Figure) -> String {
        let formula = figure.formula.isEmpty ? "" : " = " + escaped(figure.formula)
        let heading = [
            "## \(escaped(figure.title))", "`\(figure.address)`\(formula)", escaped(figure.source),
        ].filter { !$0.isEmpty }.joined(separator: "\n\n")
        return heading + "\n\n" + body(figure.body)
    }

    private static func body(_ body: Figure.Body) -> String {
        switch body {
        case .equation(let equation, _, _): equation.heatmaps.map(table).joined(separator: "\n")
        case .bars(let bars, let note, _):
            escaped(note) + "\n\n"
                + table(
                    ["token", "id", bars.address],
                    bars.bars.map { bar in
                        [bar.name, bar.token.map(String.init) ?? bar.id, bar.number.map(Digits.plain) ?? bar.value]
                    })
        case .tokens(let tokens):
            table(
                ["position", "token", "id"],
                tokens.rows.map { ["\($0.position)", $0.name, $0.id.map(String.init) ?? "not computed yet"] })
        }
    }

    private static func table(_ heatmap: Heatmap) -> String {
        let pool = Heatmap.Pool(heatmap, rows: heatmap.rows, columns: 256)
        let pooled = PooledHeatmap(heatmap, pool)
        let heading = "**\(escaped(heatmap.title))** \(heatmap.rows) × \(heatmap.columns)"
        guard heatmap.slice != nil else { return heading + ": \(heatmap.absence)\n" }
        let rows = (0..<pooled.rows).map { row in
            [heatmap.rowNames.isEmpty ? "\(row + heatmap.origin.row)" : heatmap.rowNames[row]]
                + (0..<pooled.columns).map { pooled.plain(row, $0) }
        }
        let names = (0..<pooled.columns).map { heatmap.columnLabel($0 * pool.columns) }
        let notes = [
            pool.columns > 1 ? "a column stands for \(pool.columns), and shows \(heatmap.rules.pooling.phrase)" : "",
            pooled.notFinite.text,
        ].filter { !$0.isEmpty }
        return ([heading] + notes).joined(separator: "; ") + "\n\n" + table([""] + names, rows)
    }

    private static func table(_ heading: [String], _ rows: [[String]]) -> String {
        ([heading, heading.indices.map { $0 == 0 ? "---" : "--:" }] + rows)
            .map { "| " + $0.map(escaped).joined(separator: " | ") + " |\n" }.joined()
    }

    /// Text that is no markup: what a token contains may be anything.
    private static func escaped(_ text: String) -> String {
        // By scalars: a mark over a sign would hide it.
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if "|\\`*_<>#[]&~".unicodeScalars.contains(scalar) { result.append("\\") }
            result.append(scalar)
        }
        return String(result)
    }
}
