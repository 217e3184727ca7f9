import Foundation

/// A JSON value, to be written or as it was read: keys keep their order, numbers what digits they need.
///
/// Foundation's encoder orders keys at random or by the alphabet, leaves nulls out and holds every number in a box;
/// answers here are read by people too, and can hold millions of numbers.
public enum JSON: Sendable {
    /// Nothing there.
    case null
    /// True or false.
    case bool(Bool)
    /// A whole number, exact.
    case integer(Int)
    /// A whole number that is not negative, exact.
    case unsigned(UInt)
    /// A number with 9 significant digits; null when it is not finite.
    case number(Double)
    /// A number with the 17 digits that tell it from its neighbours; null when it is not finite.
    case exact(Double)
    /// Text.
    case string(String)
    /// Values in order.
    case array([JSON])
    /// Many numbers, each with the digits that tell a 32-bit float from its neighbours; null where not finite.
    case numbers([Float])
    /// Keys with values.
    case object([(String, JSON)])

    /// Whole numbers in order.
    public static func integers(_ values: [Int]) -> JSON { .array(values.map(JSON.integer)) }
    /// Text, or null.
    public static func string(orNull value: String?) -> JSON { value.map(JSON.string) ?? .null }

    // MARK: Read

    /// What a text says.
    ///
    /// - Throws: ``JSONSyntaxError``.
    public init(parsing text: String) throws {
        var copy = text
        self = try copy.withUTF8 { bytes in
            var scanner = try JSONScanner(UnsafeRawBufferPointer(bytes))
            let value = try scanner.value()
            try scanner.end()
            return value
        }
    }

    /// The value of a key of an object; the last, should there be several.
    public subscript(key: String) -> JSON? {
        if case .object(let members) = self { members.last { $0.0 == key }?.1 } else { nil }
    }

    /// A whole number, written as one or as 12.0; nil for anything else.
    public var whole: Int? {
        switch self {
        case .integer(let value): value
        case .number(let value) where value == value.rounded() && abs(value) < 0x1p53: Int(value)
        default: nil
        }
    }

    /// A number; nil for anything else.
    public var double: Double? { if case .number(let value) = self { value } else { whole.map(Double.init) } }
    /// A text; nil for anything else.
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    /// True or false; nil for anything else.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// Values in order; nil for anything else.
    public var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
    /// Keys with values; nil for anything else.
    public var members: [(String, JSON)]? { if case .object(let value) = self { value } else { nil } }
    var isNull: Bool { if case .null = self { true } else { false } }

    // MARK: Written

    /// The text on one line.
    public var text: String {
        var result = ""
        write(to: &result)
        return result
    }

    private func write(to out: inout String) {
        switch self {
        case .null: out += "null"
        case .bool(let value): out += value ? "true" : "false"
        case .integer(let value): out += String(value)
        case .unsigned(let value): out += String(value)
        case .number(let value): out += value.isFinite ? String(format: "%.9g", value) : "null"
        case .exact(let value): out += value.isFinite ? String(format: "%.17g", value) : "null"
        case .string(let value): Self.quote(value, to: &out)
        case .array(let values): Self.list(values, "[", "]", &out) { $0.write(to: &$1) }
        case .numbers(let values): Self.list(values, "[", "]", &out) { $1 += $0.isFinite ? "\($0)" : "null" }
        case .object(let pairs):
            Self.list(pairs, "{", "}", &out) { pair, out in
                Self.quote(pair.0, to: &out)
                out += ": "
                pair.1.write(to: &out)
            }
        }
    }

    private static func list<Element>(
        _ elements: [Element], _ open: String, _ close: String, _ out: inout String,
        _ write: (Element, inout String) -> Void
    ) {
        out += open
        for (index, element) in elements.enumerated() {
            if index > 0 { out += ", " }
            write(element, &out)
        }
        out += close
    }

    private static func quote(_ text: String, to out: inout String) {
        out += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\0"..<" ", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}": out += String(format: "\\u%04x", scalar.value)
            default: out.unicodeScalars.append(scalar)
            }
        }
        out += "\""
    }
}
