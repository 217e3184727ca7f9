/// The values of a pass that are in memory, within a budget.
struct ValueStore {
    private let program: Program
    private let memory: Int
    private var results: [Arithmetic.Result?]
    /// When each was last asked for.
    private var lastUse: [Int]
    private var clock = 0
    /// Bytes that all of them take.
    private(set) var byteCount = 0
    /// What passes over the same first tokens had, and how many of its rows are right; each is taken when its turn comes.
    private var inherited: [(result: Arithmetic.Result, rows: Int)?] = []

    /// An empty store, or one that can take over the first `rows` rows of another pass's values.
    init(_ program: Program, memory: Int, inheriting other: (store: ValueStore, rows: Int)? = nil) {
        self.program = program
        self.memory = memory
        results = Array(repeating: nil, count: program.logitsIndex)
        lastUse = Array(repeating: 0, count: program.logitsIndex)
        guard let other else { return }
        inherited = other.store.results.indices.map { index in
            if let result = other.store.results[index] { return (result, other.rows) }
            guard let older = other.store.inherited(index) else { return nil }
            return (older.result, min(older.rows, other.rows))
        }
        byteCount = inherited.reduce(0) { $0 + ($1?.result.byteCount ?? 0) }
    }

    /// Whether a value is in memory.
    func has(_ index: Int) -> Bool { results[index] != nil }

    /// A value that is in memory; asking for it makes it the last to be dropped.
    subscript(index: Int) -> Arithmetic.Result? {
        mutating get {
            clock += 1
            lastUse[index] = clock
            return results[index]
        }
    }

    /// Keeps a value.
    mutating func keep(_ result: Arithmetic.Result, as index: Int) {
        results[index] = result
        byteCount += result.byteCount
        clock += 1
        lastUse[index] = clock
    }

    /// What another pass had of an operation.
    func inherited(_ index: Int) -> (result: Arithmetic.Result, rows: Int)? {
        inherited.indices.contains(index) ? inherited[index] : nil
    }

    /// What another pass had of an operation, which is then no longer held here.
    mutating func takeInherited(_ index: Int) -> (result: Arithmetic.Result, rows: Int)? {
        guard let taken = inherited(index) else { return nil }
        inherited[index] = nil
        byteCount -= taken.result.byteCount
        return taken
    }

    /// Drops what is needed least until a tensor of `count` numbers and `more` bytes fit the budget beside others, or
    /// nothing more can be dropped.
    mutating func makeRoom(for count: Int, more: Int = 0, beside others: Int, sparing kept: () -> Set<Int>) {
        while !hasRoom(for: count, more: more, beside: others) {
            if BufferPool.shrink() { continue }
            guard dropOne(sparing: kept()) else { return }
        }
    }

    /// Whether a tensor of `count` numbers and `more` bytes fit the budget beside others.
    func hasRoom(for count: Int, more: Int, beside others: Int) -> Bool {
        let size = BufferPool.size(for: count)
        // Memory that waits for reuse counts too; what fits is reused and adds nothing.
        let reuses = size > 0 && BufferPool.hasFree(size)
        let needed = (reuses ? 0 : max(size, count * MemoryLayout<Float>.stride)) + more
        return byteCount + others + BufferPool.freeBytes + needed <= memory
    }

    private mutating func dropOne(sparing kept: Set<Int>) -> Bool {
        if let place = inherited.lastIndex(where: { $0 != nil }) {
            _ = takeInherited(place)
            return true
        }
        let candidates = results.indices.filter { results[$0] != nil && !kept.contains($0) }
        // A block is computed again from its input, so the streams between blocks go last.
        let least = candidates.min { (isBlockInput($0) ? 1 : 0, lastUse[$0]) < (isBlockInput($1) ? 1 : 0, lastUse[$1]) }
        guard let least else { return false }
        byteCount -= results[least]?.byteCount ?? 0
        results[least] = nil
        return true
    }

    private func isBlockInput(_ index: Int) -> Bool {
        switch program.nodes[index].operation {
        case .residual(.pre), .residual(.post): true
        default: false
        }
    }
}
