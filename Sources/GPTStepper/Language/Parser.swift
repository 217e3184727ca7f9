import Checkpoints
import GPTEngine

/// Reads the language, character by character.
///
/// The grammar is printed in the documentation ("The language"). Whatever it is given, it answers with statements or with
/// a ``LanguageError``, and never traps.
struct Parser {
    let text: [Unicode.Scalar]
    var at = 0
    /// How many brackets are open: inside, a new line is a space.
    var depth = 0
    /// How deep expressions are nested.
    var nesting = 0
    private let lines: [Int]

    init(_ text: String) {
        let scalars = Array(text.unicodeScalars)
        self.text = scalars
        lines = [0] + scalars.indices.filter { scalars[$0] == "\n" }.map { $0 + 1 }
    }

    // MARK: Characters

    /// Where a character stands.
    func place(_ index: Int) -> LanguageError.Place {
        var (low, high) = (0, lines.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if lines[middle] <= index { low = middle } else { high = middle }
        }
        return LanguageError.Place(line: low + 1, column: index - lines[low] + 1)
    }

    var here: LanguageError.Place { place(at) }

    func peek(_ offset: Int = 0) -> Unicode.Scalar? { at + offset < text.count ? text[at + offset] : nil }

    mutating func skipSpace() {
        while let next = peek() {
            if next == " " || next == "\t" || next == "\r" || depth > 0 && next == "\n" {
                at += 1
            } else if next == "#" {
                while at < text.count, text[at] != "\n" { at += 1 }
            } else {
                return
            }
        }
    }

    /// Whether a statement ends here.
    mutating func isAtEnd() -> Bool {
        skipSpace()
        return peek() == nil || peek() == ";" || peek() == "\n"
    }

    /// What stands here, for a sentence.
    func found() -> String {
        guard let next = peek() else { return "the end" }
        guard next != "\n" else { return "the end of the line" }
        var end = at
        while end < text.count, end - at < 20, Self.isWord(text[end]) { end += 1 }
        return "\"\(visible(String(String.UnicodeScalarView(text[at..<max(end, at + 1)]))))\""
    }

    func fault(_ expected: String) -> LanguageError {
        LanguageError("\(expected) is expected, and \(found()) was found.", at: here)
    }

    /// Goes on over a sign, if it is here.
    mutating func take(_ sign: String) -> Bool {
        skipSpace()
        let scalars = Array(sign.unicodeScalars)
        guard at + scalars.count <= text.count, Array(text[at..<at + scalars.count]) == scalars else { return false }
        at += scalars.count
        return true
    }

    mutating func expect(_ sign: String) throws {
        guard take(sign) else { throw fault("`\(sign)`") }
    }

    static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar) || scalar == "_"
    }

    static func isDigit(_ scalar: Unicode.Scalar?) -> Bool { scalar.map { ("0"..."9").contains($0) } ?? false }

    /// A word that stands here by itself, and where; not taken.
    func word(hyphens: Bool = false) -> String? {
        var end = at
        while end < text.count, Self.isWord(text[end]) || hyphens && end > at && text[end] == "-" { end += 1 }
        return end > at ? String(String.UnicodeScalarView(text[at..<end])) : nil
    }

    /// Goes on over a word, if it is here.
    mutating func take(word: String) -> Bool {
        skipSpace()
        guard self.word(hyphens: word.contains("-"))?.lowercased() == word else { return false }
        // `from` is a word, `from.x` a name.
        guard text.count <= at + word.count || text[at + word.count] != "." else { return false }
        at += word.count
        return true
    }

    /// A whole number, if one is here.
    mutating func wholeNumber() throws -> Int? {
        skipSpace()
        var end = at
        if end < text.count, text[end] == "-" { end += 1 }
        let digits = end
        while end < text.count, Self.isDigit(text[end]) { end += 1 }
        guard end > digits, end == text.count || !Self.isWord(text[end]) && text[end] != "." else { return nil }
        guard let number = Int(String(String.UnicodeScalarView(text[at..<end]))), number.magnitude < 1 << 48 else {
            throw LanguageError("This number is too large.", at: here)
        }
        at = end
        return number
    }

    /// A text in quotes, with JSON's escapes.
    mutating func quoted() throws -> String? {
        skipSpace()
        guard peek() == "\"" else { return nil }
        let start = here
        at += 1
        var result = String.UnicodeScalarView()
        while let next = peek(), next != "\n" {
            at += 1
            if next == "\"" { return String(result) }
            guard next == "\\" else {
                result.append(next)
                continue
            }
            guard let escape = peek() else { break }
            at += 1
            switch escape {
            case "\"", "\\", "/": result.append(escape)
            case "n": result.append("\n")
            case "t": result.append("\t")
            case "r": result.append("\r")
            case "b": result.append("\u{8}")
            case "f": result.append("\u{C}")
            case "u": result.append(try unicodeEscape())
            default:
                at -= 1
                throw fault("one of \\\" \\\\ \\/ \\n \\t \\r \\b \\f \\uXXXX")
            }
        }
        throw LanguageError("This text has no closing quote.", at: start)
    }

    private mutating func unicodeEscape() throws -> Unicode.Scalar {
        func four() -> UInt32? {
            guard at + 4 <= text.count else { return nil }
            return UInt32(String(String.UnicodeScalarView(text[at..<at + 4])), radix: 16)
        }
        guard let first = four() else { throw fault("four hexadecimal digits") }
        at += 4
        if let scalar = Unicode.Scalar(first) { return scalar }
        // The first of a pair.
        guard (0xD800..<0xDC00).contains(first), peek() == "\\", peek(1) == "u" else {
            throw fault("a pair of \\u escapes")
        }
        at += 2
        guard let second = four(), (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw fault("the second of a pair of \\u escapes") }
        at += 4
        return scalar
    }

    /// What stands here up to the next space, or a text in quotes: a file, a model.
    mutating func argument(_ what: String, until stops: Set<Unicode.Scalar> = []) throws -> String {
        if let text = try quoted() { return text }
        var end = at
        while end < text.count, ![" ", "\t", "\r", "\n", ";", "#"].contains(text[end]), !stops.contains(text[end]) {
            end += 1
        }
        guard end > at else { throw fault(what) }
        defer { at = end }
        return String(String.UnicodeScalarView(text[at..<end]))
    }
}
