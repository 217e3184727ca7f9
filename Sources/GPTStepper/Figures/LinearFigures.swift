import GPTEngine
import GPTFigures

/// Products with a whole matrix, and the MLP's activation.
extension Figure.Body {
    /// x · W + b.
    static func linear(_ scene: Scene) -> Figure.Body {
        let title = scene.node.reads[0].symbol
        let (row, column) = scene.stepper.cell
        let shape = scene.node.reads[0].parameter.shape
        let weight = Heatmap.weight(
            scene, 0, scene.weight(0).map { Slice($0) }, named: title, rows: shape[0], columns: shape[1], column: column
        )
        var input = Heatmap.operand(scene, 0, row: row)
        if scene.stepper.program.nodes[scene.node.inputs[0]].axes.contains(.head) {
            // All heads side by side, not only the chosen one.
            input.slice = scene.input(0).map { Slice($0) }
            input.columns = scene.configuration.width
        }
        return .equation(Equation(input, ("·", weight), ("+b =", .result(scene))))
    }

    /// pre → post, with the function and this neuron's point on it.
    static func activation(_ scene: Scene, _ activation: Activation) -> Figure.Body {
        let (row, column) = scene.stepper.cell
        let isShown = scene.stepper.isRevealed(row: row, column: column)
        let point = isShown && scene.isComputed ? scene.input(0).map { Slice($0)[row, column] } : nil
        return .equation(
            Equation(.operand(scene, 0, row: row, column: column), ("→", .result(scene))),
            curve: Curve(function: { activation($0) }, point: point))
    }
}
