import SystemPackage

/// Reads the `config.json` of a Hugging Face GPT-2: what is not understood is refused by name, never guessed.
///
/// Source of keys and defaults: `GPT2Config` in transformers 5.23, which reads `n_ctx` no more: `n_positions` sizes the
/// table of positions.
struct ConfigurationFile {
    private let path: FilePath
    private let keys: [String: JSONValue]

    /// Opens and parses the file.
    init(path: FilePath) throws {
        self.path = path
        let source = try ByteSource(reading: path)
        var keys: [String: JSONValue] = [:]
        do {
            var scanner = try JSONScanner(source.bytes)
            try scanner.object { scanner, key in keys[key] = try scanner.value() }
            try scanner.end()
        } catch let error as JSONSyntaxError {
            throw CheckpointError.notConfiguration(
                path: path, reason: FileKind.misplaced(source.bytes) ?? "it \(error.description)")
        }
        self.keys = keys
    }

    /// The configuration that the keys describe.
    func configuration() throws -> Configuration {
        if let type = keys["model_type"], type != .string("gpt2") {
            throw refusal("model_type", type, "gpt2 is the one architecture that is read")
        }
        if let value = keys["add_cross_attention"], value != .bool(false), value != .null {
            throw refusal("add_cross_attention", value, "only false is understood")
        }
        if let value = keys["is_causal"], value != .bool(true), value != .null {
            throw refusal("is_causal", value, "only a causal mask is understood")
        }
        guard let activation = Activation(rawValue: try string("activation_function") ?? "gelu_new") else {
            throw refusal(
                "activation_function", keys["activation_function"] ?? .null,
                "known are \(Activation.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        do {
            return try Configuration(
                layerCount: try integer("n_layer", "num_hidden_layers") ?? 12,
                headCount: try integer("n_head", "num_attention_heads") ?? 12,
                width: try integer("n_embd", "hidden_size") ?? 768,
                contextLength: try integer("n_positions", "max_position_embeddings") ?? 1024,
                vocabularySize: try integer("vocab_size") ?? 50257,
                mlpWidth: try integer("n_inner"),
                activation: activation,
                layerNormEpsilon: Float(try number("layer_norm_epsilon") ?? 1e-5),
                tiesEmbeddings: try bool("tie_word_embeddings") ?? true,
                scalesScores: try bool("scale_attn_weights") ?? true,
                scalesScoresByBlock: try bool("scale_attn_by_inverse_layer_idx") ?? false)
        } catch let error as ConfigurationError {
            throw CheckpointError.notConfiguration(path: path, reason: error.reason)
        }
    }

    /// The tokens that end a text (`eos_token_id`: one or a list); nil where none is named.
    func endOfText() throws -> Set<Int>? {
        if case .integers(let ids) = keys["eos_token_id"] { return Set(ids) }
        return try integer("eos_token_id").map { [$0] }
    }

    /// A whole number under its name or one of its older names; they must not disagree.
    private func integer(_ names: String...) throws -> Int? {
        var found: Int?
        for name in names {
            switch keys[name] {
            case nil, .null: continue
            case .number(let value) where value == value.rounded() && abs(value) < 0x1p53:
                if let found, found != Int(value) {
                    let given = names.filter { keys[$0] != nil }
                    throw CheckpointError.notConfiguration(
                        path: path, reason: "\(given.joined(separator: " and ")) disagree")
                }
                found = Int(value)
            case .some(let value): throw refusal(name, value, "a whole number is expected")
            }
        }
        return found
    }

    private func number(_ name: String) throws -> Double? {
        switch keys[name] {
        case nil, .null: nil
        case .number(let value): value
        case .some(let value): throw refusal(name, value, "a number is expected")
        }
    }

    private func string(_ name: String) throws -> String? {
        switch keys[name] {
        case nil, .null: nil
        case .string(let value): value
        case .some(let value): throw refusal(name, value, "a name is expected")
        }
    }

    private func bool(_ name: String) throws -> Bool? {
        switch keys[name] {
        case nil, .null: nil
        case .bool(let value): value
        case .some(let value): throw refusal(name, value, "true or false is expected")
        }
    }

    private func refusal(_ key: String, _ value: JSONValue, _ reason: String) -> CheckpointError {
        .notConfiguration(path: path, reason: "\(key) is \(value.description), and \(reason)")
    }
}

/// Any JSON value, as far as a configuration needs to tell them apart.
private enum JSONValue: Hashable, CustomStringConvertible {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case integers([Int])
    case composite

    var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let value): value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
        case .string(let value): "\"\(visible(value))\""
        case .integers, .composite: "a list or an object"
        }
    }
}

extension JSONScanner {
    fileprivate mutating func value() throws -> JSONValue {
        switch peek() {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "["):
            var copy = self
            if let integers = try? copy.integers() {
                self = copy
                return .integers(integers)
            }
            fallthrough
        case UInt8(ascii: "{"):
            try skipValue()
            return .composite
        default:
            let word = try word()
            if word == "null" { return .null }
            return Double(word).map(JSONValue.number) ?? .bool(word == "true")
        }
    }
}
