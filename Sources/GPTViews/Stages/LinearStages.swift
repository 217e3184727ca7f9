import GPTEngine
import GPTStepper
import TerminalKit

/// Products with a whole matrix, and the MLP's bend.
extension Stage {
    /// x · W + b.
    static func linear(_ scene: Scene, weight title: String) -> Stage {
        let (row, column) = scene.stepper.cell
        let shape = scene.node.reads[0].parameter.shape
        let weight = Picture.weight(
            scene, scene.weight(0).map { Slice($0) }, named: title, rows: shape[0], columns: shape[1], column: column)
        var input = Picture.operand(scene, 0, row: row)
        if scene.node.operation == .attnOut {
            // All heads side by side, not only the chosen one.
            input.slice = scene.input(0).map { Slice($0) }
            input.columns = scene.configuration.width
        }
        return .equation(Equation(input, ("·", weight), ("+b =", .result(scene))))
    }

    /// pre → post, with the function and this neuron's point on it.
    static func activation(_ scene: Scene) -> Stage {
        let (row, column) = scene.stepper.cell
        let isShown = scene.stepper.isRevealed(row: row, column: column)
        let point = isShown && scene.isComputed ? scene.input(0).map { Slice($0)[row, column] } : nil
        let activation = scene.configuration.activation
        return .equation(
            Equation(.operand(scene, 0, row: row, column: column), ("→", .result(scene))),
            Extras(curve: Curve(function: { activation($0) }, point: point)))
    }
}
