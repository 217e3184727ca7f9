import Checkpoints

/// The values that are in memory, of all passes of a session, within one budget.
///
/// What is enough to compute much else is dropped last: the inputs of blocks, then z and the stream inside blocks, then
/// keys and values; of the rest what was looked at longest ago is dropped first, and computed again when it is asked for.
///
/// A class, because passes share it. It belongs to one thread, as passes and their weights do: exclusive access is not checked
/// as they run, since that takes longer than much of what a small model computes.
public final class Store {
    /// Bytes that values may take.
    public let budget: Int
    /// What each pass has.
    @exclusivity(unchecked) private var shelves: [ObjectIdentifier: Shelf] = [:]
    @exclusivity(unchecked) private var clock = 0
    /// How often something was dropped.
    @exclusivity(unchecked) private(set) var dropCount = 0

    /// A store without values.
    public init(budget: Int = Machine.activationMemory) {
        self.budget = budget
        BufferPool.keep(atMost: budget)
    }

    /// Bytes that all values take.
    var byteCount: Int { shelves.values.reduce(0) { $0 + $1.byteCount } }

    /// Whether no other pass can take its room.
    var hasOnePass: Bool { shelves.count == 1 }

    func add(_ shelf: Shelf) { shelves[ObjectIdentifier(shelf)] = shelf }
    func remove(_ shelf: Shelf) { shelves[ObjectIdentifier(shelf)] = nil }

    /// A moment later than all before.
    func tick() -> Int {
        clock += 1
        return clock
    }

    /// Drops what is needed least until a tensor of `count` numbers and `more` bytes fit the budget, or nothing more can be
    /// dropped.
    ///
    /// - Parameter kept: what stays, for each pass: what waiting operations read would be computed again for each of them.
    func makeRoom(for count: Int, more: Int = 0, sparing kept: () -> [ObjectIdentifier: Set<Int>]) {
        while !hasRoom(for: count, more: more) {
            if BufferPool.shrink() { continue }
            guard dropOne(sparing: kept()) else { return }
        }
    }

    /// Whether a tensor of `count` numbers and `more` bytes fit the budget.
    private func hasRoom(for count: Int, more: Int) -> Bool {
        let size = BufferPool.size(for: count)
        // Memory that waits for reuse counts too; what fits is reused and adds nothing.
        let reuses = size > 0 && BufferPool.hasFree(size)
        let needed = (reuses ? 0 : max(size, count * MemoryLayout<Float>.stride)) + more
        return byteCount + BufferPool.freeBytes + needed <= budget
    }

    /// Drops what is needed least; false where nothing can be dropped.
    @discardableResult
    func dropOne(sparing kept: [ObjectIdentifier: Set<Int>]) -> Bool {
        var least: (shelf: Shelf, node: Int, rank: (keep: Node.Role.Keep, use: Int))?
        for (id, shelf) in shelves {
            let spared = kept[id] ?? []
            for node in shelf.entries.indices {
                guard let entry = shelf.entries[node], !spared.contains(node) else { continue }
                let rank = (shelf.keep[node], entry.lastUse)
                if least.map({ rank < ($0.rank.keep, $0.rank.use) }) ?? true { least = (shelf, node, rank) }
            }
        }
        guard let least else { return false }
        least.shelf.drop(least.node)
        dropCount += 1
        return true
    }
}

/// What a pass has in the store: of each operation the first rows, and rows that were computed beside these.
final class Shelf {
    /// The first rows of a value.
    struct Entry {
        var outcome: Outcome
        /// How many rows are right.
        var rows: Int
        var lastUse: Int

        /// Forgets the rows after the first `count`; of what grows row by row at once, of the rest when it is looked at.
        mutating func keepRows(_ count: Int) {
            rows = count
            if outcome.value.isGrowing { outcome.value.keepRows(count) }
        }
    }

