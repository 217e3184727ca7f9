public import GPTEngine

/// What tells the heads of a pass apart, as far as they have been looked at.
public struct HeadAtlas: Sendable {
    /// One of them.
    public struct Entry: Hashable, Sendable {
        /// Its block.
        public let block: Int
        /// Which head; one more than there are for the mean over the block's heads.
        public let head: Int
        /// What tells it from the others; nil while it is not computed.
        public let statistics: HeadStatistics?
    }

    private let program: Program
    private let earlier: EarlierPlaces
    /// Of each block the heads one after another, and as the last their mean.
    private var known: [[HeadStatistics]]

    /// Nothing is known yet of a pass over some tokens.
    public init(_ program: Program, tokens: [Int]) {
        (self.program, earlier) = (program, EarlierPlaces(tokens))
        known = Array(repeating: [], count: program.configuration.layerCount)
    }

    /// The heads of a block, as far as they are known.
    public func heads(of block: Int) -> ArraySlice<HeadStatistics> {
        known[block].prefix(program.configuration.headCount)
    }

    /// The heads of a block and their mean, or those of all blocks for nil, sorted by a score: the lowest entropy, the largest
    /// of any other first, for nil in their places. What is not computed comes last.
    public func entries(of block: Int?, by order: HeadScore? = nil) -> [Entry] {
        let H = program.configuration.headCount
        let all = blocks(block).flatMap { shown in
            // The mean is one more of a block's heads; among all heads it would be no head.
            (0..<(block == nil ? H : H + 1)).map { head in
                Entry(
                    block: shown, head: head, statistics: head < known[shown].count ? known[shown][head] : nil)
            }
        }
        func rank(_ entry: Entry) -> Double {
            guard let statistics = entry.statistics else { return .infinity }
            let rank = order.map { $0.isShare ? -statistics[$0] : statistics[$0] } ?? 0
            return rank.isNaN ? .infinity : rank
        }
        return all.enumerated().sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }.map(\.element)
    }

    /// How many blocks are computed: of one, or of all for nil.
    public func progress(_ block: Int?) -> (done: Int, all: Int) {
        let shown = blocks(block)
        return (shown.count { isComplete($0) }, shown.count)
    }

    /// Computes one operation toward what is missing of a block, or of all for nil, or looks at one head; false when all
    /// is there.
    public mutating func work(_ values: any Values, _ block: Int?) -> Bool {
        guard let next = blocks(block).first(where: { !isComplete($0) }),
            let node = Self.pattern(of: next, in: program)
        else { return false }
        if values.work(toward: [.value(node)]) { return true }
        guard let pattern = try? values.peek(node) else { return false }
        let head = known[next].count
        known[next].append(
            HeadStatistics(pattern, head: head < program.configuration.headCount ? head : nil, earlier: earlier))
        return true
    }

    private func blocks(_ block: Int?) -> [Int] { block.map { [$0] } ?? Array(known.indices) }

    private func isComplete(_ block: Int) -> Bool { known[block].count > program.configuration.headCount }

    /// The operation that holds a block's pattern, by index.
    public static func pattern(of block: Int, in program: Program) -> Int? {
        program.index("attn.pattern", block: block)
    }
}

extension HeadScore {
    /// What it is called where there is little room.
    public var shortName: String {
        switch self {
        case .entropy: "bits"
        case .first: "1st"
        case .previous: "prev"
        case .own: "self"
        case .induction: "ind"
        case .duplicate: "dup"
        }
    }

    /// How heads are sorted by it: the lowest entropy, the largest share first.
    public var order: String {
        switch self {
        case .entropy: "by entropy, the lowest first"
        case .first: "by the share on the first position"
        case .previous: "by the share on the previous position"
        case .own: "by the share on itself"
        case .induction: "by induction: what followed this token earlier"
        case .duplicate: "by the share on this token's earlier places"
        }
    }
}
