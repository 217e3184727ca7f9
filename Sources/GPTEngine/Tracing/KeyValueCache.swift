/// The keys and values of all blocks for the tokens so far: what a model must keep to go on without starting over.
///
/// A class, because it is one growing store that passes over longer and longer texts hand on. It belongs to one thread.
public final class KeyValueCache {
    private let arithmetic: Arithmetic
    /// The tokens whose keys and values are here.
    public private(set) var tokens: [Int] = []
    /// Keys, then values, of each block, [tokens, C]: as a pass computed them and may keep them too, ...
    private var lent: [Tensor?]
    /// ... or, from the first row that is added on, in memory with room for the whole context.
    private var own: [UnsafeMutableBufferPointer<Float>?]

    /// An empty cache.
    public init(_ configuration: Configuration, _ weights: Weights) {
        arithmetic = Arithmetic(configuration: configuration, weights: weights)
        lent = Array(repeating: nil, count: 2 * configuration.layerCount)
        own = Array(repeating: nil, count: 2 * configuration.layerCount)
    }

    deinit { for memory in own { memory?.deallocate() } }

    /// Bytes that are in use.
    var byteCount: Int {
        let row = 4 * arithmetic.configuration.width
        return zip(lent, own).reduce(0) { $0 + ($1.0?.byteCount ?? ($1.1 == nil ? 0 : tokens.count * row)) }
    }

    /// Forgets everything after the first `count` tokens.
    public func truncate(to count: Int) {
        tokens.removeLast(max(0, tokens.count - count))
        lent = lent.map { $0?.rows(0..<min(count, $0?.shape[0] ?? 0)) }
    }

    /// Takes in the keys or values of a block for all tokens of a pass, [T, H, D].
    func fill(_ projection: Operation.Projection, block: Int, _ value: Tensor) {
        let place = place(projection, block)
        own[place]?.deallocate()
        own[place] = nil
        lent[place] = value
    }

    /// Says that all blocks have been filled for these tokens; false where some are missing.
    func complete(_ tokens: [Int]) -> Bool {
        guard lent.allSatisfy({ $0?.shape[0] == tokens.count }) else { return false }
        self.tokens = tokens
        return true
    }

    private func place(_ projection: Operation.Projection, _ block: Int) -> Int {
        2 * block + (projection == .k ? 0 : 1)
    }

    /// Adds rows to a place after the tokens so far, and gives all of them, [T, H, D]. They stay where they are.
    private func extend(_ place: Int, with new: Tensor) -> Tensor {
        let C = arithmetic.configuration.width
        let memory =
            own[place]
            // The system gives memory as it is touched, so room for all costs nothing yet.
            ?? .allocate(capacity: arithmetic.configuration.contextLength * C)
        own[place] = memory
        lent[place]?.withValues { _ = memory.update(from: $0.prefix(tokens.count * C)) }
        lent[place] = nil
        let end = tokens.count * C + new.count
        new.withValues { _ = UnsafeMutableBufferPointer(rebasing: memory[tokens.count * C..<end]).update(from: $0) }
        return Tensor(
            [end / C] + new.shape.dropFirst(), borrowing: UnsafeBufferPointer(rebasing: memory[..<end]), from: ())
    }

    /// Runs more tokens, a row each an operation, and gives the logits of what follows the last, [V].
    ///
    /// Nothing but keys and values is kept. `progress` is told how many operations are done of all.
    public func append(_ new: [Int], progress: (_ done: Int, _ all: Int) -> Void = { _, _ in }) -> Tensor {
        let first = tokens.count
        let program = Program.gpt2(arithmetic.configuration, tokenCount: new.count)
        var values = [Tensor?](repeating: nil, count: program.logitsIndex)
        var projections: Tensor?
        for (index, node) in program.nodes.prefix(program.logitsIndex).enumerated() {
            progress(index, program.logitsIndex)
            let inputs = node.inputs.compactMap { values[$0] }
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
                values[index] = extend(place(projection, block), with: value)
            } else if node.operation == .residual(.post) {
                // What comes next reads nothing before the stream after this block.
                for before in 0..<index { values[before] = nil }
                projections = nil
            }
        }
        tokens += new
        guard let x = values.last ?? nil else { preconditionFailure("the program is empty") }
        return arithmetic.logits(x.rows(new.count - 1..<new.count)).reshaped([arithmetic.configuration.vocabularySize])
    }
}
