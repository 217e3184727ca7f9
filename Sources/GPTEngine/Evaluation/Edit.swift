/// Numbers that are put in the place of others: cells of an operation's value, or entries of weights.
///
/// A list of these belongs to a run; what lies downstream follows from them, and nothing else changes.
public struct Edit: Hashable, Sendable {
    /// What is changed.
    public enum Target: Hashable, Sendable {
        /// The value of an operation, by index.
        case value(Int)
        /// Weights, by GPT-2's name.
        case weight(String)
    }

    /// What is changed.
    public let target: Target
    /// Which numbers, each by its index axis by axis.
    public let cells: [[Int]]
    /// What they become.
    public let numbers: [Float]

    /// Puts numbers in the place of others.
    ///
    /// - Parameters:
    ///   - cells: the index of each, one number an axis.
    ///   - numbers: as many.
    public init(_ target: Target, cells: [[Int]], numbers: [Float]) {
        precondition(cells.count == numbers.count, "\(numbers.count) numbers for \(cells.count) cells")
        (self.target, self.cells, self.numbers) = (target, cells, numbers)
    }

    /// The rows of an outcome with what this edit changes among them.
    func apply(to outcome: Outcome, positions: Range<Int>, isAttention: Bool) -> Outcome {
        let value = outcome.value
        var result = outcome
        result.value = Tensor(value.shape) { out in
            value.withValues { _ = out.update(fromContentsOf: $0) }
            for (cell, number) in zip(cells, numbers) {
                let row = isAttention ? cell[1] : cell[0]
                guard positions.contains(row) else { continue }
                var index = cell
                index[isAttention ? 1 : 0] = row - positions.lowerBound
                // Of a piece's keys there are those up to its last query.
                guard zip(index, value.shape).allSatisfy(<) else { continue }
                out[value.flatIndex(index)] = number
            }
        }
        return result
    }

    /// A tensor of weights with what this edit changes in it.
    func apply(to weights: Tensor) -> Tensor {
        Tensor(weights.shape) { out in
            weights.withValues { _ = out.update(fromContentsOf: $0) }
            for (cell, number) in zip(cells, numbers) { out[weights.flatIndex(cell)] = number }
        }
    }
}

extension Program {
    /// Of each operation whether some edits can change it.
    func voided(by edits: [Edit]) -> [Bool] {
        var changed: Set<Int> = []
        for edit in edits {
            switch edit.target {
            case .value(let node): changed.insert(node)
            case .weight(let name):
                changed.formUnion(nodes.indices.filter { nodes[$0].reads.contains { $0.parameter.name == name } })
            }
        }
        return downstream(of: changed)
    }
}
