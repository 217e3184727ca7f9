import Checkpoints

/// The values of one pass, computed when they are asked for and kept as long as there is room.
///
/// Memory has a budget. What was looked at longest ago is dropped first and computed again when it is asked for; the
/// inputs of the blocks are dropped last, since each is enough to compute its block again. A pass that continues another
/// takes over what the tokens in common have, and computes the rows of the others.
///
/// A class, because what has been computed so far is not part of anyone's state: a copy would compute it again. It belongs
/// to one thread.
public final class Trace {
    /// What is computed.
    public let program: Program
    /// The weights it is computed with.
    public let weights: Weights
    /// The token ids of the pass, [T].
    public let tokens: [Int]
    /// Bytes that its values may take.
    public let memory: Int

    let arithmetic: Arithmetic
    var store: ValueStore
    /// Keys and values for going on; nil where there is no room for them beside the inputs of the blocks.
    private(set) var cache: KeyValueCache?
    /// The operations that the cache keeps the values of, in the order of its places.
    private let keysAndValues: [Int]
    private var logitRows: [Int: Tensor] = [:]
    private var lastPrediction: Prediction?
    /// The operations that wait for one another before the one that was last worked toward can be looked at.
    private var trail: (goal: Int, path: [Int]) = (-1, [])

    /// Prepares a pass; nothing is computed yet.
    ///
    /// - Parameters:
    ///   - tokens: ids below the vocabulary's size, as many as the program has positions.
    ///   - memory: bytes that the values may take.
    ///   - other: a pass of the same model whose values are taken over as far as the tokens agree; it is not used after.
    /// - Throws: ``PassError/doesNotFit(bytes:limit:tokenCount:)`` when one operation alone would take more.
    public init(
        program: Program, weights: Weights, tokens: [Int], memory: Int = Machine.activationMemory,
        continuing other: Trace? = nil
    ) throws(PassError) {
        precondition(tokens.count == program.tokenCount, "\(tokens.count) tokens for \(program.tokenCount) positions")
        guard program.workingBytes <= memory else {
            throw .doesNotFit(bytes: program.workingBytes, limit: memory, tokenCount: tokens.count)
        }
        self.program = program
        self.weights = weights
        self.tokens = tokens
        self.memory = memory
        let shape = program.configuration
        arithmetic = Arithmetic(configuration: shape, weights: weights)
        keysAndValues = program.nodes.indices.filter {
            program.nodes[$0].operation == .projection(.k) || program.nodes[$0].operation == .projection(.v)
        }
        let common = other.map { zip($0.tokens, tokens).prefix { $0 == $1 }.count } ?? 0
        let inherits = other?.weights === weights && common > 0
        store = ValueStore(
            program, memory: memory, inheriting: inherits ? other.map { ($0.store, rows: common) } : nil)
        BufferPool.keep(atMost: memory)
        // Block inputs, keys and values side by side are 1 + 2 rows of C numbers a token and block.
        let lasting = 4 * (3 * shape.layerCount + 1) * tokens.count * shape.width
        guard lasting + program.workingBytes <= memory else { return }
        cache = inherits ? other?.cache : nil
        cache?.truncate(to: common)
        if cache == nil { cache = KeyValueCache(shape, weights) }
    }

    // MARK: Work

    /// The operation that must run next before `node` and what it reads can be looked at; nil when all is there.
    ///
    /// For the output operations that is everything up to `ln_final`; ``prediction(at:sampling:)`` does the rest.
    public func next(toward node: Int) -> Int? { path(toward: node).last }

    /// Runs the operation that must run next before `node` can be looked at; false when nothing must.
    public func computeNext(toward node: Int) -> Bool {
        let path = path(toward: node)
        guard !path.isEmpty else { return false }
        compute(path, toward: goal(of: node))
        return true
    }

    private func goal(of node: Int) -> Int { min(max(node, 0), program.logitsIndex - 1) }

    /// The operations that wait for one another before `node` can be looked at, the one that can run now at the end.
    private func path(toward node: Int) -> [Int] {
        if trail.goal != node { trail = (node, []) }
        // What was dropped meanwhile is waited for again; else each look goes on where the one before ended.
        while let last = trail.path.last, store.has(last) { trail.path.removeLast() }
        if trail.path.isEmpty {
            let goal = goal(of: node)
            let inputs = node < program.logitsIndex ? program.nodes[goal].inputs : []
            guard let wanted = (inputs + [goal]).first(where: { !store.has($0) }) else { return [] }
            trail.path = [wanted]
        }
        extend(&trail.path)
        return trail.path
    }

    /// Adds to a path what its last operation waits for, down to one that waits for nothing.
    private func extend(_ path: inout [Int]) {
        while let missing = path.last.flatMap({ program.nodes[$0].inputs.first { !store.has($0) } }) {
            path.append(missing)
        }
    }

