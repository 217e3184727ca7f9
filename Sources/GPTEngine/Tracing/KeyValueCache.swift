/// The keys and values of all blocks for the tokens so far: what a model must keep to go on without starting over.
///
/// A class, because it is one growing store that passes over longer and longer texts hand on. It belongs to one thread.
public final class KeyValueCache {
    private let arithmetic: Arithmetic
    /// The tokens whose keys and values are here.
    public private(set) var tokens: [Int] = []
    /// Keys, then values, of each block: [capacity, C], of which the first rows are used.
    private var rows: [UnsafeMutableBufferPointer<Float>]
    /// Which of them a pass has filled.
    private var filled: Set<Int> = []

    /// An empty cache with room for the whole context.
    public init(_ configuration: Configuration, _ weights: Weights) {
        arithmetic = Arithmetic(configuration: configuration, weights: weights)
        // The system gives memory as it is touched, so room for all costs nothing yet.
        rows = (0..<2 * configuration.layerCount).map { _ in
            .allocate(capacity: configuration.contextLength * configuration.width)
        }
    }

    deinit { for memory in rows { memory.deallocate() } }

    /// Bytes that are in use.
    var byteCount: Int { 4 * rows.count * tokens.count * arithmetic.configuration.width }

    /// Forgets everything after the first `count` tokens.
    public func truncate(to count: Int) {
        tokens.removeLast(max(0, tokens.count - count))
        filled = []
    }

    /// Takes in the keys or values of a block for all tokens of a pass, [T, H, D].
    func fill(_ projection: Operation.Projection, block: Int, _ value: Tensor) {
        copy(value, to: 2 * block + (projection == .k ? 0 : 1), from: 0)
        filled.insert(2 * block + (projection == .k ? 0 : 1))
    }

    /// Says that all blocks have been filled for these tokens; false where some are missing.
    func complete(_ tokens: [Int]) -> Bool {
        guard filled.count == rows.count else { return false }
        self.tokens = tokens
        filled = []
        return true
    }

    private func copy(_ tensor: Tensor, to place: Int, from row: Int) {
        tensor.withValues { values in
            let start = row * arithmetic.configuration.width
            _ = UnsafeMutableBufferPointer(rebasing: rows[place][start..<start + values.count]).update(from: values)
        }
    }

    /// Runs more tokens, a row each an operation, and gives the logits of what follows the last, [V].
    ///
    /// Nothing but keys and values is kept. `progress` is told how many operations are done of all.
    public func append(_ new: [Int], progress: (_ done: Int, _ all: Int) -> Void = { _, _ in }) -> Tensor {
        let (first, end) = (tokens.count, tokens.count + new.count)
        let (H, D) = (arithmetic.configuration.headCount, arithmetic.configuration.headWidth)
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
                let place = 2 * block + (projection == .k ? 0 : 1)
                copy(value, to: place, from: first)
                // Attention reads all rows so far. They stay where they are until this function returns.
                let used = UnsafeBufferPointer(rebasing: rows[place][..<(end * H * D)])
                values[index] = Tensor([end, H, D], borrowing: used, from: ())
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
