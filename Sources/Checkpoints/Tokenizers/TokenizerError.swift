public import SystemPackage

/// Why files make no tokenizer.
public enum TokenizerError: Error, Hashable, CustomStringConvertible {
    /// A merge speaks of tokens that the vocabulary does not have.
    case unknownMerge(String, String, rank: Int)
    /// Two tokens have the same id.
    case duplicateID(Int)
    /// Two added tokens are the same once they are normalized.
    case sameAddedTokens(String)
    /// More merges than the vocabulary has a use for.
    case tooManyMerges(most: Int)
    /// An id that is negative or absurdly large.
    case idOutOfRange(Int)
    /// A file that asks for what is not understood, or is broken.
    case file(path: FilePath, reason: String)
    /// A file that cannot be read at all.
    case unreadable(FileError)

    /// A sentence for the person at the shell.
    public var description: String {
        switch self {
        case .file(let path, let reason): "\(visible(path)) is not a tokenizer that can be used: \(reason)."
        case .unreadable(let error): error.description
        default: "The tokenizer cannot be used: \(reason)."
        }
    }

    /// What is wrong, as part of a sentence.
    var reason: String {
        switch self {
        case .unknownMerge(let left, let right, let rank):
            "its merge number \(rank + 1), \(left) and \(right), speaks of tokens that its vocabulary does not have"
        case .sameAddedTokens(let text): "two of its added tokens become the same text, \(text), by its normalizer"
        case .duplicateID(let id): "it gives the id \(id) to two tokens"
        case .tooManyMerges(let most): "it has more than \(most) merges, many times what its vocabulary has tokens"
        case .idOutOfRange(let id): "it has the id \(id), which its vocabulary does not reach"
        case .file(_, let reason): reason
        case .unreadable(let error): error.description
        }
    }
}
