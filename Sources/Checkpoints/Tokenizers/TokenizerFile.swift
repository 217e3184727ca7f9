import SystemPackage

/// Reads the `tokenizer.json` of Hugging Face's `tokenizers`: what is not GPT-2's kind is refused by name, never guessed.
///
/// Source of keys and defaults: `tokenizers` 0.23.
struct TokenizerFile {
    private let path: FilePath
    private let source: ByteSource
    /// The tokens with their ids.
    private(set) var vocabulary: [(text: String, id: Int)] = []
    /// The added tokens with the numbers that the file gives them.
    private(set) var added: [AddedToken] = []
    /// How text is treated.
    private(set) var options = BytePairTokenizer.Options()
    /// Where the merges begin: they are read once the vocabulary is known.
    private var merges: JSONScanner?
    private var isByteLevel = false
    private var hasVocabulary = false

    /// Opens and reads the file.
    init(path: FilePath) throws {
        self.path = path
        source = try ByteSource(reading: path)
        do {
            var scanner = try JSONScanner(source.bytes)
            try scanner.object { scanner, key in try read(key, from: &scanner) }
            try scanner.end()
        } catch let error as JSONSyntaxError {
            throw refusal(FileKind.misplaced(source.bytes) ?? "it \(error.description)")
        }
        guard isByteLevel else {
            throw refusal("its pre_tokenizer is not ByteLevel, which is the one that is understood")
        }
        guard hasVocabulary else { throw refusal("its model has no vocab") }
        guard merges != nil else { throw refusal("its model has no merges") }
        if let text = options.unknown?.text {
            options.unknown?.id = vocabulary.last { $0.text.utf8.elementsEqual(text.utf8) }?.id
        }
    }

    private mutating func read(_ key: String, from scanner: inout JSONScanner) throws {
        switch key {
        case "model": try scanner.object { scanner, key in try readModel(key, from: &scanner) }
        case "added_tokens":
            try scanner.array { scanner in
                let value = try scanner.value()
                let flags = ["lstrip", "rstrip", "single_word", "normalized", "special"]
                guard let id = value["id"]?.whole, flags.allSatisfy({ value[$0]?.bool != nil }),
                    let token = TokenizerSettings.token(value, number: id), !token.text.isEmpty
                else { throw refusal("one of its added_tokens lacks its id, its content or one of its five flags") }
                added.append(token)
            }
        case "pre_tokenizer": try readPreTokenizer(try scanner.value())
        case "normalizer": options.normalizer = try Normalizer(try scanner.value(), refusal: refusal)
        case "post_processor":
            let adding = try processors(try scanner.value())
            guard adding.count <= 1 else {
                throw refusal("its post_processor adds tokens twice, which is not understood")
            }
            (options.before, options.after) = adding.first ?? ([], [])
        default: try scanner.skipValue()
        }
    }

    private mutating func readPreTokenizer(_ value: JSON) throws {
        switch value["type"]?.string {
        case nil: return
        case "Sequence":
            guard let parts = value["pretokenizers"]?.array, parts.count == 1 else {
                throw refusal("its pre_tokenizer Sequence has other parts than one ByteLevel, which is not understood")
            }
            try readPreTokenizer(parts[0])
        case "ByteLevel":
            isByteLevel = true
            guard let adds = value["add_prefix_space"]?.bool else {
                throw refusal("its pre_tokenizer does not say add_prefix_space")
            }
            options.addsPrefixSpace = adds
            options.usesPattern = value["use_regex"]?.bool ?? true
        case .some(let type):
            throw refusal("its pre_tokenizer is \(visible(type)), and ByteLevel is the one that is understood")
        }
    }

