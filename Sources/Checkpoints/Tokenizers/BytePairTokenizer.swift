import HeapModule

/// Byte-level byte-pair encoding as GPT-2 has it: bytes first, then the merges of a fixed list, the earliest first.
///
/// Exact to OpenAI's `tiktoken` with its `gpt2` encoding. Source: Radford et al.
/// (2019), section 2.2, and `encoder.py` of the GPT-2 release.
public struct BytePairTokenizer: Tokenizer {
    /// What every token stands for, by id; nil where an id has no token.
    private let tokens: [ArraySlice<UInt8>?]
    /// The id of each single byte; nil where the vocabulary has none.
    private let byteIDs: [Int32?]
    private let merges: [Pair: Merge]
    /// Tokens that are found in the text before it is cut into pieces: as it is given, and normalized.
    private let given: AddedTokens, normalized: AddedTokens
    private let options: Options
    /// What stands for bytes that have no token; nil where they vanish.
    private let unknown: Int32?
    /// Tokens by their bytes, where whole pieces are looked up.
    private let pieces: [ArraySlice<UInt8>: Int32]

    /// Two tokens side by side.
    private struct Pair: Hashable {
        let left: Int32
        let right: Int32
    }

    /// What two tokens become, and how early.
    private struct Merge {
        let rank: Int32
        let id: Int32
    }

    /// What tokenizers of this kind differ in besides their vocabulary; GPT-2's has none of it.
    struct Options {
        /// What is done to text before it is cut.
        var normalizer: Normalizer?
        /// Whether text that does not begin with a space is read as if it did.
        var addsPrefixSpace = false
        /// Whether text is cut by GPT-2's pattern, or left whole.
        var usesPattern = true
        /// What stands for bytes without a token, as the file spells it, and its id where the vocabulary has it.
        var unknown: (text: String, id: Int?)?
        /// Whether one stands for a whole run of them.
        var fusesUnknown = false
        /// Whether a piece that is a token is that token, whatever the merges make of it.
        var ignoresMerges = false
        /// Whether special tokens are plain text, however they are asked for.
        var splitsSpecial = false
        /// What is put before and after every text, as a beginning-of-text token.
        var before: [Int] = [], after: [Int] = []
    }

    /// A token of the vocabulary.
    struct Entry {
        let bytes: ArraySlice<UInt8>
        let id: Int
        /// Whether text can lead to it: one that is not written in the alphabet of bytes is only ever decoded.
        var isReachable = true
    }

    /// Two tokens that become one: their bytes side by side, and where the second begins.
    struct MergeRule {
        let bytes: ArraySlice<UInt8>
        let middle: Int
    }

    /// Puts a vocabulary together.
    ///
    /// - Parameters:
    ///   - vocabulary: each token.
    ///   - added: tokens that are found in the text as they are written.
    ///   - merges: gives what becomes one token, the earliest first; one at a time, so that a list of any length takes
    ///     no more memory than the pairs that are in it, and ends at the first that is none.
    /// - Throws: ``TokenizerError`` when a merge speaks of tokens that are not there, or an id occurs twice.
    init(
        vocabulary: [Entry], added: [AddedToken] = [], options: Options = Options(),
        merges: (_ merge: (MergeRule) throws(TokenizerError) -> Void) throws(TokenizerError) -> Void
    ) throws(TokenizerError) {
        let all = vocabulary + added.map { Entry(bytes: $0.text[...], id: $0.id) }
        let last = all.reduce(-1) { max($0, $1.id) }
        // Gaps are possible; a table mostly of gaps is a mistake, or an attack.
        guard last < 4 * all.count + 1 << 16, all.allSatisfy({ $0.id >= 0 }) else { throw .idOutOfRange(last) }
        var tokens = [ArraySlice<UInt8>?](repeating: nil, count: last + 1)
        var ids: [ArraySlice<UInt8>: Int32] = [:]
        ids.reserveCapacity(vocabulary.count)
        for entry in vocabulary {
            guard tokens[entry.id] == nil else { throw .duplicateID(entry.id) }
            tokens[entry.id] = entry.bytes
        }
        // An added token may be one of the vocabulary that is spelled so; then it stands for its own text.
        for token in added { tokens[token.id] = token.text[...] }
        for entry in vocabulary where entry.isReachable { ids[entry.bytes] = Int32(entry.id) }
        self.tokens = tokens
        byteIDs = (0...255).map { ids[[UInt8($0)]] }
        var table: [Pair: Merge] = [:]
        table.reserveCapacity(vocabulary.count)
        var rank: Int32 = 0
        // Each merge makes a token; that several make the same is possible, that nearly all do is a mistake.
        let most = 4 * vocabulary.count + 1 << 16
        try merges { (rule) throws(TokenizerError) in
            let (left, right) = (rule.bytes[..<rule.middle], rule.bytes[rule.middle...])
            guard let leftID = ids[left], let rightID = ids[right], let id = ids[rule.bytes] else {
                throw .unknownMerge(
                    visible(displayForm(Array(left))), visible(displayForm(Array(right))), rank: Int(rank))
            }
            guard rank < most else { throw .tooManyMerges(most: most) }
            // Of equal lines the later counts, as in the library that writes these files.
            table[Pair(left: leftID, right: rightID)] = Merge(rank: rank, id: id)
            rank += 1
        }
        self.merges = table
        given = AddedTokens(added.filter { !$0.isNormalized })
        normalized = AddedTokens(try Self.normalize(added.filter(\.isNormalized), options.normalizer))
        self.options = options
        unknown = options.unknown?.id.flatMap(Int32.init(exactly:))
        pieces = options.ignoresMerges ? ids : [:]
    }

