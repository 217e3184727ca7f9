import Checkpoints
public import GPTEngine

/// Everything that a figure of this moment is made from: where we are, and the numbers that are there.
///
/// Nothing is computed for it: what is not there is absent.
public struct Scene {
    /// The model that is stepped through.
    public let model: Model
    /// Where we are.
    public let stepper: Stepper
    /// The numbers of the pass; nil when there are shapes only.
    public let values: (any Values)?
    /// How the next token is chosen.
    public let sampling: Sampling
    /// What tells the heads of the block at the cursor apart, as far as it is known.
    public let heads: [HeadStatistics]
    /// Every position by token and place.
    public let positionNames: [String]
    /// Operations whose own numbers an edit changed.
    public var changed: Set<Int> = []
    /// Operations at which it stops.
    public var stops: Set<Int> = []
    /// Of each operation whether its value follows from an edit; empty where none is made.
    public var isEdited: [Bool] = []

    /// Puts a moment together.
    public init(
        model: Model, stepper: Stepper, values: (any Values)?, sampling: Sampling, heads: [HeadStatistics] = [],
        positionNames: [String]? = nil
    ) {
        self.heads = heads
        self.positionNames = positionNames ?? Self.positionNames(stepper.tokens, model)
        self.model = model
        self.stepper = stepper
        self.values = values
        self.sampling = sampling
    }

    /// The operation at the cursor.
    public var node: Node { stepper.node }
    /// The formula of the operation at the cursor.
    public var formula: String { stepper.program.formula(of: stepper.index) }
    /// The whole index of the selected cell, one number an axis of the operation's shape.
    public var cellIndex: [Int] {
        node.axes.map { $0 == .vocabulary ? vocabulary : selection.index($0, of: node) }
    }
    /// The selected cell, where there are numbers.
    public var cell: Cell? {
        values.map { Cell($0, stepper.index, cellIndex, position: selection.position, sampling: sampling) }
    }

    /// Which cell one looks at.
    public var selection: Selection { stepper.selection }
    /// The shape of the model.
    public var configuration: Configuration { model.configuration }

    /// Why the operation at the cursor has no numbers; nil where it has them.
    public var absence: Absence? {
        guard let values else { return .notLoaded }
        guard !node.isAnswer else { return prediction == nil ? .notComputed : nil }
        do {
            _ = try values.peek(stepper.index)
            return nil
        } catch { return error }
    }

    /// Whether the operation at the cursor has its numbers.
    public var isComputed: Bool { absence == nil }

    /// Whether any of some operations follows from an edit.
    public func isEdited(_ range: Range<Int>) -> Bool { !isEdited.isEmpty && range.contains { isEdited[$0] } }

    /// Whether it stops at any of some operations.
    public func stops(in range: Range<Int>) -> Bool { stops.contains(where: range.contains) }

    /// Whether these operations are over. Until the one at the cursor is computed, those before it are as far as they
    /// are computed themselves; then all are, since a value may be dropped again.
    public func isDone(_ range: Range<Int>) -> Bool {
        guard range.upperBound <= stepper.index else { return false }
        guard let values, !isComputed else { return true }
        return range.allSatisfy(values.isComputed)
    }

    /// What of the operation at the cursor was there from the pass before, in words; nil where nothing was.
    public var cacheNote: String? {
        guard stepper.cachedCount > 0 else { return nil }
        let (old, new) = (stepper.cachedCount - 1, stepper.cachedCount)
        return switch node.name {
        case "attn.k", "attn.v": "K/V cache: 0–\(old) kept, \(new) is new"
        case "attn.scores", "attn.z": "K/V of 0–\(old) from the cache, \(new) is new"
        default: nil
        }
    }

    /// The value of an operation, if it is there.
    public func value(of index: Int) -> Tensor? {
        guard let values, index < stepper.program.logitsIndex else { return nil }
        return try? values.peek(index)
    }

    /// The value of the operation at the cursor, if it is there.
    public var value: Tensor? { value(of: stepper.index) }

    /// What the operation at the cursor keeps beside its value, if it is there.
    public func statistic(_ statistic: Statistic) -> Tensor? { try? values?.peek(statistic, of: stepper.index) }

    /// The value of one of the operations that the one at the cursor reads.
    public func input(_ place: Int) -> Tensor? { value(of: node.inputs[place]) }

    /// Weights that the operation at the cursor reads, if they are in memory.
    public func weight(_ place: Int) -> Tensor? { try? values?.weight(node.reads[place].parameter) }

    /// What the model says after the selected position, if the pass has come that far.
    public var prediction: Prediction? { try? values?.prediction(at: selection.position, sampling: sampling) }

    /// The token of the vocabulary that is selected: the sampled one where it is sampled, elsewhere the likeliest, unless one
    /// was chosen.
    public var vocabulary: Int {
        if let chosen = selection.vocabulary { return chosen }
        let prediction = prediction
        return (node.isChoice ? prediction?.token : nil) ?? prediction?.logits.largestIndex ?? 0
    }

    /// How many tokens are listed of a large vocabulary.
    public static let candidateCount = 20

    /// The tokens that are listed of an answer: by id where all fit, else the likeliest.
    public var candidates: [Int] {
        guard let prediction else { return [] }
        guard prediction.logits.count > Self.candidateCount else { return Array(0..<prediction.logits.count) }
        let likeliest = prediction.ranking(Self.candidateCount)
        // What was sampled is always there, once it is sampled.
        guard node.isChoice, let token = prediction.token, !likeliest.contains(token) else { return likeliest }
        return likeliest + [token]
    }

    /// A position as it is named on an axis: its token and its place, `C4`; apart where they could be taken for one.
    public func name(position: Int) -> String { positionNames[position] }

    /// The names of the positions of a text; of a long one they are worth keeping.
    public static func positionNames(_ tokens: [Int], _ model: Model) -> [String] {
        // Where every token is a letter, the place goes without a space; else it could be taken for a part of the token.
        let space = model.tokenizer is CharacterTokenizer ? "" : " "
        return tokens.enumerated().map { position, token in model.label(token) + space + "\(position)" }
    }
}
