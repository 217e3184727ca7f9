public import GPTEngine

/// The heads of a pass side by side, of one block or of all, as far as they have been computed.
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

    /// By what they are sorted.
    public enum Order: Int, Hashable, Sendable, CaseIterable {
        /// Block by block, head by head.
        case place
        /// The most focused first.
        case entropy
        /// The largest share on the first position first.
        case first
        /// The largest share on the position before first.
        case previous
        /// The largest share on itself first.
        case own
    }

    /// The block whose heads are shown; nil for all blocks.
    public var block: Int?
    /// By what they are sorted.
    public var order = Order.place
    private let program: Program
    /// Of each block the heads and their mean, where they are computed.
    private var known: [[HeadStatistics]?]

    /// Nothing is known yet.
    public init(_ program: Program, block: Int?) {
        self.program = program
        self.block = block
        known = Array(repeating: nil, count: program.configuration.layerCount)
    }

    /// The heads that are shown, in their order; what is not computed comes last.
    public var entries: [Entry] {
        let H = program.configuration.headCount
        let blocks = block.map { [$0] } ?? Array(known.indices)
        let all = blocks.flatMap { block in
            // The mean is one more of a block's heads; among all heads it would be no head.
            (0..<(self.block == nil ? H : H + 1)).map { head in
                Entry(block: block, head: head, statistics: known[block]?[head])
            }
        }
        func rank(_ entry: Entry) -> Double {
            guard let statistics = entry.statistics else { return .infinity }
            let rank: Double =
                switch order {
                case .place: 0
                case .entropy: statistics.entropy
                case .first: -statistics.first
                case .previous: -statistics.previous
                case .own: -statistics.own
                }
            return rank.isNaN ? .infinity : rank
        }
        return all.enumerated().sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }.map(\.element)
    }

    /// How many blocks are computed, of how many that are shown.
    public var progress: (done: Int, all: Int) {
        let shown = block.map { [known[$0]] } ?? known
        return (shown.count { $0 != nil }, shown.count)
    }

    /// Whether a shown block is still to be computed.
    public var needsWork: Bool { progress.done < progress.all }

    /// Computes one operation, or sums up a block whose pattern is there.
    public mutating func work(_ trace: Trace) {
        guard let next = block ?? known.firstIndex(where: { $0 == nil }), known[next] == nil,
            let node = Self.pattern(of: next, in: program)
        else { return }
        if trace.computeNext(toward: node) { return }
        known[next] = HeadStatistics.all(trace.value(of: node))
    }

    /// The operation that holds a block's pattern, by index.
    public static func pattern(of block: Int, in program: Program) -> Int? {
        program.nodes.firstIndex { $0.block == block && $0.operation == .pattern }
    }
}
