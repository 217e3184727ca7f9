import SystemPackage

/// What the files beside a vocabulary say of the tokens that were added to it and of what is put around a text:
/// `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json`.
///
/// Source: `AutoTokenizer.from_pretrained` of transformers 5.23 (`_from_pretrained`, `convert_to_native_format`,
/// `TokenizersBackend`). The numbers that these files give are an order only: a token that the vocabulary has keeps its id,
/// and the others follow the vocabulary.
struct TokenizerSettings {
    /// The seven that are called by their use, in the order in which they are added.
    private static let uses = ["bos", "eos", "unk", "sep", "pad", "cls", "mask"].map { $0 + "_token" }
    /// The classes whose tokenizer transformers builds anew, with GPT-2's options.
    private static let gpt2Classes = ["GPT2Tokenizer", "GPT2TokenizerFast"]
    /// The classes that take a `tokenizer.json` as it is.
    private static let plainClasses = ["PreTrainedTokenizerFast", "TokenizersBackend", "PreTrainedTokenizer"]

    private let folder: FilePath
    /// The file that the answers are of, for messages.
    private var path: FilePath { folder.appending("tokenizer_config.json") }
    private var keys: [(String, JSON)]
    private let hasFile: Bool
    /// What is listed as special besides the seven, and what of it `tokenizer_config.json` itself lists.
    private var extra: [AddedToken] = [], ownExtra: Set<[UInt8]> = []
    private let isGPT2: Bool
    /// Whether `<|endoftext|>` is meant without being named: where transformers wrote the files, or where there is no
    /// `tokenizer.json`, which says itself what it has.
    private let hasDefaults: Bool

    /// Reads the files of a folder.
    ///
    /// - Parameter hasFile: whether a `tokenizer.json` is there, which says itself what is put around a text.
    /// - Throws: ``FileError`` or ``TokenizerError``.
    init(folder: FilePath, hasFile: Bool) throws {
        (self.folder, self.hasFile) = (folder, hasFile)
        let settings = try Self.read(folder.appending("tokenizer_config.json"))
        keys = settings ?? []
        hasDefaults = settings != nil || !hasFile
        let configuration = try? Self.read(folder.appending("config.json"))
        let named = [("tokenizer_config.json", keys), ("config.json", configuration ?? [])].lazy.compactMap {
            file, keys in
            keys.last { $0.0 == "tokenizer_class" && !$0.1.isNull }.map { (file, $0.1.string ?? "") }
        }.first
        isGPT2 = named.map { Self.gpt2Classes.contains($0.1) } ?? true
        if let (file, type) = named, !isGPT2, !hasFile || !Self.plainClasses.contains(type) {
            throw TokenizerError.file(
                path: folder.appending(file),
                reason: "its tokenizer_class is \(visible(type)), and that of GPT-2 is the one that is understood")
        }
        if self["auto_map"]?["AutoTokenizer"] != nil {
            throw refusal("its auto_map names a tokenizer of the model's own, a program that is not run")
        }
        if hasFile { keys.removeAll { ["add_bos_token", "add_eos_token"].contains($0.0) } }
        extra = try tokens(self["extra_special_tokens"])
        if extra.isEmpty { extra = try tokens(self["additional_special_tokens"]) }
        ownExtra = Set(extra.map(\.text))
        guard self["added_tokens_decoder"] == nil else { return }
        // Of tokens with names of their own the other file's count.
        let isOwn = { [self] (key: String) in
            key.hasSuffix("_token") && !Self.uses.contains(key) && self[key]?.string != nil
        }
        let map = try (Self.read(folder.appending("special_tokens_map.json")) ?? []).filter { !isOwn($0.0) }
        let overridden = Set(map.map(\.0))
        keys.removeAll { overridden.contains($0.0) }
        for (key, value) in map {
            // There an object needs no type, and is special whatever it says.
            let defaults: [(String, JSON)] = [("normalized", .bool(false))]
            let typed: [(String, JSON)] = [("__type", .string("AddedToken")), ("special", .bool(true))]
            keys.append((key, value.members.map { .object(defaults + $0 + typed) } ?? value))
        }
        // A list there counts where the other file has none.
        let listed = try tokens(
            overridden.contains("additional_special_tokens") ? self["additional_special_tokens"] : nil)
        if extra.isEmpty { extra = listed }
        if overridden.contains("extra_special_tokens") { extra += try tokens(self["extra_special_tokens"]) }
        guard hasFile, let key = ["add_bos_token", "add_eos_token"].first(where: { self[$0] != nil }) else { return }
        throw TokenizerError.file(
            path: folder.appending("special_tokens_map.json"), reason: "it has \(key), which is not understood there")
    }

