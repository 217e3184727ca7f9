/// A token that was added to a vocabulary as text of its own.
struct AddedToken: Hashable {
    var id: Int
    var text: [UInt8]
    /// Whether it steers the model, such as `<|endoftext|>`, and is plain text unless asked for.
    var isSpecial: Bool
    /// Whether it is looked for in normalized text, in what the others leave.
    var isNormalized = false
    /// Whether it swallows the white space before it, and after it.
    var stripsLeft = false, stripsRight = false
    /// Whether it counts only where no letter or number touches it.
    var isSingleWord = false
}

/// Tokens that are found in a text before anything else is done with it.
///
/// Source: `AddedVocabulary` of tokenizers 0.23, which looks for the leftmost and of these the longest. What does not count
/// is passed over whole: nothing shorter is found in it.
struct AddedTokens {
    /// A token, or text between tokens.
    enum Part {
        case token(Int)
        case text(ArraySlice<UInt8>)
    }

    private let tokens: [AddedToken]
    private let finder: TextFinder

    init(_ tokens: [AddedToken]) {
        self.tokens = tokens
        finder = TextFinder(tokens.map(\.text))
    }

    /// The id of the token of a text.
    func id(of text: String) -> Int? { tokens.first { $0.text.elementsEqual(text.utf8) }?.id }

    /// Cuts a text at its tokens.
    func split(_ text: ArraySlice<UInt8>, skippingSpecial: Bool) -> [Part] {
        guard !tokens.isEmpty else { return text.isEmpty ? [] : [.text(text)] }
        var parts: [Part] = []
        var (start, search) = (text.startIndex, text.startIndex)
        // White space that was swallowed once is not looked through again by the next token in it.
        var swallowed = text.startIndex
        while let (match, index) = finder.first(in: text[search...]) {
            let token = tokens[index]
            search = match.upperBound
            if skippingSpecial, token.isSpecial { continue }
            let (before, after) = (text[..<match.lowerBound], text[match.upperBound...])
            if token.isSingleWord, Self.touches(before.suffix(4), after.prefix(4)) { continue }
            let begin =
                token.stripsLeft && start < match.lowerBound
                ? Self.withoutSpace(text[start..<match.lowerBound]) : match.lowerBound
            if start < begin { parts.append(.text(text[start..<begin])) }
            parts.append(.token(token.id))
            start = match.upperBound
            if token.stripsRight {
                swallowed = Self.spaceEnd(text[max(swallowed, start)...])
                start = swallowed
            }
        }
        if start < text.endIndex { parts.append(.text(text[start...])) }
        return parts
    }

    // MARK: What is beside a token

    /// Whether a word's character is at the end of what is before, or at the beginning of what is after.
    ///
    /// Source: `\w` of Rust's regex in Unicode 16: letters and what is alphabetic, marks, digits, connectors, joiners.
    private static func touches(_ before: ArraySlice<UInt8>, _ after: ArraySlice<UInt8>) -> Bool {
        [lastScalar(before)?.scalar, firstScalar(after)?.scalar].contains { scalar in
            guard let properties = scalar?.properties, let age = properties.age, age.major <= 16 else { return false }
            switch properties.generalCategory {
            case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
            default: return properties.isAlphabetic || properties.isJoinControl
            }
        }
    }

    /// Where the white space at the end of a text begins.
    private static func withoutSpace(_ text: ArraySlice<UInt8>) -> Int {
        var rest = text
        while let (scalar, length) = lastScalar(rest.suffix(4)), scalar.properties.isWhitespace {
            rest = rest.dropLast(length)
        }
        return rest.endIndex
    }

    /// Where the white space at the beginning of a text ends.
    private static func spaceEnd(_ text: ArraySlice<UInt8>) -> Int {
        var rest = text
        while let (scalar, length) = firstScalar(rest.prefix(4)), scalar.properties.isWhitespace {
            rest = rest.dropFirst(length)
        }
        return rest.startIndex
    }

    private static func firstScalar(_ text: ArraySlice<UInt8>) -> (scalar: Unicode.Scalar, length: Int)? {
        guard let first = text.first else { return nil }
        let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        return String(validating: text.prefix(length), as: UTF8.self)?.unicodeScalars.first.map { ($0, length) }
    }

    private static func lastScalar(_ text: ArraySlice<UInt8>) -> (scalar: Unicode.Scalar, length: Int)? {
        let length = text.reversed().prefix { $0 & 0xC0 == 0x80 }.count + 1
        return firstScalar(text.suffix(length)).flatMap { $0.length == length ? $0 : nil }
    }
}