    /// Such tokens are looked for in text that is normalized, and so are they themselves.
    private static func normalize(
        _ tokens: [AddedToken], _ normalizer: Normalizer?
    ) throws(TokenizerError) -> [AddedToken] {
        guard let normalizer else { return tokens }
        var seen: Set<[UInt8]> = []
        var changed: [AddedToken] = []
        for token in tokens {
            var token = token
            token.text = normalizer(token.text[...])
            // Which of two would be found, the library that writes these files leaves to chance.
            guard seen.insert(token.text).inserted else { throw .sameAddedTokens(visible(displayForm(token.text))) }
            if !token.text.isEmpty { changed.append(token) }
        }
        return changed
    }

    /// One more than the largest id.
    public var count: Int { tokens.count }

    /// The id of a token that was added as text, such as `<|endoftext|>`.
    public func id(ofAdded text: String) -> Int? { given.id(of: text) ?? normalized.id(of: text) }

    /// The token that ends a text, as GPT-2's vocabulary calls it.
    public var endOfText: Int? { id(ofAdded: "<|endoftext|>") }

    /// The bytes that a token stands for, perhaps half a character; nil where an id has no token.
    public func bytes(of id: Int) -> [UInt8]? { tokens.indices.contains(id) ? tokens[id].map(Array.init) : nil }

    /// What is left without the tokens that a template puts around every text.
    public func content(of ids: [Int]) -> [Int] {
        let rest = ids.starts(with: options.before) ? ids.dropFirst(options.before.count) : ids[...]
        return Array(rest.suffix(options.after.count) == options.after[...] ? rest.dropLast(options.after.count) : rest)
    }

    /// The ids of a text; special tokens that are written out in it are plain text unless asked for.
    ///
    /// A byte that the vocabulary lacks, which GPT-2's does not, becomes the unknown token, or vanishes where there is none.
    ///
    /// - Throws: ``PromptError/noTokenForByte(_:)`` where the unknown token is no token itself.
    public func encode(_ text: [UInt8], allowingSpecial: Bool = false) throws(PromptError) -> [Int] {
        let skipsSpecial = !allowingSpecial || options.splitsSpecial
        var ids = options.before
        for part in given.split(text[...], skippingSpecial: skipsSpecial) {
            guard case .text(let piece) = part else {
                if case .token(let id) = part { ids.append(id) }
                continue
            }
            let text = options.normalizer.map { $0(piece)[...] } ?? piece
            for part in normalized.split(text, skippingSpecial: skipsSpecial) {
                switch part {
                case .token(let id): ids.append(id)
                case .text(let piece): try encode(plain: piece, into: &ids)
                }
            }
        }
        return ids + options.after
    }

    private func encode(plain text: ArraySlice<UInt8>, into ids: inout [Int]) throws(PromptError) {
        guard let first = text.first else { return }
        let text = options.addsPrefixSpace && first != 0x20 ? [0x20] + text : Array(text)
        if options.unknown != nil, unknown == nil, let byte = text.first(where: { byteIDs[Int($0)] == nil }) {
            throw .noTokenForByte(byte)
        }
        text.withUnsafeBufferPointer { text in
            guard options.usesPattern else { return merge(text[...], into: &ids) }
            PreTokenizer(text).forEachPiece { range in merge(text[range], into: &ids) }
        }
    }

    // MARK: Merging

    /// A merge that is possible somewhere in a piece; it may be stale by the time its turn comes.
    private struct Candidate: Comparable {
        let rank: Int32
        let place: Int32
        let pair: Pair
        let id: Int32

        static func < (a: Candidate, b: Candidate) -> Bool { (a.rank, a.place) < (b.rank, b.place) }
    }

    /// The tokens of single bytes; what has none is unknown, or vanishes so that its neighbours meet.
    private func singles(_ piece: Slice<UnsafeBufferPointer<UInt8>>) -> [Int32] {
        var isInUnknown = false
        return piece.compactMap { byte in
            if let id = byteIDs[Int(byte)] {
                isInUnknown = false
                return id
            }
            defer { isInUnknown = true }
            return isInUnknown && options.fusesUnknown ? nil : unknown
        }
    }

    /// Merges the bytes of one piece: the earliest rank first, the leftmost of equals, until no merge is left.
    ///
    /// A queue keeps this at n·log n for a piece of n bytes.
    private func merge(_ piece: Slice<UnsafeBufferPointer<UInt8>>, into result: inout [Int]) {
        if options.ignoresMerges, let id = pieces[Array(piece)[...]] { return result.append(Int(id)) }
        // Token by place, with links to the neighbours that are left; −1 where a token was merged away.
        var ids = singles(piece)
        guard ids.count > 1 else { return result.append(contentsOf: ids.map(Int.init)) }
        var next = Array(1...ids.count)
        var previous = Array(-1..<ids.count - 1)
        var queue = Heap<Candidate>()
        func candidate(at place: Int) -> Candidate? {
            guard place >= 0, next[place] < ids.count else { return nil }
            let pair = Pair(left: ids[place], right: ids[next[place]])
            return merges[pair].map { Candidate(rank: $0.rank, place: Int32(place), pair: pair, id: $0.id) }
        }
        queue.insert(contentsOf: ids.indices.compactMap(candidate))
        while let best = queue.popMin() {
            let place = Int(best.place)
            guard ids[place] == best.pair.left, next[place] < ids.count, ids[next[place]] == best.pair.right else {
                continue
            }
            let gone = next[place]
            ids[place] = best.id
            ids[gone] = -1
            next[place] = next[gone]
            if next[gone] < ids.count { previous[next[gone]] = place }
            if let new = candidate(at: place) { queue.insert(new) }
            if let new = candidate(at: previous[place]) { queue.insert(new) }
        }
        result.append(contentsOf: ids.lazy.filter { $0 >= 0 }.map(Int.init))
    }
}