    /// By operation, the first rows: whole pieces.
    @exclusivity(unchecked) private(set) var entries: [Entry?]
    /// By operation, rows after those, computed as they would be among all: those of a taken token, logits.
    @exclusivity(unchecked) var tails: [Rows?]
    /// By operation, rows that were computed for a look, the latest last.
    @exclusivity(unchecked) private var looks: [Int: [Rows]] = [:]
    /// By position, logits.
    @exclusivity(unchecked) private var answers: [Int: Rows] = [:]
    /// By operation, how long it is kept.
    let keep: [Node.Role.Keep]
    /// Bytes of all first rows.
    @exclusivity(unchecked) private(set) var byteCount = 0

    init(_ program: Program) {
        entries = Array(repeating: nil, count: program.logitsIndex)
        tails = Array(repeating: nil, count: program.logitsIndex + 1)
        keep = program.nodes.map(\.role.keep)
    }

    /// The value of an operation, looked at at a time, where so many first rows of it are there; it may have more.
    func value(of node: Int, rows: Int, at time: Int) -> Tensor? {
        guard node < entries.count, self.rows(of: node) >= rows else { return nil }
        entries[node]?.lastUse = time
        return entries[node]?.outcome.value
    }

    /// How many first rows of an operation before the logits are there.
    func rows(of node: Int) -> Int { entries[node]?.rows ?? 0 }

    /// Rows that hold some others, computed as among all, or else for a look.
    func beside(_ node: Int, _ rows: Range<Int>, isExact: Bool) -> Rows? {
        func holds(_ other: Rows) -> Bool {
            other.positions.lowerBound <= rows.lowerBound && other.positions.upperBound >= rows.upperBound
        }
        if node == entries.count { return answers[rows.lowerBound].flatMap { holds($0) ? $0 : nil } }
        if let tail = tails[node], holds(tail) { return tail }
        return isExact ? nil : looks[node]?.last(where: holds)
    }

    /// Keeps rows beside the first ones; of each sort a few, since what is looked at again is looked at soon.
    func putBeside(_ rows: Rows, _ node: Int, isExact: Bool) {
        if node == entries.count {
            // A few rows of a vocabulary; all of a long text would be a matter of memory.
            if answers.count > 16 { answers.removeAll() }
            answers[rows.positions.lowerBound] = rows
        } else if isExact {
            tails[node] = rows
        } else {
            if looks[node, default: []].count > 7 { looks[node]?.removeFirst() }
            looks[node, default: []].append(rows)
        }
    }

    func put(_ outcome: Outcome, rows: Int, _ node: Int, at time: Int) {
        byteCount += outcome.byteCount - (entries[node]?.outcome.byteCount ?? 0)
        entries[node] = Entry(outcome: outcome, rows: rows, lastUse: time)
    }

    func drop(_ node: Int) {
        byteCount -= entries[node]?.outcome.byteCount ?? 0
        entries[node] = nil
    }

    func touch(_ node: Int, at time: Int) { entries[node]?.lastUse = time }

    /// Keeps of each value the first rows only, as when tokens are given back.
    func truncate(to count: Int) {
        for node in entries.indices {
            guard let rows = entries[node]?.rows, rows > count else { continue }
            guard count > 0 else {
                drop(node)
                continue
            }
            byteCount -= entries[node]?.outcome.byteCount ?? 0
            entries[node]?.keepRows(count)
            byteCount += entries[node]?.outcome.byteCount ?? 0
        }
        for node in tails.indices {
            if let tail = tails[node], tail.positions.upperBound > count { tails[node] = nil }
        }
        looks = looks.mapValues { $0.filter { $0.positions.upperBound <= count } }
        answers = answers.filter { $0.key < count }
    }

    /// Takes over what another pass has, as far as `count` rows of it are right.
    func inherit(_ other: Shelf, rows count: Int) {
        entries = other.entries
        byteCount = other.byteCount
        (tails, looks, answers) = (other.tails, other.looks, other.answers)
        truncate(to: count)
    }
}
