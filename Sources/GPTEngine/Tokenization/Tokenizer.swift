/// Turns text into token ids and back.
public protocol Tokenizer: Sendable {
    /// The ids of a text, given as bytes.
    ///
    /// - Throws: ``PromptError`` for what has no token.
    func encode(_ text: [UInt8]) throws(PromptError) -> [Int]
    /// The bytes that a token stands for; nil where an id has no token.
    func bytes(of id: Int) -> [UInt8]?
}

/// One token a letter: the vocabulary of models such as the built-in one.
public struct LetterTokenizer: Tokenizer {
    /// The letters in the order of their ids.
    public let letters: [Unicode.Scalar]

    /// Creates a tokenizer over ASCII letters.
    public init(_ letters: String) { self.letters = Array(letters.unicodeScalars) }

    /// One id a letter.
    public func encode(_ text: [UInt8]) throws(PromptError) -> [Int] {
        var ids: [Int] = []
        for (place, scalar) in String(decoding: text, as: UTF8.self).unicodeScalars.enumerated() {
            guard let id = letters.firstIndex(of: scalar) else {
                throw .notInVocabulary(letter: visible(String(scalar)), place: place, letters: letters.map(String.init))
            }
            ids.append(id)
        }
        return ids
    }

    /// The letter.
    public func bytes(of id: Int) -> [UInt8]? { letters.indices.contains(id) ? Array(String(letters[id]).utf8) : nil }
}

/// One token a byte, with the ids that GPT-2's vocabulary gives to single bytes (its first 256).
///
/// Source: `bytes_to_unicode` of the GPT-2 release: printable bytes come first, the other 68 after them.
public struct ByteTokenizer: Tokenizer {
    private static let alphabet: [UInt8] = {
        let printable = [33...126, 161...172, 174...255].flatMap { Array($0) }
        return (printable + (0...255).filter { !printable.contains($0) }).map { UInt8($0) }
    }()
    private static let ids: [UInt8: Int] = Dictionary(uniqueKeysWithValues: alphabet.enumerated().map { ($1, $0) })

    /// Creates the tokenizer.
    public init() {}

    /// One id a byte.
    public func encode(_ text: [UInt8]) -> [Int] { text.compactMap { Self.ids[$0] } }

    /// The byte; ids from 256 on stand for merged bytes, which this tokenizer does not know.
    public func bytes(of id: Int) -> [UInt8]? { Self.alphabet.indices.contains(id) ? [Self.alphabet[id]] : nil }
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
    /// Text for a model that has no tokenizer.
    case needsIDs(model: String)

    /// A sentence for the person at the shell.
    public var description: String {
        switch self {
        case .empty: "The prompt is empty: give at least one token."
        case .notInVocabulary(let letter, let place, let letters):
            "The prompt has \"\(letter)\" at place \(place + 1); this model knows only the letters \(letters.joined(separator: ", "))."
        case .tooLong(let count, let context):
            "The prompt has \(count) tokens; this model's context holds \(context)."
        case .idOutOfRange(let id, let vocabulary):
            "The id \(id) is outside the vocabulary, which goes from 0 to \(vocabulary - 1)."
        case .needsIDs(let model):
            "\(model) has no tokenizer beside it: give token ids with --ids 1,2,3 in place of a prompt."
        }
    }
}
