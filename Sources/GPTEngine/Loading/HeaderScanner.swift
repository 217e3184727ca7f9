/// Reads the small piece of JSON that a safetensors header is.
///
/// Its own, because Foundation's decoder accepts what the format forbids (fractions for integers, duplicate keys, a
/// byte-order mark, UTF-16), and takes seconds for a header of megabytes. It never traps, whatever the bytes.
struct HeaderScanner {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    typealias Header = (entries: [SafetensorsHeader.Entry], metadata: [String: String])

    /// The whole header; entries in the order of their bytes.
    mutating func header() throws(SafetensorsError) -> Header {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .notUTF8 }
        var entries: [SafetensorsHeader.Entry] = []
        var metadata: [String: String] = [:]
        try object { (scanner, name) throws(SafetensorsError) in
            if name.utf8.elementsEqual("__metadata__".utf8) {
                metadata = try scanner.metadata()
            } else {
                entries.append(try scanner.entry(name))
            }
        }
        skipSpace()
        guard position == bytes.count else { throw expected("the end of the header") }
        entries.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
        return (entries, metadata)
    }

    private mutating func metadata() throws(SafetensorsError) -> [String: String] {
        skipSpace()
        if next == UInt8(ascii: "n") {
            try skipValue(depth: 0)
            return [:]
        }
        var strings: [String: String] = [:]
        try object { (scanner, key) throws(SafetensorsError) in strings[key] = try scanner.string() }
        return strings
    }

    private mutating func entry(_ name: String) throws(SafetensorsError) -> SafetensorsHeader.Entry {
        var (type, shape, offsets): (ElementType?, [Int]?, [Int]?)
        try object { (scanner, field) throws(SafetensorsError) in
            switch field {
            case "dtype":
                let text = try scanner.string()
                guard let known = ElementType(rawValue: text) else { throw .unknownType(name: name, type: text) }
                type = known
            case "shape": shape = try scanner.integers()
            case "data_offsets": offsets = try scanner.integers()
            default: try scanner.skipValue(depth: 0)
            }
        }
        guard let type else { throw .missingField(name: name, field: "dtype") }
        guard let shape else { throw .missingField(name: name, field: "shape") }
        guard let offsets else { throw .missingField(name: name, field: "data_offsets") }
        guard offsets.count == 2, offsets[0] <= offsets[1] else { throw expected("data_offsets as [begin, end]") }
        return SafetensorsHeader.Entry(name: name, type: type, shape: shape, range: offsets[0]..<offsets[1])
    }

    // MARK: JSON

    /// An object; `field` reads the value of each key. No key may occur twice, byte for byte.
    private mutating func object(
        _ field: (inout HeaderScanner, String) throws(SafetensorsError) -> Void
    ) throws(SafetensorsError) {
        try take("{", "an object")
        var seen: Set<[UInt8]> = []
        if takeIf("}") { return }
        repeat {
            skipSpace()
            let key = try string()
            guard seen.insert(Array(key.utf8)).inserted else { throw .duplicate(name: key) }
            try take(":", "a colon")
            try field(&self, key)
        } while takeIf(",")
        try take("}", "a comma or a closing brace")
    }

    /// An array of whole numbers that are not negative.
    private mutating func integers() throws(SafetensorsError) -> [Int] {
        try take("[", "an array of numbers")
        var numbers: [Int] = []
        if takeIf("]") { return numbers }
        repeat { numbers.append(try integer()) } while takeIf(",")
        try take("]", "a comma or a closing bracket")
        return numbers
    }

    private mutating func integer() throws(SafetensorsError) -> Int {
        skipSpace()
        let start = position
        var value = 0
        while let byte = next, byte >= 0x30, byte <= 0x39 {
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Int(byte - 0x30))
            guard !overflow, !carry else { throw expected("a number below 2^63") }
            value = sum
            position += 1
        }
        guard position > start else { throw expected("a whole number that is not negative") }
        guard position == start + 1 || bytes[start] != 0x30 else { throw expected("a number without leading zeros") }
        return value
    }

    private mutating func string() throws(SafetensorsError) -> String {
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

    private mutating func escape() throws(SafetensorsError) -> [UInt8] {
        let simple: [UInt8: UInt8] = [
            0x22: 0x22, 0x5C: 0x5C, 0x2F: 0x2F, 0x62: 0x08, 0x66: 0x0C, 0x6E: 0x0A, 0x72: 0x0D, 0x74: 0x09,
        ]
        guard let byte = next else { throw expected("an escape") }
        position += 1
        if let plain = simple[byte] { return [plain] }
        guard byte == UInt8(ascii: "u") else { throw expected("a known escape") }
        var units = [try hexadecimal()]
        if UTF16.isLeadSurrogate(units[0]), next == UInt8(ascii: "\\") {
            position += 1
            guard takeHere(UInt8(ascii: "u")) else { throw expected("the second half of a surrogate pair") }
            units.append(try hexadecimal())
        }
        guard let text = String(validating: units, as: UTF16.self) else { throw expected("a whole surrogate pair") }
        return Array(text.utf8)
    }

    private mutating func hexadecimal() throws(SafetensorsError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw expected("four hexadecimal digits")
            }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }

    /// Any value of a field that is not ours.
    private mutating func skipValue(depth: Int) throws(SafetensorsError) {
        guard depth < 100 else { throw expected("less deep nesting") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"):
            try object { (scanner, _) throws(SafetensorsError) in try scanner.skipValue(depth: depth + 1) }
        case UInt8(ascii: "["):
            try take("[", "an array")
            if takeIf("]") { return }
            repeat { try skipValue(depth: depth + 1) } while takeIf(",")
            try take("]", "a comma or a closing bracket")
        case UInt8(ascii: "\""): _ = try string()
        default:
            let start = position
            while let byte = next, !" \t\r\n,]}:".utf8.contains(byte) { position += 1 }
            let word = String(decoding: bytes[start..<position], as: UTF8.self)
            guard ["true", "false", "null"].contains(word) || isNumber(word) else { throw expected("a value") }
        }
    }

    /// A number by JSON's grammar: no leading zeros or plus sign, digits on both sides of a point.
    private func isNumber(_ word: String) -> Bool {
        var rest = Substring(word)
        func digits() -> Int {
            let run = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(run.count)
            return run.count
        }
        if rest.first == "-" { rest.removeFirst() }
        let leadingZero = rest.first == "0"
        let whole = digits()
        guard whole == 1 || (whole > 1 && !leadingZero) else { return false }
        if rest.first == "." {
            rest.removeFirst()
            guard digits() > 0 else { return false }
        }
        if rest.first == "e" || rest.first == "E" {
            rest.removeFirst()
            if rest.first == "+" || rest.first == "-" { rest.removeFirst() }
            guard digits() > 0 else { return false }
        }
        return rest.isEmpty
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

    private mutating func take(_ character: Unicode.Scalar, _ what: String) throws(SafetensorsError) {
        guard takeIf(character) else { throw expected(what) }
    }

    private func expected(_ what: String) -> SafetensorsError { .syntax(expected: what, byte: 8 + position) }
}
