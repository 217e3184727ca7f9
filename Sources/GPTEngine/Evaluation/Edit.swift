/// Numbers that are put in the place of others: cells of an operation's value, a LayerNorm's σ, or entries of weights.
///
/// A list of these belongs to a run; what lies downstream follows from them, and nothing else changes. A later one sees
/// what an earlier one left.
///
/// ```swift
/// let z = try trace.program.quantity(at: "blocks.1.attn.z").node
/// let edited = trace.edited(by: [Edit(.value(z), cells: [[5, 2, 0]], numbers: [0])])
/// edited.logits(at: 5).values  // as if channel 0 of head 2 had gathered nothing for the last token
/// ```
public struct Edit {
    /// What is changed.
    public enum Target: Hashable, Sendable {
        /// The value of an operation, by index.
        case value(Int)
        /// The σ that a LayerNorm divides by, by the operation that keeps it.
        case scale(Int)
        /// Weights, by GPT-2's name.
        case weight(String)
    }

    /// What numbers become.
    ///
    /// - Parameters:
    ///   - current: what they are so far: rows of a value, [n, …] or [H, n, S]; of σ [n]; a whole tensor of weights.
    ///   - positions: those of the rows; none for weights.
    ///   - run: the run they belong to, in which what is upstream can be asked for; nil for weights.
    /// - Returns: As many numbers.
    public typealias Change = (_ current: Tensor, _ positions: Range<Int>, _ run: (any Values)?) -> Tensor

    /// What is changed.
    public let target: Target
    /// Whether a row becomes the same whichever rows come after it, so that rows can be changed piece by piece.
    public let isRowWise: Bool
    /// The first position that it changes.
    public let firstPosition: Int
    let change: Change

    /// Puts what a function says in the place of what is there.
    ///
    /// - Parameters:
    ///   - isRowWise: whether a row becomes the same whichever rows come after it.
    ///   - firstPosition: rows before it stay as they are.
    public init(_ target: Target, isRowWise: Bool, firstPosition: Int = 0, change: @escaping Change) {
        (self.target, self.isRowWise, self.firstPosition, self.change) = (target, isRowWise, firstPosition, change)
    }

    /// Puts numbers in the place of others.
    ///
    /// - Parameters:
    ///   - cells: the index of each, one number an axis.
    ///   - numbers: as many.
    public init(_ target: Target, cells: [[Int]], numbers: [Float]) {
        precondition(cells.count == numbers.count, "\(numbers.count) numbers for \(cells.count) cells")
        self.init(target, isRowWise: true) { current, positions, run in
            let rowAxis =
                run == nil
                ? nil : current.shape.count == 3 && cells.first?.count == 3 && Self.isAttention(target, run) ? 1 : 0
            return Tensor(current.shape) { out in
                current.withValues { _ = out.update(fromContentsOf: $0) }
                for (cell, number) in zip(cells, numbers) {
                    var index = cell
                    if let rowAxis { index[rowAxis] -= positions.lowerBound }
                    // Of a piece's keys there are those up to its last query.
                    guard zip(index, current.shape).allSatisfy({ $0 >= 0 && $0 < $1 }) else { continue }
                    out[current.flatIndex(index)] = number
                }
            }
        }
    }

    /// Whether it is one of weights.
    public var isOfWeights: Bool { if case .weight = target { true } else { false } }

    private static func isAttention(_ target: Target, _ run: (any Values)?) -> Bool {
        guard case .value(let node) = target else { return false }
        return run?.program.nodes[node].isAttention ?? false
    }
}

extension Program {
    /// The operations that an edit changes by itself.
    func changed(by edit: Edit) -> [Int] {
        switch edit.target {
        case .value(let node), .scale(let node): [node]
        case .weight(let name): nodes.indices.filter { nodes[$0].reads.contains { $0.parameter.name == name } }
        }
    }

    /// Of each operation whether some edits can change it.
    func voided(by edits: [Edit]) -> [Bool] { downstream(of: Set(edits.flatMap(changed))) }
}

extension [Edit] {
    /// Those of an operation's value or statistics.
    func of(_ node: Int) -> [Edit] { filter { $0.target == .value(node) || $0.target == .scale(node) } }

    /// Rows of an operation with what these change in them: first the σ that its value is divided by, then the value.
    func applied(to outcome: Outcome, of node: Int, positions: Range<Int>, _ run: any Values) -> Outcome {
        var result = outcome
        for edit in self where edit.target == .scale(node) {
            guard let old = result.statistics[.scale] else { continue }
            let new = edit.change(old, positions, run)
            let width = result.value.columnCount
            let value = result.value
            result.value = Tensor(value.shape) { out in
                value.withValues { numbers in
                    for place in numbers.indices {
                        let row = place / width
                        out[place] = numbers[place] * old[flat: row] / new[flat: row]
                    }
                }
            }
            result.statistics[.scale] = new
        }
        for edit in self where edit.target == .value(node) {
            result.value = edit.change(result.value, positions, run)
        }
        return result
    }
}