    /// Does a piece of the work that leads to the logits of the last position; false when they are there.
    ///
    /// Where the keys and values of the tokens before are known, that is one row an operation.
    public func prepareAnswer() -> Bool {
        let last = tokens.count - 1
        guard logitRows[last] == nil, !store.has(program.logitsIndex - 1) else { return false }
        if let cache, last > 0, cache.tokens.count == last {
            makeRoom(for: 0, more: cache.copyBytes, waiting: [])
            logitRows[last] = cache.append([tokens[last]])
            return false
        }
        return computeNext(toward: program.logitsIndex)
    }

    /// Whether the value of an operation is at hand; for the output operations, what they are computed from.
    public func isComputed(_ node: Int) -> Bool { store.has(min(node, program.logitsIndex - 1)) }

    // MARK: Values

    /// The value of an operation before the logits; what it needs is computed first.
    public func value(of node: Int) -> Tensor { result(of: node).value }

    /// A statistic that an operation keeps, or nil where it keeps none of that kind.
    public func statistic(_ statistic: Statistic, of node: Int) -> Tensor? { result(of: node).statistics[statistic] }

    /// What the model says comes after `position`.
    public func prediction(at position: Int, sampling: Sampling) -> Prediction {
        if let last = lastPrediction, last.position == position, last.sampling == sampling { return last }
        let prediction = Prediction(position: position, logits: logits(at: position), sampling: sampling)
        lastPrediction = prediction
        return prediction
    }

    /// The logits of one position, [V]; only positions that are asked for are computed.
    public func logits(at position: Int) -> Tensor {
        if let known = logitRows[position] { return known }
        let x = value(of: program.logitsIndex - 1).rows(position..<position + 1)
        let row = arithmetic.logits(x).reshaped([program.configuration.vocabularySize])
        // A few rows of a vocabulary are looked at again and again; all of a long text would be a matter of memory.
        if logitRows.count > 16 { logitRows.removeAll() }
        logitRows[position] = row
        return row
    }

    private func result(of index: Int) -> Arithmetic.Result {
        precondition(index < program.logitsIndex, "\(program.nodes[index].address) belongs to a prediction")
        var path = [index]
        while true {
            if let known = store[index] { return known }
            extend(&path)
            compute(path)
            path.removeLast()
        }
    }

    /// Computes the last operation of a path, whose inputs are there.
    private func compute(_ path: [Int], toward goal: Int? = nil) {
        let index = path[path.count - 1]
        let node = program.nodes[index]
        let inputs = node.inputs.map { input -> Tensor in
            guard let known = store[input] else { preconditionFailure("\(program.nodes[input].address) is not there") }
            return known.value
        }
        // Known rows are put together with new ones, which takes as much again. Attention is computed anew where few rows
        // are known.
        let known = store.inherited(index).map { node.axes.contains(.query) ? 2 * $0.rows : tokens.count } ?? 0
        let extends = known >= tokens.count
        makeRoom(for: node.elementCount, more: extends ? 4 * node.elementCount : 0, waiting: path, goal)
        let inherited = store.takeInherited(index)
        let result =
            if extends, let (old, rows) = inherited {
                extended(old, keeping: rows, node, inputs)
            } else { arithmetic.result(of: node, tokens: tokens[...], first: 0, inputs: inputs) }
        store.keep(result, as: index)
        if let cache, let place = keysAndValues.firstIndex(of: index),
            cache.tokens.count < tokens.count || cache.sharedBytes(place) != nil
        {
            cache.fill(place, result.value, tokens: tokens)
        }
    }

    /// Drops values until a tensor of `count` numbers and `more` bytes fit the budget.
    ///
    /// What waiting operations read stays: it would be computed again for each of them, and twice as often with every
    /// block. So does what the cache shares, since to drop that would free nothing.
    private func makeRoom(for count: Int, more: Int, waiting path: [Int], _ goal: Int? = nil) {
        // Mostly there is room whatever is counted twice.
        if store.hasRoom(for: count, more: more, beside: cache?.heldBytes ?? 0) { return }
        var others = cache?.byteCount ?? 0
        var shared: [Int] = []
        for (place, index) in keysAndValues.enumerated() {
            guard let bytes = cache?.sharedBytes(place) else { continue }
            if store.has(index) { shared.append(index) } else { others += bytes }
        }
        store.makeRoom(for: count, more: more, beside: others) {
            Set((path + [goal].compactMap(\.self)).flatMap { program.nodes[$0].inputs } + shared)
        }
    }
}

extension Program {
    /// The bytes that the greediest operation takes together with what it reads.
    public var workingBytes: Int {
        nodes.prefix(logitsIndex).reduce(0) { most, node in
            max(most, 4 * node.inputs.reduce(node.elementCount) { $0 + nodes[$1].elementCount })
        }
    }
}

/// Why a pass cannot be run.
public enum PassError: Error, Hashable, CustomStringConvertible {
    /// One of its operations would take more memory than there is.
    case doesNotFit(bytes: Int, limit: Int, tokenCount: Int)

    /// A sentence for the person at the shell.
    public var description: String {
        switch self {
        case .doesNotFit(let bytes, let limit, let tokenCount):
            "One operation over \(tokenCount) tokens takes \(grouped(bytes)) bytes and --memory allows \(grouped(limit)): give it more, or a shorter prompt."
        }
    }
}
