import CMerges
public import SystemPackage

/// Where tokenizers come from: what is built in, and the files of Hugging Face's tools.
extension BytePairTokenizer {
    /// GPT-2's own, from the merges that travel inside the program: ids 0 to 255 are bytes, then a token a merge, and
    /// `<|endoftext|>` is the last.
    ///
    /// - Parameter count: of how many ids; with fewer it is GPT-2's stopped after so many merges, where every id means what
    ///   it means in GPT-2, and there is no end of text.
    /// - Throws: ``TokenizerError`` if the bytes inside the program were damaged.
    public static func gpt2(count wanted: Int = 50257) throws(TokenizerError) -> BytePairTokenizer {
        var rules: [MergeRule] = []
        var count = 0
        let merges = UnsafeRawBufferPointer(start: gpt2_merges(&count), count: count)
        let bytes = ByteAlphabet.bytes.map { [$0][...] }
        try forEachRule(in: merges, path: "the built-in merges", atMost: wanted - bytes.count) { rules.append($0) }
        let vocabulary = bytes + rules.map(\.bytes)
        let isWhole = vocabulary.count < wanted
        return try BytePairTokenizer(
            vocabulary: vocabulary.enumerated().map { Entry(bytes: $1, id: $0) },
            added: isWhole
                ? [AddedToken(id: vocabulary.count, text: Array("<|endoftext|>".utf8), isSpecial: true)] : []
        ) { (merge) throws(TokenizerError) in for rule in rules { try merge(rule) } }
    }

    /// The tokenizer in a folder: `tokenizer.json`, or else `vocab.json` with `merges.txt`; nil where there is none.
    ///
    /// - Throws: ``FileError``, or ``TokenizerError`` when a file is broken or asks for what is not understood.
    public static func inFolder(_ folder: FilePath) throws -> BytePairTokenizer? {
        let path = { (name: String) in folder.appending(name) }
        let exists = { (name: String) throws(FileError) in try path(name).status() != nil }
        if try exists("tokenizer.json") {
            let file = try TokenizerFile(path: path("tokenizer.json"))
            let settings = try TokenizerSettings(folder: folder, hasFile: true)
            var options = file.options
            options.addsPrefixSpace = try settings.addsPrefixSpace() ?? options.addsPrefixSpace
            options.splitsSpecial = settings.splitsSpecial
            let added = try settings.added(ids(file.vocabulary), file: file.added)
            return try naming(path("tokenizer.json")) { () throws(TokenizerError) in
                try BytePairTokenizer(
                    vocabulary: file.vocabulary.map { entry($0.text, $0.id) }, added: added, options: options,
                    merges: file.forEachRule)
            }
        }
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
            throw TokenizerError.file(
                path: path("vocab.json"), reason: FileKind.misplaced(source.bytes) ?? "it \(error.description)")
        }
        let settings = try TokenizerSettings(folder: folder, hasFile: false)
        let added = try settings.added(ids(vocabulary), file: [])
        var options = Options(addsPrefixSpace: try settings.addsPrefixSpace() ?? false)
        options.splitsSpecial = settings.splitsSpecial
        (options.before, options.after) = try settings.around(added)
        let merges = try ByteSource(reading: path("merges.txt"))
        return try naming(path("vocab.json")) { () throws(TokenizerError) in
            try BytePairTokenizer(
                vocabulary: vocabulary.map { entry($0.text, $0.id) }, added: added, options: options
            ) { (merge) throws(TokenizerError) in
                try forEachRule(in: merges.bytes, path: path("merges.txt"), merge)
            }
        }
    }

    private static func ids(_ vocabulary: [(text: String, id: Int)]) -> [[UInt8]: Int] {
        Dictionary(vocabulary.map { (Array($0.text.utf8), $0.id) }) { $1 }
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
        do { return try body() } catch {
            if case .file = error { throw error }
            throw .file(path: path, reason: error.reason)
        }
    }

    /// A pair of tokens as vocabulary files write them; nil where it is no pair.
    static func rule(_ left: Substring.UnicodeScalarView, _ right: Substring.UnicodeScalarView) -> MergeRule? {
        var bytes: [UInt8] = []
        guard ByteAlphabet.append(left, to: &bytes), !bytes.isEmpty else { return nil }
        let middle = bytes.count
        guard ByteAlphabet.append(right, to: &bytes), bytes.count > middle else { return nil }
        return MergeRule(bytes: bytes[...], middle: middle)
    }

    /// The pairs of a merges file: a line each, with a space between; a line that begins with `#version` is none.
    private static func forEachRule(
        in merges: UnsafeRawBufferPointer, path: FilePath, atMost most: Int = .max,
        _ body: (MergeRule) throws(TokenizerError) -> Void
    ) throws(TokenizerError) {
        var (rest, number, count) = (merges[...], 0, 0)
        // Lines end with a newline, perhaps after a carriage return; others may be merges that begin with #.
        while !rest.isEmpty, count < most {
            var line = rest.prefix { $0 != 0x0A }
            rest = rest[line.endIndex...].dropFirst()
            number += 1
            if line.last == 0x0D { line = line.dropLast() }
            if line.isEmpty || line.starts(with: "#version".utf8) { continue }
            guard let text = String(validating: line, as: UTF8.self) else {
                throw .file(path: path, reason: "line \(number) is not UTF-8 text")
            }
            let parts = text.utf8.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false).map {
                Substring($0).unicodeScalars
            }
            guard parts.count == 2, let rule = rule(parts[0], parts[1]) else {
                if let reason = FileKind.misplaced(merges), !merges.isEmpty { throw .file(path: path, reason: reason) }
                throw .file(path: path, reason: "line \(number) is not two tokens with a space between")
            }
            try body(rule)
            count += 1
        }
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
