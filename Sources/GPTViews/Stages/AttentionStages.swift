import GPTEngine
import GPTStepper
import TerminalKit

/// What heads do: project, meet, mask, share out, mix.
extension Stage {
    /// x · W + b for the columns of the chosen head.
    static func projection(_ scene: Scene) -> Stage {
        let shape = scene.configuration
        let (row, column) = scene.stepper.cell
        let start = (scene.node.reads[0].columns?.lowerBound ?? 0) + scene.selection.head * shape.headWidth
        let weight = Picture.weight(
            scene, scene.weight(0).map { Slice($0).columns(start..<start + shape.headWidth) },
            named: "\(scene.node.reads[0].symbol) H\(scene.selection.head)", rows: shape.width,
            columns: shape.headWidth,
            column: column)
        return .equation(
            Equation(
                .operand(scene, 0, row: row), ("·", weight),
                ("+b =", .result(scene, named: "\(scene.node.shortName) H\(scene.selection.head)"))))
    }

    /// q · kᵀ.
    static func scores(_ scene: Scene, _ operation: Scores) -> Stage {
        let (row, column) = scene.stepper.cell
        var queries = Picture.operand(scene, 0, row: row)
        queries.title += " H\(scene.selection.head)"
        var keys = Picture.operand(scene, 1, column: column)
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
    static func maskedScores(_ scene: Scene) -> Stage {
        let (row, column) = scene.stepper.cell
        var before = map(.operand(scene, 0, row: row, column: column), scene)
        before.isCausal = false
        var after = map(scene)
        after.isCausal = true
        return .equation(Equation(before, ("→", after)), Extras(isCausal: true))
    }

    /// Scores → masked scores → shares, with what the softmax keeps of each row.
    static func pattern(_ scene: Scene) -> Stage {
        let (row, column) = scene.stepper.cell
        let maskedScores = scene.stepper.program.nodes[scene.node.inputs[0]]
        let scores = map(.value(scene, of: maskedScores.inputs[0], row: row, column: column), scene)
        var before = map(.operand(scene, 0, row: row, column: column), scene)
        before.isCausal = true
        var after = map(scene)
        after.isCausal = true
        after.ramp = .sequential
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
            equation,
            Extras(ramp: .sequential, isCausal: true, hasHeads: scene.stepper.revealed == nil && scene.isComputed))
    }

    /// pattern · v.
    static func mixture(_ scene: Scene) -> Stage {
        let (row, column) = scene.stepper.cell
        var shares = map(.operand(scene, 0, row: row), scene)
        shares.isCausal = true
        shares.ramp = .sequential
        shares.reach = row
        var values = Picture.operand(scene, 1, column: column)
        values.title += " H\(scene.selection.head)"
        values.reach = row
        return .equation(
            Equation(
                shares, ("·", values),
                ("=", .result(scene, named: "z H\(scene.selection.head)"))))
    }

    /// The result as a map of queries by keys.
    private static func map(_ scene: Scene) -> Picture { map(.result(scene), scene) }

    private static func map(_ picture: Picture, _ scene: Scene) -> Picture {
        var picture = picture
        picture.title += " H\(scene.selection.head)"
        picture.columnNames = scene.positionNames
        return picture
    }
}