    private mutating func readModel(_ key: String, from scanner: inout JSONScanner) throws {
        switch key {
        case "type":
            let type = try scanner.string()
            guard type == "BPE" else {
                throw refusal("its model is \(visible(type)), and BPE is the one that is understood")
            }
        case "vocab":
            vocabulary = try scanner.vocabulary()
            hasVocabulary = true
        case "merges":
            merges = scanner
            try scanner.skipValue()
        case "unk_token": options.unknown = try scanner.value().string.map { ($0, nil) }
        case "fuse_unk": options.fusesUnknown = try scanner.value().bool ?? false
        case "ignore_merges": options.ignoresMerges = try scanner.value().bool ?? false
        case "dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback":
            let isText = scanner.peek() == UInt8(ascii: "\"")
            let value = isText ? try scanner.string() : try scanner.word()
            guard (isText ? [""] : ["null", "false", "0", "0.0"]).contains(value) else {
                throw refusal("its model has \(key), which is not understood")
            }
        default: try scanner.skipValue()
        }
    }

    /// What is put before and after every text, by each part of a post-processor that puts something: ByteLevel only trims
    /// offsets, which nobody asks for here, and a template may be the text itself, as transformers 5 writes for every GPT-2.
    private func processors(_ value: JSON) throws -> [(before: [Int], after: [Int])] {
        let type = value["type"]?.string
        switch type {
        case nil where value.isNull, "ByteLevel": return []
        case "Sequence": return try (value["processors"]?.array ?? []).flatMap(processors)
        case "RobertaProcessing", "BertProcessing":
            guard let before = value["cls"]?.array?.last?.whole, let after = value["sep"]?.array?.last?.whole else {
                throw refusal("its post_processor \(visible(type ?? "")) has no cls and sep with their ids")
            }
            return [([before], [after])]
        case "TemplateProcessing":
            var (before, after): ([Int], [Int]) = ([], [])
            let special = Dictionary((value["special_tokens"]?.members ?? []).map { ($0.0, $0.1) }) { $1 }
            var texts = 0
            for part in value["single"]?.array ?? [] {
                if part["Sequence"] != nil {
                    guard part["Sequence"]?["id"]?.string != "B" else { texts = 2; break }
                    texts += 1
                    continue
                }
                guard let name = part["SpecialToken"]?["id"]?.string,
                    let ids = special[name]?["ids"]?.array?.map(\.whole), !ids.contains(nil)
                else {
                    throw refusal("its post_processor TemplateProcessing has a part that is not in its special_tokens")
                }
                if texts == 0 { before += ids.compactMap(\.self) } else { after += ids.compactMap(\.self) }
                guard before.count + after.count <= 1000 else {
                    throw refusal("its post_processor TemplateProcessing adds more than 1000 tokens")
                }
            }
            guard texts == 1 else {
                throw refusal(
                    "its post_processor TemplateProcessing has the text \(texts) times, which is not understood")
            }
            return before.isEmpty && after.isEmpty ? [] : [(before, after)]
        case let type: throw refusal("its post_processor \(visible(type ?? "without a type")) is not understood")
        }
    }

    /// A merge: `"a b"`, or `["a", "b"]` since tokenizers 0.20.
    func forEachRule(
        _ merge: (BytePairTokenizer.MergeRule) throws(TokenizerError) -> Void
    ) throws(TokenizerError) {
        guard var scanner = merges else { return }
        var number = 0
        do {
            try scanner.array { scanner in
                number += 1
                try merge(rule(number, from: &scanner))
            }
        } catch {
            throw error as? TokenizerError ?? refusal("it \(error)")
        }
    }

    private func rule(_ number: Int, from scanner: inout JSONScanner) throws -> BytePairTokenizer.MergeRule {
        var parts: [String] = []
        if scanner.peek() == UInt8(ascii: "[") {
            try scanner.array { scanner in parts.append(try scanner.string()) }
        } else {
            parts = try scanner.string().split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false).map(
                String.init)
        }
        guard parts.count == 2,
            let rule = BytePairTokenizer.rule(parts[0][...].unicodeScalars, parts[1][...].unicodeScalars)
        else { throw refusal("its merge number \(number) is not two tokens") }
        return rule
    }

    func refusal(_ reason: String) -> TokenizerError { .file(path: path, reason: reason) }
}
