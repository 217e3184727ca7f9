import Foundation
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
        let (row, column) = scene.stepper.face.row == .vocabulary ? (scene.vocabulary, 0) : scene.stepper.cell
        name = Self.name(scene)
        let outcome: (value: String, isNumber: Bool, numbers: String)
        // An id is there without any weights.
        let isID = scene.node.operation == .tokens
        if scene.trace == nil, !isID {
            outcome = ("weights not loaded", false, "")
        } else if !(scene.isComputed || isID) || !scene.stepper.isRevealed(row: row, column: column) {
            outcome = ("not computed yet", false, "")
        } else {
            outcome = Self.outcome(scene)
        }
        (value, isNumber, numbers) = outcome
        formula = scene.configuration.formula(of: scene.node.operation, at: scene.cellIndex, sampling: scene.sampling)
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
        let place =
            [.filteredLogits, .probabilities].contains(node.operation)
            ? [scene.name(position: scene.selection.position)] : []
        return "\(Scene.name(node))[\((place + parts).joined(separator: ", "))]"
    }

    /// The value and the formula's numbers, of a cell that has been computed.
    private static func outcome(_ scene: Scene) -> (value: String, isNumber: Bool, numbers: String) {
        let (node, at) = (scene.node, scene.selection)
        if node.operation == .tokens { return (String(scene.stepper.tokens[at.position]), true, "") }
        if let prediction = scene.prediction, scene.stepper.index >= scene.stepper.program.logitsIndex {
            return output(scene, prediction)
        }
        guard let trace = scene.trace, let value = scene.value else { return ("not computed yet", false, "") }
        let flat = value.flatIndex(scene.cellIndex)
        let result = value[flat: flat]
        func input(_ place: Int) -> Float { scene.input(place)?[flat: flat] ?? .nan }
        func statistic(_ statistic: Statistic, _ place: Int) -> Float {
            trace.statistic(statistic, of: scene.stepper.index)?[flat: place] ?? .nan
        }
        /// A product with a bias, as the sum of its products and the bias.
        func affine(_ column: Int) -> String {
            let bias = scene.weight(1)?[flat: column] ?? .nan
            return "\(short(result - bias)) \(signed(bias))"
        }
        switch node.operation {
        case .embed:
            return (exact(result), true, "wte[\(trace.tokens[at.position]), \(at.channel)]")
        case .posEmbed:
            return (exact(result), true, "wpe[\(at.position), \(at.channel)]")
        case .residual:
            return (exact(result), true, "\(short(input(0))) \(signed(input(1)))")
        case .normalized:
            let (mean, scale) = (statistic(.mean, at.position), statistic(.scale, at.position))
            return (exact(result), true, "(\(short(input(0))) \(signed(-mean))) / \(short(scale))")
        case .normOut:
            let (gamma, beta) = (scene.weight(0)?[flat: at.channel] ?? .nan, scene.weight(1)?[flat: at.channel] ?? .nan)
            return (exact(result), true, "\(short(input(0))) · \(short(gamma)) \(signed(beta))")
        case .projection:
            let column =
                (node.reads[0].columns?.lowerBound ?? 0) + at.head * scene.configuration.headWidth + at.headChannel
            return (exact(result), true, affine(column))
        case .scores:
            let root = scene.configuration.scoreDivisor(block: node.block ?? 0)
            return (exact(result), true, "\(short(result * root)) / \(short(root))")
        case .maskedScores:
            return at.key > at.position
                ? ("masked", false, "−∞ in place of \(short(input(0)))") : (exact(result), true, short(result))
        case .pattern:
            guard at.key <= at.position else { return ("masked", false, "exp(−∞) is exactly 0") }
            let row = at.head * value.columnCount + at.position
            return (
                exact(result), true,
                "exp(\(short(input(0))) \(signed(-statistic(.rowMax, row)))) / \(short(statistic(.rowSum, row)))"
            )
        case .z:
            return (exact(result), true, mixture(scene))
        case .attnOut, .mlpOut: return (exact(result), true, affine(at.channel))
        case .mlpPre: return (exact(result), true, affine(at.neuron))
        case .mlpPost: return (exact(result), true, "\(scene.configuration.activation.name)(\(short(input(0))))")
        case .tokens, .logits, .filteredLogits, .probabilities, .nextToken: return ("not computed yet", false, "")
        }
    }

    /// The largest shares of an attention mixture.
    private static func mixture(_ scene: Scene) -> String {
        guard let pattern = scene.input(0), let v = scene.input(1) else { return "" }
        let at = scene.selection
        let terms = (0...at.position).map { (key: $0, share: pattern[at.head, at.position, $0]) }
        let largest = terms.sorted { ($0.share, $1.key) > ($1.share, $0.key) }.prefix(3)
        let sum = largest.map { "\(short($0.share))·\(short(v[$0.key, at.head, at.headChannel]))" }.joined(
            separator: " + ")
        return terms.count > largest.count ? sum + " + \(terms.count - largest.count) more" : sum
    }

    private static func output(_ scene: Scene, _ prediction: Prediction) -> (
        value: String, isNumber: Bool, numbers: String
    ) {
        let id = scene.vocabulary
        let filtered = prediction.filtered[flat: id]
        switch scene.node.operation {
        case .logits:
            let place = prediction.logits.values.count { $0 > prediction.logits[flat: id] } + 1
            return (
                exact(prediction.logits[flat: id]), true,
                "\(short(prediction.logits[flat: id])), place \(place) of \(prediction.logits.count)"
            )
        case .filteredLogits:
            if filtered == -.infinity {
                let logit = short(prediction.logits[flat: id] / scene.sampling.temperature)
                return (
                    "cut", false, "\(logit) did not pass top-k \(scene.sampling.topK), top-p \(scene.sampling.topP)"
                )
            }
            return (
                exact(filtered), true,
                scene.sampling.isGreedy
                    ? "" : "\(short(prediction.logits[flat: id])) / \(short(scene.sampling.temperature))"
            )
        case .probabilities:
            guard filtered != -.infinity else { return ("cut", false, "exp(−∞) is exactly 0") }
            return (
                exact(prediction.probabilities[flat: id]), true,
                "exp(\(short(filtered)) \(signed(-prediction.max))) / \(short(prediction.sum))"
            )
        default:
            let token = prediction.token
            let label = "\(token) \(scene.model.label(token))"
            guard let u = prediction.draw else {
                return (label, true, "logit \(short(prediction.logits[flat: token]))")
            }
            let start = (0..<token).reduce(0.0) { $0 + Double(prediction.probabilities[flat: $1]) }
            let end = start + Double(prediction.probabilities[flat: token])
            let place = String(format: "as u = %.6f lies in [%.6f, %.6f)", u, start, end)
            return (label, true, "\(scene.model.label(token)), \(place)")
        }
    }

    // MARK: Numbers as text

    /// A number with the digits that tell it from its neighbours.
    public static func exact(_ value: Float) -> String { value < 0 ? "−\("\(-value)")" : "\(value)" }

    /// A number with four decimals, or four digits where that says nothing.
    public static func short(_ value: Float) -> String {
        let size = abs(value)
        let text =
            size != 0 && (size < 0.001 || size >= 100_000) ? String(format: "%.3e", size) : String(format: "%.4f", size)
        return value < 0 ? "−" + text : text
    }

    /// A number with its sign before it, as a term of a sum.
    static func signed(_ value: Float) -> String { value < 0 ? "− \(short(-value))" : "+ \(short(value))" }
}
