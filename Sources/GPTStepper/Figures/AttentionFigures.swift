import GPTEngine
import GPTFigures

/// What heads do: project, meet, mask, share out, mix.
extension Figure.Body {
    /// x · W + b for the columns of the chosen head.
    static func projection(_ scene: Scene) -> Figure.Body {
        let shape = scene.configuration
        let (row, column) = scene.stepper.cell
        let start = (scene.node.reads[0].columns?.lowerBound ?? 0) + scene.selection.head * shape.headWidth
        let weight = Heatmap.weight(
            scene, 0, scene.weight(0).map { Slice($0).columns(start..<start + shape.headWidth) },
            named: "\(scene.node.reads[0].symbol) H\(scene.selection.head)", rows: shape.width,
            columns: shape.headWidth,
            column: column)
        return .equation(
            Equation(
                .operand(scene, 0, row: row), ("·", weight),
                ("+b =", .result(scene, named: "\(scene.node.shortName) H\(scene.selection.head)"))))
    }

    /// q · kᵀ.
    static func scores(_ scene: Scene, _ operation: Scores) -> Figure.Body {
        let (row, column) = scene.stepper.cell
        var queries = Heatmap.operand(scene, 0, row: row)
        queries.title += " H\(scene.selection.head)"
        var keys = Heatmap.operand(scene, 1, column: column)
        keys.title = "kᵀ H\(scene.selection.head)"
        keys.slice = keys.slice?.transposed
        (keys.rows, keys.columns) = (keys.columns, keys.rows)
        keys.columnNames = keys.rowNames
        keys.rowNames = []
        return .equation(
            Equation(
                queries, ("·", keys),
                (operation.divisorFormula.isEmpty ? "=" : "/\(operation.divisorFormula) =", map(scene))))
    }

    /// Scores → scores without the future.
    static func maskedScores(_ scene: Scene) -> Figure.Body {
        let (row, column) = scene.stepper.cell
        var before = map(.operand(scene, 0, row: row, column: column), scene)
        before.isCausal = false
        var after = map(scene)
        after.isCausal = true
        return .equation(Equation(before, ("→", after)))
    }

    /// Scores → masked scores → shares, with what the softmax keeps of each row.
    static func pattern(_ scene: Scene) -> Figure.Body {
        let (row, column) = scene.stepper.cell
        let maskedScores = scene.stepper.program.nodes[scene.node.inputs[0]]
        let scores = map(.value(scene, of: maskedScores.inputs[0], row: row, column: column), scene)
        var before = map(.operand(scene, 0, row: row, column: column), scene)
        before.isCausal = true
        var after = map(scene)
        after.isCausal = true
        after.scale = .sequential
        let T = scene.stepper.tokens.count
        if scene.isComputed {
            let rows = scene.selection.head * T..<(scene.selection.head + 1) * T
            after.asides = [("row max", Statistic.rowMax), ("Σ exp", .rowSum)].map { title, statistic in
                (title, (scene.statistic(statistic)?.values).map { Array($0[rows]) } ?? [])
            }
        }
        var equation = Equation(scores, ("→", before), ("→", after))
        equation.contextCount = 2
        return .equation(
            equation, hasHeads: scene.stepper.revealed == nil && scene.isComputed)
    }

    /// pattern · v.
    static func mixture(_ scene: Scene) -> Figure.Body {
        let (row, column) = scene.stepper.cell
        var shares = map(.operand(scene, 0, row: row), scene)
        shares.isCausal = true
        shares.scale = .sequential
        shares.reach = row
        var values = Heatmap.operand(scene, 1, column: column)
        values.title += " H\(scene.selection.head)"
        values.reach = row
        return .equation(
            Equation(
                shares, ("·", values),
                ("=", .result(scene, named: "z H\(scene.selection.head)"))))
    }

    /// The result as a map of queries by keys.
    private static func map(_ scene: Scene) -> Heatmap { map(.result(scene), scene) }

    private static func map(_ heatmap: Heatmap, _ scene: Scene) -> Heatmap {
        var heatmap = heatmap
        heatmap.title += " H\(scene.selection.head)"
        heatmap.columnNames = scene.positionNames
        return heatmap
    }
}