    private subscript(key: String) -> JSON? { keys.last { $0.0 == key }?.1 }

    private static func read(_ path: FilePath) throws -> [(String, JSON)]? {
        guard try path.status() != nil else { return nil }
        let source = try ByteSource(reading: path)
        do {
            var scanner = try JSONScanner(source.bytes)
            let value = try scanner.value()
            try scanner.end()
            guard let members = value.members else { throw TokenizerError.file(path: path, reason: "it is no object") }
            return members
        } catch let error as JSONSyntaxError {
            throw TokenizerError.file(path: path, reason: FileKind.misplaced(source.bytes) ?? "it \(error.description)")
        }
    }

    private func refusal(_ reason: String) -> TokenizerError { .file(path: path, reason: reason) }

    // MARK: Answers

    /// Whether text without a space at its beginning is read as if it had one; nil where they do not say.
    func addsPrefixSpace() throws(TokenizerError) -> Bool? {
        guard isGPT2, let value = self["add_prefix_space"] else { return nil }
        guard let bool = value.bool else { throw refusal("its add_prefix_space is neither true nor false") }
        return bool
    }

    /// Whether special tokens are plain text whoever asks.
    var splitsSpecial: Bool { self["split_special_tokens"]?.bool == true }

    /// The ids that are put before and after a text where no `tokenizer.json` says it.
    func around(_ added: [AddedToken]) throws(TokenizerError) -> (before: [Int], after: [Int]) {
        func ids(_ use: String) throws(TokenizerError) -> [Int] {
            guard self["add_\(use)"]?.bool == true, let token = try named().first(where: { $0.use == use }) else {
                return []
            }
            guard !token.token.text.contains(where: { [0x20, UInt8(ascii: ":"), UInt8(ascii: "$")].contains($0) })
            else {
                throw refusal("its \(use) has a space, a colon or a dollar sign, which no template can hold")
            }
            return added.first { $0.text == token.token.text }.map { [$0.id] } ?? []
        }
        return (try ids("bos_token"), try ids("eos_token"))
    }

    /// All added tokens with their ids.
    ///
    /// - Parameters:
    ///   - vocabulary: the ids of the tokens by their text.
    ///   - file: those of a `tokenizer.json`, in its order and with its numbers.
    func added(_ vocabulary: [[UInt8]: Int], file: [AddedToken]) throws -> [AddedToken] {
        let (decoder, named) = (try numbered(file), try named())
        var list = decoder
        let known = Set((list + (isGPT2 ? [] : file)).map(\.text))
        for (_, token) in named where !known.contains(token.text) { list.append(token) }
        let uses = Set(named.filter { $0.use != nil }.map(\.token.text))
        for place in list.indices where uses.contains(list[place].text) { list[place].isSpecial = true }

        var added: [AddedToken] = []
        var places: [[UInt8]: Int] = [:]
        let taken = Set(vocabulary.values)
        for batch in [isGPT2 ? [] : file, list] {
            // Counted on from the tokens there are, whatever the largest id is; and from what the batch before reached.
            var next = max(vocabulary.count, (added.map(\.id).max() ?? -1) + 1)
            for token in batch where !token.text.isEmpty {
                var token = token
                if let place = places[token.text] {
                    token.id = added[place].id
                    // What was special once stays so.
                    token.isSpecial = token.isSpecial || added[place].isSpecial
                    added[place] = token
                    continue
                }
                if let known = vocabulary[token.text] {
                    token.id = known
                } else {
                    // In a vocabulary with gaps the next may be taken; then one of the two would be lost.
                    guard !taken.contains(next) else { throw TokenizerError.duplicateID(next) }
                    token.id = next
                    next += 1
                }
                places[token.text] = added.count
                added.append(token)
            }
        }
        return added
    }

