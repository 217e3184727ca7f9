import GPTEngine
import GPTFigures

/// Embedding, residual additions and LayerNorms: what happens to the stream as a whole.
extension Figure.Body {
    /// Rows of a table, and the rows that were picked.
    static func embedding(_ scene: Scene, _ lookup: Lookup) -> Figure.Body {
        let (table, title) = (scene.node.reads[0].parameter, scene.node.reads[0].symbol)
        let marked = lookup.row(at: scene.selection.position, of: scene.stepper.tokens)
        // Of a tall table the neighbourhood of the row that is read.
        let height = table.shape[0]
        let first = max(0, min(marked - 6, height - 13))
        let range = first..<min(height, first + 13)
        let isWhole = range.count == height
        var rows = Heatmap.weight(
            scene, 0, scene.weight(0).map { Slice($0).rows(range) },
            named: isWhole ? title : "\(title) rows \(first)–\(range.upperBound - 1) of \(height)",
            rows: range.count, columns: table.shape[1])
        rows.rowNames = range.map { lookup.key == .id ? "\(scene.model.label($0)) \($0)" : "\($0)" }
        rows.row = marked - first
        return .equation(Equation(rows, ("→", .result(scene))))
    }

    /// a + b = c.
    static func residual(_ scene: Scene) -> Figure.Body {
        let (row, column) = scene.stepper.cell
        return .equation(
            Equation(
                .operand(scene, 0, row: row, column: column), ("+", .operand(scene, 1, row: row, column: column)),
                ("=", .result(scene))))
    }

    /// x → (x − μ)/σ with μ and σ of each row.
    static func normalized(_ scene: Scene) -> Figure.Body {
        let (row, column) = scene.stepper.cell
        var result = Heatmap.result(scene)
        if scene.isComputed {
            result.asides = [("μ", Statistic.mean), ("σ", .scale)].map { title, statistic in
                (title, scene.statistic(statistic)?.values ?? [])
            }
        }
        return .equation(Equation(.operand(scene, 0, row: row, column: column), ("→", result)))
    }

    /// x̂ · γ + β, the two vectors as two rows of one heatmap.
    static func normOut(_ scene: Scene) -> Figure.Body {
        let (row, column) = scene.stepper.cell
        let width = scene.configuration.width
        let both = scene.weight(0).flatMap { gamma in
            scene.weight(1).map { beta in Slice(Tensor([2, width], gamma.values + beta.values)) }
        }
        var vectors = Heatmap.weight(scene, 0, both, named: "γ and β", rows: 2, columns: width, column: column)
        vectors.rowNames = ["γ", "β"]
        vectors.rowAddresses = scene.node.reads.map(\.parameter.name)
        return .equation(
            Equation(.operand(scene, 0, row: row, column: column), ("·γ+β", vectors), ("=", .result(scene))))
    }
}
