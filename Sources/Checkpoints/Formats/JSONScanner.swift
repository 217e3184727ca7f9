/// Reads JSON strictly, a value at a time: what is expected is asked for by name, everything else is an error.
///
/// Its own, because Foundation's decoder accepts what the formats read here forbid (fractions for integers, duplicate
/// keys, a byte-order mark, UTF-16), compares keys by canonical equivalence instead of bytes, and takes seconds for
/// megabytes. It never traps, whatever the bytes.
struct JSONScanner {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    /// Where in its file the text begins, for messages.
    private let origin: Int

    /// Prepares to read text that begins at a byte of a file.
    ///
    /// - Throws: ``JSONSyntaxError/notUTF8``.
    init(_ bytes: UnsafeRawBufferPointer, origin: Int = 0) throws(JSONSyntaxError) {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .notUTF8 }
        self.bytes = bytes
        self.origin = origin
    }

    /// An object; `field` reads the value of each key. No key may occur twice, byte for byte.
    mutating func object(_ field: (inout JSONScanner, String) throws -> Void) throws {
        try take("{", "an object")
        var seen: Set<[UInt8]> = []
        if takeIf("}") { return }
        repeat {
            skipSpace()
            let key = try string()
            guard seen.insert(Array(key.utf8)).inserted else { throw JSONSyntaxError.duplicate(name: key) }
            try take(":", "a colon")
            try field(&self, key)
        } while takeIf(",")
        try take("}", "a comma or a closing brace")
    }

    /// An array of whole numbers that are not negative.
    mutating func integers() throws -> [Int] {
        var numbers: [Int] = []
        try array { scanner in numbers.append(try scanner.integer()) }
        return numbers
    }

    /// An array; `element` reads each value.
    mutating func array(_ element: (inout JSONScanner) throws -> Void) throws {
        try take("[", "an array")
        if takeIf("]") { return }
        repeat { try element(&self) } while takeIf(",")
        try take("]", "a comma or a closing bracket")
    }

    /// Nothing but spaces may follow.
    mutating func end() throws(JSONSyntaxError) {
        skipSpace()
        guard position == bytes.count else { throw expected("the end of the text") }
    }

    /// Whether the next value is `null`, which is then read.
    mutating func takeNull() -> Bool { takeWord("null") }

    /// The first byte of the next value, which tells its kind.
    mutating func peek() -> UInt8? {
        skipSpace()
        return next
    }

    private mutating func takeWord(_ word: StaticString) -> Bool {
        skipSpace()
        let end = position + word.utf8CodeUnitCount
        guard end <= bytes.count,
            bytes[position..<end].elementsEqual(
                UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
        else { return false }
        position = end
        return true
    }

    /// A whole number below 2^63 that is not negative.
    mutating func integer() throws(JSONSyntaxError) -> Int {
        guard let value = Int(exactly: try unsigned()) else { throw expected("a number below 2^63") }
        return value
    }

    /// A whole number of 64 bits that is not negative.
    mutating func unsigned() throws(JSONSyntaxError) -> UInt {
        skipSpace()
        let start = position
        var value: UInt = 0
        while let byte = next, byte >= 0x30, byte <= 0x39 {
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(UInt(byte - 0x30))
            guard !overflow, !carry else { throw expected("a number below 2^64") }
            value = sum
            position += 1
        }
        guard position > start else { throw expected("a whole number that is not negative") }
        guard position == start + 1 || bytes[start] != 0x30 else { throw expected("a number without leading zeros") }
        return value
    }

    mutating func string() throws(JSONSyntaxError) -> String {
        try take("\"", "a string")
        var text: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text += try escape()
            case 0..<0x20: throw expected("an escape for a control character")
            default: text.append(byte)
            }
        }
        throw expected("the end of a string")
    }

    private mutating func escape() throws(JSONSyntaxError) -> [UInt8] {
        guard let byte = next else { throw expected("an escape") }
        position += 1
        switch byte {
        case 0x22, 0x5C, 0x2F: return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): break
        default: throw expected("a known escape")
        }
        var units = [try hexadecimal()]
        if UTF16.isLeadSurrogate(units[0]), next == UInt8(ascii: "\\") {
            position += 1
            guard takeHere(UInt8(ascii: "u")) else { throw expected("the second half of a surrogate pair") }
            units.append(try hexadecimal())
        }
        guard let text = String(validating: units, as: UTF16.self) else { throw expected("a whole surrogate pair") }
        return Array(text.utf8)
    }

    private mutating func hexadecimal() throws(JSONSyntaxError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw expected("a number of four hexadecimal digits")
            }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }

    /// Any value of a field that is not ours; there a name may occur twice.
    mutating func skipValue(depth: Int = 0) throws {
        // As deep as the format's reference reader goes.
        guard depth < 125 else { throw expected("less deep nesting") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"):
            try take("{", "an object")
            if takeIf("}") { return }
            repeat {
                _ = try string()
                try take(":", "a colon")
                try skipValue(depth: depth + 1)
            } while takeIf(",")
            try take("}", "a comma or a closing brace")
        case UInt8(ascii: "["):
            try array { scanner in try scanner.skipValue(depth: depth + 1) }
        case UInt8(ascii: "\""): _ = try string()
        default: _ = try word()
        }
    }

    /// Any value, with all that is in it; there a name may occur twice.
    mutating func value(depth: Int = 0) throws -> JSON {
        guard depth < 125 else { throw expected("less deep nesting") }
        switch peek() {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "["):
            var elements: [JSON] = []
            try array { scanner in elements.append(try scanner.value(depth: depth + 1)) }
            return .array(elements)
        case UInt8(ascii: "{"):
            var members: [(String, JSON)] = []
            try take("{", "an object")
            if takeIf("}") { return .object([]) }
            repeat {
                skipSpace()
                let key = try string()
                try take(":", "a colon")
                members.append((key, try value(depth: depth + 1)))
            } while takeIf(",")
            try take("}", "a comma or a closing brace")
            return .object(members)
        default:
            let word = try word()
            if word == "null" { return .null }
            if let integer = Int(word), word != "-0" { return .integer(integer) }
            return Double(word).map(JSON.number) ?? .bool(word == "true")
        }
    }

    /// A number, a truth value or null as it is written.
    mutating func word() throws(JSONSyntaxError) -> String {
        skipSpace()
        let start = position
        while let byte = next, !" \t\r\n,]}:".utf8.contains(byte) { position += 1 }
        let word = String(decoding: bytes[start..<position], as: UTF8.self)
        guard ["true", "false", "null"].contains(word) || isNumber(word) else { throw expected("a value") }
        return word
    }

    /// A number by JSON's grammar: no leading zeros or plus sign, digits on both sides of a point; and one that 64 bits
    /// reach.
    private func isNumber(_ word: String) -> Bool {
        var rest = Array(word.utf8)[...]
        func take(_ wanted: String) -> Bool {
            guard let first = rest.first, wanted.utf8.contains(first) else { return false }
            rest = rest.dropFirst()
            return true
        }
        func digits() -> Int {
            let run = rest.prefix { $0 >= 0x30 && $0 <= 0x39 }
            rest = rest.dropFirst(run.count)
            return run.count
        }
        _ = take("-")
        let leadingZero = rest.first == 0x30
        let whole = digits()
        guard whole == 1 || (whole > 1 && !leadingZero) else { return false }
        if take("."), digits() == 0 { return false }
        if take("eE") {
            _ = take("+-")
            if digits() == 0 { return false }
        }
        return rest.isEmpty && Double(word)?.isFinite == true
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
    }

    private mutating func takeHere(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func takeIf(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        return takeHere(UInt8(ascii: character))
    }

    private mutating func take(_ character: Unicode.Scalar, _ what: String) throws(JSONSyntaxError) {
        guard takeIf(character) else { throw expected(what) }
    }

    func expected(_ what: String) -> JSONSyntaxError { .syntax(expected: what, byte: origin + position) }
}
