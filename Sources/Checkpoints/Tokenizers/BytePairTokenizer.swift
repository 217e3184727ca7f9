import HeapModule
public import SystemPackage

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
    /// Tokens that are found in the text before it is cut into pieces, longest first.
    private let added: [AddedToken]
    /// Whether text that does not begin with a space is read as if it did.
    private let addsPrefixSpace: Bool

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

    /// A token that was added to the vocabulary as text of its own.
    struct AddedToken: Hashable {
        let id: Int
        let text: [UInt8]
        /// Whether it steers the model, such as `<|endoftext|>`, and is plain text unless asked for.
        let isSpecial: Bool
        /// Whether it is found only in what the others leave.
        var comesLast = false
    }

    /// A token of the vocabulary.
    struct Entry {
        let bytes: ArraySlice<UInt8>
        let id: Int
        /// Whether text can lead to it: one that is not written in the alphabet of bytes is only ever decoded.
        var isReachable = true
    }

    /// Two tokens that become one: their bytes side by side, and where the second begins.
    struct Rule {
        let bytes: ArraySlice<UInt8>
        let middle: Int
    }

    /// Puts a vocabulary together.
    ///
    /// - Parameters:
    ///   - vocabulary: each token.
    ///   - merges: gives what becomes one token, the earliest first; one at a time, so that a list of any length takes
    ///     no more memory than the pairs that are in it, and ends at the first that is none.
    /// - Throws: ``TokenizerError`` when a merge speaks of tokens that are not there, or an id occurs twice.
    init(
        vocabulary: [Entry], added: [AddedToken] = [], addsPrefixSpace: Bool = false,
        merges: (_ merge: (Rule) throws(TokenizerError) -> Void) throws(TokenizerError) -> Void
    ) throws(TokenizerError) {
        let all = vocabulary + added.map { Entry(bytes: $0.text[...], id: $0.id) }
        let last = all.reduce(-1) { max($0, $1.id) }
        // Gaps are possible; a table mostly of gaps is a mistake, or an attack.
        guard last < 4 * all.count + 1 << 16, all.allSatisfy({ $0.id >= 0 }) else { throw .idOutOfRange(last) }
        var tokens = [ArraySlice<UInt8>?](repeating: nil, count: last + 1)
        var ids: [ArraySlice<UInt8>: Int32] = [:]
        ids.reserveCapacity(vocabulary.count)
        for entry in all {
            // An added token may stand in the vocabulary as well.
            guard tokens[entry.id] == nil || tokens[entry.id] == entry.bytes else { throw .duplicateID(entry.id) }
            tokens[entry.id] = entry.bytes
        }
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
        self.added = added.sorted { $0.text.count > $1.text.count }
        self.addsPrefixSpace = addsPrefixSpace
    }

    /// One more than the largest id.
    public var count: Int { tokens.count }

    /// The id of a token that was added as text, such as `<|endoftext|>`.
    public func id(ofAdded text: String) -> Int? { added.first { $0.text.elementsEqual(text.utf8) }?.id }

    /// The token that ends a text, as GPT-2's vocabulary calls it.
    public var endOfText: Int? { id(ofAdded: "<|endoftext|>") }

    /// The bytes that a token stands for, perhaps half a character; nil where an id has no token.
    public func bytes(of id: Int) -> [UInt8]? { tokens.indices.contains(id) ? tokens[id].map(Array.init) : nil }

    /// The ids of a text; special tokens that are written out in it are plain text unless asked for.
    ///
    /// - Throws: ``PromptError/noTokenForByte(_:)`` where the vocabulary lacks a byte, which GPT-2's does not.
    public func encode(_ text: [UInt8], allowingSpecial: Bool = false) throws(PromptError) -> [Int] {
        var ids: [Int] = []
        let searched = added.filter { allowingSpecial || !$0.isSpecial }
        try encode(
            text[...], around: [false, true].map { last in searched.filter { $0.comesLast == last } }[...], &ids)
        return ids
    }

    /// Cuts text at the first group's tokens, what lies between at the next group's, and so on.
    private func encode(
        _ text: ArraySlice<UInt8>, around groups: ArraySlice<[AddedToken]>, _ ids: inout [Int]
    ) throws(PromptError) {
        guard let group = groups.first else { return try encode(plain: text, into: &ids) }
        var rest = text
        while !group.isEmpty, let (range, token) = Self.first(of: group, in: rest) {
            try encode(rest[..<range.lowerBound], around: groups.dropFirst(), &ids)
            ids.append(token.id)
            rest = rest[range.upperBound...]
        }
        try encode(rest, around: groups.dropFirst(), &ids)
    }

    /// The leftmost added token in a text, the longest of those that begin there.
    private static func first(
        of tokens: [AddedToken], in text: ArraySlice<UInt8>
    ) -> (range: Range<Int>, token: AddedToken)? {
        let firsts = Set(tokens.compactMap(\.text.first))
        for start in text.indices where firsts.contains(text[start]) {
            if let token = tokens.first(where: { text[start...].starts(with: $0.text) }) {
                return (start..<start + token.text.count, token)
            }
        }
        return nil
    }

    private func encode(plain text: ArraySlice<UInt8>, into ids: inout [Int]) throws(PromptError) {
        guard let first = text.first else { return }
        let text = addsPrefixSpace && first != 0x20 ? [0x20] + text : Array(text)
        for byte in text where byteIDs[Int(byte)] == nil { throw .noTokenForByte(byte) }
        text.withUnsafeBufferPointer { text in
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

    /// Merges the bytes of one piece: the earliest rank first, the leftmost of equals, until no merge is left.
    ///
    /// A queue keeps this at n·log n for a piece of n bytes.
    private func merge(_ piece: Slice<UnsafeBufferPointer<UInt8>>, into result: inout [Int]) {
        // Token by place, with links to the neighbours that are left; −1 where a token was merged away.
        var ids = piece.map { byteIDs[Int($0)] ?? 0 }
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

/// Why files make no tokenizer.
public enum TokenizerError: Error, Hashable, CustomStringConvertible {
    /// A merge speaks of tokens that the vocabulary does not have.
    case unknownMerge(String, String, rank: Int)
    /// Two tokens have the same id.
    case duplicateID(Int)
    /// More merges than the vocabulary has a use for.
    case tooManyMerges(most: Int)
    /// An id that is negative or absurdly large.
    case idOutOfRange(Int)
    /// A file that asks for what is not understood, or is broken.
    case file(path: FilePath, reason: String)
    /// A file that cannot be read at all.
    case unreadable(FileError)

    /// A sentence for the person at the shell.
    public var description: String {
        switch self {
        case .file(let path, let reason): "\(visible(path)) is not a tokenizer that can be used: \(reason)."
        case .unreadable(let error): error.description
        default: "The tokenizer cannot be used: \(reason)."
        }
    }

    /// What is wrong, as part of a sentence.
    var reason: String {
        switch self {
        case .unknownMerge(let left, let right, let rank):
            "its merge number \(rank + 1), \(left) and \(right), speaks of tokens that its vocabulary does not have"
        case .duplicateID(let id): "it gives the id \(id) to two tokens"
        case .tooManyMerges(let most): "it has more than \(most) merges, many times what its vocabulary has tokens"
        case .idOutOfRange(let id): "it has the id \(id), which its vocabulary does not reach"
        case .file(_, let reason): reason
        case .unreadable(let error): error.description
        }
    }
}