    /// The tokens that come with a number, in the order of the numbers.
    private func numbered(_ file: [AddedToken]) throws -> [AddedToken] {
        var tokens: [Int: AddedToken] = [:]
        if let decoder = self["added_tokens_decoder"] {
            guard let members = decoder.members else { throw refusal("its added_tokens_decoder is no object") }
            for (key, value) in members {
                guard let number = Int(key), let token = Self.token(value, number: number) else {
                    throw refusal("its added_tokens_decoder has no token with a content at \(visible(key))")
                }
                tokens[number] = token
            }
        } else {
            let special = try ownExtra.union(named(withDefaults: false).filter { $0.use != nil }.map(\.token.text))
            let path = folder.appending("added_tokens.json")
            for (text, value) in try Self.read(path) ?? [] {
                guard let number = value.whole else {
                    throw TokenizerError.file(path: path, reason: "its token \(visible(text)) has no id")
                }
                let text = Array(text.utf8)
                let isSpecial = special.contains(text)
                tokens[number] = AddedToken(id: number, text: text, isSpecial: isSpecial, isNormalized: !isSpecial)
            }
            for token in file { tokens[token.id] = token }
        }
        return tokens.sorted { $0.key < $1.key }.map(\.value)
    }

    /// The tokens that are named by their use, then others that are only called special (`use` is nil).
    private func named(
        withDefaults: Bool = true
    ) throws(TokenizerError) -> [(use: String?, token: AddedToken)] {
        var tokens: [(use: String?, token: AddedToken)] = []
        for use in Self.uses {
            var value = self[use]
            if value == nil, withDefaults, isGPT2, hasDefaults, Self.uses.prefix(3).contains(use) {
                value = .string("<|endoftext|>")
            }
            guard let value, !value.isNull else { continue }
            guard var token = Self.special(value) else { throw refusal("its \(use) is no token") }
            token.isSpecial = true
            tokens.append((use, token))
        }
        for (key, value) in keys where key.hasSuffix("_token") && !Self.uses.contains(key) {
            if let text = value.string { tokens.append((key, Self.special(text))) }
        }
        return tokens + extra.map { (nil, $0) }
    }

    /// A list of special tokens, or an object of them.
    private func tokens(_ list: JSON?) throws(TokenizerError) -> [AddedToken] {
        var tokens: [AddedToken] = []
        for value in list?.members?.map(\.1) ?? list?.array ?? [] {
            guard let token = Self.special(value) else {
                throw refusal("one of its additional_special_tokens is no token")
            }
            tokens.append(token)
        }
        return tokens
    }

    private static func special(_ text: String) -> AddedToken {
        AddedToken(id: 0, text: Array(text.utf8), isSpecial: true)
    }

    /// A special token: its text, or an object with flags that says it is one.
    private static func special(_ value: JSON) -> AddedToken? {
        if let text = value.string { return special(text) }
        return value["__type"]?.string == "AddedToken" ? token(value, number: 0) : nil
    }

    /// A token with its flags; nil where it has no content.
    static func token(_ value: JSON, number: Int) -> AddedToken? {
        guard let text = value["content"]?.string else { return nil }
        let flag = { (name: String) in value[name]?.bool }
        let isSpecial = flag("special") ?? false
        return AddedToken(
            id: number, text: Array(text.utf8), isSpecial: isSpecial, isNormalized: flag("normalized") ?? !isSpecial,
            stripsLeft: flag("lstrip") ?? false, stripsRight: flag("rstrip") ?? false,
            isSingleWord: flag("single_word") ?? false)
    }
}
