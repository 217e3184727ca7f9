import Checkpoints
public import GPTEngine

/// Everything that a picture of this moment is drawn from: where we are, and the numbers that are there.
public struct Scene {
    /// The model that is stepped through.
    public let model: Model
    /// Where we are.
    public let stepper: Stepper
    /// The pass; nil when there are shapes only.
    public let trace: Trace?
    /// How the next token is chosen.
    public let sampling: Sampling

    /// What tells the heads of the block at the cursor apart, as far as it is known.
    public let heads: [HeadStatistics]
    /// Every position by token and place.
    public let positionNames: [String]

    /// Puts a moment together.
    public init(
        model: Model, stepper: Stepper, trace: Trace?, sampling: Sampling, heads: [HeadStatistics] = [],
        positionNames: [String]? = nil
    ) {
        self.heads = heads
        self.positionNames = positionNames ?? Self.positionNames(stepper.tokens, model)
        self.model = model
        self.stepper = stepper
        self.trace = trace
        self.sampling = sampling
    }

    /// The operation at the cursor.
    public var node: Node { stepper.node }
    /// The whole index of the selected cell, one number an axis of the operation's shape.
    public var cellIndex: [Int] {
        node.axes.map { $0 == .vocabulary ? vocabulary : selection.index($0, of: node) }
    }

    /// Which cell one looks at.
    public var selection: Selection { stepper.selection }
    /// The shape of the model.
    public var configuration: Configuration { model.configuration }

    /// Whether the operation at the cursor has its numbers.
    public var isComputed: Bool { trace?.isComputed(stepper.index) ?? false }

    /// Whether these operations are over. Until the one at the cursor is computed, those before it are as far as they
    /// are computed themselves; then all are, since a value may be dropped again.
    public func isDone(_ range: Range<Int>) -> Bool {
        guard range.upperBound <= stepper.index else { return false }
        guard let trace, !isComputed else { return true }
        return range.allSatisfy(trace.isComputed)
    }

    /// What of the operation at the cursor was there from the pass before, in words; nil where nothing was.
    public var cacheNote: String? {
        guard stepper.cachedCount > 0 else { return nil }
        let (old, new) = (stepper.cachedCount - 1, stepper.cachedCount)
        return switch node.operation {
        case .projection(.k), .projection(.v): "K/V cache: 0–\(old) kept, \(new) is new"
        case .scores, .z: "K/V of 0–\(old) from the cache, \(new) is new"
        default: nil
        }
    }

    /// The value of an operation, if it has been computed.
    public func value(of index: Int) -> Tensor? {
        guard let trace, index < stepper.program.logitsIndex, trace.isComputed(index) else { return nil }
        return trace.value(of: index)
    }

    /// The value of the operation at the cursor, if it has been computed.
    public var value: Tensor? { value(of: stepper.index) }

    /// The value of one of the operations that the one at the cursor reads.
    public func input(_ place: Int) -> Tensor? { value(of: node.inputs[place]) }

    /// The name of one of the operations that the one at the cursor reads, without its block.
    public func inputName(_ place: Int) -> String { Self.name(stepper.program.nodes[node.inputs[place]]) }

    /// An operation's address without its block.
    public static func name(_ node: Node) -> String {
        guard node.address.hasPrefix("blocks.") else { return node.address }
        return node.address.split(separator: ".").dropFirst(2).joined(separator: ".")
    }

    /// Weights that the operation at the cursor reads.
    public func weight(_ place: Int) -> Tensor? { trace.map { $0.weights[node.reads[place].parameter] } }

    /// What the model says after the selected position, if the pass has come that far.
    public var prediction: Prediction? {
        guard let trace, trace.isComputed(stepper.program.logitsIndex) else { return nil }
        return trace.prediction(at: selection.position, sampling: sampling)
    }

    /// The token of the vocabulary that is selected: the likeliest unless one was chosen.
    public var vocabulary: Int { selection.vocabulary ?? prediction?.logits.largestIndex ?? 0 }

    /// A position as it is named on an axis: its token and its place, `C4`; apart where they could be taken for one.
    public func name(position: Int) -> String { positionNames[position] }

    /// The names of the positions of a text; of a long one they are worth keeping.
    public static func positionNames(_ tokens: [Int], _ model: Model) -> [String] {
        // Where every token is a letter, the place goes without a space; else it could be taken for a part of the token.
        let space = model.tokenizer is CharacterTokenizer ? "" : " "
        return tokens.enumerated().map { position, token in model.label(token) + space + "\(position)" }
    }
}
