/// Turns text into token ids and back.
public protocol Tokenizer: Sendable {
    /// The ids of a text, given as bytes.
    ///
    /// - Parameter allowingSpecial: whether tokens such as `<|endoftext|>` that are written out in the text are taken for
    ///   themselves; they are plain text otherwise.
    /// - Throws: ``PromptError`` for what has no token.
    func encode(_ text: [UInt8], allowingSpecial: Bool) throws(PromptError) -> [Int]
    /// The bytes that a token stands for; nil where an id has no token.
    func bytes(of id: Int) -> [UInt8]?
    /// The token that ends a text, where there is one.
    var endOfText: Int? { get }
    /// What is left of ids without what encoding puts around every text.
    func content(of ids: [Int]) -> [Int]
}

extension Tokenizer {
    /// None.
    public var endOfText: Int? { nil }
    /// All of them.
    public func content(of ids: [Int]) -> [Int] { ids }
}

/// Why a prompt does not suit a model.
public enum PromptError: Error, Hashable, CustomStringConvertible {
    /// Nothing was given.
    case empty
    /// A letter that has no token.
    case notInVocabulary(letter: String, place: Int, letters: [String])
    /// More tokens than the context holds.
    case tooLong(count: Int, context: Int)
    /// An id that has no token.
    case idOutOfRange(id: Int, vocabulary: Int)
    /// A byte that the vocabulary has no token for.
    case noTokenForByte(UInt8)
    /// Text for a model that has no tokenizer, or one that cannot be used for this reason.
    case needsIDs(model: String, fault: TokenizerError?)
    /// What should be an id is none.
    case notAnID(String)

    /// A sentence for the person at the shell.
    public var description: String {
        switch self {
        case .empty: "The prompt is empty: give at least one token."
        case .notInVocabulary(let letter, let place, let letters):
            "The prompt has \"\(letter)\" at place \(place + 1); this model knows only "
                + (letters.count <= 12
                    ? "the letters \(letters.joined(separator: ", "))."
                    : "\(letters.count) characters: \(visible(letters.joined())).")
        case .tooLong(let count, let context):
            "The prompt has \(count) tokens; this model's context holds \(context)."
        case .idOutOfRange(let id, let vocabulary):
            "The id \(id) is outside the vocabulary, which goes from 0 to \(vocabulary - 1)."
        case .noTokenForByte(let byte):
            "The prompt has the byte \(displayForm([byte])), for which this model's vocabulary has no token."
        case .needsIDs(let model, let fault):
            fault.map { "\($0) Token ids in place of a text do without it." }
                ?? "\(model) has no tokenizer beside it: it takes token ids in place of a text."
        case .notAnID(let text):
            "\"\(text)\" is no token id; whole numbers with commas between them are expected."
        }
    }
}
