public import Checkpoints
import Foundation

/// A model that is open: its shape, its weights if there are any, and how it reads text.
public struct Model {
    /// How much of a model is there.
    public enum State: String, Hashable, Sendable {
        /// Real weights.
        case loaded
        /// Seeded random weights: the mechanics are real, the numbers mean nothing.
        case random
        /// Shapes and costs, no numbers.
        case shapes
        /// Known by name, but its weights are not on this machine.
        case absent
    }

    /// What it is called.
    public let name: String
    /// The preset that it is; nil for a checkpoint.
    public let preset: Preset?
    /// Its shape.
    public let configuration: Configuration
    /// The weights; nil when it is walked by shapes only.
    public let weights: Weights?
    /// How it reads text; nil when it takes ids only.
    public let tokenizer: (any Tokenizer)?
    /// Why the tokenizer beside it cannot be used, where that is why there is none.
    public let tokenizerFault: TokenizerError?
    /// How it chooses the next token unless told otherwise.
    public let sampling: Sampling
    /// A prompt that suits it.
    public let defaultPrompt: String
    /// The tokens that end a text.
    public let endOfText: Set<Int>
    /// What should be said about how it reads text or about its weights.
    public let remark: String?

    /// Puts a model together.
    public init(
        name: String, preset: Preset? = nil, configuration: Configuration, weights: Weights?,
        tokenizer: (any Tokenizer)?, tokenizerFault: TokenizerError? = nil, sampling: Sampling, defaultPrompt: String,
        endOfText: Set<Int> = [],
        remark: String? = nil
    ) {
        self.name = name
        self.preset = preset
        self.configuration = configuration
        self.weights = weights
        self.tokenizer = tokenizer
        self.tokenizerFault = tokenizerFault
        self.sampling = sampling
        self.defaultPrompt = defaultPrompt
        self.endOfText = endOfText
        self.remark = remark
    }

    /// The files that its weights are in; nil for random ones and for shapes alone.
    public var files: TensorFiles? { checkpoint?.files }

    /// The tensors of its files that are no part of it.
    public var unread: [String] { checkpoint?.unread ?? [] }

    /// Whether its files store linear weights [out, in], as `nn.Linear` does, and not [in, out]; nil without files.
    public var isTransposed: Bool? { checkpoint?.isTransposed }

    private var checkpoint: Checkpoint? {
        if case .checkpoint(let checkpoint) = weights?.source { checkpoint } else { nil }
    }

    /// How much of it is there.
    public var state: State {
        switch weights?.source {
        case .checkpoint: .loaded
        case .random: .random
        case nil: .shapes
        }
    }
}

extension Model {
    /// The ids of a prompt.
    ///
    /// - Throws: ``PromptError``.
    public func encode(_ text: [UInt8], allowingSpecial: Bool = false) throws(PromptError) -> [Int] {
        guard let tokenizer else { throw .needsIDs(model: name, fault: tokenizerFault) }
        return try check(try tokenizer.encode(text, allowingSpecial: allowingSpecial))
    }

    /// The ids themselves, if a pass can be run over them.
    ///
    /// - Throws: ``PromptError``.
    public func check(_ ids: [Int]) throws(PromptError) -> [Int] {
        guard !ids.isEmpty else { throw .empty }
        if let id = ids.first(where: { $0 < 0 || $0 >= configuration.vocabularySize }) {
            throw .idOutOfRange(id: id, vocabulary: configuration.vocabularySize)
        }
        guard ids.count <= configuration.contextLength else {
            throw .tooLong(count: ids.count, context: configuration.contextLength)
        }
        return ids
    }

    /// The ids of the prompt it opens on: its own default, or the first few ids where it reads no text.
    public var defaultTokens: [Int] {
        (try? encode(Array(defaultPrompt.utf8)))
            ?? Array(0..<min(6, configuration.vocabularySize, configuration.contextLength))
    }

    /// A token as it is shown: its text in display form, or its id where it has none.
    public func label(_ id: Int) -> String {
        guard let tokenizer else { return "#\(id)" }
        return tokenizer.bytes(of: id).map(displayForm) ?? "(no token)"
    }

    /// The bytes of several tokens; an id that has none is written as `#id `.
    public func bytes(_ ids: [Int]) -> [UInt8] { ids.flatMap { tokenizer?.bytes(of: $0) ?? Array("#\($0) ".utf8) } }

    /// The bytes of a prompt that becomes these tokens, as far as text can say them.
    public func promptBytes(_ ids: [Int]) -> [UInt8] { bytes(tokenizer?.content(of: ids) ?? ids) }

    /// The text of several tokens, bytes that are no text replaced.
    public func text(_ ids: [Int]) -> String { String(decoding: bytes(ids), as: UTF8.self) }
}
