import SystemPackage

/// Reads the `tokenizer.json` of Hugging Face's `tokenizers`: what is not GPT-2's kind is refused by name, never guessed.
///
/// Source of keys and defaults: `tokenizers` 0.23.
struct TokenizerFile {
    private let path: FilePath
    private var type: String?
    private var vocabulary: [(text: String, id: Int)]?
    private let source: ByteSource
    /// Where the merges begin: they are read once the vocabulary is known.
    private var merges: JSONScanner?
    private var added: [BytePairTokenizer.AddedToken] = []
    private var addsPrefixSpace: Bool?
    private var isByteLevel = false

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
        guard addsPrefixSpace != nil else { throw refusal("its pre_tokenizer does not say add_prefix_space") }
        guard vocabulary != nil else { throw refusal("its model has no vocab") }
        guard merges != nil else { throw refusal("its model has no merges") }
    }

    /// The tokenizer that the file describes.
    func tokenizer() throws(TokenizerError) -> BytePairTokenizer {
        let vocabulary = vocabulary ?? []
        try checkAddedIDs(vocabulary)
        return try BytePairTokenizer.naming(path) { () throws(TokenizerError) in
            try BytePairTokenizer(
                vocabulary: vocabulary.map { BytePairTokenizer.entry($0.text, $0.id) }, added: added,
                addsPrefixSpace: addsPrefixSpace ?? false, merges: forEachRule)
        }
    }

    /// The library that writes these files counts added tokens on from the vocabulary, whatever ids the file gives them.
    private func checkAddedIDs(_ vocabulary: [(text: String, id: Int)]) throws(TokenizerError) {
        let known = Dictionary(vocabulary.map { (Array($0.text.utf8), $0.id) }, uniquingKeysWith: { $1 })
        var next = vocabulary.count
        for token in added {
            let expected = known[token.text] ?? next
            guard token.id == expected else {
                throw refusal(
                    "its added token \(displayForm(token.text)) has the id \(token.id), and its place gives it \(expected)"
                )
            }
            next = max(next, token.id + 1)
        }
    }

    private mutating func read(_ key: String, from scanner: inout JSONScanner) throws {
        switch key {
        case "model":
            try scanner.object { scanner, key in try readModel(key, from: &scanner) }
        case "added_tokens":
            try scanner.array { scanner in
                var flags: [String: Bool] = [:]
                var (id, text) = (Int?.none, "")
                try scanner.object { scanner, key in
                    switch key {
                    case "id": id = try scanner.integer()
                    case "content": text = try scanner.string()
                    case "lstrip", "rstrip", "single_word", "normalized", "special": flags[key] = try scanner.bool()
                    default: try scanner.skipValue()
                    }
                }
                guard !text.isEmpty, let id, flags.count == 5 else {
                    throw refusal("one of its added_tokens lacks its id, its content or one of its five flags")
                }
                for flag in ["lstrip", "rstrip", "single_word"] where flags[flag] == true {
                    throw refusal("the added token \(visible(text)) has \(flag), which is not understood")
                }
                added.append(
                    .init(
                        id: id, text: Array(text.utf8), isSpecial: flags["special"] == true,
                        comesLast: flags["normalized"] == true))
            }
        case "pre_tokenizer":
            guard scanner.peek() == UInt8(ascii: "{") else { return try scanner.skipValue() }
            try scanner.object { scanner, key in
                switch key {
                case "type":
                    let type = try scanner.string()
                    guard type == "ByteLevel" else {
                        throw refusal(
                            "its pre_tokenizer is \(visible(type)), and ByteLevel is the one that is understood")
                    }
                    isByteLevel = true
                case "add_prefix_space": addsPrefixSpace = try scanner.bool()
                case "use_regex":
                    guard try scanner.bool() else {
                        throw refusal("its pre_tokenizer does without GPT-2's pattern (use_regex)")
                    }
                default: try scanner.skipValue()
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
        case "merges":
            merges = scanner
            try scanner.skipValue()
        case "dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback", "ignore_merges":
            let isText = scanner.peek() == UInt8(ascii: "\"")
            let value = isText ? try scanner.string() : try scanner.word()
            guard (isText ? [""] : ["null", "false", "0", "0.0"]).contains(value) else {
                throw refusal("its model has \(key), which is not understood")
            }
        default: try scanner.skipValue()
        }
    }

    /// A merge: `"a b"`, or `["a", "b"]` since tokenizers 0.20.
    private func forEachRule(
        _ merge: (BytePairTokenizer.Rule) throws(TokenizerError) -> Void
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

    private func rule(_ number: Int, from scanner: inout JSONScanner) throws -> BytePairTokenizer.Rule {
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

    /// Only what adds no tokens: ByteLevel, which trims offsets that nobody asks for here; a template that is the text
    /// itself, as transformers 5 writes for every GPT-2; and a sequence of such.
    private func readPostProcessor(from scanner: inout JSONScanner) throws {
        guard scanner.peek() == UInt8(ascii: "{") else { return try scanner.skipValue() }
        var type = ""
        var parts: [String] = []
        try scanner.object { scanner, key in
            switch key {
            case "type": type = try scanner.string()
            case "single":
                try scanner.array { scanner in
                    try scanner.object { scanner, part in
                        parts.append(part)
                        try scanner.skipValue()
                    }
                }
            case "processors": try scanner.array { scanner in try readPostProcessor(from: &scanner) }
            default: try scanner.skipValue()
            }
        }
        switch type {
        case "ByteLevel", "Sequence": return
        case "TemplateProcessing" where parts == ["Sequence"]: return
        default: throw refusal("its post_processor \(visible(type)) may add tokens, which is not understood")
        }
    }

    private func refusal(_ reason: String) -> TokenizerError { .file(path: path, reason: reason) }
}
