import GPTEngine

/// One cell in words and numbers: what it is called, its exact value, and the formula with this cell's numbers in it.
public struct Explanation: Hashable, Sendable {
    /// Its address and its index by name: `pattern[head 1, query C4, key C2]`.
    public let name: String
    /// Its value with every digit; or why there is none.
    public let value: String
    /// Whether `value` is a number.
    public let isNumber: Bool
    /// How it is computed, in letters.
    public let formula: String
    /// The same with this cell's numbers; empty where there are none.
    public let numbers: String

    /// Explains the selected cell of the operation at the cursor.
    public init(_ scene: Scene) {
        name = Self.name(scene)
        formula = scene.formula
        let (row, column) = scene.node.axes.last == .vocabulary ? (scene.vocabulary, 0) : scene.stepper.cell
        guard scene.stepper.isRevealed(row: row, column: column) else {
            (value, isNumber, numbers) = (Absence.notComputed.description, false, "")
            return
        }
        do throws(Absence) {
            (value, isNumber, numbers) = try Self.outcome(scene)
        } catch {
            (value, isNumber, numbers) = (error.description, false, "")
        }
    }

    /// The operation and the index of the selected cell, axis by axis.
    static func name(_ scene: Scene) -> String {
        let node = scene.node
        let parts = node.axes.map { axis -> String in
            switch axis {
            case .position: scene.name(position: scene.selection.position)
            case .query: "query \(scene.name(position: scene.selection.position))"
            case .key: "key \(scene.name(position: scene.selection.key))"
            case .head: "head \(scene.selection.head)"
            case .channel: "channel \(scene.selection.index(.channel, of: node))"
            case .neuron: "neuron \(scene.selection.neuron)"
            case .vocabulary: scene.model.label(scene.vocabulary)
            }
        }
        // The output speaks of one position's answer.
        let place = node.axes == [.vocabulary] ? [scene.name(position: scene.selection.position)] : []
        return "\(node.name)[\((place + parts).joined(separator: ", "))]"
    }

    /// The value and the formula's numbers, of a cell that has been computed.
    private static func outcome(
        _ scene: Scene
    ) throws(Absence) -> (value: String, isNumber: Bool, numbers: String) {
        // An id is there without any weights.
        if scene.node.isTokens, !scene.node.isChoice {
            return (String(scene.stepper.tokens[scene.selection.position]), true, "")
        }
        guard let cell = scene.cell else { throw .notLoaded }
        if scene.node.isChoice {
            guard let prediction = scene.prediction else { throw .notComputed }
            guard let token = prediction.token else {
                return ("none: the logits are not all numbers", false, "")
            }
            return ("\(token) \(scene.model.label(token))", true, try cell.numbers())
        }
        // Of an operation that is there, and not of one whose row only was looked at.
        if let absence = scene.absence { throw absence }
        if let removal = try cell.removal() { return (removal, false, try cell.numbers()) }
        return (Digits.exact(try cell.value()), true, try cell.numbers())
    }
}
