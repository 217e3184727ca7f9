public import SystemPackage

/// What a program wrote of a model's shape: keys with values, each asked for by name and by kind.
///
/// Which keys there are and what they mean is for whoever asks. They come from a `config.json`, or from inside a
/// checkpoint that carries its own.
///
/// ```swift
/// let keys = try ConfigurationKeys(path: "folder/config.json")
/// let blocks = try keys.integer("n_layer", "num_hidden_layers") ?? 12
/// ```
public struct ConfigurationKeys: Sendable {
    /// The program whose words the keys are.
    public enum Program: Sendable {
        case transformers, nanoGPT, minGPT, llmC
    }

    /// Where they were read, for messages.
    public let path: FilePath
    /// The program whose words they are.
    public let program: Program
    private let values: [String: ConfigurationValue]

    init(_ values: [String: ConfigurationValue], of program: Program, path: FilePath) {
        (self.path, self.program, self.values) = (path, program, values)
    }

    /// Reads a JSON file. The one that minGPT writes beside its weights has the model's part among others.
    ///
    /// - Throws: ``FileError``, or ``CheckpointError/notConfiguration(path:reason:)`` where it is no object.
    public init(path: FilePath) throws {
        let source = try ByteSource(reading: path)
        var values: [String: ConfigurationValue] = [:]
        do {
            var scanner = try JSONScanner(source.bytes)
            values = try scanner.values(depth: 0)
            try scanner.end()
        } catch let error as JSONSyntaxError {
            throw CheckpointError.notConfiguration(
                path: path, reason: FileKind.misplaced(source.bytes) ?? "it \(error.description)")
        }
        if case .object(let model) = values["model"], model["block_size"] != nil {
            self.init(model, of: .minGPT, path: path)
        } else {
            self.init(values, of: .transformers, path: path)
        }
    }

    /// Whether there is a value, null aside.
    public func has(_ name: String) -> Bool { values[name].map { $0 != .null } ?? false }

    /// The value of a key as it is shown.
    public func shown(_ name: String) -> String { (values[name] ?? .null).description }

    /// A whole number under its name or one of its older names; they must not disagree.
    ///
    /// - Throws: ``CheckpointError/notConfiguration(path:reason:)`` for another kind of value, as all of these.
    public func integer(_ names: String...) throws(CheckpointError) -> Int? {
        var found: Int?
        for name in names {
            switch values[name] {
            case nil, .null: continue
            case .number(let value) where value == value.rounded() && abs(value) < 0x1p53:
                if let found, found != Int(value) {
                    let given = names.filter { values[$0] != nil }
                    throw .notConfiguration(path: path, reason: "\(given.joined(separator: " and ")) disagree")
                }
                found = Int(value)
            case .some: throw refusal(name, "a whole number is expected")
            }
        }
        return found
    }

    /// A whole number or a list of them.
    public func integers(_ name: String) throws(CheckpointError) -> [Int]? {
        if case .integers(let values) = values[name] { return values }
        return try integer(name).map { [$0] }
    }

    /// A number.
    public func number(_ name: String) throws(CheckpointError) -> Double? {
        switch values[name] {
        case nil, .null: nil
        case .number(let value): value
        case .some: throw refusal(name, "a number is expected")
        }
    }

    /// A name.
    public func string(_ name: String) throws(CheckpointError) -> String? {
        switch values[name] {
        case nil, .null: nil
        case .string(let value): value
        case .some: throw refusal(name, "a name is expected")
        }
    }

    /// True or false.
    public func bool(_ name: String) throws(CheckpointError) -> Bool? {
        switch values[name] {
        case nil, .null: nil
        case .bool(let value): value
        case .some: throw refusal(name, "true or false is expected")
        }
    }

    /// The error for a key whose value is not understood.
    public func refusal(_ name: String, _ reason: String) -> CheckpointError {
        .notConfiguration(path: path, reason: "\(name) is \(shown(name)), and \(reason)")
    }
}

/// A value of a configuration, as far as there is need to tell them apart.
enum ConfigurationValue: Hashable, Sendable, CustomStringConvertible {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case integers([Int])
    case object([String: ConfigurationValue])
    case list

    var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let value): value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
        case .string(let value): "\"\(visible(value))\""
        case .integers, .list, .object: "a list or an object"
        }
    }
}

extension JSONScanner {
    fileprivate mutating func values(depth: Int) throws -> [String: ConfigurationValue] {
        var values: [String: ConfigurationValue] = [:]
        try object { scanner, key in values[key] = try scanner.value(depth: depth) }
        return values
    }

    private mutating func value(depth: Int) throws -> ConfigurationValue {
        switch peek() {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "["):
            var copy = self
            if let integers = try? copy.integers() {
                self = copy
                return .integers(integers)
            }
            try skipValue()
            return .list
        // What is deeper is nobody's shape, and there a name may occur twice.
        case UInt8(ascii: "{"):
            var copy = self
            if depth == 0, let values = try? copy.values(depth: 1) {
                self = copy
                return .object(values)
            }
            try skipValue()
            return .list
        default:
            let word = try word()
            if word == "null" { return .null }
            return Double(word).map(ConfigurationValue.number) ?? .bool(word == "true")
        }
    }
}
