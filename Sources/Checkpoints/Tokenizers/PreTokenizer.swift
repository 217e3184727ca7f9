/// Cuts text into the pieces that GPT-2 merges within: words with the space before them, numbers, signs, white space.
///
/// Scalar by scalar, exactly as the pattern of the GPT-2 release (`encoder.py`) cuts it:
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`. Letters, numbers and white space are what
/// Unicode 16 says, as in `tiktoken` 0.14 and `tokenizers` 0.23. A byte that is no UTF-8 counts as a sign.
struct PreTokenizer {
    private let text: UnsafeBufferPointer<UInt8>

    init(_ text: UnsafeBufferPointer<UInt8>) { self.text = text }

    /// What the pattern tells apart.
    private enum Kind {
        case letter, number, space, other
    }

    /// The pieces from the beginning to the end; together they are the text.
    func forEachPiece(_ body: (Range<Int>) throws -> Void) rethrows {
        var start = 0
        while start < text.count {
            let end = pieceEnd(from: start)
            try body(start..<end)
            start = end
        }
    }

    private func pieceEnd(from start: Int) -> Int {
        if let end = contractionEnd(from: start) { return end }
        let (kind, length) = kind(at: start)
        // A plain space belongs to what follows it; so do no other kinds of space.
        if text[start] == 0x20, start + 1 < text.count {
            let (following, _) = self.kind(at: start + 1)
            if following != .space { return runEnd(of: following, from: start + 1) }
        }
        guard kind == .space else { return runEnd(of: kind, from: start) }
        // White space before a word leaves its last scalar to be matched again, unless it is the only one.
        var (end, last) = (start + length, start)
        while end < text.count {
            let (kind, length) = self.kind(at: end)
            guard kind == .space else { return last > start ? last : end }
            last = end
            end += length
        }
        return end
    }

    /// The English endings that are cut off: lower case, with a straight apostrophe.
    private func contractionEnd(from start: Int) -> Int? {
        guard text[start] == UInt8(ascii: "'"), start + 1 < text.count else { return nil }
        let first = text[start + 1]
        if "stmd".utf8.contains(first) { return start + 2 }
        guard start + 2 < text.count else { return nil }
        let second = text[start + 2]
        let isPair = ["re", "ve", "ll"].contains { $0.utf8.elementsEqual([first, second]) }
        return isPair ? start + 3 : nil
    }

    private func runEnd(of kind: Kind, from start: Int) -> Int {
        var end = start
        while end < text.count {
            let (next, length) = self.kind(at: end)
            guard next == kind else { break }
            end += length
        }
        return end
    }

    /// The kind of the scalar at a place, and how many bytes it has.
    private func kind(at place: Int) -> (kind: Kind, length: Int) {
        let first = text[place]
        if first < 0x80 {
            switch first {
            case 0x41...0x5A, 0x61...0x7A: return (.letter, 1)
            case 0x30...0x39: return (.number, 1)
            case 0x20, 0x09...0x0D: return (.space, 1)
            default: return (.other, 1)
            }
        }
        guard let (scalar, length) = scalar(at: place) else { return (.other, 1) }
        let properties = scalar.properties
        if let age = properties.age, age.major > 16 { return (.other, length) }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            return (.letter, length)
        case .decimalNumber, .letterNumber, .otherNumber: return (.number, length)
        default: return (properties.isWhitespace ? .space : .other, length)
        }
    }

    /// The scalar of several bytes at a place, or nil where they are no UTF-8.
    private func scalar(at place: Int) -> (scalar: Unicode.Scalar, length: Int)? {
        let first = text[place]
        let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard first >= 0xC2, first <= 0xF4, place + length <= text.count else { return nil }
        var value = UInt32(first) & (0x7F >> UInt32(length))
        for next in text[place + 1..<place + length] {
            guard next & 0xC0 == 0x80 else { return nil }
            value = value << 6 | UInt32(next & 0x3F)
        }
        guard value >= (length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000), let scalar = Unicode.Scalar(value) else {
            return nil
        }
        return (scalar, length)
    }
}
