import SystemPackage

/// Where tokenizers come from: what is built in, and the files of Hugging Face's tools.
extension BytePairTokenizer {
    /// GPT-2's own, from the merges that travel inside the program: ids 0 to 255 are bytes, then a token a merge, and
    /// `<|endoftext|>` is the last.
    ///
    /// - Throws: ``TokenizerError`` if the bytes inside the program were damaged.
    static func gpt2() throws(TokenizerError) -> BytePairTokenizer {
        let rules = try rules(merges: Embedded.merges, path: "the built-in merges")
        let vocabulary = ByteAlphabet.bytes.map { [$0][...] } + rules.map(\.bytes)
        return try BytePairTokenizer(
            vocabulary: vocabulary.enumerated().map { Entry(bytes: $1, id: $0) }, merges: rules,
            added: [AddedToken(id: vocabulary.count, text: Array("<|endoftext|>".utf8), isSpecial: true)])
    }

    /// The tokenizer in a folder: `tokenizer.json`, or else `vocab.json` with `merges.txt`; nil where there is none.
    ///
    /// - Throws: ``FileError``, or ``TokenizerError`` when a file is broken or asks for what is not understood.
    static func inFolder(_ folder: FilePath) throws -> BytePairTokenizer? {
        let path = { (name: String) in folder.appending(name) }
        let exists = { (name: String) throws(FileError) in try path(name).status() != nil }
        if try exists("tokenizer.json") { return try TokenizerFile(path: path("tokenizer.json")).tokenizer() }
        let pair = ["vocab.json", "merges.txt"]
        guard let first = try pair.first(where: exists) else { return nil }
        if let missing = try pair.first(where: { try !exists($0) }) {
            throw TokenizerError.file(path: path(first), reason: "there is no \(missing) beside it")
        }
        let source = try ByteSource(reading: path("vocab.json"))
        var vocabulary: [(text: String, id: Int)] = []
        do {
            var scanner = try JSONScanner(source.bytes)
            vocabulary = try scanner.vocabulary()
            try scanner.end()
        } catch let error as JSONSyntaxError {
            throw TokenizerError.file(path: path("vocab.json"), reason: "it \(error.description)")
        }
        let merges = try ByteSource(reading: path("merges.txt"))
        // Without a list of added tokens, the one that every GPT-2 has is known by name.
        let special = vocabulary.filter { $0.text == "<|endoftext|>" }
        let rules = try rules(merges: merges.bytes, path: path("merges.txt"))
        return try naming(path("vocab.json")) { () throws(TokenizerError) in
            try BytePairTokenizer(
                vocabulary: vocabulary.map { entry($0.text, $0.id) }, merges: rules,
                added: special.map { AddedToken(id: $0.id, text: Array($0.text.utf8), isSpecial: true) })
        }
    }

    /// A token as vocabulary files write it; what is not in their alphabet stands for itself.
    static func entry(_ text: String, _ id: Int) -> Entry {
        var bytes: [UInt8] = []
        let isReachable = ByteAlphabet.append(text.unicodeScalars, to: &bytes)
        return Entry(bytes: isReachable ? bytes[...] : Array(text.utf8)[...], id: id, isReachable: isReachable)
    }

    /// Says in every error which file it speaks of.
    static func naming<Result>(
        _ path: FilePath, _ body: () throws(TokenizerError) -> Result
    ) throws(TokenizerError) -> Result {
        do { return try body() } catch { throw .file(path: path, reason: error.reason) }
    }

    /// A pair of tokens as vocabulary files write them; nil where it is no pair.
    static func rule(_ left: Substring.UnicodeScalarView, _ right: Substring.UnicodeScalarView) -> Rule? {
        var bytes: [UInt8] = []
        guard ByteAlphabet.append(left, to: &bytes), !bytes.isEmpty else { return nil }
        let middle = bytes.count
        guard ByteAlphabet.append(right, to: &bytes), bytes.count > middle else { return nil }
        return Rule(bytes: bytes[...], middle: middle)
    }

    /// The pairs of a merges file: a line each, with a space between; the first line may name a version.
    private static func rules(merges: UnsafeRawBufferPointer, path: FilePath) throws(TokenizerError) -> [Rule] {
        guard let text = String(validating: merges, as: UTF8.self) else {
            throw .file(path: path, reason: "it is not UTF-8 text")
        }
        var rules: [Rule] = []
        // Lines end with a newline, perhaps after a carriage return; later lines may be merges that begin with #.
        for (number, line) in text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            let line = line.last == 0x0D ? line.dropLast() : line
            if line.isEmpty || number == 0 && line.starts(with: "#version".utf8) { continue }
            let parts = line.split(separator: 0x20, omittingEmptySubsequences: false).map {
                Substring($0).unicodeScalars
            }
            guard parts.count == 2, let rule = rule(parts[0], parts[1]) else {
                throw .file(path: path, reason: "line \(number + 1) is not two tokens with a space between")
            }
            rules.append(rule)
        }
        return rules
    }
}

extension JSONScanner {
    /// An object of tokens with their ids.
    mutating func vocabulary() throws -> [(text: String, id: Int)] {
        var tokens: [(text: String, id: Int)] = []
        try object { scanner, text in tokens.append((text, try scanner.integer())) }
        return tokens
    }
}
