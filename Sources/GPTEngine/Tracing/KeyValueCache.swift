/// The keys and values of all blocks for the tokens so far: what a model must keep to go on without starting over.
///
/// A class, because it is one growing store that passes over longer and longer texts hand on. It belongs to one thread.
public final class KeyValueCache {
    private let arithmetic: Arithmetic
    /// The tokens whose keys and values are here.
    public private(set) var tokens: [Int] = []
    /// Keys, then values, of each block: places in the order of their operations.
    private var rows: [Rows]
    /// How many tokens the pass has whose rows come in, and how many places still wait for theirs; nil when that is not
    /// known.
    private var filling: (tokenCount: Int, missing: Int)?
    /// Bytes of all rows, a pass's among them.
    private(set) var heldBytes = 0
    /// What was run last, for as many new tokens.
    private var program: Program?

    /// Where the keys or the values of a block lie.
    private enum Rows {
        case none
        /// As a pass computed them and may keep them too, [T, H, D]; while it computes, of more tokens than are here.
        case ofPass(Tensor)
        case own(Memory)
    }

    /// Memory with room for the rows of the whole context. The system gives it as it is touched.
    ///
    /// Unchecked: rows are only added, so those that a tensor borrowed stay as they are until the cache is truncated, and
    /// nothing outlives ``KeyValueCache/append(_:progress:)`` that borrowed them.
    private final class Memory: @unchecked Sendable {
        let numbers: UnsafeMutableBufferPointer<Float>
        /// How many numbers have ever been written.
        private(set) var touched = 0

        init(capacity: Int) { numbers = .allocate(capacity: capacity) }
        deinit { numbers.deallocate() }

        func write(_ tensor: Tensor, from start: Int) {
            touched = max(touched, start + tensor.count)
            tensor.withValues { _ = numbers[start..<start + tensor.count].update(fromContentsOf: $0) }
        }
    }

    /// An empty cache.
    public init(_ configuration: Configuration, _ weights: Weights) {
        arithmetic = Arithmetic(configuration: configuration, weights: weights)
        rows = Array(repeating: .none, count: 2 * configuration.layerCount)
    }

    /// Bytes of rows that no pass has.
    var byteCount: Int { rows.reduce(0) { if case .own(let memory) = $1 { $0 + 4 * memory.touched } else { $0 } } }

    /// Bytes of the rows at a place that a pass computed and may keep too; nil where they are the cache's own.
    func sharedBytes(_ place: Int) -> Int? {
        if case .ofPass(let tensor) = rows[place] { tensor.byteCount } else { nil }
    }

    /// Bytes that ``append(_:progress:)`` takes for copies of what it shares with a pass.
    var copyBytes: Int {
        rows.reduce(0) { if case .ofPass(let tensor) = $1 { $0 + 4 * tensor.count } else { $0 } }
    }

    /// Forgets everything after the first `count` tokens.
    public func truncate(to count: Int) {
        tokens.removeLast(max(0, tokens.count - count))
        filling = nil
        defer { heldBytes = rows.reduce(0) { $0 + Self.bytes($1) } }
        rows = rows.map {
            // A copy, since a part would keep the whole alive.
            guard case .ofPass(let tensor) = $0, tensor.shape[0] > count else { return $0 }
            return count == 0 ? .none : .ofPass(tensor.joined(with: nil, keeping: count, axis: 0))
        }
    }

    /// Takes in the keys or values of a block for all tokens of a pass, [T, H, D]: once those of all blocks have come, it
    /// goes on from there.
    func fill(_ place: Int, _ value: Tensor, tokens: [Int]) {
        let isMissing = { (rows: Rows) in
            if case .ofPass(let tensor) = rows { tensor.shape[0] != tokens.count } else { true }
        }
        let wasMissing = isMissing(rows[place])
        put(.ofPass(value), place)
        // One look at all places where a pass begins, and none after.
        if let known = filling, known.tokenCount == tokens.count {
            if wasMissing { filling = (known.tokenCount, known.missing - 1) }
        } else {
            filling = (tokens.count, rows.count(where: isMissing))
        }
        if filling?.missing == 0 { self.tokens = tokens }
    }

    private func put(_ new: Rows, _ place: Int) {
        heldBytes += Self.bytes(new) - Self.bytes(rows[place])
        rows[place] = new
    }

    private static func bytes(_ rows: Rows) -> Int {
        switch rows {
        case .none: 0
        case .ofPass(let tensor): tensor.byteCount
        case .own(let memory): 4 * memory.touched
        }
    }

    /// Adds rows to a place after the tokens so far, and gives all of them, [T, H, D].
    private func extend(_ place: Int, with new: Tensor) -> Tensor {
        let C = arithmetic.configuration.width
        let memory: Memory
        if case .own(let own) = rows[place] {
            memory = own
        } else {
            memory = Memory(capacity: arithmetic.configuration.contextLength * C)
            if case .ofPass(let tensor) = rows[place] { memory.write(tensor.rows(0..<tokens.count), from: 0) }
            put(.own(memory), place)
        }
        let before = memory.touched
        memory.write(new, from: tokens.count * C)
        heldBytes += 4 * (memory.touched - before)
        let end = tokens.count * C + new.count
        return Tensor(
            [end / C] + new.shape.dropFirst(),
            borrowing: UnsafeBufferPointer(rebasing: memory.numbers[..<end]), from: memory)
    }

    /// Runs more tokens, a row each an operation, and gives the logits of what follows the last, [V].
    ///
    /// Nothing but keys and values is kept. `progress` is told how many operations are done of all.
    public func append(_ new: [Int], progress: (_ done: Int, _ all: Int) -> Void = { _, _ in }) -> Tensor {
        let first = tokens.count
        let room = arithmetic.configuration.contextLength - first
        precondition(!new.isEmpty && new.count <= room, "\(new.count) tokens for a context with room for \(room)")
        filling = nil
        let known = program.flatMap { $0.tokenCount == new.count ? $0 : nil }
        let program = known ?? Program.gpt2(arithmetic.configuration, tokenCount: new.count)
        self.program = program
        var cleared = 0
        var values = [Tensor?](repeating: nil, count: program.logitsIndex)
        var projections: Tensor?
        for (index, node) in program.nodes.prefix(program.logitsIndex).enumerated() {
            progress(index, program.logitsIndex)
            let inputs = node.inputs.map { input -> Tensor in
                guard let known = values[input] else { preconditionFailure("\(node.address) comes before its inputs") }
                return known
            }
            let value: Tensor
            if case .projection(let projection) = node.operation, new.count == 1 {
                // One row is read from memory as fast as its matrix: q, k and v of a block go through theirs together.
                let joint = (projection == .q ? nil : projections) ?? arithmetic.projections(node, inputs[0])
                projections = joint
                value = joint.rows(projection.rawValue..<projection.rawValue + 1)
            } else {
                value = arithmetic.result(of: node, tokens: new[...], first: first, inputs: inputs).value
            }
            values[index] = value
            if case .projection(let projection) = node.operation, projection != .q, let block = node.block {
                values[index] = extend(2 * block + (projection == .k ? 0 : 1), with: value)
            } else if node.operation == .residual(.post) {
                // What comes next reads nothing before the stream after this block.
                for before in cleared..<index { values[before] = nil }
                cleared = index
                projections = nil
            }
        }
        tokens += new
        guard let x = values.last ?? nil else { preconditionFailure("the program is empty") }
        return arithmetic.logits(x.rows(new.count - 1..<new.count)).reshaped([arithmetic.configuration.vocabularySize])
    }
}
