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
    /// Operations that wait to be computed, whose inputs must stay.
    var waiting: [Int] = []
    /// What another pass over the same first tokens had; each is taken when its turn comes.
    private var inherited: [Arithmetic.Result?] = []
    private var inheritedRows = 0

    /// An empty store, or one that can take over the first `rows` rows of another pass's values.
    init(_ program: Program, memory: Int, inheriting other: (store: ValueStore, rows: Int)? = nil) {
        self.program = program
        self.memory = memory
        results = Array(repeating: nil, count: program.logitsIndex)
        lastUse = Array(repeating: 0, count: program.logitsIndex)
        guard let other else { return }
        inherited = other.store.results
        inheritedRows = other.rows
        byteCount = inherited.reduce(0) { $0 + ($1?.byteCount ?? 0) }
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

    /// What another pass had of an operation, which is then no longer held here, and how many of its rows are right.
    mutating func takeInherited(_ index: Int) -> (result: Arithmetic.Result, rows: Int)? {
        guard inherited.indices.contains(index), let result = inherited[index] else { return nil }
        inherited[index] = nil
        byteCount -= result.byteCount
        return (result, inheritedRows)
    }

    /// Drops what is needed least until an operation's value fits the budget, or nothing more can be dropped.
    mutating func makeRoom(for node: Node, beside others: Int) {
        let needed = 4 * node.elementCount
        let size = BufferPool.size(for: node.elementCount)
        while true {
            // Memory that waits for reuse counts too; what fits is reused and adds nothing.
            let reuses = size > 0 && BufferPool.hasFree(size)
            guard byteCount + others + BufferPool.freeBytes + (reuses ? 0 : needed) > memory else { return }
            if BufferPool.shrink() { continue }
            guard dropOne(except: node.inputs) else { return }
        }
    }

    private mutating func dropOne(except inputs: [Int]) -> Bool {
        if let place = inherited.lastIndex(where: { $0 != nil }) {
            _ = takeInherited(place)
            return true
        }
        let pinned = Set(waiting.flatMap { program.nodes[$0].inputs })
        let candidates = results.indices.filter { results[$0] != nil && !inputs.contains($0) && !pinned.contains($0) }
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
