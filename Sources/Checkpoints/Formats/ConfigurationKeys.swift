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
    private let values: [String: JSON]

    init(_ values: [String: JSON], of program: Program, path: FilePath) {
        (self.path, self.program, self.values) = (path, program, values)
    }

    /// Reads a JSON file. The one that minGPT writes beside its weights has the model's part among others.
    ///
    /// - Throws: ``FileError``, or ``CheckpointError/notConfiguration(path:reason:)`` where it is no object.
    public init(path: FilePath) throws {
        let source = try ByteSource(reading: path)
        guard source.bytes.count <= 1 << 22 else {
            throw CheckpointError.notConfiguration(
                path: path, reason: "it has \(byteCount(source.bytes.count)), and no configuration has more than 4 MiB")
        }
        var values: [String: JSON] = [:]
        do {
            var scanner = try JSONScanner(source.bytes)
            try scanner.object { scanner, key in values[key] = try scanner.value() }
            try scanner.end()
        } catch let error as JSONSyntaxError {
            throw CheckpointError.notConfiguration(
                path: path, reason: FileKind.misplaced(source.bytes) ?? "it \(error.description)")
        }
        if let model = values["model"], model["block_size"] != nil, case .object(let members) = model {
            self.init(Dictionary(members) { $1 }, of: .minGPT, path: path)
        } else {
            self.init(values, of: .transformers, path: path)
        }
    }

    /// Whether there is a value, null aside.
    public func has(_ name: String) -> Bool { values[name]?.isNull == false }

    /// The value of a key as it is shown.
    public func shown(_ name: String) -> String {
        switch values[name] {
        case .string(let value): "\"\(visible(value))\""
        case .array, .numbers, .object: "a list or an object"
        case let value: (value ?? .null).text
        }
    }

    /// A whole number under its name or one of its older names; they must not disagree.
    ///
    /// - Throws: ``CheckpointError/notConfiguration(path:reason:)`` for another kind of value, as all of these.
    public func integer(_ names: String...) throws(CheckpointError) -> Int? {
        var found: Int?
        for name in names {
            switch values[name] {
            case nil, .null: continue
            case .some(let value):
                guard let value = value.whole else { throw refusal(name, "a whole number is expected") }
                if let found, found != value {
                    let given = names.filter { values[$0] != nil }
                    throw .notConfiguration(path: path, reason: "\(given.joined(separator: " and ")) disagree")
                }
                found = value
            }
        }
        return found
    }

    /// A whole number or a list of them.
    public func integers(_ name: String) throws(CheckpointError) -> [Int]? {
        if case .array(let elements) = values[name] {
            let integers = elements.compactMap(\.whole)
            guard integers.count == elements.count else { throw refusal(name, "whole numbers are expected") }
            return integers
        }
        return try integer(name).map { [$0] }
    }

    /// A number.
    public func number(_ name: String) throws(CheckpointError) -> Double? {
        switch values[name] {
        case nil, .null: nil
        case .number(let value): value
        case .integer(let value): Double(value)
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
