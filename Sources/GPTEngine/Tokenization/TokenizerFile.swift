import Foundation

/// Reads the `tokenizer.json` of Hugging Face's `tokenizers`: what is not GPT-2's kind is refused by name, never guessed.
///
/// Source of keys and defaults: `tokenizers` 0.23.
struct TokenizerFile {
    private let path: String
    private var type: String?
    private var vocabulary: [(text: String, id: Int)] = []
    private var rules: [BytePairTokenizer.Rule] = []
    private var added: [BytePairTokenizer.AddedToken] = []
    private var addsPrefixSpace = false
    private var isByteLevel = false

    /// Opens and reads the file.
    init(path: String) throws {
        self.path = path
        let source = try ByteSource(path: path)
        do {
            var scanner = try JSONScanner(source.bytes)
            try scanner.object { scanner, key in try read(key, from: &scanner) }
            try scanner.end()
        } catch let error as JSONSyntaxError {
            throw refusal("it \(error.description)")
        }
        guard isByteLevel else {
            throw refusal("its pre_tokenizer is not ByteLevel, which is the one that is understood")
        }
    }

    /// The tokenizer that the file describes.
    func tokenizer() throws(TokenizerError) -> BytePairTokenizer {
        try BytePairTokenizer(
            vocabulary: vocabulary.map { (BytePairTokenizer.bytes(of: $0.text)[...], $0.id) }, merges: rules,
            added: added, addsPrefixSpace: addsPrefixSpace)
    }

    private mutating func read(_ key: String, from scanner: inout JSONScanner) throws {
        switch key {
        case "model":
            try scanner.object { scanner, key in try readModel(key, from: &scanner) }
        case "added_tokens":
            try scanner.array { scanner in
                var fields: [String: String] = [:]
                var id = 0
                try scanner.object { scanner, key in
                    if key == "id" { id = try scanner.integer() } else { fields[key] = try scanner.scalar() }
                }
                let text = fields["content"] ?? ""
                guard !text.isEmpty else { throw refusal("one of its added_tokens has no content") }
                for flag in ["lstrip", "rstrip", "single_word"] where fields[flag] == "true" {
                    throw refusal("the added token \(visible(text)) has \(flag), which is not understood")
                }
                added.append(.init(id: id, text: Array(text.utf8), isSpecial: fields["special"] == "true"))
            }
        case "pre_tokenizer":
            guard scanner.peek() == UInt8(ascii: "{") else { return try scanner.skipValue() }
            try scanner.object { scanner, key in
                let value = try scanner.scalar()
                switch (key, value) {
                case ("type", "ByteLevel"): isByteLevel = true
                case ("type", _):
                    throw refusal("its pre_tokenizer is \(visible(value)), and ByteLevel is the one that is understood")
                case ("add_prefix_space", _): addsPrefixSpace = value == "true"
                case ("use_regex", "false"): throw refusal("its pre_tokenizer does without GPT-2's pattern (use_regex)")
                default: break
                }
            }
        case "normalizer":
            guard scanner.takeNull() else { throw refusal("it has a normalizer, and none is understood") }
        case "post_processor": try readPostProcessor(from: &scanner)
        default: try scanner.skipValue()
        }
    }

    private mutating func readModel(_ key: String, from scanner: inout JSONScanner) throws {
        switch key {
        case "type":
            let type = try scanner.string()
            guard type == "BPE" else {
                throw refusal("its model is \(visible(type)), and BPE is the one that is understood")
            }
        case "vocab": vocabulary = try scanner.vocabulary()
        case "merges": try scanner.array { scanner in rules.append(try rule(from: &scanner)) }
        case "dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback", "ignore_merges":
            let value = try scanner.scalar()
            guard ["null", "", "false", "0", "0.0"].contains(value) else {
                throw refusal("its model has \(key), which is not understood")
            }
        default: try scanner.skipValue()
        }
    }

    /// A merge: `"a b"`, or `["a", "b"]` since tokenizers 0.20.
    private func rule(from scanner: inout JSONScanner) throws -> BytePairTokenizer.Rule {
        var parts: [String] = []
        if scanner.peek() == UInt8(ascii: "[") {
            try scanner.array { scanner in parts.append(try scanner.string()) }
        } else {
            parts = try scanner.string().split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        }
        guard parts.count == 2,
            let rule = BytePairTokenizer.rule(parts[0][...].unicodeScalars, parts[1][...].unicodeScalars)
        else { throw refusal("its merge number \(rules.count + 1) is not two tokens") }
        return rule
    }

    /// Only what adds no tokens: ByteLevel trims offsets, which nobody asks for here.
    private func readPostProcessor(from scanner: inout JSONScanner) throws {
        guard scanner.peek() == UInt8(ascii: "{") else { return try scanner.skipValue() }
        try scanner.object { scanner, key in
            guard key == "type" else { return try scanner.skipValue() }
            let type = try scanner.string()
            guard type == "ByteLevel" else {
                throw refusal("its post_processor \(visible(type)) may add tokens, which is not understood")
            }
        }
    }

    private func refusal(_ reason: String) -> TokenizerError { .file(path: path, reason: reason) }
}

extension JSONScanner {
    /// A string, or the word of a number, a truth value or null; what holds more is an error.
    mutating func scalar() throws -> String {
        if peek() == UInt8(ascii: "\"") { return try string() }
        return try word()
    }
}
